//! Writes that notice what happened since the read or the lock.

use super::super::program::{
    EffectId, Exit, Guard, ItemId, Label, Operation, Register, Slice, SpendPromise, StepKind, WriteKind,
};
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

/// Takes away what is used up before the effect it is used up for.
pub(super) fn claim_first(slice: &mut Slice) -> Option<()> {
    for SpendPromise { item, effect } in slice.promises.spends.clone() {
        let of = |kind: StepKind| spends(slice, kind, effect);
        let places: Vec<Option<usize>> = slice
            .program
            .operations
            .iter()
            .map(|operation| operation.steps.iter().position(|step| of(step.kind)).filter(|_| clears(operation, item)))
            .collect();
        for (at, place) in places.into_iter().enumerate() {
            let Some(place) = place else { continue };
            let operation = slice.program.operations.get_mut(at)?;
            let clear = operation.steps.iter().position(|step| clear_of(step.kind, item).is_some())?;
            let from = clear_of(operation.steps[clear].kind, item)?;
            if clear < place {
                continue;
            }
            operation.steps[clear].kind = StepKind::Skip;
            let claim = StepKind::Write {
                item: Some(item),
                kind: WriteKind::Clear(from),
                guard: Guard::Cas(from),
                token: None,
                effect: None,
                on_conflict: Exit::ReplyError,
            };
            edit::insert_before(operation, place, &[claim]);
        }
    }
    Some(())
}

/// Whether a step leads to the effect.
fn spends(slice: &Slice, kind: StepKind, effect: EffectId) -> bool {
    match kind {
        StepKind::Call { operation, .. } => {
            slice.program.operations.get(operation.index()).is_some_and(|callee| callee.first_effect() == Some(effect))
        }
        StepKind::Publish { topic, .. } | StepKind::Outbox { topic, .. } => {
            slice.program.topics.get(topic.index()).is_some_and(|topic| topic.effect == Some(effect))
        }
        StepKind::Write { effect: Some(applies), .. } => applies.effect == effect,
        _ => false,
    }
}

fn clears(operation: &Operation, item: ItemId) -> bool {
    operation.steps.iter().any(|step| clear_of(step.kind, item).is_some())
}

fn clear_of(kind: StepKind, item: ItemId) -> Option<Register> {
    match kind {
        StepKind::Write { item: Some(of), kind: WriteKind::Clear(from), .. } if of == item => Some(from),
        _ => None,
    }
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
