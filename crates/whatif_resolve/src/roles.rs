//! One program that is deployed several times, each time for another part of its work: `orders-api` and
//! `orders-worker`, or `app frontend` and `app search`. Each deployment is a service of its own.

use crate::identity::{self, canonical, stem};
use crate::input::Input;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::code::{CodeUnit, Entry, Trigger};
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::flow::{Peer, Target};

/// A deployed unit: its design and its number there.
type At = (usize, usize);

/// Words in the names of deployments that do one kind of work, and which.
const WORK: [(Work, &[&str]); 4] = [
    (Work::Rpc, &["grpc", "rpc"]),
    (Work::Messages, &["worker", "workers", "consumer", "processor", "subscriber", "listener", "celery", "queue"]),
    (Work::Schedule, &["scheduler", "beat", "cron", "scheduled"]),
    (Work::Http, &["http", "web", "api", "frontend", "gateway", "server", "app", "site", "rest"]),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Http,
    Rpc,
    Messages,
    Schedule,
}

/// Splits the programs that are deployed for several parts of their work. Says which program is which deployment's.
pub(crate) fn split(input: &mut Input) -> BTreeMap<usize, At> {
    let mut placed = BTreeMap::new();
    for at in 0..input.code.len() {
        let Some(parts) = parts(input, at) else { continue };
        let mut parts = parts.into_iter();
        let Some((lead, unit)) = parts.next() else { continue };
        placed.insert(at, lead);
        input.code[at] = unit;
        for (deployment, unit) in parts {
            placed.insert(input.code.len(), deployment);
            input.code.push(unit);
        }
    }
    placed
}

/// The parts of a program by deployment, the one with the rest of the program first; none unless its entry points
/// tell at least two deployments apart.
fn parts(input: &Input, at: usize) -> Option<Vec<(At, CodeUnit)>> {
    let unit = &input.code[at];
    if unit.auxiliary || unit.entries.len() < 2 {
        return None;
    }
    let roles = deployments(input, unit);
    if roles.len() < 2 {
        return None;
    }
    let mut entries: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
    let mut rest = Vec::new();
    for entry in &unit.entries {
        match role_of(entry, &roles) {
            Some(role) => entries.entry(role).or_default().push(entry.clone()),
            None => rest.push(entry.clone()),
        }
    }
    if entries.len() < 2 {
        return None;
    }
    let serves_people = |role: &usize| works(roles[*role].1) == Some(Work::Http);
    let lead = entries.keys().copied().find(serves_people).or_else(|| entries.keys().next().copied())?;
    entries.entry(lead).or_default().extend(rest);
    let mut order: Vec<usize> = entries.keys().copied().collect();
    order.sort_by_key(|role| (*role != lead, *role));
    let part = |role: usize| (roles[role].0, part(unit, roles[role].1, &entries[&role], role == lead));
    Some(order.into_iter().map(part).collect())
}

/// What is deployed from the code of a program under different names, in name order.
fn deployments<'i>(input: &'i Input, unit: &CodeUnit) -> Vec<(At, &'i str)> {
    let is_deployed = |unit: &DeployUnit| !matches!(unit.kind, UnitKind::Image | UnitKind::Program) && !unit.optional;
    let units = || {
        let designs = input.designs.iter().enumerate();
        let units = designs.flat_map(|(d, (_, facts))| facts.units.iter().enumerate().map(move |(u, it)| ((d, u), it)));
        units.filter(|(_, unit)| is_deployed(unit))
    };
    let names: BTreeSet<String> = [unit.root.rsplit('/').next().unwrap_or(""), &unit.name].map(canonical).into();
    let built = units().filter(|(_, deployed)| is_alone_in(input, unit, deployed.build_context.as_deref()));
    let named = units().filter(|(_, deployed)| {
        let name = canonical(&deployed.name);
        let role = |own: &String| name.strip_prefix(own.as_str()).is_some_and(|role| !own.is_empty() && is_work(role));
        names.iter().any(role)
    });
    let distinct = |found: Vec<(At, &'i DeployUnit)>| -> Vec<(At, &'i str)> {
        let mut by_name: BTreeMap<&str, At> = BTreeMap::new();
        for (at, unit) in found {
            by_name.entry(&unit.name).or_insert(at);
        }
        by_name.into_iter().map(|(name, at)| (at, name)).collect()
    };
    let built = distinct(built.collect());
    if built.len() > 1 { built } else { distinct(named.collect()) }
}

/// Whether a deployment is built from a folder that holds the program and no other.
fn is_alone_in(input: &Input, unit: &CodeUnit, context: Option<&str>) -> bool {
    let Some(folder) = context else { return false };
    let is_below = |root: &str| identity::is_below(root, folder);
    is_below(&unit.root) && input.code.iter().filter(|other| !other.auxiliary && is_below(&other.root)).count() == 1
}

/// The deployment that does an entry point: the only one named like the service it implements, else the only one
/// named for its kind of work.
fn role_of(entry: &Entry, roles: &[(At, &str)]) -> Option<usize> {
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut found = (0..roles.len()).filter(|role| fits(roles[*role].1));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    };
    let by_service = match &entry.trigger {
        Trigger::Rpc { service, .. } => {
            let name = stem(service.rsplit('.').next().unwrap_or(service));
            only(&|role| stem(role) == name)
        }
        _ => None,
    };
    let work = match &entry.trigger {
        Trigger::Http { .. } => Work::Http,
        Trigger::Rpc { .. } => Work::Rpc,
        Trigger::Message { .. } => Work::Messages,
        Trigger::Schedule(_) => Work::Schedule,
        Trigger::Start | Trigger::Unseen { .. } => return None,
    };
    by_service.or_else(|| only(&|role| works(role) == Some(work)))
}

/// The kind of work a deployment is named for.
fn works(name: &str) -> Option<Work> {
    let words: Vec<String> = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let names = |(_, known): &&(Work, &[&str])| words.iter().any(|word| known.contains(&word.as_str()));
    WORK.iter().find(names).map(|(work, _)| *work)
}

fn is_work(word: &str) -> bool {
    WORK.iter().any(|(_, words)| words.contains(&word))
}

/// The program as one deployment runs it. Only the first keeps what nobody was seen to start.
fn part(unit: &CodeUnit, name: &str, entries: &[Entry], is_lead: bool) -> CodeUnit {
    let effects = || entries.iter().flat_map(|entry| &entry.flow.effects);
    let meets = |peer: &Peer| effects().any(|effect| matches!(&effect.target, Target::Symbolic(own) if own == peer));
    let serves = |service: &str| {
        entries.iter().any(|entry| matches!(&entry.trigger, Trigger::Rpc { service: own, .. } if own == service))
    };
    let mut part = unit.clone();
    part.name = name.to_owned();
    part.entries = entries.to_vec();
    part.peers.retain(|(peer, _)| meets(peer));
    part.serves.retain(|(service, _)| serves(service));
    if !is_lead {
        part.background.clear();
        part.unreached.clear();
        part.ignored.clear();
        part.problems.clear();
    }
    part
}
