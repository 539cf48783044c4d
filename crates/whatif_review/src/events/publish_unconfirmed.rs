//! Messages nobody knows to have arrived at the broker.

use super::not_durable::is_transient;
use crate::query::{CallSite, by_origin, publishing};
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
    let (address, publishes) = publishing(cx.system, sites);
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{publishes} without confirms: what the broker never got is lost silently"))
        .help(
            "switch publisher confirms on for the channel and wait for them, or relay from an outbox until confirmed",
        );
    let draft = sites.iter().fold(draft, |draft, site| {
        draft.because(&site.visit.effect.policy.delivery.confirmed, "returns before the broker has the message")
    });
    draft.build()
}
