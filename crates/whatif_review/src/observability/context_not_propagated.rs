//! A trace that ends at a call although the caller traces.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Fact;
use whatif_model::facts::code::Language;
use whatif_model::finding::{Finding, Severity};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/context-not-propagated",
        severity: Severity::Warning,
        summary: "A call or message without the trace context, by a service that traces: the trace ends there.",
        page: include_str!("context_not_propagated.md"),
        assumptions: &[Assumption::Network],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let lost = cx.sites.iter().filter(|site| (site.is_call() || site.is_direct_publish()) && is_lost(cx, site));
    let by_service = grouped(lost, |site| site.operation.service);
    by_service.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// The caller has a trace to continue, it reaches our own system, and the context does not go along.
fn is_lost(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let traced = matches!(site.caller(cx.system).tracing, Fact::Known(_));
    let ours = !matches!(site.edge.to, whatif_model::system::Node::External(_));
    let has_trace = !site.operation.background;
    let forwarded = &site.visit.effect.policy.trace_forwarded;
    // In Python an imported or wrapping agent instruments clients where no code shows it; Go has no such agent.
    let plain_client = forwarded.is_absent() && site.caller(cx.system).language == Some(Language::Go);
    traced && ours && has_trace && site.is_business() && (plain_client || forwarded.holds(|goes| !goes))
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let service = first.caller(cx.system);
    let alone = sites.iter().all(|site| site.id == first.id);
    let address = if alone { &first.operation.address } else { &service.address };
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` reaches {callees} without the trace context: its traces end there"))
        .help("pass the request's context to the call and instrument the client (otelgrpc, otelhttp, message headers)")
        .detail(&callees);
    let draft = sites.iter().fold(draft, |draft, site| {
        let label = format!("{} is reached without the trace context", site.callee_name(cx.system));
        draft.at(&site.place(label))
    });
    let draft = draft.at_most(first.visit.effect.policy.trace_forwarded.confidence());
    draft.because(&service.tracing, "the caller traces").build()
}
