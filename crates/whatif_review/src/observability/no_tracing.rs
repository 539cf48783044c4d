//! Services on request paths that leave no spans.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{EdgeKind, Node, Service, ServiceId};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/no-tracing",
        severity: Severity::Warning,
        summary: "Services that take part in distributed requests and install no tracing.",
        page: include_str!("no_tracing.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let services = cx.system.service_ids().filter(|(id, service)| is_blind(cx, *id, service));
    finding(cx, &services.map(|(_, service)| service).collect::<Vec<_>>()).into_iter().collect()
}

/// Its whole program was read, nothing in it traces, and requests pass through it.
fn is_blind(cx: &Context<'_>, id: ServiceId, service: &Service) -> bool {
    let between_services = |edge: &&whatif_model::system::Edge| {
        let other = if edge.from == Node::Service(id) { edge.to } else { edge.from };
        let ours = [edge.from, edge.to].contains(&Node::Service(id));
        ours && edge.kind != EdgeKind::Store && !edge.platform && !matches!(other, Node::External(_))
    };
    let works = cx.system.operations.iter().any(|operation| operation.service == id && operation.implemented);
    !service.infrastructure
        && service.tracing.is_absent()
        && works
        && cx.system.edges.iter().any(|edge| between_services(&edge))
}

fn finding(cx: &Context<'_>, services: &[&Service]) -> Option<Finding> {
    let names = listed(services.iter().map(|service| service.address.clone()), 4);
    let (address, verb) = match services {
        [one] => (one.address.as_str(), "installs"),
        _ => ("system", "install"),
    };
    // Where others trace, every trace has a hole here; where nobody does, it is a choice nobody wrote down.
    let others = cx.system.services.iter().any(|service| matches!(service.tracing, Fact::Known(_)));
    let effect = if others { "traces of the other services end here" } else { "a slow request cannot be followed" };
    let draft = cx
        .finding(&RULE.meta, address)
        .severity(if others { Severity::Warning } else { Severity::Info })
        .message(format!("{names} {verb} no tracing: {effect}"))
        .help("install OpenTelemetry with server and client instrumentation, and export the spans");
    let draft = services
        .iter()
        .fold(draft, |draft, service| draft.because(&service.tracing, format!("`{}` traces nothing", service.name)));
    services.iter().fold(draft, |draft, service| draft.all(&stubs(service))).build()
}

/// Functions that were meant to install it and are empty.
fn stubs(service: &Service) -> Vec<Evidence> {
    let tracing = service.telemetry.stubs.iter().filter(|(name, _)| name.to_lowercase().contains("trac"));
    tracing.map(|(name, at)| Evidence::stated(Stage::Code, *at, format!("`{name}` is empty"))).collect()
}
