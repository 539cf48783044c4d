//! Messages that nobody in the system receives.

use crate::query::{CallSite, grouped};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Confidence;
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::EffectKind;
use whatif_model::system::{Node, System, TopicId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/unconsumed",
        severity: Severity::Info,
        summary: "Messages are published to a topic that no service of the system consumes.",
        page: include_str!("unconsumed.md"),
        assumptions: &[Assumption::Network],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    if !is_read_whole(cx.system) {
        return Vec::new();
    }
    let happens = |site: &&CallSite<'_>| !matches!(site.operation.trigger, Trigger::Unseen { .. });
    let published = cx.sites.iter().filter(happens);
    let published = published.filter(|site| matches!(site.visit.effect.kind, EffectKind::Publish { .. }));
    let by_topic = grouped(published.filter(|site| matches!(site.edge.to, Node::Topic(_))), |site| site.edge.to);
    let lonely = by_topic.iter().filter(|(node, _)| matches!(node, Node::Topic(id) if !is_consumed(cx.system, *id)));
    lonely.filter_map(|(_, sites)| finding(cx, sites)).collect()
}

/// The code of every service was found, and some topic has a consumer, so that consumers are understood here.
fn is_read_whole(system: &System) -> bool {
    let own = system.services.iter().filter(|service| !service.infrastructure && !service.optional);
    let consumes = system.operations.iter().any(|operation| matches!(operation.source, Some(Node::Topic(_))));
    consumes && own.into_iter().all(|service| service.code_root.is_some())
}

fn is_consumed(system: &System, topic: TopicId) -> bool {
    let by_operation = system.operations.iter().any(|operation| operation.source == Some(Node::Topic(topic)));
    by_operation || system.edges.iter().any(|edge| edge.from == Node::Topic(topic))
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let topic = cx.system.address(first.edge.to);
    let draft = cx
        .finding(&RULE.meta, topic)
        .message(format!(
            "`{topic}` is published to and no service here consumes it: what should follow does not happen"
        ))
        .help("consume it, name its outside consumer in a document, or stop publishing")
        .at_most(Confidence::Likely);
    let draft = sites.iter().fold(draft, |draft, site| draft.at(&site.place("published here")));
    draft.build()
}
