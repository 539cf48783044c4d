//! Cancels what a failed saga has done or may have done.

use super::super::program::{
    Applies, CallMode, EffectId, Exit, Guard, Isolation, KeyPassing, Label, Mark, Operation, OperationId, Scope,
    ServiceId, Slice, Step, StepKind, TableId, WriteKind,
};
use super::edit;

/// Gives the entry operation a compensation for each failing call.
pub(super) fn compensate(slice: &mut Slice) -> Option<()> {
    let entry = slice.entry?.index();
    let effects: Vec<EffectId> = slice.promises.sagas.iter().flatten().copied().collect();
    let own = key_own_effects(slice, entry, &effects)?;
    let mut cancels: Vec<(OperationId, OperationId)> = Vec::new();
    for at in 0..slice.program.operations.get(entry)?.steps.len() {
        let StepKind::Call { operation, mode, .. } = slice.program.operations[entry].steps[at].kind else {
            continue;
        };
        if mode == CallMode::Async {
            continue;
        }
        let known = cancels.iter().any(|(callee, _)| *callee == operation);
        if let (false, Some(effect)) = (known, applied_by(slice, operation, &effects)) {
            let cancel = add_cancel(slice, operation, effect)?;
            cancels.push((operation, cancel));
        }
    }
    let operation = &mut slice.program.operations[entry];
    for at in 0..operation.steps.len() {
        add_failure_path(operation, at, &cancels, &own);
    }
    Some(())
}

/// Records a key with each effect of the saga in the entry operation, and
/// makes the table for the key of its undoing.
fn key_own_effects(slice: &mut Slice, entry: usize, effects: &[EffectId]) -> Option<Vec<(EffectId, TableId)>> {
    let mut own = Vec::new();
    let mut at = 0;
    while let Some(step) = slice.program.operations.get(entry)?.steps.get(at) {
        let service = slice.program.operations[entry].service;
        if let Some(effect) = applies_one(step.kind, effects) {
            if !edit::is_keyed(&slice.program.operations[entry], at) {
                let table = edit::add_table(slice, "saga steps", edit::store_of(service))?;
                let operation = &mut slice.program.operations[entry];
                let key = (table, Scope::Request);
                edit::record_key(operation, at, key, Some(Exit::ReplyError));
                at += 2;
            }
            let undone = edit::add_table(slice, "saga compensations", edit::store_of(service))?;
            own.push((effect, undone));
        }
        at += 1;
    }
    Some(own)
}

fn applies_one(step: StepKind, effects: &[EffectId]) -> Option<EffectId> {
    match step {
        StepKind::Write { effect: Some(Applies { effect, undo: false }), .. } if effects.contains(&effect) => {
            Some(effect)
        }
        _ => None,
    }
}

fn applied_by(slice: &Slice, callee: OperationId, effects: &[EffectId]) -> Option<EffectId> {
    let mut steps = slice.program.operations.get(callee.index())?.steps.iter();
    steps.find_map(|step| applies_one(step.kind, effects))
}

/// Keys the callee and adds its cancellation. The cancellation takes a key of
/// its own before the tombstone: otherwise a retried cancellation would take
/// its own tombstone for an execution.
fn add_cancel(slice: &mut Slice, callee: OperationId, effect: EffectId) -> Option<OperationId> {
    let service = slice.program.operations.get(callee.index())?.service;
    let store = edit::store_of(service);
    let done = edit::add_table(slice, "saga steps", store)?;
    let cancelled = edit::add_table(slice, "cancellations", store)?;
    let operation = &mut slice.program.operations[callee.index()];
    let mut steps = operation.steps.iter();
    let at = steps.position(|step| applies_one(step.kind, &[effect]).is_some())?;
    edit::record_key(operation, at, (done, Scope::Request), None);
    let origin = operation.steps[at].origin;
    let name = format!("cancel {}", operation.name);
    let again = Exit::Goto(Label(6));
    let kinds = [
        begin(service),
        unique(cancelled, Exit::ReplyOk),
        unique(done, again),
        StepKind::Commit,
        StepKind::Respond { ok: true },
        StepKind::End,
        begin(service),
        unique(cancelled, Exit::ReplyOk),
        undo(effect),
        StepKind::Commit,
        StepKind::Respond { ok: true },
    ];
    let id = u8::try_from(slice.program.operations.len()).ok()?;
    slice.program.operations.push(Operation {
        name,
        service,
        steps: kinds.into_iter().map(|k| Step::new(k, origin)).collect(),
        resumes: false,
    });
    Some(OperationId(id))
}

/// Appends what happens when the call at `at` fails: cancel that call and the
/// calls before it, newest first, then undo the own effects before it.
fn add_failure_path(
    operation: &mut Operation,
    at: usize,
    cancels: &[(OperationId, OperationId)],
    own: &[(EffectId, TableId)],
) {
    let StepKind::Call { operation: callee, mode: CallMode::Sync, until_ok: false, .. } = operation.steps[at].kind
    else {
        return;
    };
    let mut path = Vec::new();
    for step in operation.steps[..=at].iter().rev() {
        match step.kind {
            StepKind::Call { operation, .. } => {
                let cancel = cancels.iter().find(|(callee, _)| *callee == operation);
                path.extend(cancel.map(|(_, cancel)| cancel_call(*cancel)));
            }
            kind => {
                let undone = own.iter().find(|(effect, _)| applies_one(kind, &[*effect]).is_some());
                if let Some((effect, table)) = undone {
                    let behind = operation.steps.len() + path.len() + 5;
                    let behind = Label(u16::try_from(behind).unwrap_or(u16::MAX));
                    path.push(begin(operation.service));
                    path.push(unique(*table, Exit::Goto(behind)));
                    path.push(undo(*effect));
                    path.push(StepKind::Commit);
                }
            }
        }
    }
    if path.is_empty() || cancels.iter().all(|(known, _)| *known != callee) && own.is_empty() {
        return;
    }
    let origin = operation.steps[at].origin;
    // One step that ends the normal path, then the failure path behind it.
    operation.steps.push(Step::new(StepKind::End, origin));
    let failure = Exit::Goto(Label(u16::try_from(operation.steps.len()).unwrap_or(u16::MAX)));
    path.extend([StepKind::Respond { ok: false }, StepKind::End]);
    let path = path.into_iter().map(|kind| Step::new(kind, origin));
    operation.steps.extend(path);
    if let StepKind::Call { on_error, on_timeout, .. } = &mut operation.steps[at].kind {
        *on_error = failure;
        *on_timeout = failure;
    }
}

fn cancel_call(operation: OperationId) -> StepKind {
    StepKind::Call {
        operation,
        mode: CallMode::Sync,
        attempts: 2,
        retry_on_error: true,
        until_ok: true,
        key: KeyPassing::Derived,
        on_error: Exit::Next,
        on_timeout: Exit::Next,
    }
}

fn begin(service: ServiceId) -> StepKind {
    StepKind::Begin { store: edit::store_of(service), isolation: Isolation::Serializable }
}

fn unique(table: TableId, on_conflict: Exit) -> StepKind {
    StepKind::DedupMark { table, scope: Scope::Request, mark: Mark::Done, unique: true, on_conflict }
}

fn undo(effect: EffectId) -> StepKind {
    StepKind::Write {
        item: None,
        kind: WriteKind::Dec,
        guard: Guard::None,
        token: None,
        effect: Some(Applies { effect, undo: true }),
        on_conflict: Exit::Next,
    }
}
