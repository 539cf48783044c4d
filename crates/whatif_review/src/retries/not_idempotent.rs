//! A retry of something that must not be done twice.

use super::layers::{Layer, layers};
use crate::query::{CallSite, grouped, proven_twice};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::effective::State;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/not-idempotent",
        severity: Severity::Warning,
        summary: "A retried call changes state and its callee cannot tell a repeat from a new request.",
        page: include_str!("not_idempotent.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let harmful = cx.sites.iter().filter(|site| site.is_retried() && repeats_harm(cx, site));
    let by_call = grouped(harmful, |site| (site.operation.service, site.callee(cx.system).map(|(id, _)| id)));
    by_call.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// The callee is known to change state, and it was read whole: nothing in it recognises a repeat.
fn repeats_harm(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let changes = |(_, callee): (OperationId, &Operation)| callee.mutates.holds(|mutates| *mutates);
    site.is_call() && site.callee(cx.system).is_some_and(changes) && site.effective.idempotency.state == State::Absent
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let (id, callee) = first.callee(cx.system)?;
    let repeated = layers(first);
    let by = repeated.first().map_or("its client", |layer: &Layer<'_>| layer.by.name());
    let trace = proven_twice(cx, id);
    let (caller, target) = (&first.operation.address, &callee.address);
    let draft = cx
        .finding(&RULE.meta, caller.clone())
        .severity(if trace.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!("`{caller}` retries `{target}` through {by}, and a lost answer makes it happen twice"))
        .help("send a key that stays the same for all attempts and let the callee remember it, or do not retry")
        .detail(target)
        .trace(trace);
    let draft = sites.iter().fold(draft, |draft, site| draft.at(&site.place(format!("calls `{target}`"))));
    let draft = repeated
        .iter()
        .fold(draft, |draft, layer| draft.at_as(&layer.place, format!("{}: {}", layer.by.name(), layer.count())));
    let draft = draft.because(&callee.mutates, "state is changed here");
    draft.all(&first.effective.idempotency.evidence).build()
}
