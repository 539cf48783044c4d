//! Writes that belong together and commit one by one.

use crate::query::{CallSite, grouped, listed, passes, proven};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::facts::code::Language;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, OnError};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/transaction-missing",
        severity: Severity::Warning,
        summary: "An operation writes several tables of one database in separate commits, so it can stop between them.",
        page: include_str!("transaction_missing.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let alone = cx.sites.iter().filter(|site| site.is_on_request_path() && commits_alone(cx, site));
    let by_operation = grouped(alone, |site| (site.id, site.edge.to));
    by_operation.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// A write of a table outside any transaction, whose failure ends the operation. Only where the driver commits each
/// statement by itself: elsewhere a framework may have opened a transaction around the operation.
fn commits_alone(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let commits_each = matches!(
        site.caller(cx.system).language,
        // https://pkg.go.dev/database/sql#DB.Exec, https://node-postgres.com/features/transactions
        Some(Language::Go | Language::JavaScript)
    );
    let is_relational = site.store(cx.system).is_some_and(|store| {
        ["postgresql", "mysql", "mariadb", "sqlite", "sqlserver"].contains(&store.engine.as_str())
    });
    let matters = matches!(site.visit.effect.on_error, OnError::Propagate | OnError::Crash);
    let own = site.transaction().is_none() && site.item().is_some_and(|item| !is_by_the_way(item));
    commits_each && is_relational && matters && own && site.is_lasting_write(cx.system)
}

/// A session is made anew at the next login.
fn is_by_the_way(table: &str) -> bool {
    table.to_lowercase().contains("session")
}

/// A repeat of the operation does not finish what it began: it does this again.
fn adds(site: &CallSite<'_>) -> bool {
    matches!(&site.visit.effect.kind, EffectKind::Write { how, .. } if !how.is_naturally_idempotent())
}

/// The first two writes of different tables that one run may do, one of which a repeat does again.
fn torn<'s, 'a>(sites: &[&'s CallSite<'a>]) -> Option<(&'s CallSite<'a>, &'s CallSite<'a>)> {
    let order = Sequence::of(&sites.first()?.operation.flow);
    let pairs = sites.iter().flat_map(|first| sites.iter().map(move |later| (*first, *later)));
    let mut torn = pairs.filter(|(first, later)| {
        let follows = order.precedes(first.visit.id, later.visit.id) && !order.only_fails_after(later.visit.id);
        follows && first.item() != later.item() && (adds(first) || adds(later))
    });
    torn.next()
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let (first, later) = torn(sites)?;
    let address = &first.operation.address;
    let (done, left) = (first.item()?, later.item()?);
    let tables = listed(sites.iter().filter_map(|site| site.item()).map(str::to_owned), 4);
    let broken = proven(cx, first.id, Mindset::Halfway).filter(|trace| passes(trace, sites));
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` writes {tables} in commits of their own: a failure in between leaves half of it"))
        .flaw("writes several items in commits of their own: a failure in between leaves half of it")
        .at(&first.beside(later, format!("`{done}` is committed here")))
        .at(&later.beside(first, format!("when this fails, `{done}` stays and `{left}` is missing")))
        .at(&first.place(format!("`{done}` is committed here")))
        .at(&later.place(format!("`{left}` is committed here")))
        .trace(broken)
        .help("run all of them in one local transaction (`BEGIN` ... `COMMIT` on one connection)")
        .detail(cx.system.address(first.edge.to));
    let rest = sites.iter().filter(|site| ![first.visit.id, later.visit.id].contains(&site.visit.id));
    rest.fold(draft, |draft, site| draft.at(&site.place("committed by itself"))).build()
}
