//! Which declarations are about the same thing.
//!
//! Declarations are joined by what they share: the name they declare, the folder they are built
//! from, the image they build or run, and what the user says is the same. Names are compared
//! without case and separators; a suffix such as `service` is only dropped when that finds exactly
//! one partner, because `cart` and `cart-service` may be two things.

use crate::input::Input;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::deploy::{DeployUnit, Selector, UnitKind};

/// One component: indices into the flattened deploy units and into the code units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// Deploy units, as (design index, unit index).
    pub(crate) units: Vec<(usize, usize)>,
    /// Code units.
    pub(crate) code: Vec<usize>,
}

/// Suffixes that name a role, not an identity, longest first.
const SUFFIXES: [&str; 8] = ["microservice", "application", "deployment", "service", "server", "svc", "app", "api"];

/// A name without case and separators.
pub(crate) fn canonical(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A canonical name without its role suffix.
pub(crate) fn stem(name: &str) -> String {
    let canonical = canonical(name);
    let cut = SUFFIXES.iter().find_map(|suffix| canonical.strip_suffix(suffix).filter(|rest| rest.len() > 1));
    cut.map_or(canonical.clone(), str::to_owned)
}

/// The last path element of an image, without registry and tag.
pub(crate) fn image_name(image: &str) -> &str {
    let untagged = image.split('@').next().unwrap_or(image);
    let last = untagged.rsplit('/').next().unwrap_or(untagged);
    last.split(':').next().unwrap_or(last)
}

/// Groups all deploy and code units, in a stable order.
pub(crate) fn group(input: &Input, roles: &BTreeMap<usize, (usize, usize)>) -> Vec<Group> {
    let units: Vec<(usize, usize, &DeployUnit)> = input
        .designs
        .iter()
        .enumerate()
        .flat_map(|(d, (_, facts))| facts.units.iter().enumerate().map(move |(u, unit)| (d, u, unit)))
        .collect();
    let total = units.len() + input.code.len();
    let mut sets = Sets((0..total).collect());
    join_units(&units, &mut sets);
    join_selected(input, &units, &mut sets);
    join_code(input, &units, roles, &mut sets);
    join_stems(input, &units, &mut sets);
    join_answers(input, &units, &mut sets);

    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for (at, (design, unit, _)) in units.iter().enumerate() {
        groups.entry(sets.root(at)).or_default().units.push((*design, *unit));
    }
    for code in 0..input.code.len() {
        groups.entry(sets.root(units.len() + code)).or_default().code.push(code);
    }
    groups.into_values().filter(|group| keeps(group, &units)).collect()
}

/// A lone image definition that nothing deploys and no code backs is a build helper, not a component.
fn keeps(group: &Group, units: &[(usize, usize, &DeployUnit)]) -> bool {
    !group.code.is_empty()
        || group.units.iter().any(|(d, u)| {
            units.iter().any(|(design, unit, declared)| (design, unit) == (d, u) && declared.kind != UnitKind::Image)
        })
}

/// By declared name; a Dockerfile by the folder it stands in, the image it builds, or its folder's name.
fn join_units(units: &[(usize, usize, &DeployUnit)], sets: &mut Sets) {
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_folder: BTreeMap<&str, usize> = BTreeMap::new();
    let prefix = project_prefix(units);
    let bare = |name: &str| {
        let canonical = canonical(name);
        let rest = prefix.as_deref().and_then(|prefix| canonical.strip_prefix(prefix)).filter(|rest| rest.len() > 1);
        rest.map_or(canonical.clone(), str::to_owned)
    };
    for (at, (_, _, unit)) in units.iter().enumerate().filter(|(_, (_, _, unit))| is_deployed(unit)) {
        let first = *by_name.entry(bare(&unit.name)).or_insert(at);
        sets.join(first, at);
        if let Some(folder) = unit.build_context.as_deref().filter(|folder| !folder.is_empty()) {
            by_folder.entry(folder).or_insert(at);
        }
    }
    let crowded = crowded_folders(units, by_folder.keys().copied());
    let by_image: BTreeMap<String, usize> = units
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, (_, _, unit))| is_deployed(unit))
        .filter_map(|(at, (_, _, unit))| Some((canonical(image_name(&unit.image.as_ref()?.display())), at)))
        .collect();
    for (at, (_, _, unit)) in units.iter().enumerate().filter(|(_, (_, _, unit))| !is_deployed(unit)) {
        let folder = unit.build_context.as_deref().unwrap_or("");
        let by_own_name = || (unit.kind == UnitKind::Program).then(|| by_name.get(&bare(&unit.name))).flatten();
        let partner = ancestors(folder)
            .filter(|folder| unit.kind == UnitKind::Image || !crowded.contains(folder))
            .find_map(|folder| by_folder.get(folder))
            .or_else(by_own_name)
            .or_else(|| own_names(folder).find_map(|name| by_name.get(&bare(&name)).or_else(|| by_image.get(&name))));
        match partner {
            Some(partner) => sets.join(*partner, at),
            None => {
                by_folder.entry(folder).or_insert(at);
            }
        }
    }
}

