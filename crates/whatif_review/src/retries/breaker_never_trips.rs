//! A breaker that does not see the failures it is there for.

use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::Effect;
use whatif_model::system::Operation;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/breaker-never-trips",
        severity: Severity::Warning,
        summary: "A breaker around a call that raises nothing for an answer of failure, so errors count as success.",
        page: include_str!("breaker_never_trips.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_place: BTreeMap<Span, (&Operation, &Effect)> = BTreeMap::new();
    for operation in &cx.system.operations {
        for effect in operation.flow.effects.iter().filter(|effect| effect.policy.breaker_counts.is_absent()) {
            by_place.entry(effect.span).or_insert((operation, effect));
        }
    }
    by_place.into_values().filter_map(|(operation, effect)| finding(cx, operation, effect)).collect()
}

fn finding(cx: &Context<'_>, operation: &Operation, effect: &Effect) -> Option<Finding> {
    let address = &operation.address;
    cx.finding(&RULE.meta, address.clone())
        .message(format!(
            "the breaker in `{address}` takes answers of failure for success: a 5xx outage never opens it"
        ))
        .at(&Evidence::stated(Stage::Code, effect.span, "raises nothing for an answer of failure"))
        .because(&effect.policy.breaker_counts, "the breaker only counts what raises")
        .help("look at the status inside the guarded function and raise for 5xx, or let the breaker judge results")
        .build()
}
