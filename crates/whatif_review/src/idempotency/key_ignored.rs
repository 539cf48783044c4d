//! A key that the contract accepts and nobody looks at.

use crate::query::proven_twice;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Stage;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/key-ignored",
        severity: Severity::Warning,
        summary: "A contract accepts an idempotency key that the handler never reads: callers retry in false safety.",
        page: include_str!("key_ignored.md"),
        assumptions: &[Assumption::Once],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let ignored = cx.system.operation_ids().filter(|(_, operation)| ignores_its_key(operation));
    ignored.filter_map(|(id, operation)| finding(cx, id, operation)).collect()
}

/// The whole handler was read: it neither reads the promised key nor recognises a repeat by anything else.
fn ignores_its_key(operation: &Operation) -> bool {
    let own = &operation.idempotency;
    let is_promised = own.declared.value().is_some();
    is_promised && own.read.is_absent() && own.dedup.is_absent() && !is_harmless_in_code(operation)
}

/// That the contract promises it makes it no more harmless.
fn is_harmless_in_code(operation: &Operation) -> bool {
    let changes = operation.mutates.holds(|mutates| *mutates);
    !changes || operation.idempotency.natural.evidence().any(|place| place.stage == Stage::Code)
}

fn finding(cx: &Context<'_>, id: OperationId, operation: &Operation) -> Option<Finding> {
    let own = &operation.idempotency;
    let (address, key) = (&operation.address, own.declared.value()?);
    let trace = proven_twice(cx, id);
    cx.finding(&RULE.meta, address.clone())
        .severity(if trace.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!(
            "`{address}` promises `{key}` and never reads it, so a retry believed to be safe is done again"
        ))
        .help("read the key, store it unique together with the effect, and replay the first answer")
        .detail(key)
        .trace(trace)
        .because(&own.read, format!("does not read `{key}`"))
        .because(&own.declared, "promised here")
        .because(&operation.mutates, "state is changed here")
        .build()
}
