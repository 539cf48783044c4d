//! A document that specifies a service and bounds no percentile of its latency.

use super::documents::{Owing, documents};
use crate::rule::{Assumption, Context, Draft, Rule, RuleMeta};
use whatif_model::evidence::Evidence;
use whatif_model::facts::prose::{Aspect, Bounds, StatedRequirement, Statistic};
use whatif_model::finding::{Finding, Severity};
use whatif_model::text::Range;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/nfr-latency-percentile",
        severity: Severity::Info,
        summary: "A document that specifies services bounds no percentile of their latency.",
        page: include_str!("nfr_latency_percentile.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let owing = documents(cx).into_iter().filter(|owing| owing.owes_qualities() && !bounds_percentile(owing));
    owing.filter_map(|owing| finding(cx, &owing)).collect()
}

/// A percentile, or a bound for every single request, which is stronger.
fn bounds_percentile(owing: &Owing<'_>) -> bool {
    owing.addresses(Aspect::LatencyPercentile)
        || owing.stated(Bounds::Latency).any(|stated| stated.statistic == Statistic::Maximum)
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    let draft = owing.draft(cx, &RULE.meta, "states no latency percentile");
    match owing.stated(Bounds::Latency).next() {
        Some(first) => unclear(cx, owing, draft, first),
        None => absent(owing, draft),
    }
}

/// A time without saying for which requests: less bad than none.
fn unclear(cx: &Context<'_>, owing: &Owing<'_>, draft: Draft, first: &StatedRequirement) -> Option<Finding> {
    let label = "for which share of requests is not said";
    let mut sentences: Vec<Range> = owing.stated(Bounds::Latency).map(|stated| stated.sentence).collect();
    sentences.dedup();
    let places: Vec<Evidence> = sentences.into_iter().take(3).map(|sentence| owing.place(sentence, label)).collect();
    draft
        .all(&places)
        .message(format!(
            "{} says {} and no percentile: which requests may be slower is open",
            owing.name(),
            owing.quoted(cx, first.sentence, first.words)
        ))
        .help(format!("write \"p99 {}\", and at which load it holds", owing.words(cx, first.words)))
        .build()
}

fn absent(owing: &Owing<'_>, draft: Draft) -> Option<Finding> {
    draft
        .all(&owing.quality_section())
        .severity(owing.severity())
        .message(format!("{} gives no latency target, so no timeout, budget or alert follows from it", owing.name()))
        .help("state for each operation a bound at p99 and the load at which it holds")
        .build()
}
