//! Which earlier step of another actor each step of a trace waited for.

use crate::explore::{Actor, CallMode, Event, OperationId, Slice, StepKind, TopicId, TraceStep};

/// Per step, the steps that sent what it received.
pub(super) fn causes(slice: &Slice, steps: &[TraceStep]) -> Vec<Vec<usize>> {
    let mut received = vec![false; steps.len()];
    let cause = |(at, step): (usize, &TraceStep)| {
        let earlier = &steps[..at];
        let found = match (step.event, step.actor) {
            // Of several of one kind under way, which one arrives is not told; first come, first served.
            (Event::Start, Actor::Operation(started)) => {
                let sent = earlier.iter().enumerate();
                let mut sent = sent.filter(|(_, earlier)| sends(slice, earlier, started, step.request));
                let last = sent.clone().next_back();
                sent.find(|(sender, _)| !received[*sender]).or(last).map(|(sender, _)| sender)
            }
            (Event::ReplyArrives, _) => called(earlier, step).and_then(|operation| last_of(earlier, operation)),
            (Event::Answered { .. } | Event::Retry, _) => slice.entry.and_then(|entry| last_of(earlier, entry)),
            (Event::RelayPublish, Actor::Relay(topic)) => earlier.iter().rposition(|earlier| stores(earlier, topic)),
            _ => None,
        };
        if let Some(sender) = found {
            received[sender] = true;
        }
        found.into_iter().collect()
    };
    steps.iter().enumerate().map(cause).collect()
}

fn last_of(earlier: &[TraceStep], operation: OperationId) -> Option<usize> {
    earlier.iter().rposition(|step| step.actor == Actor::Operation(operation))
}

/// Whom the actor of a step waits for: the callee of its latest call.
fn called(earlier: &[TraceStep], waiting: &TraceStep) -> Option<OperationId> {
    let own = |step: &&TraceStep| acts(step) && step.actor == waiting.actor && step.request == waiting.request;
    let calls = |step: &TraceStep| {
        step.places.iter().rev().find_map(|place| match place.step {
            StepKind::Call { operation, mode: CallMode::Sync, .. } => Some(operation),
            _ => None,
        })
    };
    earlier.iter().rev().filter(own).find_map(calls)
}

/// Whether the places of a step are what it did, and not what was done to it.
fn acts(step: &TraceStep) -> bool {
    matches!(step.event, Event::Start | Event::Continue | Event::CallAgain | Event::Resume)
}

/// Whether a step puts a request or message for the operation on its way.
fn sends(slice: &Slice, step: &TraceStep, operation: OperationId, request: Option<u8>) -> bool {
    let consumes = |topic: TopicId| {
        slice.program.topics.get(topic.index()).is_some_and(|topic| topic.consumers.contains(&operation))
    };
    let asks = step.places.iter().any(|place| match place.step {
        StepKind::Call { operation: called, .. } => called == operation,
        StepKind::Publish { topic, .. } => consumes(topic),
        _ => false,
    });
    let sent = match (step.event, step.actor) {
        (Event::Send | Event::Resend | Event::Retry, _) => {
            step.places.first().is_some_and(|place| place.operation == operation)
        }
        (Event::RelayPublish, Actor::Relay(topic)) => consumes(topic),
        _ => acts(step) && asks,
    };
    sent && step.request == request
}

fn stores(step: &TraceStep, topic: TopicId) -> bool {
    step.places.iter().any(|place| matches!(place.step, StepKind::Outbox { topic: to, .. } if to == topic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{
        Applies, Client, Effect, EffectId, Exit, Guard, KeyPassing, Operation, Options, Question, ServiceId, Step,
        Verdict, WriteKind, check,
    };

    fn operation(name: &str, kinds: &[StepKind]) -> Operation {
        let steps = kinds.iter().map(|kind| Step::new(*kind, 0)).collect();
        Operation { name: name.to_owned(), service: ServiceId(0), steps, resumes: false }
    }

    #[test]
    fn what_starts_waits_for_its_request_and_what_is_answered_for_its_callee() {
        let charge = StepKind::Write {
            item: None,
            kind: WriteKind::Set(1),
            guard: Guard::None,
            token: None,
            effect: Some(Applies { effect: EffectId(0), undo: false }),
            on_conflict: Exit::Next,
        };
        let call = StepKind::Call {
            operation: OperationId(1),
            mode: CallMode::Sync,
            attempts: 1,
            retry_on_error: false,
            until_ok: false,
            key: KeyPassing::None,
            on_error: Exit::ReplyError,
            on_timeout: Exit::ReplyError,
        };
        let mut slice = Slice { entry: Some(OperationId(0)), client: Client::default(), ..Slice::default() };
        slice.program.services.push("shop".to_owned());
        slice.program.effects.push(Effect { name: "charge".to_owned(), idempotent: false });
        let respond = StepKind::Respond { ok: true };
        slice.program.operations = vec![operation("order", &[call, respond]), operation("charge", &[charge, respond])];
        let Verdict::Violated(trace) = check(&slice, Question::Twice, &Options::default()).verdict else {
            unreachable!("a charge without a key is repeated")
        };
        let found = causes(&slice, &trace.steps);
        for (at, step) in trace.steps.iter().enumerate() {
            match step.event {
                Event::Start => assert_eq!(found[at].len(), 1, "{trace:?}"),
                Event::Send | Event::Resend => assert!(found[at].is_empty(), "{trace:?}"),
                _ => {}
            }
        }
        let starts: Vec<usize> = (0..found.len())
            .filter(|at| trace.steps[*at].event == Event::Start)
            .flat_map(|at| found[at].clone())
            .collect();
        let mut once = starts.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(starts.len(), once.len(), "each request starts one thread: {trace:?}");
        assert_eq!(starts.len(), 4);
    }
}
