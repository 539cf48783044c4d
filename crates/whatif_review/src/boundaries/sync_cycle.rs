//! Services that wait for each other in a circle.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Edge, EdgeKind, Node, ServiceId, System};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "boundaries/sync-cycle",
        severity: Severity::Warning,
        summary: "Services call each other in a circle and wait: a slow one stops them all, itself included.",
        page: include_str!("sync_cycle.md"),
        assumptions: &[Assumption::FastEnough, Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let calls = calls(cx.system);
    let mut seen = BTreeSet::new();
    let starts: Vec<ServiceId> = calls.keys().copied().collect();
    let cycles = starts.into_iter().filter_map(|start| {
        // One finding for a circle, whichever of its services it is entered at.
        let cycle = shortest_cycle(&calls, start).filter(|cycle| cycle.iter().all(|id| !seen.contains(id)))?;
        seen.extend(cycle.iter().copied());
        Some(cycle)
    });
    let cycles: Vec<Vec<ServiceId>> = cycles.collect();
    cycles.iter().filter_map(|cycle| finding(cx, &calls, cycle)).collect()
}

type Calls<'a> = BTreeMap<ServiceId, BTreeMap<ServiceId, &'a Edge>>;

/// Calls that the code makes; an address in a configuration is no call.
fn calls(system: &System) -> Calls<'_> {
    let mut calls: Calls<'_> = BTreeMap::new();
    for edge in
        system.edges.iter().filter(|edge| edge.kind == EdgeKind::Sync && !edge.platform && !edge.sites.is_empty())
    {
        if let (Node::Service(from), Node::Service(to)) = (edge.from, edge.to) {
            calls.entry(from).or_default().insert(to, edge);
        }
    }
    calls
}

/// The shortest way from a service back to itself, in call order.
fn shortest_cycle(calls: &Calls<'_>, start: ServiceId) -> Option<Vec<ServiceId>> {
    let mut came_from: BTreeMap<ServiceId, ServiceId> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in calls.get(&at).into_iter().flat_map(BTreeMap::keys) {
            if *next == start {
                let mut cycle = vec![at];
                while let Some(previous) = cycle.last().and_then(|last| came_from.get(last)) {
                    cycle.push(*previous);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if *next != start && !came_from.contains_key(next) {
                came_from.insert(*next, at);
                queue.push_back(*next);
            }
        }
    }
    None
}

fn finding(cx: &Context<'_>, calls: &Calls<'_>, cycle: &[ServiceId]) -> Option<Finding> {
    let names = listed(cycle.iter().map(|id| cx.system[*id].address.clone()), 5);
    let links = cycle.iter().zip(cycle.iter().cycle().skip(1));
    let places: Vec<Evidence> = links
        .filter_map(|(from, to)| {
            let site = calls.get(from)?.get(to)?.sites.first()?;
            let operation = &cx.system[site.operation];
            let effect = operation.flow.effect(site.effect)?;
            let label = format!("`{}` waits for `{}`", operation.address, cx.system[*to].address);
            Some(Evidence::stated(Stage::Code, effect.span, label))
        })
        .collect();
    cx.finding(&RULE.meta, cx.system[*cycle.first()?].address.clone())
        .message(format!(
            "{names} call each other in a circle and wait: when one is slow, each holds the other's threads"
        ))
        .all(&places)
        .help("break the circle: pass along what the callee would ask back for, or answer one direction with an event")
        .detail(names)
        .build()
}
