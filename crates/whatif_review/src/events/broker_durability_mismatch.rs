//! Messages the broker stores, sent through something it forgets.

use crate::query::{CallSite, address_of, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::Delivery;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/broker-durability-mismatch",
        severity: Severity::Warning,
        summary: "Persistent messages go through an exchange or queue that is not durable: a restart of the broker takes it away.",
        page: include_str!("broker_durability_mismatch.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mismatched = cx.sites.iter().filter(|site| site.is_direct_publish() && is_mismatched(delivery(site)));
    let by_declaration = grouped(mismatched, |site| delivery(site).route_durable.evidence().next().map(|it| it.span));
    by_declaration.values().filter_map(|sites| finding(cx, sites)).collect()
}

fn delivery<'a>(site: &CallSite<'a>) -> &'a Delivery {
    &site.visit.effect.policy.delivery
}

/// The message is to be stored, and what it is sent to is declared as not to be.
fn is_mismatched(delivery: &Delivery) -> bool {
    let forgotten = delivery.route_durable.is_absent() || delivery.route_durable.holds(|durable| !durable);
    delivery.persistent.holds(|persistent| *persistent) && forgotten
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let names = listed(sites.iter().map(|site| site.caller(cx.system).address.clone()), 3);
    let one = sites.iter().all(|site| site.operation.service == first.operation.service);
    let (publishes, its) = if one { ("publishes", "its") } else { ("publish", "their") };
    let draft = cx
        .finding(&RULE.meta, address_of(cx.system, sites))
        .message(format!(
            "{names} {publishes} persistent messages to what is not durable: a broker restart drops it and {its} bindings"
        ))
        .help("declare the exchange as durable, like the queues and messages that depend on it")
        .because(&delivery(first).route_durable, "declared here, and forgotten by a restart of the broker");
    let draft = sites.iter().fold(draft, |draft, site| draft.at(&site.place("published here")));
    draft.because(&delivery(first).persistent, "the message is to survive a restart").build()
}
