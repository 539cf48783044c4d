//! Which modules make one program, and what their imports stand for.

use super::dependencies::{Declared, scanned};
use crate::ir::Module;
use crate::lower::{Imported, Manifest, Program, Unit, folder_of, is_around};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::code::Language;

/// Files of a build whose folder is a project of its own.
pub(super) fn is_manifest(name: &str) -> bool {
    matches!(name, "pom.xml" | "build.gradle" | "build.gradle.kts" | "build.xml" | "BUILD.bazel")
}

/// A type by its dotted path, or a package: the longest part of the path that is a package of the program.
pub(super) fn resolve(program: &Program<'_>, path: &str) -> Option<Imported> {
    let parts: Vec<&str> = path.split('.').collect();
    for used in (1..=parts.len()).rev() {
        let Some(package) = program.package_at(&parts[..used].join(".")) else { continue };
        let rest: Vec<String> = parts[used..].iter().map(|part| (*part).to_owned()).collect();
        return match rest.first() {
            Some(name) if program.find_type(package, name).is_none() => None,
            _ => Some(Imported::Own(package, rest)),
        };
    }
    None
}

/// The files of one package in one project.
type Group<'a> = Vec<&'a Module>;

/// One unit per project that is started, with the packages of other projects it imports; what nothing imports is a
/// unit of its own.
pub(super) fn units<'a>(java: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
    let roots = Roots::new(manifests);
    let mut projects: BTreeMap<String, BTreeMap<&str, Group<'a>>> = BTreeMap::new();
    for module in java {
        let project = projects.entry(roots.of(&module.path)).or_default();
        project.entry(&module.package).or_default().push(module);
    }
    let started: BTreeSet<&str> = projects
        .iter()
        .filter(|(root, groups)| is_started(root, groups, manifests))
        .map(|(root, _)| root.as_str())
        .collect();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut units = Vec::new();
    let declared = Declared::of(manifests);
    for root in &started {
        let behind = declared.behind(root);
        let looked_through = looked_through(root, &behind, &projects, &started);
        let chosen = with_imported(root, looked_through, &behind, &projects, &started);
        used.extend(chosen.iter().map(|(project, _)| *project));
        units.push(unit(root, &chosen, &projects, true));
    }
    for (root, groups) in projects.iter().filter(|(root, _)| !used.contains(root.as_str())) {
        let chosen = groups.keys().map(|package| (root.as_str(), *package)).collect();
        units.push(unit(root, &chosen, &projects, false));
    }
    units
}

/// Folders of projects.
struct Roots<'m>(BTreeSet<&'m str>);

impl<'m> Roots<'m> {
    fn new(manifests: &'m [Manifest]) -> Self {
        let own = manifests.iter().filter(|manifest| is_manifest(manifest.path.rsplit('/').next().unwrap_or("")));
        Self(own.map(|manifest| folder_of(&manifest.path)).collect())
    }

    /// The innermost project around a file, else the folder above `src`, else its top folder.
    fn of(&self, path: &str) -> String {
        let folder = folder_of(path);
        if let Some(root) = self.0.iter().filter(|root| is_around(root, folder)).max_by_key(|root| root.len()) {
            return (*root).to_owned();
        }
        match folder.split_once("/src/") {
            Some((root, _)) => root.to_owned(),
            None => folder.split('/').next().unwrap_or("").to_owned(),
        }
    }
}

/// Whether a project is a program: it has a `main`, or is deployed into a server that has one.
fn is_started(root: &str, groups: &BTreeMap<&str, Group<'_>>, manifests: &[Manifest]) -> bool {
    groups.values().flatten().any(|module| has_main(module)) || is_deployed(root, manifests)
}

fn has_main(module: &Module) -> bool {
    module.functions.iter().any(|function| function.name == "main" && function.receiver.is_empty())
}

/// Packaged for a servlet container (<https://maven.apache.org/plugins/maven-war-plugin/>), or built by a framework
/// that brings its own `main`.
fn is_deployed(root: &str, manifests: &[Manifest]) -> bool {
    const SIGNS: [&str; 5] =
        ["<packaging>war<", "quarkus-maven-plugin", "id 'war'", "io.quarkus'", "io.micronaut.application"];
    manifests.iter().any(|manifest| {
        is_manifest(manifest.path.rsplit('/').next().unwrap_or(""))
            && folder_of(&manifest.path) == root
            && SIGNS.iter().any(|sign| manifest.text.contains(sign))
    })
}

