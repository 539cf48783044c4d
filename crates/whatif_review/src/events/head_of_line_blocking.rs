//! A consumer that waits on purpose while others' messages queue behind.

use crate::query::{grouped_operations, listed, time};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, LoopKind, Step, Visit};
use whatif_model::system::{Operation, OperationId};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/head-of-line-blocking",
        severity: Severity::Warning,
        summary: "A message handler pauses for a second or more, and every message behind it waits as long.",
        page: include_str!("head_of_line_blocking.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

/// Shorter pauses are noise beside the work; chosen, not measured.
const PAUSE_MIN_MS: u64 = 1_000;

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let slow: Vec<_> = cx.system.operation_ids().filter(|(_, operation)| !pauses(operation).is_empty()).collect();
    grouped_operations(&slow).values().filter_map(|operations| finding(cx, operations)).collect()
}

/// Where a handler of messages waits, and how long: between attempts or before a message is handed back a pause is
/// meant, and what runs beside the handler holds nothing up.
fn pauses(operation: &Operation) -> Vec<(Span, u64)> {
    let visits = operation.flow.walk();
    let refuses = visits.iter().any(|visit| matches!(visit.effect.kind, EffectKind::Acknowledge { positive: false }));
    if !matches!(operation.trigger, Trigger::Message { .. }) || refuses {
        return Vec::new();
    }
    let pause = |visit: &Visit<'_>| match visit.effect.kind {
        EffectKind::Sleep(Some(ms)) if ms >= PAUSE_MIN_MS && !is_meant(visit) => Some((visit.effect.span, ms)),
        _ => None,
    };
    visits.iter().filter_map(pause).collect()
}

fn is_meant(visit: &Visit<'_>) -> bool {
    visit.inside.iter().any(|step| match step {
        Step::Loop { kind, .. } => match kind {
            LoopKind::Retry(retry) => retry.attempts.value().is_none() || !is_around_a_block(step),
            LoopKind::Forever => true,
            LoopKind::Each => false,
        },
        Step::Spawn { .. } => true,
        _ => false,
    })
}

/// A client that repeats a whole transaction does not pause inside it.
fn is_around_a_block(step: &Step) -> bool {
    step.blocks().into_iter().flatten().any(|inner| matches!(inner, Step::Transaction { .. }))
}

fn finding(cx: &Context<'_>, operations: &[(OperationId, &Operation)]) -> Option<Finding> {
    let (_, first) = *operations.first()?;
    let address = if operations.len() == 1 { &first.address } else { &cx.system[first.service].address };
    let names = listed(operations.iter().map(|(_, operation)| operation.address.clone()), 2);
    let all: Vec<(Span, u64)> = operations.iter().flat_map(|(_, operation)| pauses(operation)).collect();
    let longest = all.iter().map(|(_, ms)| *ms).max()?;
    let (pauses, each) = if operations.len() == 1 { ("pauses", "each") } else { ("pause", "each") };
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "{names} {pauses} {} for {each} message, and everything behind it in the queue waits as long",
            time(longest)
        ))
        .help("publish the next step with a delay, or schedule it, and acknowledge at once")
        .at_most(Confidence::Likely);
    let places = all.iter().map(|(span, ms)| Evidence::stated(Stage::Code, *span, format!("waits {}", time(*ms))));
    draft.all(&places.collect::<Vec<_>>()).build()
}
