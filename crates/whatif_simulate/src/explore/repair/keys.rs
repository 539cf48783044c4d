//! Keys recorded together with the effect they protect.

use super::super::program::{KeyPassing, OperationId, Scope, Slice, StepKind};
use super::{edit, shortcut};

/// One key per request, passed along every call, recorded with each effect of
/// an operation that is called.
pub(super) fn record_keys(slice: &mut Slice) -> Option<()> {
    let consumers = edit::consumers(slice);
    slice.client.key = KeyPassing::Derived;
    slice.client.key_if = None;
    for operation in &mut slice.program.operations {
        for step in &mut operation.steps {
            if let StepKind::Call { key, .. } = &mut step.kind {
                *key = KeyPassing::Derived;
            }
        }
    }
    let called = operations(slice).filter(|id| !consumers.contains(id));
    let called: Vec<OperationId> = called.collect();
    record(slice, &called)
}

/// One key per request, looked up before each effect and recorded behind it.
pub(super) fn look_up(slice: &mut Slice) -> Option<()> {
    slice.client.key = KeyPassing::Derived;
    slice.client.key_if = None;
    for step in slice.program.operations.iter_mut().flat_map(|operation| &mut operation.steps) {
        if let StepKind::Call { key, .. } | StepKind::Publish { key, .. } = &mut step.kind {
            *key = KeyPassing::Derived;
        }
    }
    for id in operations(slice) {
        let mut at = 0;
        while let Some(step) = slice.program.operations.get(id.index())?.steps.get(at) {
            let operation = &slice.program.operations[id.index()];
            if !protects(slice, step.kind) || edit::is_keyed(operation, at) {
                at += 1;
                continue;
            }
            let table = edit::add_table(slice, "idempotency keys", edit::store_of(operation.service))?;
            let operation = &mut slice.program.operations[id.index()];
            let end = edit::transaction_around(operation, at).map_or(at, |(_, commit)| commit);
            shortcut::look_up_around(operation, at, table);
            // Behind the look-up, the transaction and the record.
            at = end + 3;
        }
    }
    Some(())
}

/// The id of the message, recorded with each effect of its handler.
pub(super) fn record_messages(slice: &mut Slice) -> Option<()> {
    let consumers = edit::consumers(slice);
    for operation in &mut slice.program.operations {
        for step in &mut operation.steps {
            if let StepKind::Publish { key, .. } = &mut step.kind {
                *key = KeyPassing::Derived;
            }
        }
    }
    record(slice, &consumers)
}

fn operations(slice: &Slice) -> impl Iterator<Item = OperationId> + use<> {
    (0..=u8::MAX).take(slice.program.operations.len()).map(OperationId)
}

fn record(slice: &mut Slice, operations: &[OperationId]) -> Option<()> {
    for id in operations {
        let mut at = 0;
        while let Some(step) = slice.program.operations.get(id.index())?.steps.get(at) {
            let operation = &slice.program.operations[id.index()];
            if !protects(slice, step.kind) || edit::is_keyed(operation, at) {
                at += 1;
                continue;
            }
            let store = edit::store_of(operation.service);
            let table = edit::add_table(slice, "idempotency keys", store)?;
            let operation = &mut slice.program.operations[id.index()];
            edit::record_key(operation, at, (table, Scope::Key), None);
            at += 1;
        }
    }
    Some(())
}

/// Whether the step applies an effect that must not be applied twice.
fn protects(slice: &Slice, step: StepKind) -> bool {
    let StepKind::Write { effect: Some(applies), .. } = step else {
        return false;
    };
    let effect = slice.program.effects.get(applies.effect.index());
    effect.is_some_and(|effect| applies.undo || !effect.idempotent)
}
