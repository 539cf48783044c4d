//! One breaker for whatever destination a request or message names.

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
        id: "retries/breaker-shared",
        severity: Severity::Warning,
        summary: "One breaker guards calls to many destinations, so one that is down stops the calls to all.",
        page: include_str!("breaker_shared.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_place: BTreeMap<Span, (&Operation, &Effect)> = BTreeMap::new();
    for operation in &cx.system.operations {
        for effect in operation.flow.effects.iter().filter(|effect| effect.policy.breaker_shared) {
            by_place.entry(effect.span).or_insert((operation, effect));
        }
    }
    by_place.into_values().filter_map(|(operation, effect)| finding(cx, operation, effect)).collect()
}

fn finding(cx: &Context<'_>, operation: &Operation, effect: &Effect) -> Option<Finding> {
    let address = &operation.address;
    cx.finding(&RULE.meta, address.clone())
        .message(format!("`{address}` guards every destination with one breaker: one that is down stops calls to all"))
        .at(&Evidence::stated(Stage::Code, effect.span, "the destination is not the same for every run"))
        .because(&effect.policy.breaker, "one breaker, made at the start, for all of them")
        .help("keep one breaker per destination, by host or by whom it belongs to")
        .build()
}
