//! A document that specifies a service and gives no availability target.

use super::documents::{Owing, documents};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::Aspect;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/nfr-availability",
        severity: Severity::Info,
        summary: "A document that specifies services gives no availability target and no failure they survive.",
        page: include_str!("nfr_availability.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow, Mindset::Partition],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let owing =
        documents(cx).into_iter().filter(|owing| owing.owes_qualities() && !owing.addresses(Aspect::Availability));
    owing.filter_map(|owing| finding(cx, &owing)).collect()
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    owing
        .draft(cx, &RULE.meta, "states no availability target")
        .all(&owing.quality_section())
        .severity(owing.severity())
        .message(format!("{} gives no availability target, so nobody can tell which outage breaks it", owing.name()))
        .help("state the share of requests that must succeed over 30 days, and one failure it must survive")
        .build()
}
