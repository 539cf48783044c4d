//! A document with operations that change state and no word on repeats.

use super::documents::{Owing, documents};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::Aspect;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/idempotency-strategy",
        severity: Severity::Info,
        summary: "A document specifies operations that change state and does not say what a repeated request does.",
        page: include_str!("idempotency_strategy.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let silent =
        documents(cx).into_iter().filter(|owing| specifies_changes(owing) && !owing.decides(Aspect::Idempotency));
    silent.filter_map(|owing| finding(cx, &owing)).collect()
}

fn specifies_changes(owing: &Owing<'_>) -> bool {
    owing.is_specification() && owing.changes_state()
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>) -> Option<Finding> {
    owing
        .draft(cx, &RULE.meta, "does not say how repeats are recognised")
        .all(&owing.places(Aspect::MutatingOperation, "what does the second of two equal requests do?"))
        .message(format!("{} does not say what a repeated request does, so a retry may do it twice", owing.name()))
        .help("state for each operation that changes state its key, how long it is valid, and what a repeat answers")
        .build()
}
