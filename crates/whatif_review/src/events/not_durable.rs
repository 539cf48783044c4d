//! Messages that a broker keeps in its memory only.

use crate::query::{CallSite, by_origin, publishing};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/not-durable",
        severity: Severity::Warning,
        summary: "Messages are published as transient, so a restart of the broker loses them even from a durable queue.",
        page: include_str!("not_durable.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let transient = cx.sites.iter().filter(|site| site.is_direct_publish() && is_transient(site));
    by_origin(transient).iter().filter_map(|sites| finding(cx, sites)).collect()
}

/// Nothing asks the broker to store the message, or something asks it not to.
pub(super) fn is_transient(site: &CallSite<'_>) -> bool {
    let persistent = &site.visit.effect.policy.delivery.persistent;
    persistent.is_absent() || persistent.holds(|persistent| !persistent)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let (address, publishes) = publishing(cx.system, sites);
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{publishes} without persistence: a broker restart loses the messages"))
        .help("publish with delivery mode 2 to a durable queue, and wait for the broker's confirmation");
    let draft = sites.iter().fold(draft, |draft, site| {
        draft
            .because(&site.visit.effect.policy.delivery.persistent, "published as transient")
            .at(&site.place("published here"))
    });
    draft.build()
}
