//! A key that is remembered without what it was sent with.

use crate::query::{CallSite, address_of, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/payload-not-bound",
        severity: Severity::Warning,
        summary: "A key is stored without anything of its request, so the same key with another payload passes for a repeat.",
        page: include_str!("payload_not_bound.md"),
        assumptions: &[Assumption::Once],
        questions: &[Mindset::Twice],
    },
    check,
};

/// Columns that say which request, of what kind, when, and how far: nothing of what it asked for or who asked.
const BOOKKEEPING: &[&str] = &[
    "id",
    "key",
    "requestid",
    "idempotencykey",
    "name",
    "type",
    "kind",
    "operation",
    "command",
    "time",
    "date",
    "timestamp",
    "created",
    "createdat",
    "createdon",
    "updatedat",
    "processedat",
    "receivedat",
    "handledat",
    "status",
    "state",
    "expiresat",
    "expiry",
    "version",
];

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let marks = cx.sites.iter().filter(|site| is_unbound(site) && site.operation.idempotency.read.value().is_some());
    let by_place = grouped(marks, |site| (site.operation.service, site.visit.effect.span));
    by_place.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// Every column of the record is known, and none holds anything of the request. Ids of messages are made by whoever
/// sends them, once for each.
fn is_unbound(site: &CallSite<'_>) -> bool {
    let is_asked = matches!(site.operation.trigger, Trigger::Http { .. } | Trigger::Rpc { .. });
    let is_mark = matches!(site.visit.effect.kind, EffectKind::DedupMark { .. });
    is_asked && is_mark && !site.visit.effect.fields.is_empty() && holds_only_the_key(site.visit.effect)
}

/// Whether what is recorded is a key and nothing of the request, as far as its columns are known.
pub(super) fn holds_only_the_key(record: &Effect) -> bool {
    let keeps_books = |column: &String| {
        let plain: String = column.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        BOOKKEEPING.contains(&plain.as_str())
    };
    record.fields.iter().all(keeps_books)
}

/// Where the key is looked up in the same operation.
fn lookup(site: &CallSite<'_>) -> Option<(Span, Option<Span>)> {
    let checks = site.operation.flow.effects.iter();
    let mut checks = checks.filter(|effect| matches!(effect.kind, EffectKind::DedupCheck { .. }));
    checks.next().map(|effect| (effect.span, effect.via.last().copied()))
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let names = listed(sites.iter().map(|site| site.operation.address.clone()), 2);
    let one = sites.iter().all(|site| site.id == first.id);
    let takes = if one { "takes" } else { "take" };
    let columns = listed(first.visit.effect.fields.iter().cloned(), 4);
    let draft = cx
        .finding(&RULE.meta, address_of(cx.system, sites))
        .message(format!("{names} {takes} any request with a known key for a repeat, whatever it asks"))
        .help("store a hash of the payload, the operation and the caller with the key, and refuse a key that comes with others")
        .at(&first.place(format!("all that is stored: {columns}")));
    let looked_up = lookup(first).into_iter().flat_map(|(span, above)| {
        let by_key = Evidence::stated(Stage::Code, span, "looked up by the key alone");
        let above = above.map(|span| Evidence::stated(Stage::Code, span, "and nothing else is compared"));
        std::iter::once(by_key).chain(above)
    });
    draft.all(&looked_up.collect::<Vec<_>>()).build()
}
