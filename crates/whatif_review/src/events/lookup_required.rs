//! A message that only its sender can explain.

use crate::query::{CallSite, grouped};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::EffectKind;
use whatif_model::system::{Node, ServiceId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/lookup-required",
        severity: Severity::Warning,
        summary: "A handler must call the producer of the message back to understand it, so both must be up.",
        page: include_str!("lookup_required.md"),
        assumptions: &[Assumption::Network, Assumption::Order],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let lookups = cx.sites.iter().filter_map(|site| Some((site, published(cx, site)?)));
    let by_handler = grouped(lookups.map(|(site, _)| site), |site| site.id);
    by_handler.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// Where the service that is asked here publishes the message that is handled here.
fn published<'s, 'a>(cx: &'s Context<'a>, site: &CallSite<'a>) -> Option<&'s CallSite<'a>> {
    let Node::Service(asked) = site.edge.to else { return None };
    let is_handler = matches!(site.operation.trigger, Trigger::Message { .. });
    let asks = is_handler && asked != site.operation.service && is_query(cx, site);
    let source = site.operation.source.filter(|source| asks && matches!(source, Node::Topic(_)))?;
    publication(cx, asked, source)
}

fn publication<'s, 'a>(cx: &'s Context<'a>, by: ServiceId, to: Node) -> Option<&'s CallSite<'a>> {
    let is_publish = |site: &&CallSite<'a>| matches!(site.visit.effect.kind, EffectKind::Publish { .. });
    cx.sites.iter().filter(is_publish).find(|site| site.operation.service == by && site.edge.to == to)
}

/// It changes nothing: whoever asks wants to know something.
fn is_query(cx: &Context<'_>, site: &CallSite<'_>) -> bool {
    let EffectKind::Call { operation, .. } = &site.visit.effect.kind else { return false };
    match site.callee(cx.system) {
        Some((_, callee)) => callee.mutates.holds(|mutates| !mutates),
        None => operation.starts_with("GET "),
    }
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let site = sites.first()?;
    let publish = published(cx, site)?;
    let address = &site.operation.address;
    let topic = cx.system.address(publish.edge.to);
    let producer = &publish.caller(cx.system).address;
    cx.finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` asks `{producer}` back about each message of `{topic}`: both must be up to handle it"
        ))
        .at(&site.place(format!("asks for {}", site.callee_name(cx.system))))
        .at(&publish.place("the message it asks about is published here"))
        .help("put what the handlers need into the event, or keep a copy that is fed by the producer's events")
        .build()
}
