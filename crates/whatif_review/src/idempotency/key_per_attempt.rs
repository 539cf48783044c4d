//! A key that changes with every attempt, so that no attempt looks like a repeat.

use crate::query::{CallSite, callers, grouped, proven_twice};
use crate::retries::layers;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Evidence;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::Identity;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/key-per-attempt",
        severity: Severity::Warning,
        summary: "A fresh idempotency key is made for every attempt, so the callee takes each retry for a new request.",
        page: include_str!("key_per_attempt.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let renewed = cx.sites.iter().filter(|site| !who_repeats(cx, site).is_empty());
    let by_call = grouped(renewed, |site| (site.id, site.callee_name(cx.system)));
    by_call.values().filter_map(|sites| finding(cx, sites.first()?)).collect()
}

/// The retries within which the key changes: the one around the call, or those of whoever calls the operation
/// that makes the key.
fn who_repeats(cx: &Context<'_>, site: &CallSite<'_>) -> Vec<Evidence> {
    match site.visit.effect.identity.value() {
        Some(Identity::Fresh { in_retry: true }) => places(site),
        Some(Identity::Fresh { in_retry: false }) if expects_key(cx, site) && !reads_key(site) => {
            callers(&cx.sites, site.id).into_iter().flat_map(places).collect()
        }
        _ => Vec::new(),
    }
}

fn expects_key(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    site.is_call() && site.callee(cx.system).is_some_and(|(_, callee)| callee.idempotency.dedup.value().is_some())
}

fn reads_key(site: &CallSite<'_>) -> bool {
    site.operation.idempotency.read.value().is_some() || site.operation.idempotency.dedup.value().is_some()
}

fn places(site: &CallSite<'_>) -> Vec<Evidence> {
    layers::layers(site)
        .iter()
        .map(|layer| layer.place.labelled(format!("{}: {}", layer.by.name(), layer.count())))
        .collect()
}

fn finding(cx: &Context<'_>, site: &CallSite<'_>) -> Option<Finding> {
    let (address, callee) = (&site.operation.address, site.callee_name(cx.system));
    let trace = proven_twice(cx, site.id);
    cx.finding(&RULE.meta, address.clone())
        .severity(if trace.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!(
            "`{address}` sends `{callee}` a new key with every attempt, so each retry counts as a new request"
        ))
        .help("make the key once, before the first attempt, or derive it from the request being served")
        .detail(&callee)
        .trace(trace)
        .because(&site.visit.effect.identity, "the key is made here")
        .all(&who_repeats(cx, site))
        .at(&site.place(format!("calls `{callee}`")))
        .build()
}
