//! Read, change in memory, write back: of two at the same time one is lost.

use super::whole_rows;
use crate::query::{CallSite, grouped, passes, proven};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::evidence::Confidence;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, LockKind, Step, WriteKind};
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
        is_written_back(cx, site) && !told && !is_guarded(cx, site) && meets_another(cx, site)
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

pub(super) fn is_guarded(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    site.inside(|step| match step {
        // A mutex guards as far as the process reaches.
        Step::Locked { lock, .. } => {
            lock.kind != LockKind::Process || site.caller(cx.system).replicas.may_hold(|count| *count <= 1)
        }
        Step::Transaction { .. } => !is_read_committed(cx, site) || locks_what_it_read(cx, site),
        _ => false,
    })
}

/// Engines whose default isolation lets two transactions read and overwrite the same row: PostgreSQL's
/// READ COMMITTED (postgresql.org, 13.2.1), InnoDB's snapshot reads (dev.mysql.com, 17.7.2.3). What the
/// others do by default prevents it or is not known to us.
fn is_read_committed(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    site.store(cx.system).is_some_and(|store| ["postgresql", "mysql", "mariadb"].contains(&store.engine.as_str()))
}

/// A `SELECT ... FOR UPDATE` before it in the same flow makes the second one wait.
fn locks_what_it_read(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    reads(cx, site).any(|read| matches!(read.visit.effect.kind, EffectKind::Read { for_update: true, .. }))
}

/// What may have been read of the same store before.
fn reads<'s, 'a>(cx: &'s Context<'a>, site: &'s CallSite<'a>) -> impl Iterator<Item = &'s CallSite<'a>> {
    let order = Sequence::of(&site.operation.flow);
    cx.sites.iter().filter(move |read| {
        read.id == site.id
            && read.edge.to == site.edge.to
            && matches!(read.visit.effect.kind, EffectKind::Read { .. })
            && order.precedes(read.visit.id, site.visit.id)
    })
}

/// What one process does in the background meets nobody, unless another operation writes the same item.
fn meets_another(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let elsewhere = || {
        cx.sites.iter().any(|other| {
            other.id != site.id
                && other.is_lasting_write(cx.system)
                && other.edge.to == site.edge.to
                && other.item() == site.item()
        })
    };
    let many = site.caller(cx.system).replicas.holds(|count| *count > 1);
    !site.operation.background || many || elsewhere()
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let alone = sites.iter().all(|site| site.id == first.id);
    let address = if alone { &first.operation.address } else { &first.caller(cx.system).address };
    let broken =
        sites.iter().find_map(|site| proven(cx, site.id, Mindset::Together).filter(|trace| passes(trace, sites)));
    let item = first.item().map_or_else(|| "an item".to_owned(), |item| format!("`{item}`"));
    let store = cx.system.address(first.edge.to);
    let read = reads(cx, first).filter(|read| read.item() == first.item()).last();
    let read = read.or_else(|| reads(cx, first).last());
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
