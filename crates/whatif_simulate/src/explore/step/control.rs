//! Locks, and the end of a thread.

use super::super::limits::MAX_VALUE;
use super::super::machine::{Machine, Successors};
use super::super::program::{LockId, Register};
use super::super::state::{Phase, Slot, State};
use super::Flow;

impl Machine<'_> {
    pub(super) fn lock(
        &self,
        state: &mut State,
        index: usize,
        lock: LockId,
        into: Register,
        out: &mut Successors,
    ) -> Flow {
        let fields = self.layout.locks[lock.index()];
        if state.get(fields.holder, 0) != 0 {
            return Flow::Blocked;
        }
        let token = state.get(fields.last, 0) + 1;
        if token > MAX_VALUE {
            out.truncated = true;
            return Flow::Truncated;
        }
        state.set(fields.last, 0, token);
        state.set(fields.holder, 0, token);
        let slot = state.slot(index);
        let held = slot.locks() | 1 << lock.index();
        state.put(index, slot.with_register(into.0, token).with_locks(held));
        self.goes_on(state, index, Flow::Visible)
    }

    pub(super) fn unlock(&self, state: &mut State, index: usize, lock: LockId, token: Register) -> Flow {
        let fields = self.layout.locks[lock.index()];
        let slot = state.slot(index);
        let holds = (slot.locks() >> lock.index()) & 1 == 1;
        if holds && state.get(fields.holder, 0) == slot.register(token.0) {
            state.set(fields.holder, 0, 0);
        }
        let held = slot.locks() & !(1 << lock.index());
        state.put(index, slot.with_locks(held));
        self.goes_on(state, index, Flow::Visible)
    }

    /// The thread is gone; a message it still owes goes back to the queue.
    pub(super) fn end(&self, state: &mut State, index: usize) -> Flow {
        let slot = state.slot(index);
        let left = if slot.holds_message() == 1 { self.requeued(slot) } else { Slot::default() };
        state.put(index, left);
        Flow::Ended
    }

    /// The message a handler held, back in the queue.
    pub(in super::super) fn requeued(&self, slot: Slot) -> Slot {
        let operation = self.code.operation_of[slot.at()];
        Slot::new(Phase::Queued, 0, self.code.entries[operation].first)
            .with_request(slot.request())
            .with_deliveries(slot.deliveries())
            .with_payload(slot.payload())
            .with_key(slot.key())
    }
}
