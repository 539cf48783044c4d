//! A message the broker forgets before its work is done.

use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, Step, Visit};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::{Mindset, Verdict};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "events/ack-before-processing",
        severity: Severity::Warning,
        summary: "A message is acknowledged before its work is done: a crash or failure loses it.",
        page: include_str!("ack_before_processing.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    cx.system.operation_ids().filter_map(|(id, operation)| finding(cx, id, operation)).collect()
}

/// The acknowledgement and the first work that may come after it.
fn early(operation: &Operation) -> Option<(Visit<'_>, Visit<'_>)> {
    let order = Sequence::of(&operation.flow);
    let visits = operation.flow.walk();
    let acknowledged =
        visits.iter().filter(|visit| matches!(visit.effect.kind, EffectKind::Acknowledge { positive: true }));
    acknowledged.clone().find_map(|ack| {
        let later = |work: &&Visit<'_>| {
            is_work(&work.effect.kind) && (order.precedes(ack.id, work.id) || is_left_running(work, ack, &order))
        };
        Some((ack.clone(), visits.iter().find(later)?.clone()))
    })
}

fn is_work(kind: &EffectKind) -> bool {
    matches!(
        kind,
        EffectKind::Call { .. } | EffectKind::Write { .. } | EffectKind::Publish { .. } | EffectKind::DedupMark { .. }
    )
}

/// Started before the acknowledgement, and nobody waits for its end.
fn is_left_running(work: &Visit<'_>, ack: &Visit<'_>, order: &Sequence) -> bool {
    let started = work.inside.iter().find(|step| matches!(step, Step::Spawn { .. }));
    started.is_some_and(|spawn| !ack.inside.iter().any(|step| std::ptr::eq(*step, *spawn)))
        && order.precedes(work.id, ack.id)
}

fn finding(cx: &Context<'_>, id: OperationId, operation: &Operation) -> Option<Finding> {
    let address = &operation.address;
    let broken = matches!(cx.verdict(id, Mindset::Halfway), Some(Verdict::Violated(_)));
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(if broken { Severity::Error } else { Severity::Warning })
        .trace(broken.then(|| cx.trace(id, Mindset::Halfway)).flatten());
    if let Trigger::Message { auto_ack, .. } = &operation.trigger
        && auto_ack.holds(|auto| *auto)
    {
        let handled = operation.evidence.first()?;
        return draft
            .message(format!(
                "`{address}` consumes with automatic acknowledgement: a crash loses the messages in flight"
            ))
            .because(auto_ack, "the broker forgets the message on delivery")
            .at_as(handled, "the work starts here")
            .help("switch automatic acknowledgement off and acknowledge after the work has committed")
            .build();
    }
    let (ack, work) = early(operation)?;
    let place = |visit: &Visit<'_>, label: &str| Evidence::stated(Stage::Code, visit.effect.span, label);
    draft
        .message(format!("`{address}` acknowledges the message before its work is done: a crash or failure loses it"))
        .at(&place(&ack, "acknowledged here"))
        .at(&place(&work, "the work that is lost if this fails"))
        .help("acknowledge after the work has committed, and make the handler idempotent for the redelivery")
        .build()
}
