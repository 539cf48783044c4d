//! Calls on a request path that nothing stops when their callee is down.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::effective::State;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Node;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/breaker-missing",
        severity: Severity::Warning,
        summary: "Calls on a request path without a circuit breaker or outlier ejection at any layer.",
        page: include_str!("breaker_missing.md"),
        assumptions: &[Assumption::WontFail, Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let calls = cx.sites.iter().filter(|site| waits_for_somebody(site));
    let by_service = grouped(calls, |site| site.operation.service);
    by_service.values().filter(|sites| is_read_whole(sites)).filter_map(|sites| finding(cx, sites)).collect()
}

/// A synchronous dependency on a request path: a service, or somebody outside.
fn waits_for_somebody(site: &CallSite<'_>) -> bool {
    let is_request = site.is_call() && matches!(site.edge.to, Node::Service(_) | Node::External(_));
    is_request && site.is_business() && site.is_on_request_path()
}

/// One call whose layers are not all known makes the service a question.
fn is_read_whole(sites: &[&CallSite<'_>]) -> bool {
    sites.iter().all(|site| site.effective.breaker.state != State::Unknown)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let bare: Vec<_> = sites.iter().filter(|site| site.effective.breaker.state == State::Absent).collect();
    let first = bare.first()?;
    let address = &first.caller(cx.system).address;
    let callees = listed(bare.iter().map(|site| cx.system.address(site.edge.to).to_owned()), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` keeps calling {callees} through any outage: no breaker in code, client or mesh"))
        .flaw("keeps calling others through any outage: no breaker in code, client or mesh")
        .help("put a circuit breaker around each dependency, or outlier detection into its destination rule");
    let mut seen = Vec::new();
    let once = bare.iter().filter(|site| {
        let is_new = !seen.contains(&site.edge.to);
        seen.push(site.edge.to);
        is_new
    });
    once.fold(draft, |draft, site| {
        draft.at(&site.place(format!("calls {} without a breaker", cx.system.address(site.edge.to))))
    })
    .build()
}
