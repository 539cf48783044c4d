//! Faults as transitions.

use super::super::environment::lives;
use super::super::fault::Fault;
use super::super::limits::MAX_CRASH_SUBSET;
use super::super::machine::{Action, ActionKind, Machine, Successors};
use super::super::program::ServiceId;
use super::super::state::{Phase, Slot, State};

impl Machine<'_> {
    /// Every fault the budget still allows.
    pub(in super::super) fn faults(&self, state: &State, out: &mut Successors) {
        for service in 0..self.code.program.services.len() {
            if self.may(state, Fault::Crash) {
                self.crash(state, service, out);
            }
        }
        for index in 0..state.slot_count() {
            self.message_faults(state, index, out);
            self.stale_read(state, index, out);
        }
        self.expirations(state, out);
        self.partitions(state, out);
    }

    fn crash(&self, state: &State, service: usize, out: &mut Successors) {
        let mut crashed = *state;
        if !self.spend(&mut crashed, Fault::Crash) {
            return;
        }
        let mut changed = self.forget(&mut crashed, service);
        let mut unstarted = Vec::new();
        for index in 0..crashed.slot_count() {
            let slot = crashed.slot(index);
            if slot.phase() == Phase::Empty || usize::from(self.code.service_of(slot.at())) != service {
                continue;
            }
            if slot.is_thread() {
                self.kill(&mut crashed, index);
                changed = true;
            } else if slot.phase() == Phase::Requested && self.code.reductions.fuse {
                unstarted.push(index);
            }
        }
        unstarted.truncate(MAX_CRASH_SUBSET);
        // A request whose delivery is fused with the first step may have been
        // delivered already: every subset of them may die as well.
        for subset in 0..1u32 << unstarted.len() {
            if subset == 0 && !changed {
                continue;
            }
            let mut next = crashed;
            for (bit, index) in unstarted.iter().enumerate() {
                if subset & (1 << bit) != 0 {
                    next.put(*index, Slot::default());
                }
            }
            out.emit(next, fault(ActionKind::Crash, service, 0, Fault::Crash), Vec::new());
        }
    }

    /// Clears what a service keeps in memory; says whether there was any.
    fn forget(&self, state: &mut State, service: usize) -> bool {
        let is = |id: Option<ServiceId>| id.is_some_and(|id| id.index() == service);
        let program = &self.code.program;
        let relays = program.topics.iter().zip(&self.layout.outboxes);
        let relays = relays.filter(|(topic, _)| is(topic.relay));
        let publishing = relays.filter_map(|(_, outbox)| outbox.map(|outbox| outbox.publishing));
        let tables = program.tables.iter().zip(&self.layout.rows);
        let volatile = tables.filter(|(table, _)| is(table.volatile_in));
        let rows = volatile.flat_map(|(_, rows)| rows.iter().copied());
        let mut changed = false;
        for field in publishing.chain(rows) {
            for request in 0..self.code.requests.len() {
                changed |= state.get(field, request) != 0;
                state.set(field, request, 0);
            }
        }
        changed
    }

    /// Removes a thread. Its transaction is rolled back with it; its message
    /// returns to the queue; locks without a lease stay held.
    fn kill(&self, state: &mut State, index: usize) {
        let slot = state.slot(index);
        let left = if slot.holds_message() == 1 { self.requeued(slot) } else { Slot::default() };
        state.put(index, left);
        self.disown(state, slot.child());
    }

    fn message_faults(&self, state: &State, index: usize, out: &mut Successors) {
        let slot = state.slot(index);
        let phase = slot.phase();
        let place = slot.at();
        let request = slot.of_request();
        let lost = match phase {
            Phase::Requested => Some(ActionKind::LoseRequest),
            Phase::Reply => Some(ActionKind::LoseReply),
            _ => None,
        };
        if let Some(kind) = lost.filter(|_| self.may(state, Fault::Lose)) {
            let mut next = *state;
            if self.spend(&mut next, Fault::Lose) {
                next.put(index, Slot::default());
                out.emit(next, fault(kind, place, request, Fault::Lose), Vec::new());
            }
        }
        if matches!(phase, Phase::Requested | Phase::Queued) && self.may(state, Fault::Duplicate) {
            let mut next = *state;
            if self.spend(&mut next, Fault::Duplicate) && self.add(&mut next, slot, out) {
                let action = fault(ActionKind::Duplicate, place, request, Fault::Duplicate);
                out.emit(next, action, Vec::new());
            }
        }
    }

    /// The next step of a thread with a read of the previous version in it.
    fn stale_read(&self, state: &State, index: usize, out: &mut Successors) {
        if !self.may(state, Fault::Stale) {
            return;
        }
        match state.slot(index).phase() {
            Phase::Requested | Phase::Queued => self.deliver(state, index, true, out),
            Phase::Running => self.thread_step(state, index, true, out),
            Phase::Empty | Phase::Waiting | Phase::Reply => {}
        }
    }

    fn expirations(&self, state: &State, out: &mut Successors) {
        for (lock, fields) in self.layout.locks.iter().enumerate() {
            let leased = self.code.program.locks[lock].lease;
            let mut next = *state;
            if leased && state.get(fields.holder, 0) != 0 && lives(state, lock) && self.spend(&mut next, Fault::Expire)
            {
                next.set(fields.holder, 0, 0);
                out.emit(next, fault(ActionKind::Expire, lock, 0, Fault::Expire), Vec::new());
            }
        }
    }
}

fn fault(kind: ActionKind, place: usize, request: usize, fault: Fault) -> Action {
    Action {
        kind,
        place: u16::try_from(place).unwrap_or(0),
        request: u8::try_from(request).unwrap_or(0),
        fault: Some(fault),
    }
}
