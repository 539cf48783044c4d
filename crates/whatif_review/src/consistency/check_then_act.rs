//! A row that is inserted because none was there a moment ago.

use crate::query::{CallSite, grouped, proven};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::deploy::Table;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Outcome, Step, WriteKind};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "consistency/check-then-act",
        severity: Severity::Warning,
        summary: "A table is searched, and a row inserted depending on what was found, with nothing that makes both one step.",
        page: include_str!("check_then_act.md"),
        assumptions: &[Assumption::Order],
        questions: &[Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let requests = cx.sites.iter().filter(|site| !site.operation.background);
    let by_operation = grouped(requests, |site| site.id);
    by_operation.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// A search, the insert that depends on it, and the table that takes a second row.
struct Gap<'s, 'a> {
    search: &'s CallSite<'a>,
    insert: &'s CallSite<'a>,
    table: &'s Table,
}

fn gap<'s, 'a>(cx: &'s Context<'a>, sites: &[&'s CallSite<'a>]) -> Option<Gap<'s, 'a>> {
    let order = Sequence::of(&sites.first()?.operation.flow);
    let inserts = sites.iter().copied().filter(|site| is_insert(site) && !is_guarded(site));
    inserts.filter_map(|insert| Some((insert, unguarded_table(cx, insert)?))).find_map(|(insert, table)| {
        let mut searches = sites.iter().copied().filter(|site| searches_for(site, insert) && !is_guarded(site));
        let search = searches.find(|search| order.precedes(search.visit.id, insert.visit.id))?;
        is_decided_between(search, insert).then_some(Gap { search, insert, table })
    })
}

fn is_insert(site: &CallSite<'_>) -> bool {
    matches!(&site.visit.effect.kind, EffectKind::Write { how: WriteKind::Insert, .. })
}

/// A lock, or a transaction whose isolation may make both one step.
fn is_guarded(site: &CallSite<'_>) -> bool {
    let locks = matches!(&site.visit.effect.kind, EffectKind::Read { for_update: true, .. });
    locks || site.inside(|step| matches!(step, Step::Locked { .. } | Step::Transaction { .. }))
}

fn searches_for(site: &CallSite<'_>, insert: &CallSite<'_>) -> bool {
    let is_read = matches!(&site.visit.effect.kind, EffectKind::Read { .. });
    is_read && site.edge.to == insert.edge.to && site.item().is_some() && site.item() == insert.item()
}

/// The declared table, when nothing in it but its own id is unique and no row belongs to another of its rows: there a
/// search may be for the parent.
fn unguarded_table<'s>(cx: &'s Context<'_>, insert: &CallSite<'_>) -> Option<&'s Table> {
    let item = insert.item()?;
    let store = insert.store(cx.system)?;
    let mut tables = store.tables.iter().filter(|table| table.name.eq_ignore_ascii_case(item));
    let table = tables.next()?;
    let is_free = |table: &Table| {
        let own_id = table.unique.len() <= 1 && table.unique.iter().all(|columns| columns.len() == 1);
        own_id && table.nullable_keys.is_empty()
    };
    let is_nested = |table: &Table| table.columns.iter().any(|column| speaks_of_another_row(column, item));
    (is_free(table) && !is_nested(table) && tables.all(is_free)).then_some(table)
}

fn speaks_of_another_row(column: &str, table: &str) -> bool {
    let (column, table) = (column.to_lowercase(), table.to_lowercase());
    let singular = table.strip_suffix('s').unwrap_or(&table).to_owned();
    let relations = ["parent", "previous", "prev_", "original", "reply", "root_", "source_", "version", "supersede"];
    relations.iter().any(|word| column.contains(word)) || column == format!("{singular}_id")
}

/// The way out before the insert, or the branch around it, is taken by what was found.
fn is_decided_between(search: &CallSite<'_>, insert: &CallSite<'_>) -> bool {
    let steps = &search.operation.flow.steps;
    let mut seen = false;
    let mut decided = false;
    walk(steps, &mut |step| match step {
        Step::Effect(id) if *id == search.visit.id => seen = true,
        Step::Effect(id) if *id == insert.visit.id => seen = false,
        Step::Return { outcome: Outcome::Failure, .. } if seen => decided = true,
        _ => {}
    });
    decided
}

/// Depth is bounded by construction, see [`whatif_model::limits::DEPTH_MAX`].
fn walk(steps: &[Step], see: &mut impl FnMut(&Step)) {
    for step in steps {
        see(step);
        step.blocks().into_iter().for_each(|block| walk(block, see));
    }
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let gap = gap(cx, sites)?;
    let address = &gap.insert.operation.address;
    let item = gap.insert.item()?;
    cx.finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` searches `{item}` and then inserts into it: of two at once both find nothing and insert"
        ))
        .at(&gap.insert.place("inserted whatever happened in between"))
        .at(&gap.search.place("searched here"))
        .at(&Evidence::stated(Stage::Design, gap.table.span, "nothing but the row's own id is unique"))
        .trace(proven(cx, gap.insert.id, Mindset::Together))
        .help("declare what must be unique in the table and treat the conflict as found, or lock the parent row first")
        .detail(item)
        .at_most(Confidence::Likely)
        .build()
}
