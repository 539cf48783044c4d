//! A change that a repeated request makes a second time, because nothing names the request.

use crate::query::{grouped_operations, listed, proven_twice};
use crate::repeats::{adds_up, surely_adds_up};
use crate::rule::{Assumption, Context, Draft, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind, Target};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/missing-key",
        severity: Severity::Warning,
        summary: "An operation changes state and takes no idempotency key, so a repeated request is done again.",
        page: include_str!("missing_key.md"),
        assumptions: &[Assumption::Once, Assumption::Network],
        questions: &[Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let unkeyed = cx.system.operation_ids();
    let unkeyed = unkeyed.filter(|(_, operation)| is_unkeyed_change(cx, operation) && !replaces(cx, operation));
    let (proven, unproven): (Vec<_>, Vec<_>) = unkeyed.partition(|(id, _)| proven_twice(cx, *id).is_some());
    let each = proven.iter().filter_map(|found| finding(cx, std::slice::from_ref(found)));
    let by_service = grouped_operations(&unproven);
    let together: Vec<_> = by_service.values().filter_map(|operations| finding(cx, operations)).collect();
    each.chain(together).collect()
}

fn is_unkeyed_change(cx: &Context<'_>, operation: &Operation) -> bool {
    is_request(operation) && changes_state(cx, operation) && takes_no_key(operation) && !is_harmless_twice(operation)
}

/// PUT and DELETE promise that a repeat leaves the same state (RFC 9110, 9.2.2): what is set from what was read, or
/// told only when something changed, is the replacement it stands for. What surely adds up breaks the promise.
fn replaces(cx: &Context<'_>, operation: &Operation) -> bool {
    let is_idempotent =
        matches!(&operation.trigger, Trigger::Http { method, .. } if ["PUT", "DELETE"].contains(&method.as_str()));
    is_idempotent && operation.implemented && surely_adds_up(cx.system, operation).is_none()
}

/// Messages are `events/handler-not-idempotent`; what no caller sends, no caller repeats.
fn is_request(operation: &Operation) -> bool {
    let streams = operation.contract.as_ref().is_some_and(|contract| contract.streaming);
    let is_sent = match &operation.trigger {
        // A safe method (RFC 9110, 9.2.1) that changes something is wrong by itself; a key would not mend it.
        Trigger::Http { method, .. } => !["GET", "HEAD", "OPTIONS"].contains(&method.as_str()),
        trigger => matches!(trigger, Trigger::Rpc { .. }),
    };
    !operation.background && !streams && is_sent
}

/// Its code does something that adds up, or its contract says that it changes state. A POST whose code was read
/// whole and changes nothing is a query; one without a contract that only passes requests on adds nothing.
fn changes_state(cx: &Context<'_>, operation: &Operation) -> bool {
    let Some(claim) = operation.mutates.claim().filter(|claim| claim.value) else { return false };
    let is_rpc = matches!(operation.trigger, Trigger::Rpc { .. });
    let by_contract = claim.evidence.stage != Stage::Code && (is_rpc || !operation.implemented);
    by_contract || adds_up(cx.system, operation).is_some() || (operation.contract.is_some() && passes_on(operation))
}

fn passes_on(operation: &Operation) -> bool {
    let is_call =
        |effect: &Effect| matches!((&effect.kind, &effect.target), (EffectKind::Call { .. }, Target::Service(..)));
    operation.flow.effects.iter().any(is_call)
}

/// The first call that changes state at its callee.
fn changes_elsewhere<'a>(cx: &Context<'_>, operation: &'a Operation) -> Option<&'a Effect> {
    operation.flow.effects.iter().find(|effect| match (&effect.kind, &effect.target) {
        (EffectKind::Call { .. }, Target::Service(_, Some(callee))) => {
            cx.system[*callee].mutates.holds(|mutates| *mutates)
        }
        _ => false,
    })
}

/// The contract was read whole and has no key, or the code was and reads none.
fn takes_no_key(operation: &Operation) -> bool {
    let own = &operation.idempotency;
    let nowhere = own.declared.value().is_none() && own.read.value().is_none();
    nowhere && (own.declared.is_absent() || own.read.is_absent())
}

/// Repeats are recognised by something else, leave the same state, or might: code that was not read is trusted
/// to set a value when its name says so.
fn is_harmless_twice(operation: &Operation) -> bool {
    let own = &operation.idempotency;
    let may_set = !operation.implemented && sets_a_value(&operation.name);
    let is_unclear = operation.implemented && own.dedup.is_unknown();
    own.dedup.value().is_some() || own.natural.value().is_some() || may_set || is_unclear
}

/// Verbs of operations whose second run finds nothing left to do, after the standard methods of
/// <https://google.aip.dev/130> and their relatives.
fn sets_a_value(name: &str) -> bool {
    const VERBS: &[&str] = &[
        "set",
        "put",
        "update",
        "replace",
        "upsert",
        "delete",
        "remove",
        "empty",
        "clear",
        "reset",
        "cancel",
        "close",
        "enable",
        "disable",
        "activate",
        "deactivate",
        "archive",
        "mark",
        "rename",
        "register",
        "unregister",
        "subscribe",
        "unsubscribe",
        "login",
        "logout",
        "assign",
        "unassign",
        "sync",
        "save",
        "store",
        "patch",
    ];
    let first = name.char_indices().skip(1).find(|(_, c)| c.is_uppercase() || !c.is_alphanumeric());
    let verb = first.and_then(|(at, _)| name.get(..at)).unwrap_or(name).to_lowercase();
    VERBS.contains(&verb.as_str())
}

fn finding(cx: &Context<'_>, operations: &[(OperationId, &Operation)]) -> Option<Finding> {
    let (id, first) = *operations.first()?;
    let one = operations.len() == 1;
    let trace = if one { proven_twice(cx, id) } else { None };
    let names = listed(operations.iter().map(|(_, operation)| operation.address.clone()), 3);
    let (takes, done) = if one { ("takes", "it") } else { ("take", "them") };
    let changes = if one { "changes" } else { "change" };
    let draft = cx
        .finding(&RULE.meta, if one { &first.address } else { &cx.system[first.service].address }.clone())
        .severity(if trace.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!(
            "{names} {changes} state and {takes} no idempotency key, so a repeated request does {done} again"
        ))
        .help("accept a key chosen by the caller, store it unique together with the effect, and replay the answer")
        .trace(trace);
    operations.iter().fold(draft, |draft, (_, operation)| places(cx, draft, operation)).build()
}

fn places(cx: &Context<'_>, draft: Draft, operation: &Operation) -> Draft {
    let own = &operation.idempotency;
    let contract = own.declared.evidence().map(|place| place.labelled("its contract has no idempotency key"));
    let code = own.read.evidence().map(|place| place.labelled("reads no idempotency key"));
    let places: Vec<_> = contract.chain(code).collect();
    let draft = draft.all(&places);
    let sure = surely_adds_up(cx.system, operation).or_else(|| changes_elsewhere(cx, operation));
    match (sure, adds_up(cx.system, operation)) {
        (Some(effect), _) => draft.at(&Evidence::stated(Stage::Code, effect.span, "a repeat does this again")),
        // What a repeat finds there, or who it is done for, may tell it that this is done already.
        (None, Some(effect)) => {
            let label = "a repeat does this again, unless what it finds keeps it from it";
            draft.at(&Evidence::derived(Stage::Code, effect.span, label))
        }
        (None, None) => draft.because(&operation.mutates, "state is changed here"),
    }
}
