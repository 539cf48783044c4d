//! Which modules make one program, and what their imports stand for.

use super::file::stem;
use crate::ir::Module;
use crate::lower::{Imported, Manifest, Program, Unit, canonical, folder_of, is_around, join_path};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::code::Language;

/// Marks the root of a file next to nothing else, so that it is told from a library of the same name.
pub(super) const HERE: &str = "./";

/// Between an alias and the folder it stands for in [`Unit::roots`].
const ALIAS: char = '=';

/// Most members behind a module's path.
const MEMBERS_MAX: usize = 6;

/// A file by its path, and the members named behind it; anything else is a library.
pub(super) fn resolve(program: &Program<'_>, _module: usize, path: &str) -> Option<Imported> {
    if let Some((stem, members)) = own_file(path, &program.roots, &|stem| program.package_at(stem).is_some()) {
        let package = program.package_at(&stem)?;
        return Some(Imported::Own(package, members));
    }
    // A library's default export is what `require` gives.
    Some(Imported::Library(canonical(path.strip_suffix(".default").unwrap_or(path)).replace(".default.", ".")))
}

/// The file an import path leads to, as it is named among a unit's modules, and the members named behind it.
fn own_file(path: &str, roots: &[String], exists: &dyn Fn(&str) -> bool) -> Option<(String, Vec<String>)> {
    let mut base = path;
    let mut members: Vec<String> = Vec::new();
    loop {
        if let Some(found) = places(base, roots).into_iter().find_map(|place| file_at(&place, exists)) {
            members.reverse();
            return Some((found, members));
        }
        let (before, member) = base.rsplit_once('.')?;
        if member.contains('/') || before.is_empty() || before.ends_with('/') || members.len() >= MEMBERS_MAX {
            return None;
        }
        members.push(member.to_owned());
        base = before;
    }
}

fn file_at(place: &str, exists: &dyn Fn(&str) -> bool) -> Option<String> {
    let index = join_path(place, "index");
    let inner = join_path(place, "src/index");
    [place.to_owned(), index, inner].into_iter().find(|path| exists(path))
}

/// Where a file may lie: as written from the root, or behind an alias.
fn places(path: &str, roots: &[String]) -> Vec<String> {
    if let Some(here) = path.strip_prefix(HERE) {
        return vec![here.to_owned()];
    }
    let mut places = Vec::new();
    if path.contains('/') && !path.starts_with('@') {
        places.push(path.to_owned());
    }
    for root in roots {
        match root.split_once(ALIAS) {
            Some((alias, folder)) => {
                if let Some(rest) = path.strip_prefix(alias)
                    && (rest.is_empty() || rest.starts_with('/') || alias.ends_with('/'))
                {
                    places.push(join(folder, rest));
                }
            }
            None if path.contains('/') => places.push(join(root, path)),
            None => {}
        }
    }
    places
}

fn join(folder: &str, rest: &str) -> String {
    let rest = stem(rest.trim_start_matches('/'));
    match (folder.trim_end_matches('/'), rest) {
        (folder, "") => folder.to_owned(),
        (folder, rest) => join_path(folder, rest),
    }
}

/// A path without `..`.
fn climbed(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(kept.pop()),
            "." => {}
            part => kept.push(part),
        }
    }
    kept.join("/")
}

/// One unit per folder with a `package.json`, else per top folder.
pub(super) fn units<'a>(modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
    let is_package = |manifest: &&Manifest| manifest.path.rsplit('/').next() == Some("package.json");
    let marks: BTreeSet<&str> = manifests.iter().filter(is_package).map(|manifest| folder_of(&manifest.path)).collect();
    let workspaces = workspaces(manifests);
    let all: BTreeMap<&str, &'a Module> = modules.iter().map(|module| (stem(&module.path), *module)).collect();
    let mut groups: BTreeMap<String, Vec<&'a Module>> = BTreeMap::new();
    for module in modules {
        let folder = folder_of(&module.path);
        let mark = marks.iter().filter(|mark| is_around(mark, folder)).max_by_key(|mark| mark.len());
        let root = match mark {
            Some(mark) => (*mark).to_owned(),
            None => folder.split('/').next().unwrap_or("").to_owned(),
        };
        groups.entry(root).or_default().push(module);
    }
    let mut units = Vec::new();
    for (root, own) in groups {
        let mut roots = vec![root.clone()];
        roots.extend(workspaces.iter().cloned());
        roots.extend(aliases(&root, manifests));
        let chosen = with_imported(&own, &roots, &all);
        let modules = chosen.into_iter().map(|module| (module, stem(&module.path).to_owned())).collect();
        let name = unit_name(&root, manifests);
        units.push(Unit { name, root, language: Language::JavaScript, modules, main: None, roots });
    }
    units
}

