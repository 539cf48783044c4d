//! Idempotency keys that are valid for nobody knows how long.

use crate::query::{grouped_operations, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Fact;
use whatif_model::facts::prose::{Aspect, AspectMention, Firmness};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Document, Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/validity-undocumented",
        severity: Severity::Info,
        summary: "A contract takes an idempotency key and does not say how long a key is remembered.",
        page: include_str!("validity_undocumented.md"),
        assumptions: &[Assumption::Once],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    if cx.system.documents.iter().any(decides_about_repeats) {
        return Vec::new();
    }
    let open: Vec<_> = cx.system.operation_ids().filter(|(_, operation)| validity(operation).is_some()).collect();
    grouped_operations(&open).values().filter_map(|operations| finding(cx, operations)).collect()
}

/// A document that says how repeats are recognised is where the validity may stand.
fn decides_about_repeats(document: &Document) -> bool {
    let decided =
        |addressed: &AspectMention| addressed.aspect == Aspect::Idempotency && addressed.firmness >= Firmness::Stated;
    document.facts.aspects.iter().any(decided)
}

/// The proven absence of a validity beside a key of a contract.
fn validity(operation: &Operation) -> Option<&Fact<String>> {
    let contract = operation.contract.as_ref()?;
    (contract.key.value().is_some() && contract.key_validity.is_absent()).then_some(&contract.key_validity)
}

fn finding(cx: &Context<'_>, operations: &[(OperationId, &Operation)]) -> Option<Finding> {
    let (_, first) = *operations.first()?;
    let one = operations.len() == 1;
    let address = if one { &first.address } else { &cx.system[first.service].address };
    let names = listed(operations.iter().map(|(_, operation)| operation.address.clone()), 3);
    let verb = if one { "takes" } else { "take" };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "{names} {verb} an idempotency key for an unstated time: callers cannot know how late to retry"
        ))
        .help(
            "state in the contract how long keys are remembered, longer than the longest retry, and what happens then",
        );
    let draft = operations.iter().fold(draft, |draft, (_, operation)| {
        let contract = operation.contract.as_ref();
        let validity = validity(operation).and_then(|validity| validity.evidence().next());
        let draft = contract.into_iter().fold(draft, |draft, contract| draft.because(&contract.key, "the key"));
        draft.all(validity)
    });
    draft.build()
}
