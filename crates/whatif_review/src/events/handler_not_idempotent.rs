//! A message that comes again is handled as if it were new.

use crate::query::proven_twice;
use crate::repeats::{done_again, surely_adds_up};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind, Target};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::{Mindset, Trace};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/handler-not-idempotent",
        severity: Severity::Warning,
        summary: "A message handler has effects that add up and remembers no message, so a redelivery has them again.",
        page: include_str!("handler_not_idempotent.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let handlers = cx.system.operation_ids().filter(|(_, operation)| forgets_messages(operation));
    let repeated = handlers.filter_map(|(id, operation)| Some((operation, again(cx, id, operation)?)));
    repeated.filter_map(|(operation, again)| finding(cx, operation, again)).collect()
}

/// It was read whole, it recognises no repeat, and repeating it leaves another state.
fn forgets_messages(operation: &Operation) -> bool {
    let own = &operation.idempotency;
    let is_handler = matches!(operation.trigger, Trigger::Message { .. }) && operation.implemented;
    is_handler && own.dedup.is_absent() && own.natural.value().is_none()
}

/// What a second delivery does again, and the proof of the explorer if it has one. A message that is sent on after
/// something was read may be held back by what was read.
struct Again<'a> {
    effect: &'a Effect,
    proof: Option<Trace>,
}

fn again<'a>(cx: &Context<'_>, id: OperationId, operation: &'a Operation) -> Option<Again<'a>> {
    let added = surely_adds_up(cx.system, operation);
    let proof = proven_twice(cx, id);
    let shown = |trace: &Trace| {
        let places: Vec<_> = trace.steps.iter().filter_map(|step| Some(step.evidence.as_ref()?.span)).collect();
        let is_write = |effect: &&Effect| matches!(effect.kind, EffectKind::Write { .. }) && is_record(cx, effect);
        operation.flow.effects.iter().filter(is_write).find(|effect| places.contains(&effect.span))
    };
    match (added, &proof) {
        (Some(effect), _) if proof.is_some() || comes_at_least_once(operation) => Some(Again { effect, proof }),
        (None, Some(trace)) => Some(Again { effect: shown(trace)?, proof }),
        _ => None,
    }
}

/// A copy in memory that is computed anew is the same again, whatever it was computed from.
fn is_record(cx: &Context<'_>, effect: &Effect) -> bool {
    let Target::Store(store) = effect.target else { return false };
    let store = &cx.system[store];
    !store.cache && !["redis", "valkey", "memcached"].contains(&store.engine.as_str())
}

/// The broker delivers again what was not acknowledged.
fn comes_at_least_once(operation: &Operation) -> bool {
    matches!(&operation.trigger, Trigger::Message { auto_ack, .. } if auto_ack.holds(|auto| !auto))
}

fn finding(cx: &Context<'_>, operation: &Operation, again: Again<'_>) -> Option<Finding> {
    let address = &operation.address;
    let does = done_again(cx.system, again.effect);
    let severity = if again.proof.is_some() { Severity::Error } else { Severity::Warning };
    cx.finding(&RULE.meta, address.clone())
        .severity(severity)
        .message(format!("`{address}` remembers no message, so a message that is delivered twice {does}"))
        .all(again.effect.via.first().map(|span| Evidence::stated(Stage::Code, *span, "done from here")).iter())
        .at(&Evidence::stated(Stage::Code, again.effect.span, format!("a second delivery {does}")))
        .because(&operation.idempotency.dedup, "nothing here recognises a message that was handled before")
        .trace(again.proof)
        .help("record the message's id under a unique constraint in the same transaction as the effect")
        .build()
}
