//! Which packages make one program.

use crate::ir::Module;
use crate::lower::{Manifest, Unit, folder_of, is_around};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::code::Language;

/// One unit per `package main`, with the packages it imports.
pub(super) fn units<'a>(go: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
    let roots = go_modules(manifests);
    let mut folders: BTreeMap<&str, Vec<&'a Module>> = BTreeMap::new();
    for module in go {
        folders.entry(folder_of(&module.path)).or_default().push(module);
    }
    let import_path = |folder: &str| import_path(&roots, folder);
    let by_import: BTreeMap<String, &str> = folders.keys().map(|folder| (import_path(folder), *folder)).collect();
    let mut units = Vec::new();
    for (folder, files) in &folders {
        let Some(main) = files.iter().position(|module| is_main(module)) else { continue };
        let mut wanted: BTreeSet<&str> = BTreeSet::from([*folder]);
        let mut queue = vec![*folder];
        while let Some(next) = queue.pop() {
            for import in folders[next].iter().flat_map(|module| &module.imports) {
                if let Some(found) = by_import.get(&import.path)
                    && wanted.insert(found)
                {
                    queue.push(found);
                }
            }
        }
        let mut chosen: Vec<(&'a Module, String)> = Vec::new();
        for folder in &wanted {
            let path = import_path(folder);
            let files = folders[folder].iter().filter(|module| {
                wanted.len() == 1 || module.package != "main" || *folder == folder_of(&files[main].path)
            });
            chosen.extend(files.map(|module| (*module, path.clone())));
        }
        let at = chosen.iter().position(|(module, _)| module.path == files[main].path);
        let root = (*folder).to_owned();
        units.push(Unit {
            name: go_name(&root, &import_path(folder)),
            root,
            language: Language::Go,
            modules: chosen,
            main: at,
            roots: Vec::new(),
        });
    }
    units.extend(libraries(&folders, &roots, &units));
    units
}

/// What no program imports, one unit per Go module: somebody else's program does.
fn libraries<'a>(
    folders: &BTreeMap<&str, Vec<&'a Module>>,
    roots: &[(String, String)],
    programs: &[Unit<'a>],
) -> Vec<Unit<'a>> {
    let imported: BTreeSet<&str> =
        programs.iter().flat_map(|unit| unit.modules.iter().map(|(module, _)| folder_of(&module.path))).collect();
    let mut libraries: BTreeMap<&str, Unit<'a>> = BTreeMap::new();
    for (folder, files) in folders.iter().filter(|(folder, _)| !imported.contains(**folder)) {
        let Some((root, path)) = module_around(roots, folder) else { continue };
        let library = libraries.entry(root).or_insert_with(|| Unit {
            root: root.clone(),
            name: go_name(root, path),
            language: Language::Go,
            modules: Vec::new(),
            main: None,
            roots: Vec::new(),
        });
        library.modules.extend(files.iter().map(|module| (*module, import_path(roots, folder))));
    }
    libraries.into_values().collect()
}

/// What the packages of a folder are imported as.
fn import_path(roots: &[(String, String)], folder: &str) -> String {
    match module_around(roots, folder) {
        Some((root, path)) if folder.len() > root.len() => {
            let rest = folder[root.len()..].trim_start_matches('/');
            format!("{path}/{rest}")
        }
        Some((_, path)) => path.clone(),
        None => folder.to_owned(),
    }
}

/// The folder and path of the Go module a folder belongs to.
fn module_around<'r>(roots: &'r [(String, String)], folder: &str) -> Option<&'r (String, String)> {
    roots.iter().filter(|(root, _)| is_around(root, folder)).max_by_key(|(root, _)| root.len())
}

fn is_main(module: &Module) -> bool {
    module.package == "main"
        && module.functions.iter().any(|function| function.name == "main" && function.owner.is_none())
}

/// The nearest folder whose name says something, else the module's.
fn go_name(root: &str, import_path: &str) -> String {
    const NEUTRAL: [&str; 8] = ["cmd", "app", "main", "server", "src", "service", "internal", "api"];
    let telling =
        |path: &str| path.rsplit('/').find(|part| !part.is_empty() && !NEUTRAL.contains(part)).map(str::to_owned);
    let last = || import_path.rsplit('/').next().unwrap_or(import_path).to_owned();
    telling(root).or_else(|| telling(import_path)).unwrap_or_else(last)
}

/// Folder and module path of every `go.mod`.
fn go_modules(manifests: &[Manifest]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for manifest in manifests.iter().filter(|manifest| manifest.path.rsplit('/').next() == Some("go.mod")) {
        let path = manifest
            .text
            .lines()
            .find_map(|line| line.trim().strip_prefix("module "))
            .map(|path| path.trim().trim_matches('"').to_owned());
        found.push((folder_of(&manifest.path).to_owned(), path.unwrap_or_default()));
    }
    found
}
