//! Changes to the steps of an operation that keep its labels right.

use super::super::program::{
    Exit, Isolation, Label, Mark, Operation, OperationId, Scope, ServiceId, Slice, Step, StepKind, StoreId, Table,
    TableId,
};

/// The store used by transactions a repair adds. Each repaired step commits
/// in the store of its own service, which no other transaction shares.
pub(super) fn store_of(service: ServiceId) -> StoreId {
    StoreId(u8::MAX - service.0)
}

/// Inserts steps at a position. Jumps to that position run the new steps.
pub(super) fn insert_before(operation: &mut Operation, at: usize, kinds: &[StepKind]) {
    insert(operation, at, kinds, |label| label > at);
}

/// Inserts steps behind a position. Jumps to what follows skip the new steps.
pub(super) fn insert_after(operation: &mut Operation, at: usize, kinds: &[StepKind]) {
    insert(operation, at + 1, kinds, |label| label > at);
}

/// The positions of the transaction a step belongs to.
pub(super) fn transaction_around(operation: &Operation, at: usize) -> Option<(usize, usize)> {
    let steps = &operation.steps;
    let begin = (0..=at)
        .rev()
        .take_while(|index| *index == at || steps[*index].kind != StepKind::Commit)
        .find(|index| matches!(steps[*index].kind, StepKind::Begin { .. }))?;
    let commit = (at..steps.len()).find(|index| steps[*index].kind == StepKind::Commit)?;
    Some((begin, commit))
}

/// Makes sure the step is in a transaction; returns that of `Begin` and
/// `Commit` afterwards.
pub(super) fn in_transaction(operation: &mut Operation, at: usize) -> (usize, usize) {
    if let Some(found) = transaction_around(operation, at) {
        return found;
    }
    let begin = StepKind::Begin { store: store_of(operation.service), isolation: Isolation::Serializable };
    insert_after(operation, at, &[StepKind::Commit]);
    insert_before(operation, at, &[begin]);
    (at, at + 2)
}

/// Records a key under a unique constraint in the transaction of a step. A
/// key that is there already leads behind the transaction, or to `taken`.
pub(super) fn record_key(operation: &mut Operation, at: usize, (table, scope): (TableId, Scope), taken: Option<Exit>) {
    let (begin, commit) = in_transaction(operation, at);
    let behind = Label(u16::try_from(commit + 1).unwrap_or(u16::MAX));
    let mark = StepKind::DedupMark {
        table,
        scope,
        mark: Mark::Done,
        unique: true,
        on_conflict: taken.unwrap_or(Exit::Goto(behind)),
    };
    // Inserted with the label of before, and shifted with all others.
    insert_after(operation, begin, &[mark]);
    if taken.is_none()
        && let StepKind::DedupMark { on_conflict, .. } = &mut operation.steps[begin + 1].kind
    {
        *on_conflict = Exit::Goto(Label(behind.0.saturating_add(1)));
    }
}

/// A new table of keys.
pub(super) fn add_table(slice: &mut Slice, name: &str, store: StoreId) -> Option<TableId> {
    let id = u8::try_from(slice.program.tables.len()).ok()?;
    slice.program.tables.push(Table { name: name.to_owned(), store, volatile_in: None });
    Some(TableId(id))
}

/// Whether a unique key is already recorded in the step's transaction.
pub(super) fn is_keyed(operation: &Operation, at: usize) -> bool {
    transaction_around(operation, at).is_some_and(|(begin, commit)| {
        let mut inside = operation.steps[begin..commit].iter();
        inside.any(|step| matches!(step.kind, StepKind::DedupMark { unique: true, .. }))
    })
}

/// The operations entered by messages.
pub(super) fn consumers(slice: &Slice) -> Vec<OperationId> {
    let topics = slice.program.topics.iter();
    let mut consumers: Vec<OperationId> = topics.flat_map(|t| t.consumers.clone()).collect();
    consumers.sort_unstable();
    consumers.dedup();
    consumers
}

fn insert(operation: &mut Operation, at: usize, kinds: &[StepKind], moves: impl Fn(usize) -> bool) {
    let count = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
    for step in &mut operation.steps {
        *step =
            step.map_labels(|label| if moves(label.index()) { Label(label.0.saturating_add(count)) } else { label });
    }
    let near = at.min(operation.steps.len().saturating_sub(1));
    let origin = operation.steps.get(near).map_or(0, |step| step.origin);
    let steps = kinds.iter().map(|kind| Step::new(*kind, origin));
    let at = at.min(operation.steps.len());
    operation.steps.splice(at..at, steps);
}
