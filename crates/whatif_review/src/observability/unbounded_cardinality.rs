//! A metric with a label value for every path anybody asks for.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Service;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/unbounded-cardinality",
        severity: Severity::Warning,
        summary: "A metric is labelled with the path of the request as it came, so it has a series for each id and scan.",
        page: include_str!("unbounded_cardinality.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    cx.system.services.iter().filter_map(|service| finding(cx, service)).collect()
}

fn finding(cx: &Context<'_>, service: &Service) -> Option<Finding> {
    let labels = &service.telemetry.raw_labels;
    let what = listed(labels.iter().map(|(what, _)| what.clone()), 2);
    let draft = cx
        .finding(&RULE.meta, service.address.clone())
        .message(format!("`{}` labels a metric with {what}: each id in a path is a series of its own", service.address))
        .help("label with the route's template (`/orders/{id}`), and with one constant where no route matched");
    let places = labels.iter().fold(draft, |draft, (what, at)| {
        draft.at(&Evidence::stated(Stage::Code, *at, format!("`{what}` becomes a label value")))
    });
    places.build()
}
