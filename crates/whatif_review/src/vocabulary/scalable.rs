//! "scalable", "handles high load", without a load, a growth or a limit.

use super::claims::{Claim, claims};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::VagueTerm;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "vocabulary/scalable",
        severity: Severity::Info,
        summary: "A document calls something scalable without a load, a growth or a limit.",
        page: include_str!("scalable.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    claims(cx, VagueTerm::Scalable).iter().filter_map(|claim| finding(cx, claim)).collect()
}

fn finding(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let draft = claim
        .draft(cx, &RULE.meta)
        .message(format!("{} names no load, growth or limit, so nobody can size or test it", claim.quoted()));
    draft.help(format!("write \"{}\"", wording(claim))).build()
}

fn wording(claim: &Claim<'_>) -> String {
    let subject = claim.subject();
    let stored = claim.speaks_of(&["storage", "store", "data", "database", "index", "volume"]);
    let unit = if stored { "N GB and R requests/s" } else { "R requests/s" };
    format!("{subject}: {unit} at p99 below N ms with K instances; twice that with 2K; not beyond L")
}