/// The packages of projects nobody starts that the program's framework looks through for components.
fn looked_through<'p>(
    root: &str,
    behind: &BTreeSet<&str>,
    projects: &'p BTreeMap<String, BTreeMap<&'p str, Group<'_>>>,
    started: &BTreeSet<&str>,
) -> BTreeSet<(&'p str, &'p str)> {
    let own = projects.get(root).into_iter().flat_map(|groups| groups.values()).flatten();
    let scanned: BTreeSet<String> = own.filter(|module| has_main(module)).flat_map(|module| scanned(module)).collect();
    let below = |package: &str| {
        let is_below = |scanned: &String| {
            package.strip_prefix(scanned.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        scanned.iter().any(is_below)
    };
    let others =
        projects.iter().filter(|(project, _)| behind.contains(project.as_str()) && !started.contains(project.as_str()));
    let packages = others.flat_map(|(project, groups)| groups.keys().map(move |package| (project.as_str(), *package)));
    packages.filter(|(_, package)| below(package)).collect()
}

/// The packages of a project, those its framework looks through, and, over and over, those of projects nobody starts
/// that these import.
fn with_imported<'p>(
    root: &'p str,
    looked_through: BTreeSet<(&'p str, &'p str)>,
    behind: &BTreeSet<&str>,
    projects: &'p BTreeMap<String, BTreeMap<&'p str, Group<'_>>>,
    started: &BTreeSet<&str>,
) -> BTreeSet<(&'p str, &'p str)> {
    let mut providers: BTreeMap<&str, Vec<&'p str>> = BTreeMap::new();
    for (project, groups) in projects.iter().filter(|(project, _)| !started.contains(project.as_str())) {
        for package in groups.keys() {
            providers.entry(package).or_default().push(project);
        }
    }
    let own = projects.get(root).into_iter().flat_map(|groups| groups.keys()).map(|package| (root, *package));
    let mut chosen: BTreeSet<(&str, &str)> = own.chain(looked_through).collect();
    let mut queue: Vec<(&str, &str)> = chosen.iter().copied().collect();
    while let Some((project, package)) = queue.pop() {
        let Some(group) = projects.get(project).and_then(|groups| groups.get(package)) else { continue };
        for import in group.iter().flat_map(|module| &module.imports) {
            // The longest part of the path that is a package is the one that is meant.
            let found = packages_of(&import.path).find_map(|path| providers.get_key_value(path));
            let Some((package, all)) = found else { continue };
            // Of several projects with one package those that the build declares are meant.
            let is_declared = all.iter().any(|provider| behind.contains(provider));
            for provider in all.iter().filter(|provider| !is_declared || behind.contains(*provider)) {
                if chosen.insert((provider, package)) {
                    queue.push((provider, package));
                }
            }
        }
    }
    chosen
}

/// What of an import's path may be the package: everything, without the type, without the type and its member.
fn packages_of(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('.').map(|(rest, _)| rest)).take(3)
}

fn unit<'a>(
    root: &str,
    chosen: &BTreeSet<(&str, &str)>,
    projects: &BTreeMap<String, BTreeMap<&str, Group<'a>>>,
    is_started: bool,
) -> Unit<'a> {
    let mut modules: Vec<(&'a Module, String)> = Vec::new();
    for (project, package) in chosen {
        let group = projects.get(*project).and_then(|groups| groups.get(package));
        modules.extend(group.into_iter().flatten().map(|module| (*module, (*package).to_owned())));
    }
    modules.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    let own = |module: &Module| is_around(root, &module.path);
    let main = modules.iter().position(|(module, _)| own(module) && has_main(module));
    let first = modules.iter().position(|(module, _)| own(module));
    let name = root.rsplit('/').next().unwrap_or(root).to_owned();
    let main = if is_started { main.or(first) } else { None };
    Unit { name, root: root.to_owned(), language: Language::Java, modules, main, roots: Vec::new() }
}
