//! A wait that nothing bounds: it lasts for as long as the other side likes.

use super::{ineffective, infinite};
use crate::query::{CallSite, callers, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::effective::State;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::Protocol;
use whatif_model::system::{EdgeKind, Node, Service};
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
    let unbounded: Vec<_> = cx.sites.iter().filter(|site| is_unbounded(cx, site)).collect();
    let calls = unbounded.iter().copied().filter(|site| is_request(site) && !is_stream(cx, site));
    let by_client = grouped(calls, |site| (site.operation.service, site.protocol(), reason(site)));
    let data = unbounded.iter().copied().filter(|site| site.edge.kind != EdgeKind::Sync);
    let by_partner = grouped(data, |site| (site.operation.service, site.edge.kind, reason(site)));
    let of_calls = by_client.values().filter_map(|sites| call_finding(cx, sites));
    let of_data = by_partner.values().filter_map(|sites| data_finding(cx, sites));
    let of_servers = cx.system.services.iter().filter_map(|service| server_finding(cx, service));
    of_calls.chain(of_data).chain(of_servers).collect()
}

/// Proven to have no limit. One that is switched off on purpose is `timeouts/infinite`, one that limits
/// only connecting is `timeouts/ineffective`.
fn is_unbounded(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let is_other_rule = infinite::switch(site).is_some() || ineffective::only_connect(site).is_some();
    site.effective.timeout.state == State::Absent && !site.edge.platform && !is_other_rule && !inherits_limit(cx, site)
}

/// To a service or somebody outside; connecting to a broker or store is bounded by the library's set-up limits.
fn is_request(site: &CallSite<'_>) -> bool {
    site.is_call() && matches!(site.edge.to, Node::Service(_) | Node::External(_))
}

/// gRPC carries the caller's deadline to the callee; who passes it on is bounded by whoever calls.
fn inherits_limit(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let is_limited = |caller: &&CallSite<'_>| {
        caller.protocol() == Some(Protocol::Grpc)
            && matches!(caller.effective.timeout.state, State::Known | State::Default)
    };
    let callers = callers(&cx.sites, site.id);
    let forwards = site.visit.effect.policy.deadline_forwarded.holds(|forwarded| *forwarded);
    forwards && !callers.is_empty() && callers.iter().all(is_limited)
}

/// A stream lives as long as its client.
fn is_stream(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let contract = site.callee(cx.system).and_then(|(_, operation)| operation.contract.as_ref());
    contract.is_some_and(|contract| contract.streaming)
}

/// Why it is unbounded, in the words of the evidence: sites with one reason are one finding.
fn reason(site: &CallSite<'_>) -> String {
    site.effective.timeout.evidence.first().map(|evidence| evidence.label.clone()).unwrap_or_default()
}

fn call_finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let waits = if sites.iter().any(|site| site.is_on_request_path()) { Severity::Error } else { Severity::Warning };
    let address = subject(cx, sites)?;
    let draft = cx
        .finding(&RULE.meta, address)
        .severity(waits)
        .message(format!("`{address}` calls {callees} without a time limit, so a slow answer holds it for ever"))
        .help(help(first.protocol()))
        .detail(reason(first));
    let draft = sites.iter().fold(draft, |draft, site| {
        draft.at(&site.place(format!("waits for {} without a bound", site.callee_name(cx.system))))
    });
    draft.all(&first.effective.timeout.evidence).build()
}

fn data_finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let address = subject(cx, sites)?;
    let partners = listed(sites.iter().map(|site| cx.system.address(site.edge.to).to_owned()), 3);
    let is_store = first.edge.kind == EdgeKind::Store;
    let (does, held) =
        if is_store { ("waits for", "one stuck statement") } else { ("publishes to", "a blocked broker") };
    let draft = cx
        .finding(&RULE.meta, address)
        .severity(Severity::Warning)
        .message(format!("`{address}` {does} {partners} without a time limit, so {held} holds it"))
        .help("pass a context with a deadline, or set the timeout options of the driver")
        .detail(format!("{} {}", first.edge.kind.as_str(), reason(first)));
    let draft = sites.iter().fold(draft, |draft, site| draft.at(&site.place("waits without a bound")));
    draft.all(&first.effective.timeout.evidence).build()
}

/// A server that reads as slowly as its clients send.
fn server_finding(cx: &Context<'_>, service: &Service) -> Option<Finding> {
    let is_concerned = service.server_timeout.is_absent() && !service.infrastructure;
    let address = &service.address;
    let draft = is_concerned.then(|| cx.finding(&RULE.meta, address.clone()))?;
    draft
        .severity(Severity::Warning)
        .message(format!("the server of `{address}` reads without a time limit, so slow clients hold its connections"))
        .help("set `ReadHeaderTimeout`, `ReadTimeout`, `WriteTimeout` and `IdleTimeout` of the server")
        .detail("server")
        .because(&service.server_timeout, "no limit for reading a request or writing its answer")
        .build()
}

/// The operation when all sites are its own, else the service.
fn subject<'a>(cx: &'a Context<'_>, sites: &[&CallSite<'a>]) -> Option<&'a str> {
    let first = sites.first()?;
    let one = sites.iter().all(|site| site.id == first.id);
    Some(if one { &first.operation.address } else { &first.caller(cx.system).address })
}

fn help(protocol: Option<Protocol>) -> &'static str {
    match protocol {
        Some(Protocol::Grpc) => "derive a context with a deadline from the incoming request and pass it to every call",
        Some(Protocol::Http) => "give the client a timeout and the request the incoming request's context",
        _ => "bound the call with a time limit shorter than what the caller waits",
    }
}
