//! A row is marked as being worked on, and no way of failing takes that back.

use crate::query::{CallSite, grouped};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, OnError};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/stuck-state",
        severity: Severity::Warning,
        summary: "A row is marked as being worked on, and nothing takes that back when the work fails.",
        page: include_str!("stuck_state.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

/// Values that say that somebody is at work, without separators.
const BUSY: [&str; 12] = [
    "processing",
    "inprogress",
    "running",
    "generating",
    "sending",
    "syncing",
    "exporting",
    "importing",
    "working",
    "executing",
    "calculating",
    "uploading",
];

/// Columns that hold such a value.
const COLUMNS: [&str; 3] = ["status", "state", "phase"];

fn check(cx: &Context<'_>) -> Vec<Finding> {
    // A message that fails comes again; what nobody was seen to call may be called again.
    let comes_again =
        |site: &CallSite<'_>| matches!(site.operation.trigger, Trigger::Message { .. } | Trigger::Unseen { .. });
    let by_operation = grouped(cx.sites.iter().filter(|site| !comes_again(site)), |site| site.id);
    by_operation.values().filter_map(|sites| stuck(cx, sites)).collect()
}

/// The mark, the first step after it whose failure ends the operation, and the one way on.
fn stuck(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let order = Sequence::of(&sites.first()?.operation.flow);
    let marks = sites.iter().copied().filter(|site| is_write(site) && state(site).is_some_and(is_busy));
    marks.into_iter().find_map(|mark| {
        let after = || sites.iter().copied().filter(|site| order.precedes(mark.visit.id, site.visit.id));
        let ends = after().filter(|site| is_write(site) && same_row(mark, site));
        let mut ends: Vec<&CallSite<'_>> =
            ends.filter(|site| state(site).is_none_or(|state| !is_busy(state))).collect();
        let done = if ends.len() == 1 { ends.pop()? } else { return None };
        let apart = |site: &CallSite<'_>| match mark.transaction() {
            Some(around) => !site.inside(|step| std::ptr::eq(step, around)),
            None => true,
        };
        let fails = after().find(|site| {
            matches!(site.visit.effect.on_error, OnError::Propagate | OnError::Crash)
                && apart(site)
                && (site.visit.id == done.visit.id || order.precedes(site.visit.id, done.visit.id))
        })?;
        let matters = is_asked_for(cx, mark) && !is_released(cx, mark);
        matters.then(|| finding(cx, mark, fails, done)).flatten()
    })
}

fn is_write(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.kind, EffectKind::Write { .. })
}

fn state<'a>(site: &CallSite<'a>) -> Option<&'a str> {
    let effect = site.visit.effect;
    COLUMNS.iter().find_map(|column| effect.value_of(column))
}

fn is_busy(state: &str) -> bool {
    let plain: String = state.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    BUSY.contains(&plain.as_str())
}

fn same_row(one: &CallSite<'_>, other: &CallSite<'_>) -> bool {
    one.edge.to == other.edge.to && one.item().is_some() && one.item() == other.item()
}

/// Somebody chooses rows by that column, so a row that stays as it is shuts something out.
fn is_asked_for(cx: &Context<'_>, mark: &CallSite<'_>) -> bool {
    let by_state = |site: &CallSite<'_>| {
        let conditions = &site.visit.effect.conditions;
        conditions.iter().any(|column| COLUMNS.contains(&column.as_str()))
    };
    let mut reads = cx.sites.iter().filter(|site| matches!(site.visit.effect.kind, EffectKind::Read { .. }));
    reads.any(|site| same_row(mark, site) && by_state(site))
}

/// Some other operation changes that column of rows that are there: a sweeper, or a person.
fn is_released(cx: &Context<'_>, mark: &CallSite<'_>) -> bool {
    let changes = |site: &CallSite<'_>| {
        let fields = &site.visit.effect.fields;
        fields.is_empty() || fields.iter().any(|column| COLUMNS.contains(&column.as_str()))
    };
    let is_no_change = |site: &CallSite<'_>| {
        use whatif_model::flow::WriteKind::{Delete, Insert, Upsert};
        matches!(site.visit.effect.kind, EffectKind::Write { how: Insert | Upsert | Delete, .. })
    };
    let others = cx.sites.iter().filter(|site| site.operation.address != mark.operation.address && is_write(site));
    let mut others = others.filter(|site| same_row(mark, site) && !is_no_change(site));
    others.any(changes)
}

fn finding(cx: &Context<'_>, mark: &CallSite<'_>, fails: &CallSite<'_>, done: &CallSite<'_>) -> Option<Finding> {
    let (address, item) = (&mark.operation.address, mark.item()?);
    let busy = state(mark)?;
    cx.finding(&RULE.meta, address.clone())
        .message(format!("`{address}` sets `{item}` to `{busy}` and nothing takes that back when the work fails"))
        .at(&mark.beside(fails, format!("`{item}` is `{busy}` from here on")))
        .at(&fails.beside(mark, "when this fails, the operation ends and the row stays as it is"))
        .at(&mark.place(format!("`{item}` is `{busy}` from here on")))
        .at(&done.place("the only way on"))
        .help(format!("set the row to a failed state on every way out, or release rows that are `{busy}` for too long"))
        .detail(item)
        .build()
}
