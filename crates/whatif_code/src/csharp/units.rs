//! Which modules make one program, and what their names stand for.

use crate::ir::Module;
use crate::knowledge::manifest;
use crate::lower::{Imported, Manifest, Program, Unit, folder_of, is_around};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::code::Language;
use whatif_model::facts::package::Package;

/// A project: its manifest and its own modules.
struct Project<'a> {
    package: Package,
    modules: Vec<&'a Module>,
}

/// One unit per project that is a program, with the projects it refers to; without projects one per top folder.
pub(super) fn units<'a>(modules: &[&'a Module], manifests: &[Manifest]) -> Vec<Unit<'a>> {
    let mut projects: BTreeMap<String, Project<'a>> = BTreeMap::new();
    for it in manifests.iter().filter(|it| it.path.ends_with(".csproj")) {
        let package = manifest::read(&it.path, &it.text);
        let folder = package.folder().to_owned();
        projects.entry(folder).or_insert(Project { package, modules: Vec::new() });
    }
    let mut loose: BTreeMap<&str, Vec<&'a Module>> = BTreeMap::new();
    for module in modules {
        let folder = folder_of(&module.path);
        let around = projects.keys().filter(|root| is_around(root, folder)).max_by_key(|root| root.len()).cloned();
        match around.and_then(|root| projects.get_mut(&root)) {
            Some(project) => project.modules.push(module),
            None => loose.entry(folder.split('/').next().unwrap_or("")).or_default().push(module),
        }
    }
    let referred: BTreeSet<&str> = projects
        .values()
        .filter(|project| !project.modules.is_empty())
        .flat_map(|project| project.package.projects.iter().map(|path| folder_of(path)))
        .collect();
    let mut units = Vec::new();
    for (root, project) in &projects {
        let wanted = is_program(project) || !referred.contains(root.as_str());
        if !project.modules.is_empty() && wanted && !is_host(&project.package) {
            let name = project.package.name.clone().unwrap_or_else(|| last(root).to_owned());
            units.push(unit(name, root, with_referred(root, &projects)));
        }
    }
    units.extend(loose.into_iter().map(|(root, modules)| unit(last(root).to_owned(), root, modules)));
    units
}

/// Every name of a unit is known in all of it: `using` names namespaces, which are no files.
fn unit<'a>(name: String, root: &str, modules: Vec<&'a Module>) -> Unit<'a> {
    let modules = modules.into_iter().map(|module| (module, String::new())).collect();
    Unit { name, root: root.to_owned(), language: Language::CSharp, modules, main: None, roots: Vec::new() }
}

fn last(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

fn is_program(project: &Project<'_>) -> bool {
    let executable = |(name, value): &(String, String)| name == "OutputType" && value.ends_with("Exe");
    let hosts = ["Microsoft.NET.Sdk.Web", "Microsoft.NET.Sdk.Worker", "Microsoft.NET.Sdk.BlazorWebAssembly"];
    hosts.iter().any(|sdk| project.package.applies(sdk))
        || project.package.properties.iter().any(executable)
        || project.modules.iter().any(|module| !module.top.is_empty() && !super::file::is_page(&module.path))
}

/// A project that only says which programs run together
/// (<https://learn.microsoft.com/dotnet/aspire/fundamentals/app-host-overview>).
fn is_host(package: &Package) -> bool {
    let declared = |(name, value): &(String, String)| name == "IsAspireHost" && value == "true";
    package.applies("Aspire.AppHost.Sdk")
        || package.needs("Aspire.Hosting.AppHost").is_some()
        || package.properties.iter().any(declared)
}

/// A project's own modules first, then those of the projects it refers to, near ones first.
fn with_referred<'a>(root: &str, projects: &BTreeMap<String, Project<'a>>) -> Vec<&'a Module> {
    let mut order = vec![root.to_owned()];
    let mut next = 0;
    while let Some(folder) = order.get(next).cloned() {
        next += 1;
        let Some(project) = projects.get(&folder) else { continue };
        for path in &project.package.projects {
            let folder = folder_of(path).to_owned();
            if !order.contains(&folder) {
                order.push(folder);
            }
        }
    }
    order.iter().filter_map(|folder| projects.get(folder)).flat_map(|project| project.modules.iter().copied()).collect()
}

/// A type by its last name; everything else is a library's, whose names are known without their namespace.
pub(super) fn resolve(program: &Program<'_>, module: usize, path: &str) -> Option<Imported> {
    let name = crate::ir::bare(path).rsplit('.').next()?.to_owned();
    let package = program.package_of[module];
    match program.find_type(package, &name) {
        Some(_) => Some(Imported::Own(package, vec![name])),
        None => Some(Imported::Library(name)),
    }
}
