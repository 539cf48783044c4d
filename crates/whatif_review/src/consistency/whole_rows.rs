//! Rows that an object mapper puts back whole, so that one operation undoes what another one changed meanwhile.

use super::lost_update::RULE;
use crate::query::{CallSite, grouped, listed};
use crate::racing::is_kept_apart;
use crate::rule::Context;
use std::collections::BTreeSet;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::RowWrite;
use whatif_model::system::Node;

/// The findings, and the rows they are about: the store and the item.
pub(super) fn findings<'a>(cx: &Context<'a>) -> (Vec<Finding>, BTreeSet<(Node, &'a str)>) {
    let whole = cx.sites.iter().filter(|site| {
        row(site).is_some()
            && site.item().is_some()
            && site.is_lasting_write(cx.system)
            && !is_kept_apart(cx, None, site)
    });
    let mut findings = Vec::new();
    let mut told = BTreeSet::new();
    for ((store, item), sites) in grouped(whole, |site| (site.edge.to, site.item().unwrap_or_default())) {
        if let Some((undone, undoing)) = colliding(&sites) {
            told.insert((store, item));
            findings.extend(finding(cx, &sites, undone, undoing));
        }
    }
    (findings, told)
}

/// What a write puts back, if it is a row that was read before.
fn row<'a>(site: &CallSite<'a>) -> Option<&'a RowWrite> {
    site.operation.flow.rows.iter().find(|row| row.effect == site.visit.id)
}

/// Two operations that may run at once, the second of which puts back what the first changed.
fn colliding<'s, 'a>(sites: &[&'s CallSite<'a>]) -> Option<(&'s CallSite<'a>, &'s CallSite<'a>)> {
    let mut pairs = sites.iter().flat_map(|undone| sites.iter().map(move |undoing| (*undone, *undoing)));
    pairs.find(|(undone, undoing)| may_meet(undone, undoing) && puts_back(undone, undoing))
}

/// What comes through one topic for one thing comes one after the other.
fn may_meet(one: &CallSite<'_>, other: &CallSite<'_>) -> bool {
    let is_request = |site: &CallSite<'_>| matches!(site.operation.trigger, Trigger::Http { .. } | Trigger::Rpc { .. });
    let apart = || match (&one.operation.source, &other.operation.source) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    one.id != other.id && (is_request(one) || is_request(other) || apart())
}

/// Whether one changes a field that the other did not change and so writes back as it read it.
fn puts_back(undone: &CallSite<'_>, undoing: &CallSite<'_>) -> bool {
    let (Some(changed), Some(known)) = (row(undone), row(undoing)) else { return false };
    // A write whose changes were not seen may well set every field.
    !known.changed.is_empty() && changed.changed.iter().any(|field| !known.changed.contains(field))
}

fn finding(
    cx: &Context<'_>,
    sites: &[&CallSite<'_>],
    undone: &CallSite<'_>,
    undoing: &CallSite<'_>,
) -> Option<Finding> {
    let item = undone.item()?;
    let fields =
        row(undone)?.changed.iter().filter(|field| !row(undoing).is_some_and(|row| row.changed.contains(field)));
    let fields = listed(fields.cloned(), 2);
    let (one, other) = (&undone.operation.name, &undoing.operation.name);
    let declared = sites.iter().find_map(|site| row(site)?.declared);
    let draft = cx
        .finding(&RULE.meta, undoing.caller(cx.system).address.clone())
        .severity(Severity::Warning)
        .message(format!(
            "`{other}` writes the whole row of `{item}` back as it read it: what `{one}` changed meanwhile is lost"
        ))
        .at(&undoing.place(format!("all columns are written back, {fields} as it was read")))
        .at(&undone.place(format!("changes {fields} at the same time")))
        .help("give the row a version (`@Version`) and try again on conflict, or lock the row while it is changed")
        .detail(item);
    let class = declared.map(|span| Evidence::stated(Stage::Code, span, format!("`{item}` has no version")));
    let draft = class.iter().fold(draft, |draft, place| draft.at(place));
    let others = sites.iter().filter(|site| ![undone.id, undoing.id].contains(&site.id));
    let draft = others.fold(draft, |draft, site| draft.at(&site.place("written back whole as well")));
    // The isolation level may be raised where transactions are configured, and not every mapper writes whole rows.
    draft.at_most(Confidence::Likely).build()
}
