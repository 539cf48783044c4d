//! One instance that everything needs: lost data when it goes, or a promise it cannot keep.

use crate::availability::{Promise, promised};
use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Fact;
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{EdgeKind, Node, StoreId, System};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/single-point-of-failure",
        severity: Severity::Warning,
        summary: "A store or broker that exists once without durable storage, or once against a stated availability.",
        page: include_str!("single_point_of_failure.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway, Mindset::Slow],
    },
    check,
};

/// Availability, in percent, below which one instance with restarts can be enough: 99.9 % over 30 days
/// leaves 43 minutes, about what a few node failures with rescheduling take.
const SINGLE_INSTANCE_MAX: f64 = 99.9;

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let single: Vec<Single<'_>> = singles(cx.system);
    let volatile: Vec<&Single<'_>> = single.iter().filter(|one| one.durable.is_some_and(Fact::is_absent)).collect();
    let lost = lost_with_its_pod(cx, &volatile);
    let promise = promised(cx.system).filter(|promise| promise.percent > SINGLE_INSTANCE_MAX);
    let broken = promise.and_then(|promise| unreachable(cx, &promise, &single));
    lost.into_iter().chain(broken).collect()
}

/// Something that others need and that runs exactly once.
struct Single<'a> {
    address: &'a str,
    replicas: &'a Fact<u32>,
    /// Whether what it holds survives it; services hold nothing.
    durable: Option<&'a Fact<bool>>,
}

/// What a cluster runs once. A compose file alone is a set-up for development and says nothing about
/// production; what only an overlay runs, or an operator creates, is not judged.
fn singles(system: &System) -> Vec<Single<'_>> {
    let stores =
        system.stores.iter().enumerate().filter(|(at, store)| {
            !store.optional && !store.cache && is_needed(system, Node::Store(StoreId(*at as u32)))
        });
    let stores = stores.filter_map(|(_, store)| single(&store.address, &store.units, true));
    let brokers = system.brokers.iter().filter_map(|broker| single(&broker.address, &broker.units, true));
    let services = system
        .service_ids()
        .filter(|(id, service)| !service.optional && !service.infrastructure && is_called(system, Node::Service(*id)));
    let services = services.filter_map(|(_, service)| single(&service.address, &service.units, false));
    stores.chain(brokers).chain(services).collect()
}

/// How the cluster runs it, if it runs it once.
fn single<'a>(address: &'a str, units: &'a [DeployUnit], holds_data: bool) -> Option<Single<'a>> {
    let unit = deployed(units)?;
    let durable = holds_data.then_some(&unit.durable_storage);
    once(&unit.replicas).then_some(Single { address, replicas: &unit.replicas, durable })
}

/// The cluster's declaration of it; a compose file beside it is for development.
fn deployed(units: &[DeployUnit]) -> Option<&DeployUnit> {
    let in_cluster = |unit: &&DeployUnit| matches!(unit.kind, UnitKind::Deployment | UnitKind::StatefulSet);
    units.iter().filter(in_cluster).find(|unit| !unit.optional)
}

fn once(replicas: &Fact<u32>) -> bool {
    replicas.holds(|count| *count == 1) && replicas.claims().iter().all(|claim| claim.value == 1)
}

fn is_needed(system: &System, node: Node) -> bool {
    system.edges.iter().any(|edge| edge.to == node && !edge.platform)
}

fn is_called(system: &System, node: Node) -> bool {
    system.edges.iter().any(|edge| edge.to == node && edge.kind == EdgeKind::Sync && !edge.platform)
}

fn lost_with_its_pod(cx: &Context<'_>, volatile: &[&Single<'_>]) -> Option<Finding> {
    let names = listed(volatile.iter().map(|one| one.address.to_owned()), 4);
    let address = if let [one] = volatile { one.address } else { "system" };
    let (run, keep) = if volatile.len() == 1 { ("runs", "keeps") } else { ("run", "keep") };
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{names} {run} once and {keep} data in the pod: deleting or moving the pod loses it all"))
        .help("mount a persistent volume, and replicate what must survive the loss of a node")
        .detail("volatile");
    let draft = volatile.iter().fold(draft, |draft, one| {
        let draft = one.durable.into_iter().fold(draft, |draft, fact| draft.because(fact, "no durable volume"));
        draft.because(one.replicas, format!("one replica of `{}`", one.address))
    });
    draft.build()
}

fn unreachable(cx: &Context<'_>, promise: &Promise<'_>, single: &[Single<'_>]) -> Option<Finding> {
    if single.is_empty() {
        return None;
    }
    let names = listed(single.iter().map(|one| one.address.to_owned()), 4);
    let run = if single.len() == 1 { "runs" } else { "run" };
    let percent = promise.percent;
    let draft = cx
        .finding(&RULE.meta, promise.document.path.clone())
        .message(format!(
            "{percent} % is stated, but {names} {run} only once: every restart and every rollout counts against it"
        ))
        .at(&promise.place)
        .help("run at least two replicas of everything a request needs, with a disruption budget, or lower the target")
        .detail("availability");
    single
        .iter()
        .fold(draft, |draft, one| draft.because(one.replicas, format!("one replica of `{}`", one.address)))
        .build()
}
