//! "Efficient", "seamless", "minimal overhead": nothing anybody could observe.

use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::vocabulary::claims::{Claim, claims};
use whatif_model::facts::prose::VagueTerm;
use whatif_model::finding::{Finding, Severity};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/untestable",
        severity: Severity::Info,
        summary: "A document asks for a quality with no number and no outcome that anybody could observe.",
        page: include_str!("untestable.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    claims(cx, VagueTerm::Untestable).iter().filter_map(|claim| finding(cx, claim)).collect()
}

fn finding(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let draft = claim
        .draft(cx, &RULE.meta)
        .message(format!("{} has no measure or observable outcome, so no test can fail it", claim.quoted()));
    draft.help(format!("write \"{}\"", wording(cx, claim))).build()
}

fn wording(cx: &Context<'_>, claim: &Claim<'_>) -> String {
    let subject = claim.subject();
    if claim.says(cx, &["overhead", "impact", "effect"]) {
        format!("{subject}: at most N % more CPU and N ms more at p99 than without it")
    } else if claim.says(cx, &["seamless"]) {
        format!("{subject}: no failed request and no repeated step for users while it happens")
    } else if claim.says(cx, &["reasonable", "acceptable"]) {
        format!("{subject}: at most N s at p99")
    } else {
        format!("{subject}: at most N CPU seconds, bytes and round trips per request")
    }
}
