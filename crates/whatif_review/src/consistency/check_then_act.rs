//! What is done because of what was read a moment ago, although it may have changed since.

use crate::query::{CallSite, address_of, grouped, listed, proven};
use crate::racing::{is_kept_apart, meets_another};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::basis::Asks;
use whatif_model::decision::{Decision, DecisionKind, same_field};
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::deploy::Table;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind, OnError};
use whatif_model::verdict::{Mindset, Trace, TraceStep};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "consistency/check-then-act",
        severity: Severity::Warning,
        summary: "What was read decides what is done, and nothing makes the check and the change one step.",
        page: include_str!("check_then_act.md"),
        assumptions: &[Assumption::Order],
        questions: &[Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let by_operation = grouped(cx.sites.iter(), |site| site.id);
    let gaps: Vec<Gap<'_, '_>> = by_operation.values().flat_map(|sites| gaps(cx, sites)).collect();
    let mut by_place: BTreeMap<_, Vec<&Gap<'_, '_>>> = BTreeMap::new();
    for gap in gaps.iter().filter(|gap| matters(gap, &gaps)) {
        // The same statement reached from several operations is one flaw.
        by_place.entry(gap.write.visit.effect.span).or_default().push(gap);
    }
    by_place.values().filter_map(|same| finding(cx, same, &gaps)).collect()
}

/// A check, the change that rests on it, and room for another run in between.
struct Gap<'s, 'a> {
    decision: Decision,
    read: &'s CallSite<'a>,
    write: &'s CallSite<'a>,
    /// What is done twice when two pass the check.
    acts: Vec<&'s Effect>,
    /// The declared table that takes a second row.
    table: Option<&'s Table>,
}

fn gaps<'s, 'a>(cx: &'s Context<'a>, sites: &[&'s CallSite<'a>]) -> Vec<Gap<'s, 'a>> {
    let decisions = sites.first().map(|site| site.operation.flow.decisions()).unwrap_or_default();
    decisions.into_iter().filter_map(|decision| gap(cx, sites, decision)).collect()
}

fn gap<'s, 'a>(cx: &'s Context<'a>, sites: &[&'s CallSite<'a>], decision: Decision) -> Option<Gap<'s, 'a>> {
    let at = |id| sites.iter().copied().find(|site| site.visit.id == id);
    let (read, write) = (at(decision.read)?, at(decision.write)?);
    if !write.is_lasting_write(cx.system) || !meets_another(cx, write) || is_kept_apart(cx, Some(read), write) {
        return None;
    }
    let acts = acts(cx, sites, &decision);
    let table = decision.free_table(cx.system, &write.operation.flow);
    Some(Gap { decision, read, write, acts, table })
}

/// Effects that two runs have twice, and that others see.
fn acts<'s>(cx: &Context<'_>, sites: &[&'s CallSite<'_>], decision: &Decision) -> Vec<&'s Effect> {
    let lasting = |site: &&CallSite<'_>| {
        let is_told = !matches!(site.visit.effect.on_error, OnError::Discard | OnError::LogAndContinue);
        let is_kept = site.is_lasting_write(cx.system) || !matches!(site.visit.effect.kind, EffectKind::Write { .. });
        decision.acts.contains(&site.visit.id) && is_told && is_kept && site.changes(cx.system)
    };
    sites.iter().copied().filter(lasting).map(|site| site.visit.effect).collect()
}

/// Whether two of them at once do harm.
fn matters(gap: &Gap<'_, '_>, all: &[Gap<'_, '_>]) -> bool {
    match gap.decision.kind {
        DecisionKind::Leaves => !gap.acts.is_empty() || is_open(gap) || !others(gap, all).is_empty(),
        // A unique key may refuse the second row.
        DecisionKind::Fills if !gap.decision.limits() => gap.table.is_some(),
        DecisionKind::Numbers => gap.table.is_some(),
        DecisionKind::Fills | DecisionKind::Takes | DecisionKind::Removes => true,
    }
}

/// Whether the state is left for one of several, as the caller says: two callers may say different ones.
fn is_open(gap: &Gap<'_, '_>) -> bool {
    gap.decision.given.as_ref().is_some_and(|given| {
        let is_state = given.asks == Asks::Equals && !given.value.is_empty();
        is_state && gap.write.visit.effect.value_of(&given.field).is_none()
    })
}

