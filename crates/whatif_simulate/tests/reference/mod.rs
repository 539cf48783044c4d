//! A second explorer, as plain as possible: cloned states, every step on its
//! own, nothing packed, nothing left out.
//!
//! It was written from the semantics, not from the engine, and shares nothing
//! with it but the description of programs. What both agree on is believed.
//!
//! A serialisable transaction happens at one moment; everything else may be
//! interleaved. How long a path is can be counted in two ways ([`Count`]).

#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(clippy::unwrap_used)]

mod around;
mod cut;
mod faults;
mod promises;
mod state;
mod steps;

use state::State;
use std::collections::{BTreeMap, HashSet};
use whatif_simulate::explore::*;

/// What is known after looking at everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Fewest faults, and the length of the shortest path with as few.
    Broken {
        property: Property,
        faults: u8,
        steps: usize,
    },
    Clean,
    /// More states than allowed.
    TooLarge,
}

/// How the length of a path is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// One per program step and one per action around the threads: sending,
    /// receiving, timing out, delivering, relaying, each fault.
    EveryStep,
    /// As people read it: a step nobody else can notice is free, a delivery
    /// is paid for by the first step that can be noticed or by the end of the
    /// thread, and a transaction nobody can look into is one step.
    Noticed,
}

/// The program and the rules of the game.
pub struct Rules<'a> {
    pub slice: &'a Slice,
    pub count: Count,
    pub requests: Vec<OperationId>,
    pub bounds: Bounds,
    pub properties: &'a [Property],
    /// Steps of each operation, with the endings of its exits.
    pub steps: Vec<Vec<StepKind>>,
}

/// A next state and the program steps it took.
pub struct Next {
    pub state: State,
    pub cost: usize,
}

/// Explores one choice of operations for the requests.
fn explore(rules: &Rules, limit: usize) -> Outcome {
    let mut open: BTreeMap<(u8, usize), Vec<State>> = BTreeMap::new();
    let mut seen: HashSet<State> = HashSet::new();
    open.entry((0, 0)).or_default().push(State::new(rules));
    let mut best = None;
    while let Some(((faults, steps), states)) = open.pop_first() {
        if best.is_some_and(|(_, cost)| cost <= (faults, steps)) {
            break;
        }
        for state in states {
            if !seen.insert(state.clone()) {
                continue;
            }
            if seen.len() > limit {
                return Outcome::TooLarge;
            }
            let next = rules.next(&state);
            if let Some(property) = rules.broken(&state, next.is_empty()) {
                let cost = (faults, steps + rules.unpaid(&state));
                if rules.bounds.faults.allows(Fault::Partition) > 0 && !state.felt {
                    // Not about partitions, nor is anything that follows.
                    continue;
                }
                if best.is_none_or(|(_, best)| cost < best) {
                    best = Some((property, cost));
                }
                continue;
            }
            for next in next {
                open.entry((faults, steps + next.cost)).or_default().push(next.state);
            }
            if faults < rules.bounds.faults.total {
                for state in rules.faults(&state) {
                    open.entry((faults + 1, steps + 1)).or_default().push(state);
                }
            }
        }
    }
    best.map_or(Outcome::Clean, |(property, (faults, steps))| Outcome::Broken { property, faults, steps })
}

/// The worst over the entry operation and its competitors.
pub fn ask(slice: &Slice, question: Question, bounds: Bounds, count: Count, limit: usize) -> Outcome {
    let entry = slice.entry.unwrap();
    let several = usize::from(bounds.requests);
    let mut choices = vec![vec![entry; several]];
    if several > 1 {
        for other in slice.concurrent.iter().filter(|other| **other != entry) {
            let mut requests = vec![entry; several];
            requests[several - 1] = *other;
            choices.push(requests);
        }
    }
    let mut worst = Outcome::Clean;
    for requests in choices {
        let properties = question.properties();
        let mut rules = Rules { slice, count, requests, bounds, properties, steps: steps(slice) };
        let mut outcome = explore(&rules, limit);
        if outcome == Outcome::Clean && bounds.timely {
            // What a cut does not break may be broken anyway.
            rules.bounds.faults = Budget::NONE;
            outcome = explore(&rules, limit);
        }
        worst = match (worst, outcome) {
            (Outcome::TooLarge, _) | (_, Outcome::TooLarge) => Outcome::TooLarge,
            (
                Outcome::Broken { faults, steps, .. },
                Outcome::Broken { faults: other_faults, steps: other_steps, .. },
            ) if (faults, steps) <= (other_faults, other_steps) => worst,
            (_, Outcome::Broken { .. }) => outcome,
            _ => worst,
        };
    }
    worst
}

/// The steps of each operation with what its exits lead to: falling off the
/// end; acknowledging, answering and ending; the same for a failure, which is
/// not acknowledged.
fn steps(slice: &Slice) -> Vec<Vec<StepKind>> {
    let operations = slice.program.operations.iter();
    operations
        .map(|operation| {
            let mut kinds: Vec<StepKind> = operation.steps.iter().map(|step| step.kind).collect();
            kinds.extend([StepKind::End, StepKind::Ack, StepKind::Respond { ok: true }, StepKind::End]);
            kinds.extend([StepKind::Respond { ok: false }, StepKind::End]);
            kinds
        })
        .collect()
}

impl Rules<'_> {
    /// Where an exit of a step leads.
    pub fn target(&self, operation: usize, at: usize, exit: Exit) -> usize {
        let end = self.steps[operation].len() - 6;
        match exit {
            Exit::Next => at + 1,
            Exit::Goto(label) => label.index(),
            Exit::ReplyOk => end + 1,
            Exit::ReplyError => end + 4,
        }
    }

    /// Deliveries not paid for yet: of threads that cannot take their first
    /// step.
    fn unpaid(&self, state: &State) -> usize {
        let noticed = |noticed: bool| noticed || self.count == Count::EveryStep;
        state.threads.iter().filter(|thread| !noticed(thread.noticed)).count()
    }

    pub fn service_of(&self, operation: usize) -> usize {
        self.slice.program.operations[operation].service.index()
    }

    /// Everything that can happen without a fault.
    fn next(&self, state: &State) -> Vec<Next> {
        let mut next = Vec::new();
        self.clients(state, &mut next);
        self.deliveries(state, &mut next);
        for thread in 0..state.threads.len() {
            self.thread(state, thread, &mut next);
        }
        self.relays(state, &mut next);
        self.resumptions(state, &mut next);
        self.dead_leases(state, &mut next);
        self.cut_steps(state, &mut next);
        self.expiries(state, &mut next);
        next
    }
}
