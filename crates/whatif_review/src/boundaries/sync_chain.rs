//! An operation that needs many components up at the same moment.

use crate::availability::promised;
use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, OnError, Target};
use whatif_model::system::{EdgeKind, Node, Operation, OperationId, ServiceId, System};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "boundaries/sync-chain",
        severity: Severity::Info,
        summary: "An operation that waits for many components in a row: its availability is the product of theirs.",
        page: include_str!("sync_chain.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[Mindset::Slow],
    },
    check,
};

/// So many components in a row are reported: five at 99.9 % each are down 3.6 hours a month.
const COMPONENTS_MIN: usize = 5;
/// What one component is assumed to reach, in percent; a common target of a single service.
const ASSUMED_AVAILABILITY: f64 = 99.9;
/// Calls are followed so deep.
const DEPTH_MAX: usize = 12;

/// Only the longest chain of the system: the others shrink with it.
fn check(cx: &Context<'_>) -> Vec<Finding> {
    let served = cx.system.operation_ids().filter(|(_, operation)| {
        !operation.background && matches!(operation.trigger, Trigger::Http { .. } | Trigger::Rpc { .. })
    });
    let needed = served.map(|(id, _)| (id, needed(cx.system, id)));
    let longest = needed.max_by_key(|(id, needed)| (needed.len(), std::cmp::Reverse(*id)));
    longest.and_then(|(id, needed)| finding(cx, id, &needed)).into_iter().collect()
}

type Needed = BTreeMap<Node, Option<Evidence>>;

/// Every component whose failure fails the operation, with the place that needs it.
fn needed(system: &System, id: OperationId) -> Needed {
    let mut needed = Needed::from([(Node::Service(system[id].service), None)]);
    let mut seen = BTreeSet::new();
    follow(system, id, 0, &mut needed, &mut seen);
    needed
}

fn follow(system: &System, id: OperationId, depth: usize, needed: &mut Needed, seen: &mut BTreeSet<OperationId>) {
    let operation = &system[id];
    if depth > DEPTH_MAX || !seen.insert(id) {
        return;
    }
    if !operation.implemented {
        needed.extend(stores_of(system, operation.service));
    }
    for visit in operation.flow.walk() {
        let effect = visit.effect;
        let waits = !matches!(effect.kind, EffectKind::Publish { outbox: true })
            && matches!(effect.on_error, OnError::Propagate | OnError::Crash);
        let Some(node) = node(&effect.target).filter(|node| waits && !is_platform(system, operation, *node)) else {
            continue;
        };
        let place = Evidence::stated(Stage::Code, effect.span, format!("needs `{}`", system.address(node)));
        needed.entry(node).or_insert(Some(place));
        if let Target::Service(_, Some(callee)) = effect.target {
            follow(system, callee, depth + 1, needed, seen);
        }
    }
}

/// A service whose code was not read is taken to need the stores its configuration names.
fn stores_of(system: &System, service: ServiceId) -> impl Iterator<Item = (Node, Option<Evidence>)> + '_ {
    let edges = system.edges.iter().filter(move |edge| edge.from == Node::Service(service));
    edges.filter(|edge| edge.kind == EdgeKind::Store && !edge.platform).map(|edge| {
        let place = edge.evidence.first().map(|place| place.labelled(format!("needs `{}`", system.address(edge.to))));
        (edge.to, place)
    })
}

fn node(target: &Target) -> Option<Node> {
    match target {
        Target::Service(id, _) => Some(Node::Service(*id)),
        Target::Store(id) => Some(Node::Store(*id)),
        Target::Topic(id) => Some(Node::Topic(*id)),
        Target::Broker(id) => Some(Node::Broker(*id)),
        Target::External(id) => Some(Node::External(*id)),
        Target::Symbolic(_) | Target::Own | Target::Unknown => None,
    }
}

fn is_platform(system: &System, operation: &Operation, node: Node) -> bool {
    system.edge(Node::Service(operation.service), node).is_some_and(|edge| edge.platform)
}

fn finding(cx: &Context<'_>, id: OperationId, needed: &Needed) -> Option<Finding> {
    let count = needed.len();
    if count < COMPONENTS_MIN {
        return None;
    }
    let address = &cx.system[id].address;
    let names = listed(needed.keys().map(|node| cx.system.address(*node).to_owned()), count);
    let product = 100.0 * (ASSUMED_AVAILABILITY / 100.0).powi(i32::try_from(count).unwrap_or(i32::MAX));
    let promise = promised(cx.system).filter(|promise| promise.percent > product);
    let against = promise.as_ref().map_or_else(String::new, |promise| format!(", and {} % is stated", promise.percent));
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(if promise.is_some() { Severity::Warning } else { Severity::Info })
        .message(format!(
            "`{address}` needs {count} components up at once: at {ASSUMED_AVAILABILITY} % each it reaches {product:.1} %{against}"
        ))
        .help("answer after the durable local part and do the rest from events, or give optional parts a fallback")
        .detail(&names);
    draft.all(needed.values().flatten()).all(promise.as_ref().map(|promise| &promise.place)).build()
}
