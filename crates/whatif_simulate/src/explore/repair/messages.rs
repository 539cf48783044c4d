//! Messages stored with the write they announce, and acknowledged after the
//! last write they cause.

use super::super::program::{Operation, Slice, StepKind};
use super::edit;

/// Moves the acknowledgement of every handler behind its last write.
pub(super) fn acknowledge_late(slice: &mut Slice) {
    for id in edit::consumers(slice) {
        if let Some(operation) = slice.program.operations.get_mut(id.index()) {
            acknowledge_last(operation);
        }
    }
}

fn acknowledge_last(operation: &mut Operation) {
    let steps = &mut operation.steps;
    let works = |kind: StepKind| {
        matches!(
            kind,
            StepKind::Write { .. }
                | StepKind::Commit
                | StepKind::DedupMark { .. }
                | StepKind::Call { .. }
                | StepKind::Publish { .. }
        )
    };
    let ack = steps.iter().position(|step| step.kind == StepKind::Ack);
    let last = steps.iter().rposition(|step| works(step.kind));
    let (Some(ack), Some(last)) = (ack, last) else {
        return;
    };
    if ack < last {
        steps[ack].kind = StepKind::Skip;
        edit::insert_after(operation, last, &[StepKind::Ack]);
    }
}

/// Moves an answer that comes too early behind the last step that works.
pub(super) fn answer_last(slice: &mut Slice) {
    for operation in &mut slice.program.operations {
        let steps = &mut operation.steps;
        let answer = steps.iter().position(|step| step.kind == StepKind::Respond { ok: true });
        let last = steps.iter().rposition(|step| matches!(step.kind, StepKind::Write { .. } | StepKind::Commit));
        if let (Some(answer), Some(last)) = (answer, last)
            && answer < last
            && steps[answer..last].iter().all(|step| step.kind != StepKind::End)
        {
            steps[answer].kind = StepKind::Skip;
            edit::insert_after(operation, last, &[StepKind::Respond { ok: true }]);
        }
    }
}

/// Gives every call one way on, whatever goes wrong.
pub(super) fn handle_errors(slice: &mut Slice) {
    for step in slice.program.operations.iter_mut().flat_map(|operation| &mut operation.steps) {
        if let StepKind::Call { on_error, on_timeout, .. } = &mut step.kind {
            *on_error = *on_timeout;
        }
    }
}

/// Stores each message in the transaction of the write nearest to it.
pub(super) fn store_messages(slice: &mut Slice) -> Option<()> {
    for index in 0..slice.program.operations.len() {
        while let Some(topic) = store_one(&mut slice.program.operations[index]) {
            let service = slice.program.operations[index].service;
            slice.program.topics.get_mut(topic)?.relay.get_or_insert(service);
        }
    }
    Some(())
}

fn store_one(operation: &mut Operation) -> Option<usize> {
    let steps = &operation.steps;
    let (at, topic, payload) = steps.iter().enumerate().find_map(|(at, step)| match step.kind {
        StepKind::Publish { topic, payload, .. } => Some((at, topic, payload)),
        _ => None,
    })?;
    let is_write = |step: &usize| matches!(steps[*step].kind, StepKind::Write { .. });
    let before = (0..at).rev().find(is_write);
    let write = before.or_else(|| (at..steps.len()).find(is_write))?;
    operation.steps[at].kind = StepKind::Skip;
    let (_, commit) = edit::in_transaction(operation, write);
    edit::insert_before(operation, commit, &[StepKind::Outbox { topic, payload }]);
    Some(topic.index())
}
