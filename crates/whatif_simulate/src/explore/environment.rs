//! What happens around the threads without any fault: clients, replies,
//! timeouts, relays, recovery, leases of dead holders.

use super::code::NOWHERE;
use super::limits::MAX_STAGE;
use super::machine::{Action, ActionKind, Machine, Successors};
use super::program::{Exit, KeyPassing, StepKind};
use super::state::{Phase, Slot, State};

/// States of a client.
pub(super) mod client {
    pub(in super::super) const IDLE: u64 = 0;
    pub(in super::super) const WAITING: u64 = 1;
    pub(in super::super) const OK: u64 = 2;
    pub(in super::super) const FAILED: u64 = 3;
    pub(in super::super) const GAVE_UP: u64 = 4;
}

/// The mark of a closed saga in the log.
pub(super) const SAGA_CLOSED: u64 = MAX_STAGE as u64 + 1;

impl Machine<'_> {
    pub(super) fn client_steps(&self, state: &State, out: &mut Successors) {
        for request in 0..self.code.requests.len() {
            match state.get(self.layout.client, request) {
                client::IDLE => self.send(state, request, ActionKind::Send, out),
                client::WAITING if self.code.deaf && !self.client_may_retry(state, request) => {}
                client::WAITING if self.code.deaf => self.send(state, request, ActionKind::Resend, out),
                client::WAITING => {
                    self.client_receives(state, request, out);
                    let link = client_link(request);
                    if self.code.bounds.timely && state.slots().any(|slot| slot.link() == link) {
                        continue;
                    }
                    if self.client_may_retry(state, request) {
                        self.send(state, request, ActionKind::Resend, out);
                    } else {
                        let mut next = *state;
                        self.close_client(&mut next, request, client::GAVE_UP);
                        out.emit(next, self.of_client(ActionKind::GiveUp, request), Vec::new());
                    }
                }
                _ => {}
            }
        }
    }

    fn of_client(&self, kind: ActionKind, request: usize) -> Action {
        let entry = self.code.requests[request].index();
        Action { kind, place: self.code.entries[entry].first, request: u8::try_from(request).unwrap_or(0), fault: None }
    }

    fn client_may_retry(&self, state: &State, request: usize) -> bool {
        let bound = self.code.bounds.client_attempts;
        let attempts = self.code.client.attempts.min(bound).min(3);
        state.get(self.layout.attempts, request) < u64::from(attempts)
    }

    fn send(&self, state: &State, request: usize, kind: ActionKind, out: &mut Successors) {
        let mut next = *state;
        let link = if self.code.deaf { 0 } else { client_link(request) };
        self.disown(&mut next, link);
        next.set(self.layout.client, request, client::WAITING);
        next.bump(self.layout.attempts, request);
        let action = self.of_client(kind, request);
        let key = match self.code.client.key {
            KeyPassing::None | KeyPassing::Forward => 0,
            KeyPassing::Derived => 1,
            KeyPassing::PerTry => self.fresh_key(&mut next, request),
        };
        let sent = Slot::new(Phase::Requested, action.request, action.place).with_link(link).with_key(key);
        if self.add(&mut next, sent, out) {
            out.emit(next, action, Vec::new());
        }
    }

    fn client_receives(&self, state: &State, request: usize, out: &mut Successors) {
        let link = client_link(request);
        let mut seen = [false; 2];
        for index in 0..state.slot_count() {
            let reply = state.slot(index);
            let failed = reply.failed() == 1;
            if reply.phase() != Phase::Reply || reply.link() != link || seen[usize::from(failed)] {
                continue;
            }
            seen[usize::from(failed)] = true;
            let mut next = *state;
            next.put(index, Slot::default());
            let action = self.of_client(ActionKind::ClientReceives, request);
            if failed
                && (self.code.client.retry_on_error || self.code.bounds.timely)
                && self.client_may_retry(state, request)
            {
                next.compact();
                self.send(&next, request, ActionKind::Retry, out);
            }
            let outcome = if failed { client::FAILED } else { client::OK };
            self.close_client(&mut next, request, outcome);
            out.emit(next, action, Vec::new());
        }
    }

    fn close_client(&self, state: &mut State, request: usize, outcome: u64) {
        self.disown(state, client_link(request));
        state.set(self.layout.client, request, outcome);
        if self.code.reductions.anonymise {
            state.set(self.layout.attempts, request, 0);
        }
    }

    /// A key no other try has; none when they run out, which can only make
    /// the program look less protected.
    pub(super) fn fresh_key(&self, state: &mut State, request: usize) -> u64 {
        let Some(field) = self.layout.fresh_keys else {
            return 0;
        };
        let last = state.get(field, request);
        let next = last.max(1) + 1;
        if next > u64::from(super::limits::MAX_KEYS) {
            return 0;
        }
        state.set(field, request, next);
        next
    }

    /// Reply or timeout of a caller.
    pub(super) fn waiting_steps(&self, state: &State, index: usize, out: &mut Successors) {
        let caller = state.slot(index);
        let mut alive = false;
        let mut seen = [false; 2];
        for other in 0..state.slot_count() {
            let slot = state.slot(other);
            if slot.link() != caller.child() {
                continue;
            }
            alive = true;
            let failed = usize::from(slot.failed() == 1);
            if slot.phase() == Phase::Reply && !seen[failed] && !self.crosses(state, slot) {
                seen[failed] = true;
                self.receive(state, index, other, out);
            }
        }
        self.timeout(state, index, alive, out);
    }

    fn receive(&self, state: &State, index: usize, reply: usize, out: &mut Successors) {
        let caller = state.slot(index);
        let pc = caller.at();
        let StepKind::Call { attempts, retry_on_error, until_ok, on_error, .. } = self.code.steps[pc] else {
            return;
        };
        let failed = state.slot(reply).failed() == 1;
        let mut next = *state;
        next.put(reply, Slot::default());
        self.disown(&mut next, caller.child());
        let tries_left = retry_on_error && caller.tries() < self.tries(attempts);
        let action = self.action(ActionKind::Receive, caller);
        if failed && (tries_left || until_ok) {
            next.put(index, caller.with_child(0));
            self.try_again(next, index, action, out);
            return;
        }
        let exit = if failed { on_error } else { Exit::Next };
        self.leave_call(next, index, exit, action, out);
    }

    fn timeout(&self, state: &State, index: usize, alive: bool, out: &mut Successors) {
        let caller = state.slot(index);
        let StepKind::Call { attempts, until_ok, on_timeout, .. } = self.code.steps[caller.at()] else {
            return;
        };
        let tries_left = caller.tries() < self.tries(attempts);
        let in_time = self.code.bounds.timely && !self.waits_across(state, caller);
        if alive && (in_time || (until_ok && !tries_left)) {
            return;
        }
        let mut next = *state;
        self.hang_up(&mut next, caller);
        self.disown(&mut next, caller.child());
        next.put(index, caller.with_child(0));
        if tries_left || until_ok {
            self.try_again(next, index, self.action(ActionKind::CallAgain, caller), out);
        } else {
            self.leave_call(next, index, on_timeout, self.action(ActionKind::Timeout, caller), out);
        }
    }

    fn tries(&self, attempts: u8) -> u64 {
        u64::from(attempts.min(self.code.bounds.call_attempts).min(3))
    }

    fn try_again(&self, mut next: State, index: usize, action: Action, out: &mut Successors) {
        let caller = next.slot(index);
        let tries = if caller.tries() < 3 { caller.tries() + 1 } else { 3 };
        next.put(index, caller.with_tries(tries));
        if self.start_call(&mut next, index, out) {
            out.emit(next, action, Vec::new());
        }
    }

    fn leave_call(&self, mut next: State, index: usize, exit: Exit, action: Action, out: &mut Successors) {
        let caller = next.slot(index);
        let target = self.code.target(caller.at(), exit);
        let caller = caller.with_phase(Phase::Running).with_child(0).with_tries(0);
        next.put(index, self.moved(caller, target));
        self.settle(next, index, action, out);
    }

    pub(super) fn relay_steps(&self, state: &State, out: &mut Successors) {
        for (topic, outbox) in self.layout.outboxes.iter().enumerate() {
            let Some(outbox) = outbox else { continue };
            for request in 0..self.code.requests.len() {
                let pending = state.get(outbox.pending, request);
                let publishing = state.get(outbox.publishing, request) == 1;
                let relay = self.code.program.topics[topic].relay;
                if pending == 0 || relay.is_some_and(|relay| self.is_unheard(state, relay)) {
                    continue;
                }
                let mut next = *state;
                next.set(outbox.publishing, request, u64::from(!publishing));
                let mut kind = ActionKind::RelayMark;
                if publishing {
                    next.set(outbox.pending, request, pending - 1);
                } else {
                    kind = ActionKind::RelayPublish;
                    let payload = state.get(outbox.payload, request);
                    let message =
                        Slot::new(Phase::Queued, 0, 0).with_request(request as u64).with_payload(payload).with_key(1);
                    if !self.broadcast(&mut next, topic, message, out) {
                        continue;
                    }
                }
                let action = Action {
                    kind,
                    place: u16::try_from(topic).unwrap_or(0),
                    request: u8::try_from(request).unwrap_or(0),
                    fault: None,
                };
                out.emit(next, action, Vec::new());
            }
        }
    }

    pub(super) fn resume_steps(&self, state: &State, out: &mut Successors) {
        for (operation, log) in self.layout.sagas.iter().enumerate() {
            let Some(log) = log else { continue };
            if !self.code.program.operations[operation].resumes {
                continue;
            }
            for request in 0..self.code.requests.len() {
                let stage = state.get(*log, request);
                let at = self.code.entries[operation].resume[stage as usize & 15];
                let runs = state.slots().any(|slot| {
                    slot.is_thread() && slot.of_request() == request && self.code.operation_of[slot.at()] == operation
                });
                if stage == 0 || stage == SAGA_CLOSED || at == NOWHERE || runs {
                    continue;
                }
                let thread = Slot::new(Phase::Running, 0, at).with_request(request as u64).with_key(1);
                let mut next = *state;
                if self.add(&mut next, thread, out) {
                    let index = next.slot_count() - 1;
                    let action = self.action(ActionKind::Resume, thread);
                    self.settle(next, index, action, out);
                }
            }
        }
    }

    /// Entries with a time to live come to its end.
    pub(super) fn expiry_steps(&self, state: &State, out: &mut Successors) {
        let items = self.code.program.items.iter().zip(&self.layout.items).enumerate();
        for (item, (_, fields)) in items.filter(|(_, (item, _))| item.expires) {
            let Some(field) = fields.value else { continue };
            let requests = if field.stride == 0 { 1 } else { self.code.requests.len() };
            for request in 0..requests {
                if state.get(field, request) == 0 {
                    continue;
                }
                let mut next = *state;
                next.set(field, request, 0);
                let (kind, place) = (ActionKind::Expires, u16::try_from(item).unwrap_or(0));
                let request = u8::try_from(request).unwrap_or(0);
                out.emit(next, Action { kind, place, request, fault: None }, Vec::new());
            }
        }
    }

    pub(super) fn lease_steps(&self, state: &State, out: &mut Successors) {
        for (lock, fields) in self.layout.locks.iter().enumerate() {
            let held = state.get(fields.holder, 0) != 0;
            if held && self.code.program.locks[lock].lease && !lives(state, lock) {
                let mut next = *state;
                next.set(fields.holder, 0, 0);
                let action = Action {
                    kind: ActionKind::LeaseEnds,
                    place: u16::try_from(lock).unwrap_or(0),
                    request: 0,
                    fault: None,
                };
                out.emit(next, action, Vec::new());
            }
        }
    }
}

/// Whether the holder of a lock is a living thread.
pub(super) fn lives(state: &State, lock: usize) -> bool {
    state.slots().any(|slot| (slot.locks() >> lock) & 1 == 1)
}

fn client_link(request: usize) -> u64 {
    request as u64 + 1
}
