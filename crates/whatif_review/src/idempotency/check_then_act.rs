//! A repeat that is looked up first and recorded later, with room for a second one in between.

use crate::query::proven;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Step, Visit};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/check-then-act",
        severity: Severity::Warning,
        summary: "A key is looked up and recorded in two steps that nothing makes one: two repeats at once both pass.",
        page: include_str!("check_then_act.md"),
        assumptions: &[Assumption::Once, Assumption::Order],
        questions: &[Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let gaps = cx.system.operation_ids().filter_map(|(id, operation)| Some((id, operation, gap(operation)?)));
    gaps.filter_map(|(id, operation, gap)| finding(cx, id, operation, &gap)).collect()
}

/// A lookup and the record of the same key.
struct Gap<'a> {
    lookup: Visit<'a>,
    record: Visit<'a>,
    item: &'a str,
    unique: &'a Fact<bool>,
}

/// The first lookup whose record comes later, is known not to be unique, and is not guarded by anything.
fn gap(operation: &Operation) -> Option<Gap<'_>> {
    let visits = operation.flow.walk();
    let record = visits.iter().find_map(|visit| match &visit.effect.kind {
        EffectKind::DedupMark { item, unique } if is_refused(unique) => Some((visit, item.as_str(), unique)),
        _ => None,
    });
    let (record, item, unique) = record.filter(|(visit, ..)| !is_guarded(visit))?;
    let before = visits.iter().take_while(|visit| visit.id != record.id);
    let lookup = before.filter(|visit| looks_up(visit, item)).last().filter(|visit| !is_guarded(visit))?;
    Some(Gap { lookup: lookup.clone(), record: record.clone(), item, unique })
}

/// Proven that the store takes a second one.
fn is_refused(unique: &Fact<bool>) -> bool {
    unique.is_absent() || unique.holds(|unique| !unique)
}

/// A lock makes both steps one. In a transaction the isolation level decides, which the code rarely says.
fn is_guarded(visit: &Visit<'_>) -> bool {
    visit.inside.iter().any(|step| matches!(step, Step::Locked { .. } | Step::Transaction { .. }))
}

fn looks_up(visit: &Visit<'_>, recorded: &str) -> bool {
    matches!(&visit.effect.kind, EffectKind::DedupCheck { item } if item == recorded)
}

fn finding(cx: &Context<'_>, id: OperationId, operation: &Operation, gap: &Gap<'_>) -> Option<Finding> {
    let (address, item) = (&operation.address, gap.item);
    let trace = proven(cx, id, Mindset::Together);
    let at = |visit: &Visit<'_>, label: &str| Evidence::stated(Stage::Code, visit.effect.span, label);
    cx.finding(&RULE.meta, address.clone())
        .severity(if trace.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!(
            "`{address}` looks a key up in `{item}` and records it later: two at once both pass the check"
        ))
        .help("record the key first under a unique constraint and treat the conflict as the repeat")
        .detail(item)
        .trace(trace)
        .at(&at(&gap.record, "recorded here, and a second one is accepted"))
        .at(&at(&gap.lookup, "looked up here"))
        .because(gap.unique, "nothing refuses a second record")
        .build()
}
