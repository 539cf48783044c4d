//! Alerts on errors, and none on slowness.

use super::alerts::unwatched;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::alert::Watched;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/alert-missing-latency",
        severity: Severity::Info,
        summary: "The repository holds alerts and none of them watches latency, so a slow system counts as a healthy one.",
        page: include_str!("alert_missing_latency.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

/// Without any alert `observability/alert-missing-errors` says it all.
fn check(cx: &Context<'_>) -> Vec<Finding> {
    let has_alerts = !cx.system.alerts.is_empty();
    let unwatched = unwatched(cx.system, Watched::Latency).filter(|_| has_alerts);
    unwatched.and_then(|deployed| finding(cx, &deployed)).into_iter().collect()
}

fn finding(cx: &Context<'_>, deployed: &[Evidence]) -> Option<Finding> {
    let others: Vec<Evidence> = cx
        .system
        .alerts
        .iter()
        .take(2)
        .map(|alert| Evidence::derived(Stage::Design, alert.span, format!("`{}` watches something else", alert.name)))
        .collect();
    cx.finding(&RULE.meta, "system")
        .message("no alert of the `system` watches latency: one too slow to use raises no alarm")
        .all(&others)
        .all(deployed)
        .help("alert on a high percentile of the latency users see, or on the share of requests over its objective")
        .build()
}
