//! A document that specifies a service and gives no load.

use super::documents::{Owing, documents};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::Aspect;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/nfr-throughput",
        severity: Severity::Info,
        summary: "A document that specifies services gives no load they must carry.",
        page: include_str!("nfr_throughput.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let owing =
        documents(cx).into_iter().filter(|owing| owing.is_specification() && !owing.addresses(Aspect::Throughput));
    owing.filter_map(|owing| finding(cx, &owing)).collect()
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    owing
        .draft(cx, &RULE.meta, "states no load")
        .all(&owing.quality_section())
        .severity(owing.severity())
        .message(format!(
            "{} gives no load, so no latency target holds and no pool or replica count follows",
            owing.name()
        ))
        .help("state the requests per second at peak, for how long, and how much growth is planned")
        .build()
}
