//! Messages nobody knows to have arrived at the broker.

use super::not_durable::is_transient;
use crate::query::{CallSite, address_of, by_origin, listed};
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
    by_origin(unconfirmed).iter().filter_map(|sites| finding(cx, sites)).collect()
}

/// A message that may be lost on a restart may be lost on the way too: `events/not-durable` says that.
fn is_unconfirmed(site: &CallSite<'_>) -> bool {
    site.visit.effect.policy.delivery.confirmed.is_absent() && !is_transient(site)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let names = listed(sites.iter().map(|site| site.caller(cx.system).address.clone()), 3);
    let address = address_of(cx.system, sites);
    let subject = if address == "system" { names } else { format!("`{address}`") };
    let verb = if address == "system" { "publish" } else { "publishes" };
    let topics = listed(sites.iter().map(|site| cx.system.address(site.edge.to).to_owned()), 3);
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{subject} {verb} to {topics} without confirms: what the broker never got is lost silently"))
        .help(
            "switch publisher confirms on for the channel and wait for them, or relay from an outbox until confirmed",
        );
    let draft = sites.iter().fold(draft, |draft, site| {
        draft.because(&site.visit.effect.policy.delivery.confirmed, "returns before the broker has the message")
    });
    draft.build()
}
