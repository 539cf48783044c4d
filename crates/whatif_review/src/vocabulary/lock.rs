//! "lock" across nodes, without lease time and fencing.

use super::claims::{Claim, claims};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::VagueTerm;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "vocabulary/lock",
        severity: Severity::Info,
        summary: "A document relies on a lock across nodes without lease time and fencing.",
        page: include_str!("lock.md"),
        assumptions: &[Assumption::FastEnough, Assumption::Clocks, Assumption::WontFail],
        questions: &[Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    claims(cx, VagueTerm::Lock).iter().filter_map(|claim| finding(cx, claim)).collect()
}

fn finding(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let held =
        claim.speaks_of(&["while", "during"]) && !claim.says(cx, &["distributed", "redis", "redlock", "setnx", "nx"]);
    let flaw = if held {
        "waits for the network with a lock held: one slow answer stops all who need it"
    } else {
        "has no lease time and no fencing: a paused holder writes after its successor"
    };
    let draft = claim.draft(cx, &RULE.meta).message(format!("{} {flaw}", claim.quoted()));
    draft.help(format!("write \"{}\"", wording(claim, held))).build()
}

fn wording(claim: &Claim<'_>, held: bool) -> String {
    let subject = claim.subject();
    if held {
        format!("{subject}: read, call without the lock, then write if the version is still the one read")
    } else {
        format!("{subject}: a lease of N s with a growing token; the store refuses writes with an older token")
    }
}
