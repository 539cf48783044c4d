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
