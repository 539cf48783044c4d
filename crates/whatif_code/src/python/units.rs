//! Which modules make one program, and what their imports stand for.

use crate::ir::Module;
use crate::lower::{Imported, Manifest, Program, Unit, folder_of, is_around, join_path};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::code::Language;

/// A module by its dotted path, the longest that exists; what remains is a name in it.
pub(super) fn resolve(program: &Program<'_>, module: usize, path: &str) -> Option<Imported> {
    let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
    for used in (1..=parts.len()).rev() {
        let file = parts[..used].join("/");
        if let Some(package) = module_at(program, module, &file) {
            return Some(Imported::Own(package, parts[used..].iter().map(|part| (*part).to_owned()).collect()));
        }
    }
    None
}

/// A module by its path below one of the folders Python would look in.
fn module_at(program: &Program<'_>, from: usize, file: &str) -> Option<usize> {
    let folder = folder_of(&program.modules[from].path);
    let has_init = |folder: &str| program.package_at(&join_path(folder, "__init__")).is_some();
    let mut tried: Vec<String> = Vec::new();
    if !has_init(folder) {
        tried.push(folder.to_owned());
    }
    tried.extend(program.roots.iter().cloned());
    tried.into_iter().find_map(|root| {
        let base = join_path(&root, file);
        let module = program.package_at(&base).or_else(|| program.package_at(&join_path(&base, "__init__")));
        module.filter(|package| !program.packages[*package].modules.contains(&from))
    })
}

/// One unit per folder with a manifest or Dockerfile, else per top folder.
pub(super) fn units<'a>(python: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
    let marks: BTreeSet<&str> = manifests
        .iter()
        .filter(|manifest| marks_python(&manifest.path))
        .map(|manifest| folder_of(&manifest.path))
        .collect();
    let mut groups: BTreeMap<String, Vec<&'a Module>> = BTreeMap::new();
    for module in python {
        let folder = folder_of(&module.path);
        let mark = marks.iter().filter(|mark| is_around(mark, folder)).max_by_key(|mark| mark.len());
        let root = match mark {
            Some(mark) => (*mark).to_owned(),
            None => folder.split('/').next().unwrap_or("").to_owned(),
        };
        groups.entry(root).or_default().push(module);
    }
    let all: BTreeMap<&str, &'a Module> = python.iter().map(|module| (module.path.as_str(), *module)).collect();
    let mut units = Vec::new();
    for (root, own) in groups {
        let roots = python_roots(&root);
        let chosen = with_imported(&own, &roots, &all);
        let name = root.rsplit('/').next().unwrap_or(&root).to_owned();
        let modules =
            chosen.into_iter().map(|module| (module, module.path.trim_end_matches(".py").to_owned())).collect();
        units.push(Unit { name, root, language: Language::Python, modules, main: None, roots });
    }
    units
}

fn marks_python(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_lowercase();
    lower.contains("dockerfile")
        || matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile" | "manage.py")
        || (lower.starts_with("requirements") && (lower.ends_with(".txt") || lower.ends_with(".in")))
}

/// Where imports are looked up: the root, its `src`, and every folder around it.
fn python_roots(root: &str) -> Vec<String> {
    let mut roots = vec![root.to_owned(), join_path(root, "src"), join_path(root, "app")];
    let mut folder = root;
    while !folder.is_empty() {
        folder = folder_of(folder);
        roots.push(folder.to_owned());
        roots.push(join_path(folder, "src"));
    }
    roots.dedup();
    roots
}

/// A unit's own modules and those outside that they import (shared packages).
fn with_imported<'a>(own: &[&'a Module], roots: &[String], all: &BTreeMap<&str, &'a Module>) -> Vec<&'a Module> {
    let mut chosen: BTreeMap<&str, &'a Module> = own.iter().map(|module| (module.path.as_str(), *module)).collect();
    let mut queue: Vec<&'a Module> = own.to_vec();
    while let Some(module) = queue.pop() {
        for import in &module.imports {
            let parts: Vec<&str> = import.path.split('.').filter(|part| !part.is_empty()).collect();
            for used in 1..=parts.len() {
                let file = parts[..used].join("/");
                let found = roots.iter().find_map(|root| {
                    let base = join_path(root, &file);
                    all.get(format!("{base}.py").as_str())
                        .or_else(|| all.get(format!("{base}/__init__.py").as_str()))
                        .copied()
                });
                if let Some(found) = found
                    && chosen.insert(&found.path, found).is_none()
                {
                    queue.push(found);
                }
            }
        }
    }
    chosen.into_values().collect()
}
