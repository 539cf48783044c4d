//! What happens around the threads: clients, deliveries, relays, recovery.

use super::state::{Caller, Client, Message, Packet, State, Thread};
use super::{Count, Next, Rules};
use whatif_simulate::explore::*;

impl Rules<'_> {
    pub fn clients(&self, state: &State, next: &mut Vec<Next>) {
        for request in 0..self.requests.len() {
            match state.clients[request] {
                Client::Idle => self.send(state.clone(), request, 1, next),
                Client::Waiting { attempts } => {
                    self.client_receives(state, request, attempts, next);
                    if self.bounds.timely && state.is_under_way(Caller::Client(request)) {
                        continue;
                    }
                    if attempts < self.attempts() {
                        self.send(state.clone(), request, attempts + 1, next);
                    } else {
                        self.close(state.clone(), request, Client::GaveUp, next);
                    }
                }
                Client::Ok | Client::Failed | Client::GaveUp => {}
            }
        }
    }

    fn attempts(&self) -> u8 {
        self.slice.client.attempts.min(self.bounds.client_attempts).min(3)
    }

    fn send(&self, mut state: State, request: usize, attempts: u8, next: &mut Vec<Next>) {
        state.disown(Caller::Client(request));
        state.clients[request] = Client::Waiting { attempts };
        let key = match self.slice.client.key {
            KeyPassing::None | KeyPassing::Forward => 0,
            KeyPassing::Derived => 1,
            KeyPassing::PerTry => state.fresh_key(request),
        };
        let operation = self.requests[request].index();
        let from = Some(Caller::Client(request));
        state.network.push(Packet::Request { operation, request, key, from });
        next.push(Next { state: state.sorted(), cost: 1 });
    }

    fn close(&self, mut state: State, request: usize, outcome: Client, next: &mut Vec<Next>) {
        state.disown(Caller::Client(request));
        state.clients[request] = outcome;
        next.push(Next { state: state.sorted(), cost: 1 });
    }

    fn client_receives(&self, state: &State, request: usize, attempts: u8, next: &mut Vec<Next>) {
        for (at, packet) in state.network.iter().enumerate() {
            let Packet::Reply { to: Some(to), failed, .. } = packet else { continue };
            if *to != Caller::Client(request) {
                continue;
            }
            let mut received = state.clone();
            received.network.remove(at);
            let again = self.slice.client.retry_on_error || self.bounds.timely;
            if *failed && again && attempts < self.attempts() {
                self.send(received.clone(), request, attempts + 1, next);
            }
            let outcome = if *failed { Client::Failed } else { Client::Ok };
            self.close(received, request, outcome, next);
        }
    }

    /// Requests and messages start threads; replies to nobody are dropped.
    pub fn deliveries(&self, state: &State, next: &mut Vec<Next>) {
        for (at, packet) in state.network.iter().enumerate() {
            if self.crosses(state, packet) {
                continue;
            }
            let mut delivered = state.clone();
            delivered.network.remove(at);
            match packet {
                Packet::Request { operation, request, key, from } => {
                    delivered.threads.push(Thread { reply_to: *from, ..thread(*operation, 0, *request, *key) });
                }
                Packet::Reply { to: Some(_), .. } => continue,
                Packet::Reply { to: None, .. } => {}
            }
            next.push(Next { state: delivered.sorted(), cost: self.of_delivery() });
        }
        for (at, message) in state.queue.iter().enumerate() {
            if message.deliveries >= self.bounds.deliveries.min(3)
                || !self.is_in_turn(state, message)
                || !self.hears_the_broker(state, self.service_of(message.consumer))
            {
                continue;
            }
            let mut delivered = state.clone();
            delivered.queue.remove(at);
            let held = Message { deliveries: message.deliveries + 1, ..*message };
            let mut handler = thread(message.consumer, 0, message.request, message.key);
            handler.registers[0] = message.payload;
            handler.message = Some(held);
            delivered.threads.push(handler);
            next.push(Next { state: delivered.sorted(), cost: self.of_delivery() });
        }
    }

    fn of_delivery(&self) -> usize {
        usize::from(self.count == Count::EveryStep)
    }

    /// Ordered topics hand out one message at a time, oldest version first.
    fn is_in_turn(&self, state: &State, message: &Message) -> bool {
        let mut topics = self.slice.program.topics.iter();
        let ordered =
            topics.any(|topic| topic.ordered && topic.consumers.iter().any(|of| of.index() == message.consumer));
        let handled =
            || state.threads.iter().any(|thread| thread.message.is_some_and(|of| of.consumer == message.consumer));
        let older = || state.queue.iter().any(|of| of.consumer == message.consumer && of.payload < message.payload);
        !ordered || !(handled() || older())
    }

    /// A message to every consumer of a topic.
    pub fn broadcast(&self, state: &mut State, topic: usize, request: usize, key: u8, payload: u64) {
        let topic_spec = &self.slice.program.topics[topic];
        if let Some(effect) = topic_spec.effect {
            state.effects.entry((effect.index(), request)).or_default().0 += 1;
        }
        let newest = state.newest.entry(topic).or_default();
        *newest = (*newest).max(payload);
        for consumer in &topic_spec.consumers {
            state.queue.push(Message { consumer: consumer.index(), request, key, payload, deliveries: 0 });
        }
    }

    pub fn relays(&self, state: &State, next: &mut Vec<Next>) {
        for ((topic, request), rows) in &state.outboxes {
            let Some(payload) = rows.payloads.first() else { continue };
            let relay = self.slice.program.topics[*topic].relay;
            if relay.is_some_and(|relay| !self.hears_the_broker(state, relay.index())) {
                continue;
            }
            let mut relayed = state.clone();
            let mine = relayed.outboxes.get_mut(&(*topic, *request)).unwrap();
            if rows.published {
                mine.payloads.remove(0);
            }
            mine.published = !rows.published;
            if !rows.published {
                self.broadcast(&mut relayed, *topic, *request, 1, *payload);
            }
            next.push(Next { state: relayed.sorted(), cost: 1 });
        }
    }

    pub fn resumptions(&self, state: &State, next: &mut Vec<Next>) {
        for ((operation, request), stage) in &state.logs {
            let runs = state.threads.iter().any(|thread| thread.operation == *operation && thread.request == *request);
            if *stage == 0 || runs || !self.slice.program.operations[*operation].resumes {
                continue;
            }
            let log = StepKind::SagaLog { stage: Some(*stage) };
            let at = self.steps[*operation].iter().rposition(|kind| *kind == log).unwrap();
            let mut resumed = state.clone();
            resumed.threads.push(Thread { noticed: true, ..thread(*operation, at + 1, *request, 1) });
            next.push(Next { state: resumed.sorted(), cost: 1 });
        }
    }

    pub fn expiries(&self, state: &State, next: &mut Vec<Next>) {
        for (place, cell) in &state.items {
            if self.slice.program.items[place.0].expires && cell.value != 0 {
                let mut expired = state.clone();
                expired.items.get_mut(place).unwrap().value = 0;
                next.push(Next { state: expired, cost: 1 });
            }
        }
    }

    pub fn dead_leases(&self, state: &State, next: &mut Vec<Next>) {
        for lock in 0..state.locks.len() {
            let leased = self.slice.program.locks[lock].lease;
            if leased && state.locks[lock].holder != 0 && !self.holder_lives(state, lock) {
                let mut free = state.clone();
                free.locks[lock].holder = 0;
                next.push(Next { state: free, cost: 1 });
            }
        }
    }
}

fn thread(operation: usize, at: usize, request: usize, key: u8) -> Thread {
    Thread {
        operation,
        at,
        request,
        key,
        registers: [0; 3],
        reply_to: None,
        waiting: None,
        message: None,
        locks: std::collections::BTreeMap::new(),
        noticed: false,
        transaction: None,
    }
}
