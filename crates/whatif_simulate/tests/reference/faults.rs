//! What can go wrong.

use super::Rules;
use super::state::{Caller, Packet, State};
use whatif_simulate::explore::*;

impl Rules<'_> {
    /// Every state one fault away.
    pub fn faults(&self, state: &State) -> Vec<State> {
        let mut next = Vec::new();
        for service in 0..self.slice.program.services.len() {
            next.extend(self.crash(state, service));
        }
        for at in 0..state.network.len() {
            let mut lost = state.clone();
            if lost.spend(self, Fault::Lose) {
                lost.network.remove(at);
                next.push(lost.sorted());
            }
            let mut twice = state.clone();
            let packet = state.network[at].clone();
            if matches!(packet, Packet::Request { .. }) && twice.spend(self, Fault::Duplicate) {
                twice.network.push(packet);
                next.push(twice.sorted());
            }
        }
        for message in &state.queue {
            let mut twice = state.clone();
            if twice.spend(self, Fault::Duplicate) {
                twice.queue.push(*message);
                next.push(twice.sorted());
            }
        }
        for lock in 0..state.locks.len() {
            let mut expired = state.clone();
            let leased = self.slice.program.locks[lock].lease;
            if leased
                && state.locks[lock].holder != 0
                && self.holder_lives(state, lock)
                && expired.spend(self, Fault::Expire)
            {
                expired.locks[lock].holder = 0;
                next.push(expired.sorted());
            }
        }
        next.extend(self.cuts(state));
        for thread in 0..state.threads.len() {
            next.extend(self.stale_read(state, thread));
        }
        next
    }

    /// A service loses its threads, their transactions and what it has in
    /// memory. Messages it had not acknowledged return to the queue.
    fn crash(&self, state: &State, service: usize) -> Option<State> {
        let mut next = state.clone();
        if !next.spend(self, Fault::Crash) {
            return None;
        }
        let dies = |operation: usize| self.service_of(operation) == service;
        let dead: Vec<_> = next.threads.iter().filter(|thread| dies(thread.operation)).cloned().collect();
        next.threads.retain(|thread| !dies(thread.operation));
        for thread in dead {
            next.queue.extend(thread.message);
            if let Some(waiting) = thread.waiting {
                next.disown(Caller::Thread(waiting.call));
            }
        }
        let program = &self.slice.program;
        next.keys.retain(|(table, _, _), _| program.tables[*table].volatile_in.is_none_or(|of| of.index() != service));
        for ((topic, _), rows) in &mut next.outboxes {
            if program.topics[*topic].relay.is_some_and(|relay| relay.index() == service) {
                rows.published = false;
            }
        }
        Some(next.sorted())
    }

    /// The next step of a thread reads the version before.
    fn stale_read(&self, state: &State, thread: usize) -> Option<State> {
        let mut next = state.clone();
        let reader = &mut next.threads[thread];
        if reader.waiting.is_some() {
            return None;
        }
        let kind = self.steps[reader.operation][reader.at];
        let StepKind::Read { item, into, from: Source::Replica } = kind else {
            return None;
        };
        let value = self.seen(state, &state.threads[thread], item.index()).value;
        if value == 0 {
            return None;
        }
        reader.registers[into.index()] = value - 1;
        reader.at += 1;
        next.spend(self, Fault::Stale).then(|| next.sorted())
    }

    /// Whether a living thread has the lock.
    pub fn holder_lives(&self, state: &State, lock: usize) -> bool {
        state.threads.iter().any(|thread| thread.locks.get(&lock) == Some(&state.locks[lock].holder))
    }
}
