//! Messages nobody knows to have arrived at the broker.

use super::not_durable::is_transient;
use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/publish-unconfirmed",
        severity: Severity::Warning,
        summary: "Persistent messages are published without publisher confirms, so one lost on the way is lost silently.",
        page: include_str!("publish_unconfirmed.md"),
        assumptions: &[Assumption::Network, Assumption::WontFail],
        questions: &[Mindset::Halfway, Mindset::Partition],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let unconfirmed = cx.sites.iter().filter(|site| site.is_direct_publish() && is_unconfirmed(site));
    let by_service = grouped(unconfirmed, |site| site.operation.service);
    by_service.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// A message that may be lost on a restart may be lost on the way too: `events/not-durable` says that.
fn is_unconfirmed(site: &CallSite<'_>) -> bool {
    site.visit.effect.policy.delivery.confirmed.is_absent() && !is_transient(site)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let service = &first.caller(cx.system).address;
    let alone = sites.iter().all(|site| site.id == first.id);
    let address = if alone { &first.operation.address } else { service };
    let topics = listed(sites.iter().map(|site| cx.system.address(site.edge.to).to_owned()), 3);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` publishes to {topics} without confirms: what the broker never got is lost silently"
        ))
        .help(
            "switch publisher confirms on for the channel and wait for them, or relay from an outbox until confirmed",
        );
    let draft = sites.iter().fold(draft, |draft, site| {
        draft.because(&site.visit.effect.policy.delivery.confirmed, "returns before the broker has the message")
    });
    draft.build()
}
