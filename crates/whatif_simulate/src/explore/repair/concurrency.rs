//! Writes that notice what happened since the read or the lock.

use super::super::program::{Exit, Guard, ItemId, Label, Operation, Register, Slice, StepKind, WriteKind};
use super::edit;

/// Guards every write of a value read before; on conflict it is read again.
pub(super) fn compare_and_set(slice: &mut Slice) {
    for operation in &mut slice.program.operations {
        for at in 0..operation.steps.len() {
            guard_write(operation, at);
        }
    }
}

fn guard_write(operation: &mut Operation, at: usize) {
    let StepKind::Write {
        item: Some(item),
        kind: WriteKind::PutNext(from) | WriteKind::Put(from),
        guard: Guard::None,
        ..
    } = operation.steps[at].kind
    else {
        return;
    };
    let Some(read) = last_read(operation, at, item, from) else {
        return;
    };
    let again = edit::transaction_around(operation, at).map_or(read, |(begin, _)| begin.min(read));
    let again = Label(u16::try_from(again).unwrap_or(u16::MAX));
    if let StepKind::Write { guard, on_conflict, .. } = &mut operation.steps[at].kind {
        *guard = Guard::Cas(from);
        *on_conflict = Exit::Goto(again);
    }
}

fn last_read(operation: &Operation, at: usize, item: ItemId, from: Register) -> Option<usize> {
    let before = operation.steps[..at].iter();
    before
        .into_iter()
        .rposition(|step| matches!(step.kind, StepKind::Read { item: of, into, .. } if of == item && into == from))
}

/// Makes the store check the token on every write under a lock.
pub(super) fn fence(slice: &mut Slice) {
    for operation in &mut slice.program.operations {
        let mut held = None;
        for step in &mut operation.steps {
            match &mut step.kind {
                StepKind::Lock { into, .. } => held = Some(*into),
                StepKind::Unlock { .. } => held = None,
                StepKind::Write { item: Some(_), guard, token, on_conflict, .. } if *guard == Guard::None => {
                    if let Some(into) = held {
                        *guard = Guard::Fence(into);
                        *token = Some(into);
                        *on_conflict = Exit::ReplyError;
                    }
                }
                _ => {}
            }
        }
    }
}
