//! A deployed system, and nobody is told when it fails.

use super::alerts::unwatched;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::alert::Watched;
use whatif_model::finding::{Finding, Severity};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/alert-missing-errors",
        severity: Severity::Info,
        summary: "The repository deploys several services and holds no alert on errors, so users notice a failure first.",
        page: include_str!("alert_missing_errors.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    unwatched(cx.system, Watched::Errors).and_then(|deployed| finding(cx, &deployed)).into_iter().collect()
}

fn finding(cx: &Context<'_>, deployed: &[Evidence]) -> Option<Finding> {
    let alerts = &cx.system.alerts;
    let message = if alerts.is_empty() {
        "the `system` is deployed from here without any alert rule: users notice a failure before the team does"
    } else {
        "no alert of the `system` watches errors: users notice a failure before the team does"
    };
    let others: Vec<Evidence> = alerts
        .iter()
        .take(2)
        .map(|alert| Evidence::derived(Stage::Design, alert.span, format!("`{}` watches something else", alert.name)))
        .collect();
    cx.finding(&RULE.meta, "system")
        .message(message)
        .all(&others)
        .all(deployed)
        .help("alert on the error rate users see, per service, against its objective (a burn rate over two windows)")
        .build()
}
