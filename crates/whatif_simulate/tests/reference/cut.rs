//! Partitions: while a cut is on nothing crosses it, and it always heals.

use super::state::{Caller, Packet, State, Thread};
use super::{Next, Rules};
use whatif_simulate::explore::*;

impl Rules<'_> {
    /// Whether the cut separates a service from what it wants to reach.
    fn separates(&self, state: &State, service: usize, peer: Peer) -> bool {
        let own = ServiceId(u8::try_from(service).unwrap());
        match (state.cut, peer) {
            (Some(Cut::Stores(cut)), Peer::Stores) | (Some(Cut::Broker(cut)), Peer::Broker) => cut == own,
            (Some(Cut::Services(a, b)), Peer::Service(other)) => (a, b) == (own, other) || (b, a) == (own, other),
            _ => false,
        }
    }

    pub fn is_apart(&self, state: &State, service: usize, other: usize) -> bool {
        self.separates(state, service, Peer::Service(ServiceId(u8::try_from(other).unwrap())))
    }

    pub fn hears_the_broker(&self, state: &State, service: usize) -> bool {
        !self.separates(state, service, Peer::Broker)
    }

    /// What the next step must reach.
    pub fn need(&self, thread: &Thread) -> Option<Need> {
        self.slice.program.operations[thread.operation].steps.get(thread.at)?.needs
    }

    /// Where the next step leads when it cannot reach what it needs.
    pub fn unreachable(&self, state: &State, thread: &Thread) -> Option<Exit> {
        let need = self.need(thread)?;
        self.separates(state, self.service_of(thread.operation), need.peer).then_some(need.or_else)
    }

    /// The services a request or reply may be between.
    fn callers(&self, state: &State, packet: &Packet) -> Vec<usize> {
        let (Packet::Request { operation, .. } | Packet::Reply { operation, .. }) = packet;
        match packet.caller() {
            Some(Caller::Client(_)) => Vec::new(),
            Some(Caller::Thread(call)) => {
                let waits = |thread: &&Thread| thread.waiting.is_some_and(|waiting| waiting.call == call);
                state.threads.iter().filter(waits).map(|thread| self.service_of(thread.operation)).collect()
            }
            None => {
                let calls =
                    |kind: &StepKind| matches!(kind, StepKind::Call { operation: of, .. } if of.index() == *operation);
                let callers = self.steps.iter().enumerate().filter(|(_, steps)| steps.iter().any(calls));
                callers.map(|(caller, _)| self.service_of(caller)).collect()
            }
        }
    }

    /// The caller stops waiting; a request that did not arrive is lost with
    /// the connection it waited on.
    pub fn hang_up(&self, state: &mut State, caller: Caller) {
        state.felt |= self.may_be_cut();
        let before = state.clone();
        state.network.retain(|packet| {
            let request = matches!(packet, Packet::Request { .. }) && packet.caller() == Some(caller);
            !(request && self.crosses(&before, packet))
        });
    }

    fn may_be_cut(&self) -> bool {
        self.bounds.faults.allows(Fault::Partition) > 0
    }

    pub fn crosses(&self, state: &State, packet: &Packet) -> bool {
        let (Packet::Request { operation, .. } | Packet::Reply { operation, .. }) = packet;
        let here = self.service_of(*operation);
        self.callers(state, packet).into_iter().any(|caller| self.is_apart(state, caller, here))
    }

    /// Losses in the cut, and its end.
    pub fn cut_steps(&self, state: &State, next: &mut Vec<Next>) {
        if state.cut.is_none() {
            return;
        }
        next.push(Next { state: State { cut: None, ..state.clone() }, cost: 1 });
        for at in 0..state.network.len() {
            let packet = &state.network[at];
            let unawaited = matches!(packet, Packet::Request { from: None, .. });
            if unawaited && self.crosses(state, packet) {
                let mut lost = state.clone();
                lost.network.remove(at);
                lost.felt = true;
                next.push(Next { state: lost.sorted(), cost: 1 });
            }
        }
    }

    /// Every cut that may begin: between services that call each other, and
    /// between a service and what its steps need.
    pub fn cuts(&self, state: &State) -> Vec<State> {
        let services = u8::try_from(self.slice.program.services.len()).unwrap();
        let all = (0..services).flat_map(|a| {
            let a = ServiceId(a);
            let others = (a.0 + 1..services).map(move |b| Cut::Services(a, ServiceId(b)));
            others.chain([Cut::Stores(a), Cut::Broker(a)])
        });
        let begun = all.filter_map(|cut| {
            let mut next = state.clone();
            let may = next.cut.is_none() && next.spend(self, Fault::Partition);
            next.cut = Some(cut);
            may.then_some(next)
        });
        begun.collect()
    }
}
