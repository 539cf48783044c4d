//! Read, change in memory, write back: of two at the same time one is lost.

use super::whole_rows;
use crate::query::{CallSite, grouped, passes, proven};
use crate::racing::{is_kept_apart, meets_another, reads_before};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Confidence;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, WriteKind};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "consistency/lost-update",
        severity: Severity::Warning,
        summary: "A value is read, changed in the program and written back without a condition or lock.",
        page: include_str!("lost_update.md"),
        assumptions: &[Assumption::Order],
        questions: &[Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let (mut findings, rows) = whole_rows::findings(cx);
    let racing = cx.sites.iter().filter(|site| {
        let told = rows.contains(&(site.edge.to, site.item().unwrap_or_default()));
        is_written_back(cx, site) && !told && !is_kept_apart(cx, None, site) && meets_another(cx, site)
    });
    // The same statement reached from several operations is one flaw.
    let by_place = grouped(racing, |site| site.visit.effect.span);
    findings.extend(by_place.values().filter_map(|sites| finding(cx, sites)));
    findings
}

fn is_written_back(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.kind, EffectKind::Write { how: WriteKind::SetFromRead, .. })
        && site.is_lasting_write(cx.system)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let alone = sites.iter().all(|site| site.id == first.id);
    let address = if alone { &first.operation.address } else { &first.caller(cx.system).address };
    let broken =
        sites.iter().find_map(|site| proven(cx, site.id, Mindset::Together).filter(|trace| passes(trace, sites)));
    let item = first.item().map_or_else(|| "an item".to_owned(), |item| format!("`{item}`"));
    let store = cx.system.address(first.edge.to);
    let read = reads_before(cx, first).filter(|read| read.item() == first.item()).last();
    let read = read.or_else(|| reads_before(cx, first).last());
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(if broken.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!("`{address}` reads {item} of `{store}` and writes it back: of two at once one is lost"))
        .at(&first.place("written back here, whatever happened in between"))
        .trace(broken)
        .help("write with a condition on what was read (version, `WHERE n = old`), add in the store, or lock the row")
        .detail(item);
    let draft = read.into_iter().fold(draft, |draft, read| draft.at(&read.place("read here")));
    // The isolation level may be raised where the transaction is configured.
    if first.transaction().is_some() { draft.at_most(Confidence::Likely).build() } else { draft.build() }
}
