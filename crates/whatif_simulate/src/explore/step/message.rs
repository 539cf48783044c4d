//! Calls, replies, messages.

use super::super::limits::MAX_VALUE;
use super::super::machine::{Machine, Successors};
use super::super::program::{CallMode, KeyPassing, Register, ServiceId, StepKind, TopicId};
use super::super::state::{Phase, Slot, State};
use super::Flow;

impl Machine<'_> {
    pub(super) fn call(&self, state: &mut State, index: usize, mode: CallMode, out: &mut Successors) -> Flow {
        if mode == CallMode::Sync {
            let slot = state.slot(index);
            state.put(index, slot.with_phase(Phase::Waiting).with_tries(1));
        }
        if !self.start_call(state, index, out) {
            return Flow::Truncated;
        }
        match mode {
            // A waiting thread takes no further step in this transition.
            CallMode::Sync => Flow::Ended,
            CallMode::Async => self.goes_on(state, index, Flow::Visible),
        }
    }

    /// Puts the request of the caller's call on its way.
    pub(in super::super) fn start_call(&self, state: &mut State, index: usize, out: &mut Successors) -> bool {
        let caller = state.slot(index);
        let StepKind::Call { operation, key, .. } = self.code.steps[caller.at()] else {
            return false;
        };
        let key = self.passed_key(state, caller, key);
        let mut link = 0;
        if caller.phase() == Phase::Waiting {
            let Some(free) = state.free_link(self.code.requests.len()) else {
                out.truncated = true;
                return false;
            };
            link = free;
            state.put(index, caller.with_child(link));
        }
        let first = self.code.entries[operation.index()].first;
        let request =
            Slot::new(Phase::Requested, 0, first).with_request(caller.request()).with_link(link).with_key(key);
        self.add(state, request, out)
    }

    pub(super) fn publish(
        &self,
        state: &mut State,
        index: usize,
        (topic, payload, key): (TopicId, Option<Register>, KeyPassing),
        out: &mut Successors,
    ) -> Flow {
        let slot = state.slot(index);
        let version = payload.map_or(0, |from| slot.register(from.0));
        let message = Slot::new(Phase::Queued, 0, 0)
            .with_request(slot.request())
            .with_key(self.passed_key(state, slot, key))
            .with_payload(version);
        if self.broadcast(state, topic.index(), message, out) {
            self.goes_on(state, index, Flow::Visible)
        } else {
            Flow::Truncated
        }
    }

    /// Puts a message into the queue of every consumer.
    pub(in super::super) fn broadcast(
        &self,
        state: &mut State,
        topic: usize,
        message: Slot,
        out: &mut Successors,
    ) -> bool {
        let request = message.of_request();
        let spec = &self.code.program.topics[topic];
        if let Some(effect) = spec.effect
            && let Some(fields) = self.layout.effects[effect.index()]
        {
            state.bump(fields.applied, request);
        }
        if let Some(newest) = self.layout.newest[topic] {
            let version = state.get(newest, 0).max(message.payload());
            state.set(newest, 0, version.min(MAX_VALUE));
        }
        spec.consumers.iter().all(|consumer| {
            let first = self.code.entries[consumer.index()].first;
            self.add(state, message.with_pc(u64::from(first)), out)
        })
    }

    pub(super) fn ack(&self, state: &mut State, index: usize) -> Flow {
        let slot = state.slot(index);
        if slot.holds_message() == 1 && self.is_unheard(state, ServiceId(self.code.service_of(slot.at()))) {
            self.feel(state);
            return self.goes_on(state, index, Flow::Visible);
        }
        let acked = slot.with_holds_message(0).with_deliveries(0).with_payload(0);
        state.put(index, acked);
        let flow = if slot.holds_message() == 1 { Flow::Visible } else { Flow::Local };
        self.goes_on(state, index, flow)
    }

    pub(super) fn respond(&self, state: &mut State, index: usize, ok: bool, out: &mut Successors) -> Flow {
        let slot = state.slot(index);
        if slot.link() == 0 {
            return self.goes_on(state, index, Flow::Local);
        }
        let operation = self.code.operation_of[slot.at()];
        let reply = Slot::new(Phase::Reply, 0, self.code.entries[operation].first)
            .with_request(slot.request())
            .with_link(slot.link())
            .with_failed(u64::from(!ok));
        state.put(index, slot.with_link(0));
        if self.add(state, reply, out) { self.goes_on(state, index, Flow::Visible) } else { Flow::Truncated }
    }

    /// Whether the broker may hand the message out now.
    pub(super) fn is_deliverable(&self, state: &State, index: usize) -> bool {
        let message = state.slot(index);
        if message.deliveries() >= u64::from(self.code.bounds.deliveries.min(3)) {
            return false;
        }
        let operation = self.code.operation_of[message.at()];
        if message.arrived() == 0 && self.is_unheard(state, self.code.program.operations[operation].service) {
            return false;
        }
        let ordered = self.code.program.topics.iter().any(|topic| {
            let mut consumers = topic.consumers.iter();
            topic.ordered && consumers.any(|consumer| consumer.index() == operation)
        });
        !ordered
            || state.slots().all(|slot| {
                let same = self.code.operation_of[slot.at()] == operation;
                let handled = same && slot.holds_message() == 1;
                let older = same && slot.phase() == Phase::Queued && slot.payload() < message.payload();
                !handled && !older
            })
    }

    fn passed_key(&self, state: &mut State, slot: Slot, key: KeyPassing) -> u64 {
        match key {
            KeyPassing::None => 0,
            KeyPassing::Forward => slot.key(),
            KeyPassing::Derived => 1,
            KeyPassing::PerTry => self.fresh_key(state, slot.of_request()),
        }
    }
}
