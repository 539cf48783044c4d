//! "fast", "real-time", "low latency" of behaviour, without a percentile, a bound or a load.

use super::claims::{Claim, claims};
use crate::query::time;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::VagueTerm;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Node;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "vocabulary/fast",
        severity: Severity::Info,
        summary: "A document calls behaviour fast without a percentile, a bound or a load.",
        page: include_str!("fast.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    claims(cx, VagueTerm::Fast).iter().filter_map(|claim| finding(cx, claim)).collect()
}

/// What the author may have meant by speed.
enum Speed {
    /// How soon a change is seen elsewhere.
    Freshness,
    /// How soon it works again.
    Recovery,
    /// How much per time.
    Throughput,
    /// How soon it answers.
    Response,
}

fn meant(cx: &Context<'_>, claim: &Claim<'_>) -> Speed {
    if claim.speaks_of(&["failover", "recover", "restart", "failback"]) {
        Speed::Recovery
    } else if claim.says(cx, &["real", "instant", "timely", "promptly"]) {
        Speed::Freshness
    } else if claim.says(cx, &["throughput", "performan"]) {
        Speed::Throughput
    } else {
        Speed::Response
    }
}

/// The shortest time that a known caller of the element waits, in milliseconds.
fn patience(cx: &Context<'_>, node: Option<Node>) -> Option<u64> {
    let calls = cx.sites.iter().filter(|site| site.is_call() && Some(site.edge.to) == node);
    calls.filter_map(|site| site.effective.timeout.millis).min()
}

fn finding(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let (quoted, speed) = (claim.quoted(), meant(cx, claim));
    let flaw = match speed {
        Speed::Freshness => "has no bound: how late is too late is open",
        Speed::Recovery => "has no bound: how long an outage may last is open",
        Speed::Throughput | Speed::Response => "has no number: no test can fail it and no timeout follows from it",
    };
    let draft = claim.draft(cx, &RULE.meta).message(format!("{quoted} {flaw}"));
    draft.help(format!("write \"{}\"", wording(cx, claim, &speed))).build()
}

fn wording(cx: &Context<'_>, claim: &Claim<'_>, speed: &Speed) -> String {
    let subject = claim.subject();
    match (speed, patience(cx, claim.element())) {
        (Speed::Freshness, _) => format!("{subject}: a change is visible within N s at p99"),
        (Speed::Recovery, _) => format!("{subject}: back within N s after one node is lost, at p99"),
        (Speed::Throughput, _) => format!("{subject}: R requests/s, each in under N ms at p99"),
        (Speed::Response, Some(limit)) => {
            format!("{subject}: p99 below N ms at R requests/s, N well under the {} its caller waits", time(limit))
        }
        (Speed::Response, None) => format!("{subject}: p99 below N ms at R requests/s"),
    }
}
