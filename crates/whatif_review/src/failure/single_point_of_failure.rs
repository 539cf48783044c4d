//! One instance that everything needs: a promise it cannot keep, or a system without a spare of anything.

use super::deployed::{Single, deployed, singles};
use crate::availability::{Promise, promised};
use crate::query::listed;
use crate::rule::{Assumption, Context, Draft, Rule, RuleMeta};
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/single-point-of-failure",
        severity: Severity::Warning,
        summary: "Something requests need runs once against a stated availability, or everything in a cluster runs once.",
        page: include_str!("single_point_of_failure.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway, Mindset::Slow],
    },
    check,
};

/// Availability, in percent, below which one instance with restarts can be enough: 99.9 % over 30 days
/// leaves 43 minutes, about what a few node failures with rescheduling take.
const SINGLE_INSTANCE_MAX: f64 = 99.9;

/// So many components make a system; fewer of them that run once are a choice for each.
const COMPONENTS_MIN: usize = 4;

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let single = singles(cx.system);
    let promise = promised(cx.system).filter(|promise| promise.percent > SINGLE_INSTANCE_MAX);
    let found = match promise {
        Some(promise) => unreachable(cx, &promise, &single),
        None if has_no_spare(cx, &single) => no_spare(cx, &single),
        None => None,
    };
    found.into_iter().collect()
}

/// Whether everything of the repository's own that a cluster runs exists once, and nothing there adds instances.
fn has_no_spare(cx: &Context<'_>, single: &[Single<'_>]) -> bool {
    let own = cx.system.services.iter().filter(|service| !service.infrastructure && !service.optional);
    let units: Vec<_> = own.filter_map(|service| deployed(&service.units)).collect();
    units.len() >= COMPONENTS_MIN
        && single.iter().any(|one| one.durable.is_some())
        && units.iter().all(|unit| unit.replicas.holds(|count| *count == 1))
        && cx.system.scaling.is_empty()
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
    with_replicas(draft, single)
}

fn no_spare(cx: &Context<'_>, single: &[Single<'_>]) -> Option<Finding> {
    let names = listed(single.iter().map(|one| one.address.to_owned()), 4);
    let draft = cx
        .finding(&RULE.meta, "system")
        .severity(Severity::Info)
        .message(format!(
            "everything runs once in the cluster, {names} included: each lost node or drained pod stops a part of the system"
        ))
        .help("run two replicas of what requests need, with a disruption budget, or write down which outage is accepted")
        .detail("no spare");
    with_replicas(draft, single)
}

fn with_replicas(draft: Draft, single: &[Single<'_>]) -> Option<Finding> {
    let because =
        |draft: Draft, one: &Single<'_>| draft.because(one.replicas, format!("one replica of `{}`", one.address));
    single.iter().fold(draft, because).build()
}
