//! Popular fixes that look right and are not: they are tried beside a repair,
//! so that whoever reads it sees what the shorter way still allows.

use super::super::Verdict;
use super::super::program::{Exit, InFlight, Label, Mark, Operation, Scope, Slice, StepKind, TableId};
use super::super::{Options, Question, Trace};
use super::{Practice, edit, keys, within};

/// A fix that is often tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shortcut {
    /// The key is looked up first and recorded after the effect, without a
    /// unique constraint.
    LookUpFirst,
    /// Failed calls are tried again.
    RetryCalls,
}

impl Shortcut {
    /// What is tried instead of a practice.
    fn instead_of(practice: Practice) -> Option<Shortcut> {
        match practice {
            Practice::AtomicKey | Practice::Inbox => Some(Shortcut::LookUpFirst),
            Practice::Compensation | Practice::SagaLog => Some(Shortcut::RetryCalls),
            _ => None,
        }
    }

    fn applied(self, slice: &Slice) -> Option<Slice> {
        let mut changed = slice.clone();
        match self {
            Shortcut::LookUpFirst => keys::look_up(&mut changed)?,
            Shortcut::RetryCalls => retry_calls(&mut changed),
        }
        (changed != *slice).then_some(changed)
    }
}

/// The first shortcut for one of the practices that still breaks a promise.
pub(super) fn still_broken(
    slice: &Slice,
    practices: &[Practice],
    question: Question,
    options: &Options,
    left: &mut usize,
) -> Option<(Shortcut, Box<Trace>)> {
    let shortcuts = practices.iter().filter_map(|practice| Shortcut::instead_of(*practice));
    shortcuts.into_iter().find_map(|shortcut| match within(&shortcut.applied(slice)?, question, options, left) {
        Verdict::Violated(trace) => Some((shortcut, trace)),
        _ => None,
    })
}

fn retry_calls(slice: &mut Slice) {
    let operations = slice.program.operations.iter_mut();
    for step in operations.flat_map(|operation| &mut operation.steps) {
        if let StepKind::Call { attempts, retry_on_error, .. } = &mut step.kind {
            *attempts = (*attempts).max(2);
            *retry_on_error = true;
        }
    }
}

/// Looks a key up before the transaction of a step and records it behind.
pub(super) fn look_up_around(operation: &mut Operation, at: usize, table: TableId) {
    let (begin, commit) = edit::transaction_around(operation, at).unwrap_or((at, at));
    let mark = |label: u16| StepKind::DedupMark {
        table,
        scope: Scope::Key,
        mark: Mark::Done,
        unique: false,
        on_conflict: Exit::Goto(Label(label)),
    };
    let behind = u16::try_from(commit + 3).unwrap_or(u16::MAX);
    edit::insert_after(operation, commit, &[mark(behind)]);
    let on_hit = Exit::Goto(Label(behind));
    let check = StepKind::DedupCheck { table, scope: Scope::Key, on_hit, in_flight: InFlight::Leave(Exit::ReplyError) };
    edit::insert_before(operation, begin, &[check]);
}
