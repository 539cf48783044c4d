//! A lock or an open local transaction is held while the network is waited for.

use crate::query::{CallSite, grouped, listed, time};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, LockKind, Step};
use whatif_model::system::ServiceId;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/lock-across-call",
        severity: Severity::Warning,
        summary: "A mutex, row lock or open local transaction is held while another system is called.",
        page: include_str!("lock_across_call.md"),
        assumptions: &[Assumption::FastEnough, Assumption::Network],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let waiting = cx.sites.iter().filter(|site| !site.edge.platform && held(cx, site).is_some());
    let by_lock = grouped(waiting, |site| (site.operation.service, held(cx, site).map(|held| held.span)));
    let calls = by_lock.values().filter_map(|sites| finding(cx, sites));
    calls.chain(pauses(cx)).collect()
}

/// Shorter pauses are noise beside a commit; chosen, not measured.
const PAUSE_MIN_MS: u64 = 1_000;

/// Local transactions and row locks inside which the program waits on purpose, by where they begin.
fn pauses(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_begin: BTreeMap<(ServiceId, Span), Vec<(Span, u64)>> = BTreeMap::new();
    for operation in &cx.system.operations {
        for visit in operation.flow.walk() {
            let EffectKind::Sleep(Some(ms)) = visit.effect.kind else { continue };
            let held = visit.inside.iter().rev().take_while(|step| !matches!(step, Step::Spawn { .. }));
            let begun = held.filter_map(|step| match step {
                Step::Transaction { span, .. } => Some(*span),
                Step::Locked { lock, span, .. } if lock.kind == LockKind::Row => Some(*span),
                _ => None,
            });
            if let (Some(begun), true) = (begun.last(), ms >= PAUSE_MIN_MS) {
                by_begin.entry((operation.service, begun)).or_default().push((visit.effect.span, ms));
            }
        }
    }
    by_begin.into_iter().filter_map(|((service, begun), pauses)| pause(cx, service, begun, &pauses)).collect()
}

fn pause(cx: &Context<'_>, service: ServiceId, begun: Span, pauses: &[(Span, u64)]) -> Option<Finding> {
    let longest = pauses.iter().map(|(_, ms)| *ms).max()?;
    let address = &cx.system[service].address;
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` keeps a local transaction open while it pauses {}: its connection and rows wait too",
            time(longest)
        ))
        .help("pause before the transaction begins or after its commit, or schedule the next step")
        .detail("a pause")
        .at(&Evidence::stated(Stage::Code, begun, "the transaction begins here"));
    let places = pauses.iter().map(|(span, ms)| Evidence::stated(Stage::Code, *span, format!("waits {}", time(*ms))));
    draft.all(&places.collect::<Vec<_>>()).build()
}

/// What is held, and since where.
struct Held<'a> {
    what: String,
    span: Span,
    kind: Option<&'a LockKind>,
}

/// The innermost thing held while the call or query is waited for.
fn held<'a>(cx: &Context<'_>, site: &CallSite<'a>) -> Option<Held<'a>> {
    // Work that was only started under the lock does not hold it.
    let mut around = site.visit.inside.iter().rev().take_while(|step| !matches!(step, Step::Spawn { .. }));
    around.find_map(|step| match step {
        Step::Transaction { span, .. } if leaves_the_store(site) => {
            Some(Held { what: "a local transaction".to_owned(), span: *span, kind: None })
        }
        Step::Locked { lock, span, .. } if suffers(cx, site, &lock.kind, lock.lease.is_absent()) => {
            Some(Held { what: words(&lock.kind, &lock.name), span: *span, kind: Some(&lock.kind) })
        }
        _ => None,
    })
}

fn leaves_the_store(site: &CallSite<'_>) -> bool {
    site.is_call() || site.is_direct_publish()
}

/// A row lock is taken for queries of its own store; a lease between processes is made to be held
/// while work is done, unless it never ends and somebody waits.
fn suffers(cx: &Context<'_>, site: &CallSite<'_>, kind: &LockKind, endless: bool) -> bool {
    match kind {
        LockKind::Process => {
            leaves_the_store(site) || site.store(cx.system).is_some_and(|store| is_remote(&store.engine))
        }
        LockKind::Row => leaves_the_store(site),
        LockKind::Distributed => leaves_the_store(site) && endless && site.is_on_request_path(),
    }
}

/// Engines that run inside the process are no network.
fn is_remote(engine: &str) -> bool {
    !engine.is_empty() && !["sqlite", "bolt", "badger", "leveldb", "rocksdb", "duckdb"].contains(&engine)
}

fn words(kind: &LockKind, name: &str) -> String {
    let kind = match kind {
        LockKind::Process => "the mutex",
        LockKind::Row => "the row lock",
        LockKind::Distributed => "the distributed lock",
    };
    if name.is_empty() { kind.to_owned() } else { format!("{kind} `{name}`") }
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let held = held(cx, first)?;
    let alone = sites.iter().all(|site| site.id == first.id);
    let address = if alone { &first.operation.address } else { &first.caller(cx.system).address };
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 2);
    let waits = if held.kind == Some(&LockKind::Process) {
        "every other caller"
    } else {
        "whoever needs its rows or connection"
    };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` holds {} while it waits for {callees}: {waits} waits too", held.what))
        .at(&Evidence::stated(Stage::Code, held.span, format!("{} is taken here", held.what)))
        .help("call first and lock or open the transaction afterwards, or record the intent, commit, and call then")
        .detail(&held.what);
    let calls = sites.iter().map(|site| site.place(format!("waits for {} meanwhile", site.callee_name(cx.system))));
    draft.all(&calls.collect::<Vec<_>>()).build()
}
