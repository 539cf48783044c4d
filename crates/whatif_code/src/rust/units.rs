//! Which modules make one program: one unit for each binary, with the library crates of the workspace it uses.

use crate::ir::Module;
use crate::lower::{Manifest, Unit, folder_of, join_path};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::code::Language;

/// A package of Cargo.
struct Package {
    /// The name code refers to its library by, with underscores.
    name: String,
    /// Folder of the manifest.
    folder: String,
    /// The root file of its library, when it has one.
    library: Option<String>,
    /// Root files of its binaries, each with the name of the program.
    binaries: Vec<(String, String)>,
}

/// One unit per binary target, with its own library and the library crates both import.
pub(super) fn units<'a>(rust: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
    let by_path: BTreeMap<&str, &'a Module> = rust.iter().map(|module| (module.path.as_str(), *module)).collect();
    let packages: Vec<Package> = manifests.iter().filter_map(|manifest| package(manifest, &by_path)).collect();
    let mut units = Vec::new();
    for package in &packages {
        for (name, binary) in &package.binaries {
            units.push(unit(package, name, binary, &packages, &by_path));
        }
    }
    units
}

fn unit<'a>(
    package: &Package,
    name: &str,
    binary: &str,
    packages: &[Package],
    by_path: &BTreeMap<&str, &'a Module>,
) -> Unit<'a> {
    let mut chosen: BTreeSet<&'a str> = BTreeSet::new();
    let mut crates: Vec<(String, String)> = vec![(String::new(), root_key(binary))];
    let mut queue: Vec<String> = vec![binary.to_owned()];
    let mut entered: BTreeSet<String> = BTreeSet::new();
    while let Some(root) = queue.pop() {
        if !entered.insert(root.clone()) {
            continue;
        }
        let found = tree(&root, by_path);
        for module in &found {
            for head in heads(module) {
                let own = packages.iter().find(|other| other.name == head && other.library.is_some());
                if let Some((other, library)) = own.and_then(|other| Some((other, other.library.clone()?))) {
                    let entry = (other.name.clone(), root_key(&library));
                    if !crates.contains(&entry) {
                        crates.push(entry);
                    }
                    queue.push(library);
                }
            }
        }
        chosen.extend(found.iter().map(|module| module.path.as_str()));
    }
    let modules: Vec<(&'a Module, String)> =
        chosen.iter().filter_map(|path| by_path.get(path)).map(|module| (*module, module_key(&module.path))).collect();
    let main = modules.iter().position(|(module, _)| module.path == binary);
    Unit {
        root: package.folder.clone(),
        name: name.to_owned(),
        language: Language::Rust,
        modules,
        main,
        roots: crates.into_iter().map(|(name, root)| format!("{name}={root}")).collect(),
    }
}

/// First segments of what a module imports.
fn heads(module: &Module) -> BTreeSet<&str> {
    module.imports.iter().map(|import| import.path.split('.').next().unwrap_or("")).collect()
}

/// The modules below a root file, followed through `mod` declarations.
fn tree<'a>(root: &str, by_path: &BTreeMap<&str, &'a Module>) -> Vec<&'a Module> {
    let mut found: Vec<&'a Module> = Vec::new();
    let mut queue = vec![(root.to_owned(), children_of(&root_key(root)))];
    while let Some((path, folder)) = queue.pop() {
        let Some(module) = by_path.get(path.as_str()) else { continue };
        if found.iter().any(|seen| seen.path == module.path) {
            continue;
        }
        found.push(module);
        for import in &module.imports {
            let Some(name) = import.path.strip_prefix("self.").filter(|name| *name == import.name) else { continue };
            let stem = join_path(&folder, name);
            for candidate in [format!("{stem}.rs"), format!("{stem}/mod.rs")] {
                queue.push((candidate, stem.clone()));
            }
        }
    }
    found
}

