//! A key that stays although the work it stands for failed.

use super::payload_not_bound::holds_only_the_key;
use crate::query::{CallSite, grouped};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Flow, OnError, Step, WriteKind};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/failure-recorded-as-success",
        severity: Severity::Error,
        summary: "The key is kept although the work behind it failed, so a retry is answered as if it had been done.",
        page: include_str!("failure_recorded_as_success.md"),
        assumptions: &[Assumption::WontFail, Assumption::Once],
        questions: &[Mindset::Halfway, Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let by_operation = grouped(&cx.sites, |site| site.id);
    let kept: Vec<Kept<'_, '_>> = by_operation.values().filter_map(|sites| kept(cx, sites)).collect();
    let mut by_place: std::collections::BTreeMap<Span, Vec<&Kept<'_, '_>>> = Default::default();
    for it in &kept {
        by_place.entry(it.attempt).or_default().push(it);
    }
    by_place.values().filter_map(|all| finding(cx, all)).collect()
}

/// A recorded key, and work after it whose failure nobody is told of.
struct Kept<'s, 'a> {
    mark: &'s CallSite<'a>,
    work: &'s CallSite<'a>,
    /// The construct that catches the failure.
    attempt: Span,
}

fn kept<'s, 'a>(cx: &Context<'_>, sites: &[&'s CallSite<'a>]) -> Option<Kept<'s, 'a>> {
    let mark = sites.iter().copied().find(|site| is_key(site))?;
    let order = Sequence::of(&mark.operation.flow);
    let mut lost = sites.iter().copied().filter(|site| {
        is_swallowed(site)
            && site.changes(cx.system)
            && !is_mark(site)
            && is_work(cx, site)
            && order.precedes(mark.visit.id, site.visit.id)
            && !sites.iter().any(|done| is_told(cx, done) && order.precedes(done.visit.id, site.visit.id))
            && !order.only_fails_after(site.visit.id)
    });
    lost.find_map(|work| {
        let caught = work.visit.enclosing(|step| match step {
            Step::Try { handler, span, .. } => Some((handler, *span)),
            _ => None,
        });
        // Where nothing is done about a failure but to go on, the flow has no construct for it.
        let Some((handler, span)) = caught else {
            return Some(Kept { mark, work, attempt: work.visit.effect.span });
        };
        let inside = mark.visit.enclosing(|step| match step {
            Step::Try { span: own, .. } if *own == span => Some(()),
            _ => None,
        });
        (inside.is_none() && !takes_back(&mark.operation.flow, handler, mark)).then_some(Kept {
            mark,
            work,
            attempt: span,
        })
    })
}

/// The key of a request that asks for a change; what a safe method sets only once is a lock or a copy.
fn is_key(site: &CallSite<'_>) -> bool {
    let is_safe =
        matches!(&site.operation.trigger, Trigger::Http { method, .. } if method == "GET" || method == "HEAD");
    is_mark(site) && holds_only_the_key(site.visit.effect) && !is_safe
}

/// Work whose failure is told: what is swallowed after it only accompanies it, an audit line or a cache.
fn is_told(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    site.changes(cx.system) && !is_mark(site) && !is_swallowed(site)
}

/// What somebody asked for: not a copy in a cache, and not taking the key back or clearing up.
fn is_work(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    match site.visit.effect.kind {
        EffectKind::Write { how: WriteKind::Delete, .. } => false,
        EffectKind::Write { .. } => site.is_lasting_write(cx.system) && !cx.is_temporary(site),
        _ => true,
    }
}

fn is_swallowed(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.on_error, OnError::Discard | OnError::LogAndContinue)
}

fn is_mark(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.kind, EffectKind::DedupMark { .. })
}

/// Whether the failure removes the key again, or notes that it failed.
fn takes_back(flow: &Flow, handler: &[Step], mark: &CallSite<'_>) -> bool {
    let EffectKind::DedupMark { item, .. } = &mark.visit.effect.kind else { return false };
    handler.iter().any(|step| match step {
        Step::Effect(id) => flow.effect(*id).is_some_and(|effect| match &effect.kind {
            EffectKind::Write { item: written, how } => written == item || *how == WriteKind::Delete,
            EffectKind::DedupMark { .. } => true,
            _ => false,
        }),
        other => other.blocks().into_iter().any(|steps| takes_back(flow, steps, mark)),
    })
}

fn finding(cx: &Context<'_>, all: &[&Kept<'_, '_>]) -> Option<Finding> {
    let first = all.first()?;
    let sites: Vec<&CallSite<'_>> = all.iter().map(|kept| kept.mark).collect();
    let names = crate::query::listed(all.iter().map(|kept| kept.mark.operation.address.clone()), 2);
    let keeps = if all.len() == 1 { "keeps" } else { "keep" };
    let draft = cx
        .finding(&RULE.meta, crate::query::address_of(cx.system, &sites))
        .message(format!(
            "{names} {keeps} the key of a request whose work failed: a retry is answered as if it were done"
        ))
        .help("let the failure reach the transaction of the key, or take the key back before answering")
        .at_most(Confidence::Likely)
        .at(&Evidence::stated(Stage::Code, first.attempt, "a failure in here is caught and not told"));
    let called = first.mark.visit.effect.via.last();
    let recorded = called.map(|span| Evidence::stated(Stage::Code, *span, "the key is recorded before"));
    let draft = draft.all(&recorded.into_iter().collect::<Vec<_>>()).at(&first.mark.place("the key is kept here"));
    let work = all.iter().map(|kept| kept.work.place("what may have failed"));
    draft.all(&work.collect::<Vec<_>>()).build()
}