/// Whether a unit is started by a deployment, rather than only built or configured.
fn is_deployed(unit: &DeployUnit) -> bool {
    !matches!(unit.kind, UnitKind::Image | UnitKind::Program)
}

/// Build contexts around several programs identify none of them.
fn crowded_folders<'a>(
    units: &[(usize, usize, &DeployUnit)],
    contexts: impl Iterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    let programs = || units.iter().filter(|(_, _, unit)| unit.kind == UnitKind::Program);
    let holds = |folder: &str| {
        let own = programs().filter_map(|(_, _, unit)| unit.build_context.as_deref());
        own.filter(|root| ancestors(root).any(|around| around == folder)).count()
    };
    contexts.filter(|folder| holds(folder) > 1).collect()
}

/// The first word most unit names share (`ftgo-mysql`, `ftgo-kafka`): the project's name, not theirs.
fn project_prefix(units: &[(usize, usize, &DeployUnit)]) -> Option<String> {
    let names: BTreeSet<&str> = units.iter().map(|(_, _, unit)| unit.name.as_str()).collect();
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    for name in names.iter().filter(|name| name.contains(['-', '_'])) {
        let first = name.split(['-', '_']).next().unwrap_or(name);
        *votes.entry(canonical(first)).or_default() += 1;
    }
    let (prefix, count) = votes.into_iter().max_by_key(|(_, count)| *count)?;
    (count >= 4 && count * 3 >= names.len()).then_some(prefix)
}

/// Workloads behind one Kubernetes Service are variants of one component (canary, patched copy).
fn join_selected(input: &Input, units: &[(usize, usize, &DeployUnit)], sets: &mut Sets) {
    for name in input.designs.iter().flat_map(|(_, facts)| &facts.names) {
        let Selector::Labels(wanted) = &name.selects else { continue };
        let selects = |unit: &DeployUnit| wanted.iter().all(|(key, value)| unit.labels.get(key) == Some(value));
        let selected: Vec<usize> = (0..units.len()).filter(|at| !wanted.is_empty() && selects(units[*at].2)).collect();
        // Containers of one pod share its labels and are different programs; only the first of each pod counts.
        let pod = |at: usize| (units[at].0, &units[at].2.labels);
        let mut selected = selected;
        selected.dedup_by(|later, first| pod(*later) == pod(*first));
        // What stands behind a name is the component of that name, whatever its own declaration is called.
        let named = (0..units.len()).find(|at| canonical(&units[*at].2.name) == canonical(&name.name));
        if let (false, Some(named)) = (selected.is_empty(), named) {
            selected.insert(0, named);
        }
        for pair in selected.windows(2) {
            sets.join(pair[0], pair[1]);
        }
    }
}

