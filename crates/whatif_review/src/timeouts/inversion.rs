//! A caller that gives up before its callee can be done.

use super::worst_case::{self, WorstCase};
use crate::query::{CallSite, grouped, time};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "timeouts/inversion",
        severity: Severity::Warning,
        summary: "A caller waits for less time than its callee may take: the work goes on and nobody reads the answer.",
        page: include_str!("inversion.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let limited = cx.sites.iter().filter(|site| site.is_call() && site.effective.timeout.millis.is_some());
    let by_callee = grouped(limited, |site| (site.operation.service, site.callee(cx.system).map(|(id, _)| id)));
    let between = by_callee.values().filter_map(|sites| between_services(cx, sites));
    let in_front = cx.system.operation_ids().filter_map(|(id, operation)| behind_a_route(cx, id, operation));
    between.chain(in_front).collect()
}

/// The most impatient of the calls from one service to one operation.
fn between_services(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let site = sites.iter().min_by_key(|site| site.effective.timeout.millis)?;
    let (id, callee) = site.callee(cx.system)?;
    let limit = site.effective.timeout.millis?;
    let worst = longer_than(limit, worst_case::of(cx.system, &cx.sites, id))?;
    let (caller, target) = (&site.operation.address, &callee.address);
    let waits = time(limit);
    let message =
        format!("`{caller}` waits {waits} for `{target}`, which may take {}, so work is lost", spelled(&worst));
    let draft = cx.finding(&RULE.meta, caller.clone()).message(message).help(HELP).detail(target);
    let limits = site.effective.timeout.evidence.iter();
    let draft = limits.fold(draft, |draft, place| draft.at_as(place, format!("gives up after {waits}")));
    draft.at(&site.place(format!("calls `{target}`"))).all(worst.waits.iter().map(|wait| &wait.place)).build()
}

/// An operation whose gateway or proxy gives up earlier.
fn behind_a_route(cx: &Context<'_>, id: OperationId, operation: &Operation) -> Option<Finding> {
    let limit = operation.deadline.value()?.millis()?;
    let worst = longer_than(limit, worst_case::of(cx.system, &cx.sites, id))?;
    let (address, waits) = (&operation.address, time(limit));
    let message = format!(
        "the route to `{address}` gives up after {waits}, but it may take {}, so work is lost",
        spelled(&worst)
    );
    let draft = cx.finding(&RULE.meta, address.clone()).message(message).help(HELP).detail("route");
    let draft = draft.because(&operation.deadline, format!("gives up after {waits}"));
    draft.all(worst.waits.iter().map(|wait| &wait.place)).build()
}

fn longer_than(limit: u64, worst: WorstCase) -> Option<WorstCase> {
    (worst.millis() > limit).then_some(worst)
}

/// `15 s (3 x 5 s)`; a single wait needs no sum.
fn spelled(worst: &WorstCase) -> String {
    let (total, sum) = (time(worst.millis()), worst.sum());
    if total == sum { total } else { format!("{total} ({sum})") }
}

const HELP: &str = "make the callee's limits and attempts fit into the caller's, or pass the caller's deadline on";