/// What names a module: its path without extension; a folder's module is the folder, a library its source folder.
pub(super) fn module_key(path: &str) -> String {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    match name {
        "mod" | "lib" => folder.to_owned(),
        _ => stem.to_owned(),
    }
}

fn root_key(path: &str) -> String {
    module_key(path)
}

/// The folder that holds the modules of a module: those of `src/main.rs` lie beside it.
pub(super) fn children_of(key: &str) -> String {
    let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
    let is_program = name == "main" || folder.ends_with("/bin") || folder == "bin";
    if is_program { folder.to_owned() } else { key.to_owned() }
}

/// The root module of the crate a module belongs to.
pub(super) fn root_of<'r>(roots: &'r [String], key: &str) -> Option<&'r str> {
    let all = roots.iter().filter_map(|root| root.split_once('=')).map(|(_, root)| root);
    if let Some(own) = all.clone().find(|root| *root == key) {
        return Some(own);
    }
    let around = |root: &&str| {
        let folder = children_of(root);
        folder.is_empty() || key.starts_with(&format!("{folder}/"))
    };
    all.filter(around).max_by_key(|root| (children_of(root).len(), *root == children_of(root)))
}

/// The root module of a library crate of the unit, by name.
pub(super) fn crate_root<'r>(roots: &'r [String], name: &str) -> Option<&'r str> {
    roots.iter().filter_map(|root| root.split_once('=')).find(|(own, _)| *own == name).map(|(_, root)| root)
}

/// A package by its manifest (<https://doc.rust-lang.org/cargo/reference/cargo-targets.html>).
fn package(manifest: &Manifest, by_path: &BTreeMap<&str, &Module>) -> Option<Package> {
    if manifest.path.rsplit('/').next() != Some("Cargo.toml") {
        return None;
    }
    let table: toml::Table = manifest.text.parse().ok()?;
    let name = table.get("package")?.get("name")?.as_str()?.to_owned();
    let folder = folder_of(&manifest.path).to_owned();
    let stated =
        |target: &toml::Value| target.get("path").and_then(toml::Value::as_str).map(|path| join_path(&folder, path));
    let library = table.get("lib").and_then(stated).unwrap_or_else(|| join_path(&folder, "src/lib.rs"));
    let lib_name = table.get("lib").and_then(|lib| lib.get("name")).and_then(toml::Value::as_str);
    let mut binaries: Vec<(String, String)> = Vec::new();
    for target in table.get("bin").and_then(toml::Value::as_array).into_iter().flatten() {
        let target_name = target.get("name").and_then(toml::Value::as_str).unwrap_or(&name);
        let default =
            [format!("src/bin/{target_name}.rs"), format!("src/bin/{target_name}/main.rs"), "src/main.rs".to_owned()];
        let default =
            default.iter().map(|path| join_path(&folder, path)).find(|path| by_path.contains_key(path.as_str()));
        if let Some(path) = stated(target).or(default) {
            binaries.push((target_name.to_owned(), path));
        }
    }
    let mut add = |target_name: &str, path: &str| {
        if !binaries.iter().any(|(_, known)| known == path) {
            binaries.push((target_name.to_owned(), path.to_owned()));
        }
    };
    let main = join_path(&folder, "src/main.rs");
    add(&name, &main);
    let bin_folder = join_path(&folder, "src/bin/");
    for path in by_path.keys().filter_map(|path| path.strip_prefix(bin_folder.as_str())) {
        let Some(stem) = path.strip_suffix(".rs") else { continue };
        if let [stem] | [stem, "main"] = stem.split('/').collect::<Vec<_>>().as_slice() {
            add(stem, &format!("{bin_folder}{path}"));
        }
    }
    binaries.retain(|(_, path)| by_path.contains_key(path.as_str()));
    binaries.sort();
    Some(Package {
        name: lib_name.unwrap_or(&name).replace('-', "_"),
        library: by_path.contains_key(library.as_str()).then_some(library),
        folder,
        binaries,
    })
}