/// A code unit belongs to the unit built from its folder or the nearest folder around it, or to the
/// unit named like its folder or like itself.
fn join_code(
    input: &Input,
    units: &[(usize, usize, &DeployUnit)],
    roles: &BTreeMap<usize, (usize, usize)>,
    sets: &mut Sets,
) {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (at, (_, _, unit)) in units.iter().enumerate() {
        if let Some(folder) = unit.build_context.as_deref().filter(|folder| !folder.is_empty()) {
            folders.entry(folder).or_insert(at);
        }
        if unit.kind != UnitKind::Image {
            names.entry(canonical(&unit.name)).or_insert(at);
            if let Some(image) = &unit.image {
                names.entry(canonical(image_name(&image.display()))).or_insert(at);
            }
        }
    }
    let shared: BTreeSet<&str> = shared_folders(input, &folders);
    for (code, unit) in input.code.iter().enumerate() {
        if let Some(role) = roles.get(&code) {
            let deployment = units.iter().position(|(design, unit, _)| (*design, *unit) == *role);
            deployment.into_iter().for_each(|at| sets.join(at, units.len() + code));
            continue;
        }
        let by_folder = ancestors(&unit.root).filter(|folder| !shared.contains(folder)).find_map(|f| folders.get(f));
        let by_name = || own_names(&unit.root).chain([canonical(&unit.name)]).find_map(|name| names.get(&name));
        if let Some(partner) = by_folder.or_else(by_name) {
            sets.join(*partner, units.len() + code);
        }
    }
}

/// Build contexts that hold several code units (a monorepo root) identify none of them.
fn shared_folders<'a>(input: &Input, folders: &BTreeMap<&'a str, usize>) -> BTreeSet<&'a str> {
    let holds = |folder: &str| input.code.iter().filter(|unit| !unit.auxiliary && is_below(&unit.root, folder)).count();
    folders.keys().copied().filter(|folder| holds(folder) > 1).collect()
}

/// `cart` (code, Dockerfile) and `cart-service` (manifest) are one when neither has another partner.
fn join_stems(input: &Input, units: &[(usize, usize, &DeployUnit)], sets: &mut Sets) {
    let mut by_stem: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, (_, _, unit)) in units.iter().enumerate() {
        by_stem.entry(stem(&unit.name)).or_default().insert(sets.root(at));
    }
    for (code, unit) in input.code.iter().enumerate() {
        let root = sets.root(units.len() + code);
        let folder = unit.root.rsplit('/').next().unwrap_or("");
        for name in [folder, unit.name.as_str()].into_iter().filter(|name| !name.is_empty()) {
            by_stem.entry(stem(name)).or_default().insert(root);
        }
    }
    let has_code =
        |root: usize, sets: &mut Sets| (0..input.code.len()).any(|code| sets.root(units.len() + code) == root);
    for members in by_stem.into_values().filter(|members| members.len() == 2) {
        let members: Vec<usize> = members.into_iter().collect();
        if has_code(members[0], sets) != has_code(members[1], sets) {
            sets.join(members[0], members[1]);
        }
    }
}

fn join_answers(input: &Input, units: &[(usize, usize, &DeployUnit)], sets: &mut Sets) {
    for same in &input.same {
        let wanted: BTreeSet<String> = same.names.iter().map(|name| canonical(name)).collect();
        let named =
            units.iter().map(|(_, _, unit)| unit.name.as_str()).chain(input.code.iter().map(|unit| unit.name.as_str()));
        let members: Vec<usize> =
            named.enumerate().filter(|(_, name)| wanted.contains(&canonical(name))).map(|(at, _)| at).collect();
        for pair in members.windows(2) {
            sets.join(pair[0], pair[1]);
        }
    }
}

/// Whether a folder is another or lies in it; everything lies in the root.
pub(crate) fn is_below(inner: &str, folder: &str) -> bool {
    folder.is_empty() || inner == folder || inner.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// A folder and the folders around it, innermost first, the root excluded.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder).filter(|folder| !folder.is_empty()), |folder| {
        folder.rsplit_once('/').map(|(parent, _)| parent)
    })
}

/// A folder's name that says what lies in it, not whose it is.
pub(crate) fn is_neutral(folder: &str) -> bool {
    ["src", "app", "cmd", "server", "main", "code", "service"].contains(&folder)
}

/// Names a folder suggests: its last element, and the one before when the last is only `src` or `app`.
fn own_names(folder: &str) -> impl Iterator<Item = String> {
    let mut parts: Vec<&str> = folder.rsplit('/').collect();
    let skip = parts.iter().take_while(|part| is_neutral(part)).count();
    parts.drain(..skip.min(parts.len().saturating_sub(1)));
    parts.into_iter().take(1).map(canonical).filter(|name| !name.is_empty())
}

/// Disjoint sets in which the smallest member is the representative, so that order of joining cannot show.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
