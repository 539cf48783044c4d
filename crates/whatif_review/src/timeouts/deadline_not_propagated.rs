//! A call that drops the deadline of the request it serves.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::Confidence;
use whatif_model::facts::code::Language;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::Step;
use whatif_model::system::OperationId;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "timeouts/deadline-not-propagated",
        severity: Severity::Warning,
        summary: "A call on a request path is made outside the request's context: deadline and cancellation end there.",
        page: include_str!("deadline_not_propagated.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let cut_off = cx.sites.iter().filter(|site| !site.edge.platform && drops_the_deadline(cx, site));
    let by_place = grouped(cut_off, place);
    let mut by_operation: BTreeMap<OperationId, Vec<&CallSite<'_>>> = BTreeMap::new();
    for sites in by_place.into_values() {
        let Some(first) = sites.first() else { continue };
        by_operation.entry(first.id).or_default().extend(sites);
    }
    let calls = by_operation.values().filter_map(|sites| finding(cx, sites));
    calls.chain(without_tokens(cx)).collect()
}

/// In C# everything that may take long takes a cancellation token: services that hand none on at all.
fn without_tokens(cx: &Context<'_>) -> Vec<Finding> {
    let waits = |site: &&CallSite<'_>| {
        let is_later = site.inside(|step| matches!(step, Step::Spawn { .. }));
        let speaks = site.caller(cx.system).language == Some(Language::CSharp);
        speaks && !is_later && !site.edge.platform && site.is_on_request_path()
    };
    let by_service = grouped(cx.sites.iter().filter(waits), |site| site.operation.service);
    let careless = by_service.values().filter_map(|sites| {
        let dropped: Vec<_> = sites.iter().copied().filter(|it| hands_on(it) == Some(false)).collect();
        let kept = sites.iter().any(|it| hands_on(it) == Some(true));
        if kept { None } else { deaf(cx, &dropped) }
    });
    careless.collect()
}

fn hands_on(site: &CallSite<'_>) -> Option<bool> {
    site.visit.effect.policy.deadline_forwarded.value().copied()
}

/// Most places shown of one service.
const PLACES_MAX: usize = 12;

fn deaf(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let address = &first.caller(cx.system).address;
    let by_operation = grouped(sites.iter().copied(), |site| site.id);
    let names = listed(by_operation.values().filter_map(|sites| Some(sites.first()?.operation.name.clone())), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` takes no cancellation token in {names}: work goes on for callers who have left"))
        .help("take a `CancellationToken` in each handler and pass it to every call that may wait")
        .detail("tokens")
        .at_most(Confidence::Likely);
    let places = by_operation.values().take(PLACES_MAX).filter_map(|sites| {
        let first = sites.first()?;
        Some(first.line_above("done without a token").unwrap_or_else(|| first.place("done without a token")))
    });
    draft.all(&places.collect::<Vec<_>>()).build()
}

/// Calls only: a statement without a limit of its own is `timeouts/missing`, and a message is not waited for.
/// Only Go hands a context from call to call; Python's clients take a number, which `timeouts/missing` and
/// `timeouts/inversion` judge. What is started for later may outlive the request.
fn drops_the_deadline(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let forwarded = &site.visit.effect.policy.deadline_forwarded;
    let is_dropped = forwarded.is_absent() || forwarded.holds(|forwarded| !forwarded);
    let is_later = site.inside(|step| matches!(step, Step::Spawn { .. }));
    site.is_call()
        && is_dropped
        && !is_later
        && site.is_on_request_path()
        && site.caller(cx.system).language == Some(Language::Go)
}

/// Where the deadline is dropped: several calls in one fresh context are one flaw.
fn place(site: &CallSite<'_>) -> Option<Span> {
    site.visit.effect.policy.deadline_forwarded.evidence().next().map(|evidence| evidence.span)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let address = &first.operation.address;
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` calls {callees} outside its request's context, so no deadline reaches it"))
        .help("pass the request's context on: `ctx`, `r.Context()`, `http.NewRequestWithContext`")
        .detail(&callees);
    let draft =
        sites.iter().fold(draft, |draft, site| draft.all(site.visit.effect.policy.deadline_forwarded.evidence()));
    sites
        .iter()
        .fold(draft, |draft, site| draft.at(&site.place(format!("calls {}", site.callee_name(cx.system)))))
        .build()
}
