//! A message whose work failed is acknowledged all the same.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind, OnError, Visit};
use whatif_model::system::Operation;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/ack-on-failure",
        severity: Severity::Warning,
        summary: "A handler logs the failure of its work and acknowledges the message, which is then lost.",
        page: include_str!("ack_on_failure.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway, Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let work = cx.sites.iter().filter(|site| is_handled_by_hand(site.operation) && site.changes(cx.system));
    let by_operation = grouped(work, |site| site.id);
    // The same acknowledgement reached from several handlers is one flaw.
    let mut by_place: BTreeMap<Span, Vec<&CallSite<'_>>> = BTreeMap::new();
    for sites in by_operation.values() {
        if let Some(ack) = careless(sites) {
            by_place.entry(ack).or_default().extend(sites);
        }
    }
    by_place.iter().filter_map(|(ack, sites)| finding(cx, *ack, sites)).collect()
}

/// A handler that acknowledges each message itself.
pub(crate) fn is_handled_by_hand(operation: &Operation) -> bool {
    let acknowledges = || acknowledgements(operation).next().is_some();
    matches!(&operation.trigger, Trigger::Message { auto_ack, .. } if !auto_ack.holds(|auto| *auto)) && acknowledges()
}

fn acknowledgements(operation: &Operation) -> impl Iterator<Item = Visit<'_>> {
    let visits = operation.flow.walk().into_iter();
    visits.filter(|visit| matches!(visit.effect.kind, EffectKind::Acknowledge { positive: true }))
}

/// Nobody hears of its failure, and the handler goes on.
fn is_ignored(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.on_error, OnError::LogAndContinue | OnError::Discard)
}

/// The last acknowledgement that follows all of the work, when all of the work may have failed and no failure is
/// answered by a refusal. Work that is only part of what the handler does may be left out on purpose.
fn careless(sites: &[&CallSite<'_>]) -> Option<Span> {
    let operation = sites.first()?.operation;
    let order = Sequence::of(&operation.flow);
    let is_refusal = |effect: &Effect| matches!(effect.kind, EffectKind::Acknowledge { positive: false });
    let follows = |ack: &Visit<'_>| sites.iter().all(|site| order.precedes(site.visit.id, ack.id));
    let ack = acknowledgements(operation).filter(follows).last()?;
    let never_refuses = !operation.flow.effects.iter().any(is_refusal);
    (never_refuses && sites.iter().all(|site| is_ignored(site))).then_some(ack.effect.span)
}

fn finding(cx: &Context<'_>, ack: Span, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let handlers = listed(sites.iter().map(|site| site.operation.address.clone()), 3);
    let alone = sites.iter().all(|site| site.id == first.id);
    let address = if alone { first.operation.address.as_str() } else { "system" };
    let (log, acknowledge) = if alone { ("logs", "acknowledges") } else { ("log", "acknowledge") };
    let work = listed(sites.iter().map(|site| site.callee_name(cx.system)), 2);
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{handlers} {log} a failure of {work} and {acknowledge} the message all the same: it is lost"))
        .at(&Evidence::stated(Stage::Code, ack, "acknowledged whether the work was done or not"))
        .help("acknowledge only after success; reject the message otherwise, with a dead-letter queue behind it");
    let draft = sites.iter().fold(draft, |draft, site| {
        draft.at(&site.place(format!("a failure of {} is not passed on", site.callee_name(cx.system))))
    });
    draft.build()
}
