//! Code with effects that nothing calls: what it was written for does not happen.

use crate::query::listed;
use crate::rule::{Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::EffectKind;
use whatif_model::system::{Operation, OperationId, ServiceId};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "drift/unrealised",
        severity: Severity::Warning,
        summary: "Code that changes something, sends a message or calls a service is never called, so what it stands for does not happen.",
        page: include_str!("unrealised.md"),
        assumptions: &[],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_service: BTreeMap<ServiceId, Vec<&Operation>> = BTreeMap::new();
    for (id, operation) in cx.system.operation_ids().filter(|(_, operation)| is_forgotten(operation)) {
        if serves(cx, id) && acts(operation) {
            by_service.entry(operation.service).or_default().push(operation);
        }
    }
    let forgotten = by_service.into_iter().filter_map(|(service, operations)| finding(cx, service, operations));
    forgotten.chain(cx.system.operations.iter().filter_map(|operation| empty(cx, operation))).collect()
}

/// A message is subscribed to and acknowledged, and its handler holds nothing to do.
fn empty(cx: &Context<'_>, operation: &Operation) -> Option<Finding> {
    let body = operation.flow.idle.filter(|_| matches!(operation.trigger, Trigger::Message { .. }))?;
    let (address, source) = (&operation.address, operation.source.map(|source| cx.system.address(source)));
    let messages = source.map_or_else(|| "its messages".to_owned(), |source| format!("`{source}`"));
    cx.finding(&RULE.meta, address.clone())
        .message(format!("`{address}` takes {messages} and does nothing: what was promised for them does not happen"))
        .help("do what the subscription is for, or give it up with everything that promises it")
        .detail("empty handler")
        .at(&Evidence::stated(Stage::Code, body, "nothing is done here"))
        .build()
}

/// Nobody names it, and no framework finds it by itself.
fn is_forgotten(operation: &Operation) -> bool {
    operation.trigger == Trigger::Unseen { named: false }
}

/// In a library everything waits for somebody else's call.
fn serves(cx: &Context<'_>, id: OperationId) -> bool {
    let service = cx.system[id].service;
    cx.system.operations.iter().any(|operation| operation.service == service && !operation.background)
}

/// Reading alone is no promise to anybody.
fn acts(operation: &Operation) -> bool {
    operation.flow.effects.iter().any(|effect| {
        matches!(effect.kind, EffectKind::Write { .. } | EffectKind::Publish { .. } | EffectKind::Call { .. })
    })
}

fn finding(cx: &Context<'_>, service: ServiceId, mut operations: Vec<&Operation>) -> Option<Finding> {
    operations.sort_by_key(|operation| operation.evidence.first().map(|evidence| evidence.span));
    let names = listed(operations.iter().map(|operation| operation.name.clone()), 3);
    let (verb, what) = if operations.len() == 1 { ("is", "what it does") } else { ("are", "what they do") };
    let mut draft = cx
        .finding(&RULE.meta, &cx.system[service].name)
        .message(format!("{names} {verb} never called, so {what} does not happen in `{}`", cx.system[service].name))
        .help("call it where its effect is promised, or delete it with the promise");
    for operation in operations {
        draft = draft.all(
            operation
                .evidence
                .iter()
                .take(1)
                .map(|place| place.labelled("nothing calls it"))
                .collect::<Vec<_>>()
                .iter(),
        );
    }
    draft.build()
}
