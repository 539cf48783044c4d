//! A change that is done and answered as failed, because something looked up after it did not work.

use crate::query::{CallSite, grouped};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::effective::State;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, OnError};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/success-reported-as-failure",
        severity: Severity::Warning,
        summary: "After a change is done, a failed lookup elsewhere is answered as failure, so the change is asked for again.",
        page: include_str!("success_reported_as_failure.md"),
        assumptions: &[Assumption::WontFail, Assumption::Once],
        questions: &[Mindset::Halfway, Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let answered = cx.sites.iter().filter(|site| site.is_on_request_path() && !site.edge.platform);
    let by_operation = grouped(answered, |site| site.id);
    by_operation.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// A change that a repeat makes again, and a lookup at somebody else's that can fail after it.
fn hidden<'s, 'a>(cx: &Context<'_>, sites: &[&'s CallSite<'a>]) -> Option<(&'s CallSite<'a>, &'s CallSite<'a>)> {
    let order = Sequence::of(&sites.first()?.operation.flow);
    let lookups = sites.iter().copied().filter(|site| is_lookup(cx, site) && fails_the_operation(site));
    lookups.rev().find_map(|lookup| {
        let mut done = sites.iter().copied().filter(|site| is_lasting_change(cx, site));
        let hides = |change: &&CallSite<'a>| {
            change.edge.to != lookup.edge.to
                && order.precedes(change.visit.id, lookup.visit.id)
                && !order.only_fails_after(change.visit.id)
        };
        Some((done.find(hides)?, lookup))
    })
}

/// It is done at another service for good, and nothing there tells the next attempt from a new request.
fn is_lasting_change(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let is_known = matches!(site.effective.idempotency.state, State::Known | State::Default);
    let is_done = matches!(site.visit.effect.on_error, OnError::Propagate | OnError::Handle | OnError::Crash);
    let is_guessed = site.is_call() && site.callee(cx.system).is_none();
    site.is_call() && site.changes(cx.system) && !is_known && is_done && !is_guessed
}

fn is_lookup(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let EffectKind::Call { operation, .. } = &site.visit.effect.kind else { return false };
    match site.callee(cx.system) {
        Some((_, callee)) => callee.mutates.holds(|mutates| !mutates),
        None => operation.starts_with("GET "),
    }
}

fn fails_the_operation(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.on_error, OnError::Propagate | OnError::Crash)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let (change, lookup) = hidden(cx, sites)?;
    let address = &change.operation.address;
    let (done, failed) = (change.callee_name(cx.system), lookup.callee_name(cx.system));
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` answers failure when `{failed}` fails, though `{done}` is done: callers ask again"
        ))
        .all(&lookup.line_above("looked up from here, after the change"))
        .at(&lookup.place("when this fails, the caller is told that nothing worked"))
        .at(&change.place(format!("done before: {done}")))
        .help("look everything up before the change, or answer success without what could not be looked up");
    match change.callee(cx.system) {
        Some((_, callee)) => draft.because(&callee.mutates, "changes state here").build(),
        None => draft.build(),
    }
}