/// Other operations that leave the same state for another one.
fn others<'s, 'a>(gap: &Gap<'s, 'a>, all: &[Gap<'s, 'a>]) -> Vec<&'s CallSite<'a>> {
    let Some(given) = gap.decision.given.as_ref().filter(|given| given.asks == Asks::Equals) else { return Vec::new() };
    let own = gap.write.visit.effect.value_of(&given.field);
    let competes = |other: &&Gap<'_, '_>| {
        let value = other.write.visit.effect.value_of(&given.field);
        let asks_the_same = other.decision.given.as_ref().is_some_and(|asked| same_field(&asked.field, &given.field));
        let is_same_item = other.write.edge.to == gap.write.edge.to && other.write.item() == gap.write.item();
        other.write.id != gap.write.id && is_same_item && asks_the_same && (value.is_none() || value != own)
    };
    all.iter().filter(competes).map(|other| other.write).collect()
}

fn finding(cx: &Context<'_>, gaps: &[&Gap<'_, '_>], all: &[Gap<'_, '_>]) -> Option<Finding> {
    let gap = gaps.first()?;
    let writes: Vec<&CallSite<'_>> = gaps.iter().map(|gap| gap.write).collect();
    let address = address_of(cx.system, &writes);
    let trace = gaps.iter().find_map(|gap| proof(cx, gap));
    let sure = gap.decision.kind == DecisionKind::Leaves && trace.is_some() && gap.write.transaction().is_none();
    let mut draft = cx
        .finding(&RULE.meta, address.to_owned())
        .severity(if trace.is_some() { Severity::Error } else { Severity::Warning })
        .message(said(address, gap, all))
        .at(&gap.write.place("changed here, whatever happened in between"));
    if let Some(given) = &gap.decision.given {
        draft = draft.at(&Evidence::stated(Stage::Code, given.span, "decided here"));
    }
    draft = draft.at(&gap.read.place("by what was read here"));
    for act in gap.acts.iter().take(2) {
        draft = draft.at(&Evidence::stated(Stage::Code, act.span, "done by both"));
    }
    if let Some(table) = gap.table.filter(|_| gap.decision.kind != DecisionKind::Leaves) {
        draft = draft.at(&Evidence::stated(Stage::Design, table.span, "nothing in it refuses the second row"));
    }
    let draft = draft.trace(trace).help(help(gap.decision.kind)).detail(gap.write.item().unwrap_or_default());
    if sure { draft.build() } else { draft.at_most(Confidence::Likely).build() }
}

/// A counterexample that passes what was checked or done.
fn proof(cx: &Context<'_>, gap: &Gap<'_, '_>) -> Option<Trace> {
    let trace = proven(cx, gap.write.id, Mindset::Together)?;
    let acts = gap.acts.iter().map(|act| act.span);
    let places: Vec<_> = [gap.write, gap.read].map(|site| site.visit.effect.span).into_iter().chain(acts).collect();
    let passed = |step: &TraceStep| step.evidence.as_ref().is_some_and(|at| places.contains(&at.span));
    trace.steps.iter().any(passed).then_some(trace)
}

fn said(address: &str, gap: &Gap<'_, '_>, all: &[Gap<'_, '_>]) -> String {
    let item = format!("`{}`", gap.write.item().unwrap_or("an item"));
    let asked = gap.decision.given.as_ref().filter(|given| given.asks != Asks::Exists && !given.field.is_empty());
    let state = asked.map_or_else(|| item.clone(), |given| format!("`{}` of {item}", given.field));
    let what = match gap.decision.kind {
        DecisionKind::Leaves if !gap.acts.is_empty() => {
            format!("acts on {state} as it was read: of two at once both pass the check and both act")
        }
        DecisionKind::Leaves => {
            let others = listed(others(gap, all).iter().map(|site| site.operation.address.clone()), 2);
            let whom = if others.is_empty() { "another caller".to_owned() } else { others };
            format!("decides by {state} as it was read and may overwrite what {whom} decided since")
        }
        DecisionKind::Fills if gap.decision.limits() => {
            format!("counts {item} and then inserts into it: of two at once both are within the limit")
        }
        DecisionKind::Fills => {
            format!("searches {item} and then inserts into it: of two at once both find nothing and insert")
        }
        DecisionKind::Takes => format!("checks {state} and then takes from it: two at once take more than there is"),
        DecisionKind::Removes => {
            format!("counts {item} and then removes from it: of two at once both find enough to spare one")
        }
        DecisionKind::Numbers => {
            format!("numbers a new row of {item} by those it read: of two at once both get the same number")
        }
    };
    format!("`{address}` {what}")
}

fn help(kind: DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Leaves => {
            "repeat the check in the write (`WHERE id = ? AND status = 'pending'`) and act only if a row changed, or lock the row first"
        }
        DecisionKind::Fills | DecisionKind::Removes => {
            "declare what must be unique in the table and treat the conflict as found, or lock the parent row first"
        }
        DecisionKind::Takes => "check in the write (`SET n = n - ? WHERE n >= ?`) and fail when no row changed",
        DecisionKind::Numbers => "let the store number the rows (a sequence, a counter on a locked parent row)",
    }
}
