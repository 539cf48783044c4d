//! Effects in several places, one after the other, and no way back or on when it stops between them.

use crate::query::{CallSite, grouped, listed, passes, proven};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::effective::State;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{OnError, Step};
use whatif_model::verdict::{Mindset, Verdict};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/partial-effects",
        severity: Severity::Warning,
        summary: "Effects in several services or stores, one after the other, that nothing undoes or finishes.",
        page: include_str!("partial_effects.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let effects = cx.sites.iter().filter(|site| is_effect(cx, site));
    let by_operation = grouped(effects, |site| site.id);
    by_operation.values().filter_map(|sites| finding(cx, sites)).collect()
}

fn is_effect<'a>(cx: &Context<'a>, site: &CallSite<'a>) -> bool {
    let cached = site.store(cx.system).is_some_and(|store| store.cache) || cx.is_temporary(site);
    !site.edge.platform && !cached && site.changes(cx.system)
}

/// The first effect that stays when a later one fails, and that later one.
fn stranded<'s, 'a>(
    cx: &Context<'_>,
    sites: &[&'s CallSite<'a>],
    order: &Sequence,
) -> Option<(&'s CallSite<'a>, &'s CallSite<'a>)> {
    let forward = || sites.iter().copied().filter(|site| !order.only_fails_after(site.visit.id));
    let strands = |first: &CallSite<'_>, later: &CallSite<'_>| {
        first.edge.to != later.edge.to
            && !is_dual_write(first, later)
            && is_visible_before(first, later, order)
            && ends_the_operation(later)
            && !is_undone(sites, first, later, order)
            && !is_driven_again(cx, first, later, order)
    };
    let pairs = forward().flat_map(|first| forward().map(move |later| (first, later)));
    // Two other systems whose code was read tell the story best; the own store is closest to being repaired.
    let at_home = |site: &CallSite<'_>| !site.is_call() && !site.is_direct_publish();
    let guessed = |site: &CallSite<'_>| site.callee(cx.system).is_none() && site.is_call();
    pairs
        .filter(|(first, later)| strands(first, later))
        .min_by_key(|(first, later)| (at_home(first) || at_home(later), guessed(first), guessed(later)))
}

/// A local write and a message: `events/dual-write` says that better.
fn is_dual_write(first: &CallSite<'_>, later: &CallSite<'_>) -> bool {
    let write = |site: &CallSite<'_>| !site.is_call() && !site.is_direct_publish();
    (write(first) && later.is_direct_publish()) || (first.is_direct_publish() && write(later))
}

/// A write inside a local transaction is visible at its end, whatever else is done meanwhile.
fn is_visible_before(first: &CallSite<'_>, later: &CallSite<'_>, order: &Sequence) -> bool {
    let holds = |step: &Step, site: &CallSite<'_>| site.inside(|outer| std::ptr::eq(outer, step));
    let commits_after = |write: &CallSite<'_>, other: &CallSite<'_>| {
        !write.is_call()
            && !write.is_direct_publish()
            && write.transaction().is_some_and(|transaction| holds(transaction, other))
    };
    if commits_after(first, later) {
        return false;
    }
    order.precedes(first.visit.id, later.visit.id)
        || (commits_after(later, first) && order.meets(first.visit.id, later.visit.id))
}

fn ends_the_operation(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.on_error, OnError::Propagate | OnError::Crash)
}

/// Something else is done to the same receiver on the way out after the later effect failed.
fn is_undone(sites: &[&CallSite<'_>], first: &CallSite<'_>, later: &CallSite<'_>, order: &Sequence) -> bool {
    sites.iter().any(|site| {
        let (id, handled) = (site.visit.id, site.inside(|step| matches!(step, Step::Try { .. })));
        id != first.visit.id
            && site.edge.to == first.edge.to
            && order.precedes(first.visit.id, id)
            && (order.only_fails_after(id) || (handled && order.precedes(later.visit.id, id)))
    })
}

/// Work that is found in a store and claimed there before it is done is found again after a crash;
/// a message that is not acknowledged comes again.
fn is_driven_again(cx: &Context<'_>, first: &CallSite<'_>, later: &CallSite<'_>, order: &Sequence) -> bool {
    let operation = first.operation;
    if let Trigger::Message { auto_ack, .. } = &operation.trigger {
        return !auto_ack.holds(|auto| *auto);
    }
    let by_itself = operation.background || matches!(operation.trigger, Trigger::Schedule(_) | Trigger::Start);
    let claimed = cx.sites.iter().filter(|site| site.id == first.id && site.store(cx.system).is_some());
    by_itself && {
        let mut claimed = claimed.filter(|site| site.visit.id != later.visit.id);
        claimed.any(|site| order.precedes(site.visit.id, first.visit.id) || site.visit.id == first.visit.id)
    }
}

/// Every effect tells repeats apart, so the caller's next attempt finishes what this one began.
fn is_finished_by_repeating(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> bool {
    let holds = |id| matches!(cx.verdict(id, Mindset::Halfway), Some(Verdict::Holds(_)));
    let safe = |site: &CallSite<'_>| matches!(site.effective.idempotency.state, State::Known | State::Default);
    sites.iter().all(|site| holds(site.id) && safe(site))
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let operation = sites.first()?.operation;
    let id = sites.first()?.id;
    let (first, later) = stranded(cx, sites, &Sequence::of(&operation.flow))?;
    if is_finished_by_repeating(cx, sites) {
        return None;
    }
    let broken = proven(cx, id, Mindset::Halfway).filter(|trace| passes(trace, sites));
    let (done, failing) = (first.callee_name(cx.system), later.callee_name(cx.system));
    let address = &operation.address;
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(if broken.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!(
            "`{address}` can stop after `{done}` and before `{failing}`, and nothing undoes or finishes it"
        ))
        .at(&first.beside(later, format!("done first: {done}")))
        .at(&later.beside(first, format!("when this fails, {done} stays done")))
        .at(&first.place(format!("done first: {done}")))
        .at(&later.place(format!("when this fails, {done} stays done")))
        .trace(broken)
        .help(
            "record each step durably before it is taken, and undo or finish the rest after a failure (saga, outbox)",
        );
    let rest = sites.iter().filter(|site| ![first.visit.id, later.visit.id].contains(&site.visit.id));
    let draft = rest.fold(draft, |draft, site| {
        draft.at(&site.place(format!("another effect: {}", listed([site.callee_name(cx.system)], 1))))
    });
    let sure = first.sure_of_change(cx.system).min(later.sure_of_change(cx.system));
    let draft = draft.at_most(sure);
    let callee = first.callee(cx.system).or(later.callee(cx.system));
    match callee {
        Some((_, callee)) => draft.because(&callee.mutates, "changes state here").build(),
        None => draft.build(),
    }
}
