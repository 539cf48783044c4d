//! A row lock that ends with the statement that took it.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::code::Language;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::EffectKind;
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
    // The same statement reached from several operations is one flaw.
    let by_place = grouped(useless, |site| site.visit.effect.span);
    by_place.values().filter_map(|sites| finding(cx, sites)).collect()
}

fn is_lock(site: &CallSite<'_>) -> bool {
    matches!(&site.visit.effect.kind, EffectKind::Read { for_update: true, .. })
}

/// Only where the driver commits each statement by itself: elsewhere a framework may have opened a transaction.
fn ends_at_once(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let commits_each = matches!(site.caller(cx.system).language, Some(Language::Go | Language::JavaScript));
    commits_each && site.transaction().is_none()
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let alone = sites.iter().all(|site| site.id == first.id);
    let address = if alone { &first.operation.address } else { &first.caller(cx.system).address };
    let rows = listed(first.item().map(str::to_owned), 1);
    let rows = if rows.is_empty() { "rows".to_owned() } else { format!("rows of {rows}") };
    cx.finding(&RULE.meta, address.clone())
        .message(format!("`{address}` locks {rows} outside a transaction: the lock ends at once and protects nothing"))
        .at(&first.place("locked until the end of this statement only"))
        .help(
            "begin a transaction on one connection before the `SELECT ... FOR UPDATE`, and commit after the last write",
        )
        .build()
}