/// The folder's name; the package's for the root.
fn unit_name(root: &str, manifests: &[Manifest]) -> String {
    if let Some(name) = root.rsplit('/').next().filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    let manifest = manifests.iter().find(|manifest| manifest.path == "package.json");
    manifest.and_then(|manifest| json_text(&manifest.text, "name")).unwrap_or_default()
}

/// The packages of the repository by their names: `@acme/shared=packages/shared`.
fn workspaces(manifests: &[Manifest]) -> Vec<String> {
    let packages = manifests.iter().filter(|manifest| manifest.path.rsplit('/').next() == Some("package.json"));
    let named = packages.filter_map(|manifest| {
        let name = json_text(&manifest.text, "name")?;
        Some(format!("{name}{ALIAS}{}", folder_of(&manifest.path)))
    });
    named.collect()
}

/// What begins an import in place of a folder: by custom, and by the compiler's `paths`
/// (<https://www.typescriptlang.org/tsconfig/#paths>).
fn aliases(root: &str, manifests: &[Manifest]) -> Vec<String> {
    let mut found = Vec::new();
    let configured = manifests.iter().filter(|manifest| {
        manifest.path.rsplit('/').next() == Some("tsconfig.json") && is_around(folder_of(&manifest.path), root)
    });
    for manifest in configured {
        let folder = folder_of(&manifest.path);
        let base = json_text(&manifest.text, "baseUrl").unwrap_or_default();
        let Some((_, paths)) = manifest.text.split_once("\"paths\"") else { continue };
        let paths = paths.split('}').next().unwrap_or("");
        let mut texts = paths.split('"').skip(1).step_by(2);
        while let (Some(alias), Some(target)) = (texts.next(), texts.next()) {
            let target = target.trim_end_matches('*').trim_start_matches("./");
            let base = base.trim_start_matches("./").trim_matches(['.', '/']);
            let folder = climbed(&join(&join(folder, base), target));
            found.push(format!("{}{ALIAS}{folder}", alias.trim_end_matches('*')));
        }
    }
    for alias in ["@/", "~/"] {
        for inner in ["", "src", "app"] {
            found.push(format!("{alias}{ALIAS}{}", join(root, inner)));
        }
    }
    found
}

/// A unit's own modules and those outside that they import (shared packages).
fn with_imported<'a>(own: &[&'a Module], roots: &[String], all: &BTreeMap<&str, &'a Module>) -> Vec<&'a Module> {
    let mut chosen: BTreeMap<&str, &'a Module> = own.iter().map(|module| (module.path.as_str(), *module)).collect();
    let mut queue: Vec<&'a Module> = own.to_vec();
    let mut seen: BTreeSet<&'a str> = BTreeSet::new();
    while let Some(module) = queue.pop() {
        for import in module.imports.iter().filter(|import| seen.insert(&import.path)).collect::<Vec<_>>() {
            let Some((file, _)) = own_file(&import.path, roots, &|stem| all.contains_key(stem)) else { continue };
            if let Some(found) = all.get(file.as_str())
                && chosen.insert(&found.path, found).is_none()
            {
                queue.push(found);
            }
        }
    }
    chosen.into_values().collect()
}

/// The text of a key at the top of a JSON file.
fn json_text(text: &str, key: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("\"{key}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, roots: &[&str], files: &[&str]) -> Option<(String, Vec<String>)> {
        let roots: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
        own_file(path, &roots, &|stem| files.contains(&stem))
    }

    #[test]
    fn imports_lead_to_files_and_members() {
        let files = ["api/src/orders.service", "api/src/db/index", "lib/src/index", "redis"];
        let at = |path| found(path, &["api", "@acme/lib=lib", "@/=api/src"], &files);
        assert_eq!(
            at("api/src/orders.service.Orders"),
            Some(("api/src/orders.service".to_owned(), vec!["Orders".to_owned()]))
        );
        assert_eq!(at("api/src/db.default"), Some(("api/src/db/index".to_owned(), vec!["default".to_owned()])));
        assert_eq!(at("@acme/lib.Queue"), Some(("lib/src/index".to_owned(), vec!["Queue".to_owned()])));
        assert_eq!(at("@/db"), Some(("api/src/db/index".to_owned(), Vec::new())));
        assert_eq!(at("./redis"), Some(("redis".to_owned(), Vec::new())));
        assert_eq!(at("redis"), None);
        assert_eq!(at("@grpc/grpc-js.Server"), None);
    }

    #[test]
    fn aliases_come_from_the_compilers_paths() {
        let text = r#"{ "compilerOptions": { "baseUrl": "./src", "paths": { "@app/*": ["./app/*"], "lib": ["lib/index"] } } }"#;
        let manifest = Manifest { path: "api/tsconfig.json".to_owned(), text: text.to_owned() };
        let found = aliases("api", &[manifest]);
        assert_eq!(found[..2], ["@app/=api/src/app/".to_owned(), "lib=api/src/lib/index".to_owned()]);
    }
}
