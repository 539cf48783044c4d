//! A repeat that is looked up first and recorded later, with room for a second one in between.

use crate::query::proven;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Step, Target, Visit};
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
    let gaps = cx.system.operation_ids().filter_map(|(id, operation)| Some((id, operation, gap(cx, operation)?)));
    gaps.filter_map(|(id, operation, gap)| finding(cx, id, operation, &gap)).collect()
}

/// A lookup and the record of the same key.
struct Gap<'a> {
    lookup: Visit<'a>,
    record: Visit<'a>,
    item: &'a str,
    proof: Evidence,
}

/// The first lookup whose record comes later, is known not to be unique, and is not guarded by anything.
fn gap<'a>(cx: &Context<'_>, operation: &'a Operation) -> Option<Gap<'a>> {
    let visits = operation.flow.walk();
    let mut records = visits.iter().filter(|visit| !is_locked(visit));
    let (record, item, proof) = records.find_map(|visit| match &visit.effect.kind {
        EffectKind::DedupMark { item, unique } => {
            Some((visit, item.as_str(), takes_a_second(cx, operation, visit, unique)?))
        }
        _ => None,
    })?;
    let before = visits.iter().take_while(|visit| visit.id != record.id);
    let lookup = before.filter(|visit| looks_up(visit, item)).last()?;
    if is_locked(lookup) || shares_transaction(lookup, record) {
        return None;
    }
    Some(Gap { lookup: lookup.clone(), record: record.clone(), item, proof })
}

/// Where it is proven that the store takes a second record: by the statement, or by the declared table, which
/// has a column for the key and no unique set with it.
fn takes_a_second(cx: &Context<'_>, operation: &Operation, at: &Visit<'_>, unique: &Fact<bool>) -> Option<Evidence> {
    if unique.is_absent() || unique.holds(|unique| !unique) {
        return unique.evidence().next().cloned();
    }
    let (EffectKind::DedupMark { item, .. }, Target::Store(store)) = (&at.effect.kind, &at.effect.target) else {
        return None;
    };
    let key = plain(operation.idempotency.read.value()?);
    let tables = || cx.system[*store].tables.iter().filter(|table| table.name.eq_ignore_ascii_case(item));
    let table = tables().find(|table| table.columns.iter().any(|column| plain(column) == key))?;
    let column = table.columns.iter().find(|column| plain(column) == key)?;
    let is_free = unique.is_unknown() && !tables().flat_map(|table| &table.unique).flatten().any(|one| one == column);
    is_free.then(|| Evidence::stated(Stage::Design, table.span, format!("`{column}` may occur any number of times")))
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// A lock makes both steps one.
fn is_locked(visit: &Visit<'_>) -> bool {
    visit.inside.iter().any(|step| matches!(step, Step::Locked { .. }))
}

/// In one transaction the isolation level decides, which the code rarely says.
fn shares_transaction(a: &Visit<'_>, b: &Visit<'_>) -> bool {
    let is_shared = |step: &&Step| {
        matches!(step, Step::Transaction { .. }) && b.inside.iter().any(|other| std::ptr::eq(*other, *step))
    };
    a.inside.iter().copied().any(|step| is_shared(&step))
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
        .at(&gap.proof)
        .build()
}
