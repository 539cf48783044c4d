//! "highly available", "zero downtime", without a target or the failure survived.

use super::claims::{Claim, claims};
use crate::rule::{Assumption, Context, Draft, Rule, RuleMeta};
use whatif_model::evidence::Fact;
use whatif_model::facts::prose::VagueTerm;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Node;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "vocabulary/available",
        severity: Severity::Info,
        summary: "A document promises availability without a target over a window or the failure survived.",
        page: include_str!("available.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow, Mindset::Partition],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    claims(cx, VagueTerm::Available).iter().filter_map(|claim| finding(cx, claim)).collect()
}

/// How many of the element run, where the deployment says so.
fn replicas<'a>(cx: &Context<'a>, node: Option<Node>) -> Option<&'a Fact<u32>> {
    match node? {
        Node::Service(id) => Some(&cx.system[id].replicas),
        Node::Store(id) => Some(&cx.system[id].replicas),
        Node::Broker(id) => Some(&cx.system[id].replicas),
        Node::Topic(_) | Node::External(_) => None,
    }
}

fn finding(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let changing = claim.says(cx, &["downtime", "interruption", "disruption"]);
    let flaw = if changing {
        "does not say which requests may fail meanwhile, so no test can fail it"
    } else {
        "gives no target and no failure survived, so no replica count follows"
    };
    let draft = claim.draft(cx, &RULE.meta).message(format!("{} {flaw}", claim.quoted()));
    let declared = replicas(cx, claim.element()).filter(|count| count.value().is_some());
    with_replicas(draft, declared).help(format!("write \"{}\"", wording(claim, changing))).build()
}

fn with_replicas(draft: Draft, declared: Option<&Fact<u32>>) -> Draft {
    match declared {
        Some(count) if count.holds(|count| *count <= 1) => draft.because(count, "one replica is declared"),
        Some(count) => draft.because(count, "the replicas declared"),
        None => draft,
    }
}

fn wording(claim: &Claim<'_>, changing: bool) -> String {
    let subject = claim.subject();
    if changing {
        format!("{subject}: at most N failed requests in 1000 while it is rolled out")
    } else {
        format!("{subject}: N % of requests succeed over 30 days; survives the loss of one node or zone")
    }
}
