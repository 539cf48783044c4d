//! Local transactions: writes wait in a buffer and become visible together.
//!
//! A serialisable transaction that is not collapsed shuts its store for the
//! writes of others from `Begin` to `Commit` (two-phase locking at the
//! granularity of a store), so both forms allow the same outcomes.

use super::super::code::NOWHERE;
use super::super::machine::Machine;
use super::super::program::{Isolation, StepKind, StoreId};
use super::super::state::{Slot, State};
use super::{Flow, next_pc};

impl Machine<'_> {
    pub(super) fn begin(&self, state: &mut State, index: usize, store: StoreId, isolation: Isolation) -> Flow {
        if isolation == Isolation::Serializable && self.is_shut(state, index, Some(store)) {
            return Flow::Blocked;
        }
        let slot = state.slot(index);
        let has_commit = self.code.begin_of[usize::from(next_pc(slot))] != NOWHERE;
        let open = slot.with_pc(u64::from(next_pc(slot))).with_in_transaction(u64::from(has_commit)).with_buffered(0);
        state.put(index, open);
        Flow::Visible
    }

    pub(super) fn commit(&self, state: &mut State, index: usize) -> Flow {
        let slot = state.slot(index);
        if slot.in_transaction() == 0 {
            return self.goes_on(state, index, Flow::Local);
        }
        let begin = usize::from(self.code.begin_of[slot.at()]);
        let StepKind::Begin { store, isolation } = self.code.steps[begin] else {
            return Flow::Blocked;
        };
        if isolation == Isolation::ReadCommitted && self.is_shut(state, index, Some(store)) {
            return Flow::Blocked;
        }
        let closed = slot.with_in_transaction(0).with_buffered(0);
        let mut after = *state;
        let next = match self.apply_buffered(&mut after, slot) {
            Ok(()) => {
                *state = after;
                next_pc(slot)
            }
            Err(target) => target,
        };
        state.put(index, closed.with_pc(u64::from(next)));
        Flow::Visible
    }

    pub(super) fn rollback(&self, state: &mut State, index: usize) -> Flow {
        let slot = state.slot(index);
        let closed = slot.with_in_transaction(0).with_buffered(0);
        state.put(index, closed.with_pc(u64::from(next_pc(slot))));
        Flow::Local
    }

    /// What a thread sees: what is committed and its own buffered writes.
    pub(super) fn seen(&self, state: &State, slot: Slot) -> State {
        let mut seen = *state;
        if slot.buffered() != 0 {
            // A write that would be refused is refused again at `Commit`.
            let _ = self.apply_buffered(&mut seen, slot);
        }
        seen
    }

    /// Whether another thread's open transaction shuts the store.
    pub(super) fn is_shut(&self, state: &State, index: usize, store: Option<StoreId>) -> bool {
        let Some(store) = store else { return false };
        if !self.code.open_exclusive {
            return false;
        }
        (0..state.slot_count()).any(|other| {
            let slot = state.slot(other);
            other != index && slot.in_transaction() == 1 && self.exclusive_store(slot) == Some(store)
        })
    }

    /// The bit of a step in the buffer of its transaction.
    pub(super) fn buffer_bit(&self, slot: Slot) -> u64 {
        let begin = usize::from(self.code.begin_of[slot.at()]);
        let offset = slot.at().saturating_sub(begin + 1);
        1 << offset
    }

    fn exclusive_store(&self, slot: Slot) -> Option<StoreId> {
        let begin = usize::from(self.code.begin_of[slot.at()]);
        match self.code.steps.get(begin) {
            Some(StepKind::Begin { store, isolation: Isolation::Serializable }) => Some(*store),
            _ => None,
        }
    }

    fn apply_buffered(&self, state: &mut State, slot: Slot) -> Result<(), u16> {
        let begin = usize::from(self.code.begin_of[slot.at()]);
        let mut left = slot.buffered();
        while left != 0 {
            let offset = left.trailing_zeros() as usize;
            left &= left - 1;
            self.apply(state, slot, begin + 1 + offset)?;
        }
        Ok(())
    }
}
