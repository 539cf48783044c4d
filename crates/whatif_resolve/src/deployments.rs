//! Which deployment counts when a repository holds several.
//!
//! Compose reads `compose.yaml` or `docker-compose.yml` unless it is told otherwise; files of other names are variants
//! of the default one unless they start more of the repository's own programs than it does. Of a compose file and
//! manifests the one that starts more of them is the main deployment; of equals the manifests are.

use crate::identity::Group;
use crate::input::Input;
use crate::technology;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::Reference;
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::text::folder_of;

/// Names compose finds by itself.
const DEFAULTS: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Marks what only variants of compose files declare as optional.
pub(crate) fn mark_variants(input: &mut Input) {
    let own = |units: &[DeployUnit]| units.iter().filter(|unit| unit.kind == UnitKind::Compose && is_own(unit)).count();
    let files = input.designs.iter().filter(|(_, facts)| facts.units.iter().any(|unit| unit.kind == UnitKind::Compose));
    let sizes: Vec<(String, usize)> = files.map(|(path, facts)| (path.clone(), own(&facts.units))).collect();
    let defaults: Vec<(&str, usize)> = sizes
        .iter()
        .filter(|(path, _)| DEFAULTS.contains(&path.rsplit('/').next().unwrap_or(path)))
        .map(|(path, size)| (folder_of(path), *size))
        .collect();
    let is_variant = |path: &str, size: usize| {
        let around =
            |folder: &str| folder.is_empty() || folder_of(path) == folder || path.starts_with(&format!("{folder}/"));
        !DEFAULTS.contains(&path.rsplit('/').next().unwrap_or(path))
            && defaults.iter().any(|(folder, default)| around(folder) && *default >= size)
    };
    let variants: BTreeSet<&str> =
        sizes.iter().filter(|(path, size)| is_variant(path, *size)).map(|(path, _)| path.as_str()).collect();
    for (path, facts) in &mut input.designs {
        if path.split('/').any(|folder| folder == ".devcontainer") {
            // Where people write the code, not where it runs.
            facts.units.clear();
        }
        if variants.contains(path.as_str()) {
            facts.units.iter_mut().for_each(|unit| unit.optional = true);
        }
    }
}

/// Finds the folders of projects that an application host only names: `Shop_Api` is `Shop.Api.csproj`.
pub(crate) fn place_projects(input: &mut Input) {
    let identifier =
        |name: &str| -> String { name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect() };
    let mut folders: BTreeMap<String, String> = BTreeMap::new();
    for package in input.packages.iter().filter(|package| package.path.ends_with("proj")) {
        let file = package.path.rsplit('/').next().unwrap_or("");
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        folders.entry(identifier(stem)).or_insert_with(|| package.folder().to_owned());
    }
    let units = input.designs.iter_mut().flat_map(|(_, facts)| &mut facts.units);
    for unit in units.filter(|unit| unit.kind == UnitKind::AppHost && unit.build_context.is_none()) {
        unit.build_context = unit.labels.get("project").and_then(|project| folders.get(project)).cloned();
    }
}

/// Folders that are not read, so that nobody knows what is in them.
const UNREAD: [&str; 4] = ["vendor", "third_party", "target", "node_modules"];

/// Documents that a deployment names and that are not in the tree. Only YAML files are told: all of them are read.
pub(crate) fn missing_files(input: &Input) -> Vec<Reference> {
    let there: BTreeSet<&str> = input.designs.iter().map(|(path, _)| path.as_str()).collect();
    let is_plain = |path: &str| {
        let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
        is_yaml && !path.contains(['*', '{', '?', '[', '$']) && !path.split('/').any(|part| UNREAD.contains(&part))
    };
    let named = input.designs.iter().flat_map(|(_, facts)| &facts.references);
    named.filter(|reference| is_plain(&reference.path) && !there.contains(reference.path.as_str())).cloned().collect()
}

/// Something of the repository rather than a product.
fn is_own(unit: &DeployUnit) -> bool {
    unit.build_context.is_some()
        || unit.image.as_ref().is_some_and(|image| technology::of_image(&image.display()).is_none())
}

/// Whether compose files are the main deployment.
pub(crate) fn compose_leads(input: &Input, groups: &[Group]) -> bool {
    let starts = |group: &Group, is_kind: fn(UnitKind) -> bool| {
        let units = group.units.iter().map(|(design, unit)| &input.designs[*design].1.units[*unit]);
        let mut units = units.filter(|unit| !unit.optional);
        units.any(|unit| is_kind(unit.kind))
    };
    let is_own = |group: &&Group| {
        let built = |unit: &DeployUnit| matches!(unit.kind, UnitKind::Image | UnitKind::Program);
        !group.code.is_empty() || group.units.iter().any(|(design, unit)| built(&input.designs[*design].1.units[*unit]))
    };
    let count =
        |is_kind: fn(UnitKind) -> bool| groups.iter().filter(is_own).filter(|group| starts(group, is_kind)).count();
    let composed = count(|kind| kind == UnitKind::Compose);
    composed > count(|kind| !matches!(kind, UnitKind::Compose | UnitKind::Image | UnitKind::Program))
}
