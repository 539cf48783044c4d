//! What somebody else tells is written to a row that may not be there yet, and nobody looks.

use crate::query::{CallSite, grouped};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::evidence::Confidence;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, WriteKind};
use whatif_model::system::Operation;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/lost-update-target",
        severity: Severity::Warning,
        summary: "An event updates a row that may not be there yet, and updating none is answered with success.",
        page: include_str!("lost_update_target.md"),
        assumptions: &[Assumption::Order],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let told = cx.sites.iter().filter(|site| is_webhook(site.operation));
    let by_operation = grouped(told, |site| site.id);
    by_operation.values().filter_map(|sites| unseen(cx, sites)).collect()
}

/// An endpoint where a partner tells of what happened: nothing ties it to the requests that made the rows.
pub(crate) fn is_webhook(operation: &Operation) -> bool {
    let Trigger::Http { method, path } = &operation.trigger else { return false };
    let is_hook = |part: &str| matches!(part.to_lowercase().as_str(), "webhook" | "webhooks" | "hook" | "ipn");
    matches!(method.as_str(), "POST" | "") && operation.implemented && path.split(['/', '-', '_']).any(is_hook)
}

fn unseen(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let order = Sequence::of(&sites.first()?.operation.flow);
    let update = sites.iter().copied().find(|site| {
        is_update(site) && !is_looked_at(site) && !order.only_fails_after(site.visit.id) && !is_known(sites, site)
    })?;
    let made = cx.sites.iter().find(|other| other.id != update.id && makes(other) && same_table(update, other))?;
    finding(cx, update, made)
}

/// Of rows that are chosen by what the event names.
fn is_update(site: &CallSite<'_>) -> bool {
    matches!(
        site.visit.effect.kind,
        EffectKind::Write { how: WriteKind::Set | WriteKind::Conditional | WriteKind::Increment, .. }
    ) && !site.visit.effect.conditions.is_empty()
}

fn makes(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.kind, EffectKind::Write { how: WriteKind::Insert, .. })
}

fn same_table(one: &CallSite<'_>, other: &CallSite<'_>) -> bool {
    one.edge.to == other.edge.to && one.item().is_some() && one.item() == other.item()
}

/// The operation read the row, or makes it itself.
fn is_known(sites: &[&CallSite<'_>], update: &CallSite<'_>) -> bool {
    sites.iter().any(|site| site.visit.id != update.visit.id && site.item() == update.item() && !is_update(site))
}

/// Something rests on how many rows there were.
fn is_looked_at(site: &CallSite<'_>) -> bool {
    let (flow, id) = (&site.operation.flow, site.visit.id);
    let rests = |basis: &whatif_model::basis::Basis| {
        basis.from.contains(&id) || basis.given.iter().any(|given| given.effect == id)
    };
    flow.effects.iter().any(|effect| rests(&effect.basis)) || flow.answers.iter().any(|answer| rests(&answer.basis))
}

fn finding(cx: &Context<'_>, update: &CallSite<'_>, made: &CallSite<'_>) -> Option<Finding> {
    let (address, item) = (&update.operation.address, update.item()?);
    let above = update.line_above(format!("`{item}` is updated, whether there is a row or not"));
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` updates `{item}` unseen: an event that comes before its row is confirmed and lost"))
        .at(&update.place(format!("`{item}` is updated, whether there is a row or not")))
        .at(&made.place("the row is made by another request"))
        .at_most(Confidence::Likely)
        .help("look at the number of rows and answer with a failure when it is none, so that the event comes again; or upsert");
    above.iter().fold(draft, |draft, above| draft.at(above)).detail(item).build()
}
