//! A change fails, nobody looks, and the operation goes on as if it had worked.

use crate::events::ack_on_failure::is_handled_by_hand;
use crate::query::{CallSite, grouped, listed, passes, proven};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::evidence::Confidence;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{OnError, Step};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/error-swallowed",
        severity: Severity::Warning,
        summary: "The failure of a change is discarded, or logged and answered as success.",
        page: include_str!("error_swallowed.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let changes: Vec<&CallSite<'_>> = cx.sites.iter().filter(|site| is_change(cx, site)).collect();
    let by_operation = grouped(changes.iter().copied(), |site| site.id);
    let swallowed = by_operation.values().map(|sites| {
        let order = Sequence::of(&sites[0].operation.flow);
        sites.iter().copied().filter(|site| is_swallowed(site, sites, &order)).collect::<Vec<_>>()
    });
    swallowed.filter_map(|sites| finding(cx, &sites)).collect()
}

/// Changes that somebody waits for: what works in the background finds it undone and tries again, and a
/// cache that was not filled is slower, not wrong. A message that is acknowledged by hand is `events/ack-on-failure`.
fn is_change<'a>(cx: &Context<'a>, site: &CallSite<'a>) -> bool {
    let cached = site.store(cx.system).is_some_and(|store| store.cache) || cx.is_temporary(site);
    let answered =
        !site.operation.background && !matches!(site.operation.trigger, Trigger::Schedule(_) | Trigger::Start);
    answered && !site.edge.platform && !cached && !is_handled_by_hand(site.operation) && site.changes(cx.system)
}

/// On the way out after a failure nobody is told that it worked. A message that is not sent after a
/// commit is `events/dual-write`.
fn is_swallowed(site: &CallSite<'_>, changes: &[&CallSite<'_>], order: &Sequence) -> bool {
    let id = site.visit.id;
    let told = order.only_fails_after(id);
    match site.visit.effect.on_error {
        OnError::Discard => !told && !site.is_direct_publish(),
        OnError::LogAndContinue => !told && !site.is_direct_publish() && is_taken_as_done(site, changes, order),
        _ => false,
    }
}

/// Something later builds on it, or it is all the operation does. What comes last and is only logged
/// (a mail after the order) is a degraded state somebody chose.
fn is_taken_as_done(site: &CallSite<'_>, changes: &[&CallSite<'_>], order: &Sequence) -> bool {
    let attempt = site.visit.enclosing(attempt);
    if attempt.is_some_and(answers) {
        return false;
    }
    // What is attempted together is left out together.
    let together = |other: &CallSite<'_>| {
        attempt.is_some_and(|body| other.visit.enclosing(self::attempt).is_some_and(|its| std::ptr::eq(its, body)))
    };
    let others = || changes.iter().filter(|other| !together(other) && other.visit.id != site.visit.id);
    let built_upon = others().any(|other| order.precedes(site.visit.id, other.visit.id) && !other.is_direct_publish());
    built_upon || others().next().is_none()
}

/// What is guarded together: after a failure the rest of it is skipped.
fn attempt(step: &Step) -> Option<&[Step]> {
    if let Step::Try { body, .. } = step { Some(body.as_slice()) } else { None }
}

/// Success is answered inside, so what comes after a failure is an answer of its own.
fn answers(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Return { .. }) || step.blocks().into_iter().any(answers))
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let address = &first.operation.address;
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let silent = sites.iter().any(|site| site.visit.effect.on_error == OnError::Discard);
    let how = if silent { "discards the failure of" } else { "only logs the failure of" };
    let broken = proven(cx, first.id, Mindset::Halfway).filter(|trace| passes(trace, sites));
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` {how} {callees} and goes on as if it had worked"))
        .flaw(format!("{how} a change and goes on as if it had worked"))
        .trace(broken)
        .help("return the failure to the caller, or record the change durably and repeat it until it is done")
        .detail(&callees);
    let draft = sites.iter().fold(draft, |draft, site| {
        let what = if site.visit.effect.on_error == OnError::Discard { "discarded" } else { "only logged" };
        let draft = draft.at(&site.place(format!("a failure of {} is {what}", site.callee_name(cx.system))));
        let above = site.line_above("and what led here goes on");
        draft.all(&above.into_iter().collect::<Vec<_>>())
    });
    let sure = sites.iter().map(|site| site.sure_of_change(cx.system)).max().unwrap_or(Confidence::Likely);
    let draft = draft.at_most(sure);
    match first.callee(cx.system) {
        Some((_, callee)) => draft.because(&callee.mutates, "changes state here").build(),
        None => draft.build(),
    }
}
