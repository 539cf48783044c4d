//! A wait that nothing bounds: it lasts for as long as the other side likes.

use super::infinite;
use crate::query::{CallSite, address_of, callers, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::effective::State;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind, Protocol, Target, TimeoutKind};
use whatif_model::system::{EdgeKind, Layer, LayerKind, Node, Operation, OperationId, Service};
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
    let calls = unbounded.iter().filter(|site| is_request(site) && !is_stream(cx, site));
    let waits: Vec<Wait<'_>> = calls.map(|site| wait(cx, site)).chain(waits_for_unknown(cx)).collect();
    let mut waiting: BTreeMap<_, Vec<&Wait<'_>>> = BTreeMap::new();
    for wait in &waits {
        waiting.entry((wait.operation.service, wait.protocol, wait.reason())).or_default().push(wait);
    }
    let data = unbounded.iter().copied().filter(|site| site.edge.kind != EdgeKind::Sync);
    // What the address of a database lets its driver do is one flaw, in however many services.
    let (by_address, by_client): (Vec<_>, Vec<_>) = data.partition(|site| is_by_address(site));
    let by_partner = grouped(by_client, |site| (site.operation.service, site.edge.kind, reason(site)));
    let by_driver = grouped(by_address, |site| reason(site));
    let of_calls = waiting.values().filter_map(|waits| call_finding(cx, waits));
    let of_data = by_partner.values().filter_map(|sites| data_finding(cx, sites));
    let of_drivers = by_driver.values().filter_map(|sites| driver_finding(cx, sites));
    let mut by_server: BTreeMap<_, Vec<&Service>> = BTreeMap::new();
    for service in cx.system.services.iter().filter(|service| !service.infrastructure) {
        let place = service.server_timeout.evidence().next().filter(|_| service.server_timeout.is_absent());
        place.into_iter().for_each(|place| by_server.entry(place.span).or_default().push(service));
    }
    let of_servers = by_server.values().filter_map(|services| server_finding(cx, services));
    of_calls.chain(of_data).chain(of_drivers).chain(of_servers).collect()
}

/// Proven to have no limit. One that is switched off on purpose is `timeouts/infinite`.
fn is_unbounded(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let is_switched_off = infinite::switch(site).is_some();
    site.effective.timeout.state == State::Absent
        && !site.edge.platform
        && !is_switched_off
        && !is_started_once(site.operation)
        && !inherits_limit(cx, site)
}

/// Nobody waits for the start of a process but its orchestrator, which has limits of its own.
fn is_started_once(operation: &Operation) -> bool {
    matches!(operation.trigger, Trigger::Start)
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

/// An unbounded request.
struct Wait<'a> {
    id: OperationId,
    operation: &'a Operation,
    protocol: Option<Protocol>,
    callee: String,
    place: Evidence,
    why: Vec<Evidence>,
}

impl Wait<'_> {
    fn reason(&self) -> &str {
        self.why.first().map_or("", |evidence| evidence.label.as_str())
    }

    fn somebody_waits(&self) -> bool {
        !self.operation.background && matches!(self.operation.trigger, Trigger::Http { .. } | Trigger::Rpc { .. })
    }
}

fn wait<'a>(cx: &Context<'_>, site: &CallSite<'a>) -> Wait<'a> {
    let callee = site.callee_name(cx.system);
    let place = site.place(format!("waits for {callee} without a bound"));
    let why = site.effective.timeout.evidence.clone();
    Wait { id: site.id, operation: site.operation, protocol: site.protocol(), callee, place, why }
}

/// Requests whose receiver is only known at run time have no edge: the code alone decides, as long as no mesh
/// states a limit that might be meant for them.
fn waits_for_unknown<'a>(cx: &Context<'a>) -> Vec<Wait<'a>> {
    let bounds = |layer: &Layer| {
        let limit = layer.policy.timeout.value().filter(|timeout| timeout.kind != TimeoutKind::Connect);
        layer.kind != LayerKind::Code && limit.is_some_and(|timeout| timeout.bound.millis().is_some())
    };
    let is_bounded = cx.system.edges.iter().flat_map(|edge| &edge.layers).any(bounds);
    let operations = cx.system.operation_ids().filter(|(_, operation)| !is_bounded && !is_started_once(operation));
    let effects = operations.flat_map(|(id, operation)| operation.flow.effects.iter().map(move |e| (id, operation, e)));
    effects.filter_map(|(id, operation, effect)| unknown_wait(id, operation, effect)).collect()
}

fn unknown_wait<'a>(id: OperationId, operation: &'a Operation, effect: &Effect) -> Option<Wait<'a>> {
    let EffectKind::Call { protocol, operation: callee } = &effect.kind else { return None };
    let is_proven = effect.target == Target::Unknown && effect.policy.timeout.is_absent();
    let place = Evidence::stated(Stage::Code, effect.span, format!("waits for {callee} without a bound"));
    let why = effect.policy.timeout.evidence().cloned().collect();
    let protocol = Some(*protocol);
    is_proven.then(|| Wait { id, operation, protocol, callee: callee.clone(), place, why })
}

fn call_finding(cx: &Context<'_>, waits: &[&Wait<'_>]) -> Option<Finding> {
    let first = waits.first()?;
    let callees = listed(waits.iter().map(|wait| wait.callee.clone()), 3);
    let severity = if waits.iter().any(|wait| wait.somebody_waits()) { Severity::Error } else { Severity::Warning };
    let one = waits.iter().all(|wait| wait.id == first.id);
    let address = if one { &first.operation.address } else { &cx.system[first.operation.service].address };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(severity)
        .message(format!("`{address}` calls {callees} without a time limit, so a slow answer holds it for ever"))
        .flaw(if one { "" } else { "calls others without a time limit, so a slow answer holds it for ever" })
        .help(help(first.protocol))
        .detail(first.reason());
    waits.iter().fold(draft, |draft, wait| draft.at(&wait.place)).all(&first.why).build()
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

/// Whether it is the connection address that would set the limit.
fn is_by_address(site: &CallSite<'_>) -> bool {
    site.effective.timeout.evidence.first().is_some_and(|evidence| evidence.stage == Stage::Design)
}

fn driver_finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let address = address_of(cx.system, sites);
    let callers = listed(sites.iter().map(|site| site.caller(cx.system).address.clone()), 3);
    let alone = sites.iter().all(|site| site.operation.service == sites[0].operation.service);
    let wait = if alone { "waits" } else { "wait" };
    let draft = cx
        .finding(&RULE.meta, address)
        .severity(Severity::Warning)
        .message(format!("{callers} {wait} for each answer of the database for ever: the address sets no time limit"))
        .help("set `socketTimeout` and `connectTimeout` in the address, and a timeout for transactions")
        .detail(reason(sites.first()?));
    let draft = sites.iter().fold(draft, |draft, site| draft.all(&site.effective.timeout.evidence));
    // The database itself may end statements that take too long.
    let shown = grouped(sites.iter().copied(), |site| site.operation.service);
    let shown = shown.values().filter_map(|sites| sites.first());
    let draft = shown.fold(draft, |draft, site| draft.at(&site.place("waits without a bound")));
    draft.at_most(Confidence::Likely).build()
}

/// A server that reads as slowly as its clients send; services that share the code for it share the flaw.
fn server_finding(cx: &Context<'_>, services: &[&Service]) -> Option<Finding> {
    let service = services.first()?;
    let names = listed(services.iter().map(|service| service.address.clone()), 3);
    cx.finding(&RULE.meta, service.address.clone())
        .severity(Severity::Warning)
        .message(format!("the server of {names} reads without a time limit, so slow clients hold its connections"))
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
