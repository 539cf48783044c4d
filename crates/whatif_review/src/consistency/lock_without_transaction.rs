//! A row lock that ends with the statement that took it.

use crate::query::CallSite;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Language;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::EffectKind;
use whatif_model::system::Operation;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "consistency/lock-without-transaction",
        severity: Severity::Warning,
        summary: "Rows are locked (`FOR UPDATE`) outside a transaction, so the lock ends at once and protects nothing.",
        page: include_str!("lock_without_transaction.md"),
        assumptions: &[Assumption::Order],
        questions: &[Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let useless = cx.sites.iter().filter(|site| is_lock(site) && ends_at_once(cx, site));
    let seen = useless.map(|site| (site.visit.effect.span, (site.item().unwrap_or(""), site.operation)));
    let void = cx.system.operations.iter().flat_map(|operation| {
        operation.flow.void_locks.iter().map(move |(item, span)| (*span, (item.as_str(), operation)))
    });
    // The same statement reached from several operations is one flaw.
    let mut by_place: BTreeMap<Span, Vec<(&str, &Operation)>> = BTreeMap::new();
    for (span, lock) in seen.chain(void) {
        by_place.entry(span).or_default().push(lock);
    }
    by_place.iter().filter_map(|(span, locks)| finding(cx, *span, locks)).collect()
}

fn is_lock(site: &CallSite<'_>) -> bool {
    matches!(&site.visit.effect.kind, EffectKind::Read { for_update: true, .. })
}

/// Only where the driver commits each statement by itself: elsewhere a framework may have opened a transaction.
fn ends_at_once(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    site.caller(cx.system).language == Some(Language::Go) && site.transaction().is_none()
}

fn finding(cx: &Context<'_>, span: Span, locks: &[(&str, &Operation)]) -> Option<Finding> {
    let (item, first) = *locks.first()?;
    let alone = locks.iter().all(|(_, operation)| operation.address == first.address);
    let address = if alone { &first.address } else { &cx.system[first.service].address };
    let rows = if item.is_empty() { "rows".to_owned() } else { format!("rows of `{item}`") };
    cx.finding(&RULE.meta, address.clone())
        .message(format!("`{address}` locks {rows} outside a transaction: the lock ends at once and protects nothing"))
        .flaw("locks rows outside a transaction: the lock ends at once and protects nothing")
        .at(&Evidence::stated(Stage::Code, span, "locked until the end of this statement only"))
        .help(
            "begin a transaction on one connection before the `SELECT ... FOR UPDATE`, and commit after the last write",
        )
        .detail(item)
        .build()
}
