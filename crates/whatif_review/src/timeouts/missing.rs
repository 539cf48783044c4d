//! A call that nothing bounds: it waits for as long as the other side likes.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::effective::State;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Bound, Protocol};
use whatif_model::system::Service;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "timeouts/missing",
        severity: Severity::Error,
        summary: "A network call without a time limit: neither the code, nor the client, nor the mesh bounds it.",
        page: include_str!("missing.md"),
        assumptions: &[Assumption::FastEnough, Assumption::Network],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let unbounded = cx.sites.iter().filter(|site| site.is_call() && is_unbounded(site));
    let by_client = grouped(unbounded, |site| (site.operation.service, site.protocol(), reason(site)));
    by_client.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// Proven to have no limit; one that is set to infinity on purpose is `timeouts/infinite`.
fn is_unbounded(site: &CallSite<'_>) -> bool {
    let stated = site.visit.effect.policy.timeout.claims().iter();
    let infinite = stated.filter(|claim| matches!(claim.evidence.how, whatif_model::How::Stated));
    site.effective.timeout.state == State::Absent
        && !infinite.clone().any(|claim| claim.value.bound == Bound::Unbounded)
}

/// Why it is unbounded, in the words of the evidence: sites with one reason are one finding.
fn reason(site: &CallSite<'_>) -> String {
    site.effective.timeout.evidence.first().map(|evidence| evidence.label.clone()).unwrap_or_default()
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let service: &Service = first.caller(cx.system);
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let waits = if sites.iter().any(|site| site.is_on_request_path()) { Severity::Error } else { Severity::Warning };
    let address =
        if sites.iter().all(|site| site.id == first.id) { &first.operation.address } else { &service.address };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(waits)
        .message(format!("`{address}` calls {callees} without a time limit, so a slow answer holds it for ever"))
        .help(help(first.protocol()))
        .detail(reason(first));
    let draft = sites.iter().fold(draft, |draft, site| {
        draft.at(&site.place(format!("waits for {} without a bound", site.callee_name(cx.system))))
    });
    draft.all(&first.effective.timeout.evidence).build()
}

fn help(protocol: Option<Protocol>) -> &'static str {
    match protocol {
        Some(Protocol::Grpc) => "derive a context with a deadline from the incoming request and pass it to every call",
        Some(Protocol::Http) => "give the client a timeout and the request the incoming request's context",
        _ => "bound the call with a time limit shorter than what the caller waits",
    }
}
