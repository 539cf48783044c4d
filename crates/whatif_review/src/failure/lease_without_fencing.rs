//! A lock that ends by itself while its holder still writes.

use crate::query::{CallSite, grouped, listed, time};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Lock, LockKind, Step, WriteKind};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/lease-without-fencing",
        severity: Severity::Warning,
        summary: "A lock between processes ends by itself, and the writes under it do not check who holds it now.",
        page: include_str!("lease_without_fencing.md"),
        assumptions: &[Assumption::FastEnough, Assumption::Clocks],
        questions: &[Mindset::Together, Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let exposed = cx.sites.iter().filter(|site| is_blind_write(cx, site) && lease(site).is_some());
    let by_operation = grouped(exposed, |site| site.id);
    by_operation.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// The lease around it, if it ends by itself and hands out no fencing token.
fn lease<'a>(site: &CallSite<'a>) -> Option<&'a Lock> {
    site.visit.enclosing(|step| match step {
        Step::Locked { lock, .. } if is_unfenced_lease(lock) => Some(lock),
        _ => None,
    })
}

fn is_unfenced_lease(lock: &Lock) -> bool {
    let ends = lock.lease.holds(|lease| lease.millis().is_some());
    lock.kind == LockKind::Distributed && ends && lock.fenced.is_absent()
}

/// The store takes it whoever holds the lock. What adds or checks in the store itself needs no lock.
fn is_blind_write(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let is_blind = matches!(
        &site.visit.effect.kind,
        EffectKind::Write { how: WriteKind::Set | WriteKind::SetFromRead | WriteKind::Insert | WriteKind::Upsert, .. }
    );
    is_blind && site.is_lasting_write(cx.system)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let lock = lease(first)?;
    let address = &first.operation.address;
    let lasts = lock.lease.value().and_then(|lease| lease.millis()).map(time)?;
    let items = listed(sites.iter().filter_map(|site| site.item()).map(str::to_owned), 3);
    let written = if items.is_empty() { "state".to_owned() } else { items };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` writes {written} under a lock that ends after {lasts}: a slow holder overwrites the next"
        ))
        .because(&lock.lease, format!("ends by itself after {lasts}"))
        .because(&lock.fenced, "hands out no token the store could check")
        .help("write with a fencing token or version the store checks, so that a holder whose lease ended is refused");
    let draft = sites.iter().fold(draft, |draft, site| draft.at(&site.place("written whoever holds the lock by now")));
    draft.build()
}
