//! Layered breadth-first search: first by number of faults, then by steps.
//!
//! All states reachable with no fault come first, then those with one, and
//! so on; within one number of faults, states come in order of their
//! distance. The first violation met therefore has the fewest faults and,
//! among those, the fewest steps.

use super::canonical::canonical;
use super::code::Code;
use super::machine::{Machine, Successor, Successors};
use super::property::{self, Breach, View};
use super::state::{State, fingerprint_of_rest, with_first};
use super::visited::{NO_PARENT, StateId, Visited};
use super::{Property, dominance, trace::Trace};
use std::collections::BTreeMap;

/// What a search found.
pub(super) enum Found {
    /// A violation with the fewest faults and steps.
    Violation(Box<Trace>),
    /// Nothing within the bounds.
    Clean,
    /// Nothing, but the state limit was hit.
    StateLimit,
    /// Nothing, but some states did not fit their packing.
    SlotLimit,
    /// Nothing, but no state was at rest, and promises about rest were asked.
    NeverAtRest,
}

/// A finished search.
pub(super) struct Searched {
    pub(super) found: Found,
    /// Distinct states.
    pub(super) states: usize,
    /// Next states computed, known ones included.
    pub(super) generated: u64,
    /// Memory of the visited set, in bytes.
    pub(super) bytes: usize,
}

/// Explores everything the code can do.
pub(super) fn search(code: &Code, properties: &[Property], max_states: usize) -> Searched {
    let mut search = Search::new(code, properties, max_states);
    let found = search.run();
    Searched { found, states: search.visited.len(), generated: search.generated, bytes: search.visited.bytes() }
}

struct Search<'a> {
    machine: Machine<'a>,
    code: &'a Code,
    properties: &'a [Property],
    symmetric: bool,
    max_states: usize,
    visited: Visited,
    successors: Successors,
    full: bool,
    generated: u64,
    /// Whether no more faults may follow.
    last: bool,
    /// The bits of the first word that tell states apart: where no more
    /// faults may follow it does not matter which were spent.
    kept: u64,
    keys: Vec<Key>,
    /// Whether a state was met at rest.
    rested: bool,
}

/// States of one layer, packed one behind the other as (id, length, words).
#[derive(Default)]
struct Frontier {
    words: Vec<u64>,
}

/// States one more fault away, by distance. They come in order of distance,
/// so of two ways to one state only the first is kept.
#[derive(Default)]
struct Faulted {
    at: BTreeMap<u32, Frontier>,
    known: Visited,
}

/// What a state is known by.
#[derive(Clone, Copy)]
struct Key {
    /// Fingerprint of all words but the first.
    rest: u64,
    /// Fingerprint of all words, without what does not matter.
    whole: u64,
    known: bool,
}

/// What became of a state.
enum Expanded {
    On,
    Broken(Breach),
    /// Broken, but not by what is asked about.
    PassedOver,
}

impl<'a> Search<'a> {
    fn new(code: &'a Code, properties: &'a [Property], max_states: usize) -> Self {
        Search {
            machine: Machine::new(code),
            code,
            properties,
            symmetric: code.is_symmetric(),
            max_states,
            visited: Visited::new(),
            successors: Successors::default(),
            full: false,
            generated: 0,
            last: false,
            kept: u64::MAX,
            keys: Vec::new(),
            rested: false,
        }
    }

    fn run(&mut self) -> Found {
        let mut start = Frontier::default();
        let mut initial = self.machine.initial();
        canonical(self.code, self.symmetric, &mut initial);
        start.push(NO_PARENT, &initial);
        let mut layer = BTreeMap::from([(0, start)]);
        for faults in 0..=self.code.bounds.faults.total {
            self.last = faults == self.code.bounds.faults.total;
            if self.last && self.code.reductions.dominance {
                self.kept = !dominance::mask(self.code);
            }
            let mut next_layer = Faulted::default();
            if let Some(breach) = self.explore_layer(layer, &mut next_layer) {
                let (id, breach) = breach;
                let path = self.visited.path(id);
                let trace = Trace::replay(self.code, &path, breach, self.symmetric);
                return Found::Violation(Box::new(trace));
            }
            if self.full {
                return Found::StateLimit;
            }
            layer = next_layer.at;
        }
        if self.successors.truncated {
            Found::SlotLimit
        } else if !self.rested && self.properties.iter().any(|property| property.is_about_rest()) {
            Found::NeverAtRest
        } else {
            Found::Clean
        }
    }

    /// All states with one number of faults, nearest first.
    fn explore_layer(
        &mut self,
        mut arriving: BTreeMap<u32, Frontier>,
        faulted: &mut Faulted,
    ) -> Option<(StateId, Breach)> {
        let mut frontier = Frontier::default();
        let mut depth = 0;
        loop {
            if frontier.words.is_empty() {
                // Jump to the nearest state a fault led to.
                depth = *arriving.keys().next()?;
                self.join(&mut arriving, depth, &mut frontier);
            }
            let mut next = Frontier::default();
            // First, so that of equally short ways the latest fault wins: a
            // fault that comes before anything happened explains little.
            self.join(&mut arriving, depth + 1, &mut next);
            for (id, words) in frontier.iter() {
                let state = State::from_words(self.code.layout.fixed_words, words);
                match self.expand(id, &state, &mut next) {
                    Expanded::Broken(breach) => return Some((id, breach)),
                    Expanded::PassedOver => continue,
                    Expanded::On => {}
                }
                if self.full {
                    return None;
                }
                if !self.last {
                    self.inject(id, &state, depth + 1, faulted);
                }
            }
            depth += 1;
            frontier = next;
        }
    }

    /// Takes in the states a fault leads to at this distance.
    fn join(&mut self, arriving: &mut BTreeMap<u32, Frontier>, depth: u32, into: &mut Frontier) {
        if let Some(joining) = arriving.remove(&depth) {
            for (parent, words) in joining.iter() {
                self.admit(self.key_of(words), parent, words, into);
            }
        }
    }

    fn expand(&mut self, id: StateId, state: &State, next: &mut Frontier) -> Expanded {
        self.successors.list.clear();
        let truncated = std::mem::take(&mut self.successors.truncated);
        self.machine.step(state, &mut self.successors);
        let view = View {
            code: self.code,
            state,
            // A state whose successors did not fit is not at rest.
            quiescent: self.successors.list.is_empty() && !self.successors.truncated,
        };
        self.successors.truncated |= truncated;
        self.rested |= view.settled();
        if let Some(breach) = property::first_broken(self.properties, &view) {
            let unfelt = self.code.layout.felt.is_some_and(|felt| state.get(felt, 0) == 0);
            // What breaks without a cut is not about cuts, nor is what follows.
            return if unfelt { Expanded::PassedOver } else { Expanded::Broken(breach) };
        }
        let list = self.settle_names();
        look_up(&mut self.keys, &self.visited);
        for (at, successor) in list.iter().enumerate() {
            let key = self.keys[at];
            if !key.known {
                self.admit(key, id, successor.state.words(), next);
            }
        }
        self.successors.list = list;
        Expanded::On
    }

    /// The next states by their representatives, with what they are known by.
    fn settle_names(&mut self) -> Vec<Successor> {
        let mut list = std::mem::take(&mut self.successors.list);
        self.generated += list.len() as u64;
        self.keys.clear();
        for successor in &mut list {
            canonical(self.code, self.symmetric, &mut successor.state);
            self.keys.push(self.key_of(successor.state.words()));
        }
        list
    }

    /// The fingerprint a state is known by.
    fn key_of(&self, words: &[u64]) -> Key {
        let first = words.first().copied().unwrap_or(0);
        let rest = fingerprint_of_rest(words);
        Key { rest, whole: with_first(rest, first & self.kept), known: false }
    }

    fn inject(&mut self, id: StateId, state: &State, depth: u32, faulted: &mut Faulted) {
        self.successors.list.clear();
        self.machine.faults(state, &mut self.successors);
        let list = self.settle_names();
        look_up(&mut self.keys, &faulted.known);
        for (at, successor) in list.iter().enumerate() {
            let (key, words) = (self.keys[at], successor.state.words());
            if !key.known && faulted.known.insert(key.whole, id).is_some() {
                let arriving = faulted.at.entry(depth).or_default();
                arriving.push_words(id, words);
            }
        }
        self.successors.list = list;
    }

    fn admit(&mut self, key: Key, parent: StateId, words: &[u64], frontier: &mut Frontier) {
        if self.visited.contains(key.whole) {
            return;
        }
        let first = words.first().copied().unwrap_or(0);
        let dominance = self.code.reductions.dominance;
        if dominance && dominance::is_dominated(self.code, first, key.rest, &self.visited) {
            return;
        }
        if self.visited.len() >= self.max_states {
            self.full = true;
            return;
        }
        if let Some(id) = self.visited.insert(key.whole, parent) {
            frontier.push_words(id, words);
        }
    }
}

/// Notes which states one look finds in the set; most are.
fn look_up(keys: &mut [Key], known: &Visited) {
    for key in keys {
        key.known = known.holds_at_first(key.whole);
    }
}

impl Frontier {
    fn push(&mut self, id: StateId, state: &State) {
        self.push_words(id, state.words());
    }

    fn push_words(&mut self, id: StateId, words: &[u64]) {
        self.words.push(u64::from(id) | (words.len() as u64) << 32);
        self.words.extend_from_slice(words);
    }

    fn iter(&self) -> impl Iterator<Item = (StateId, &[u64])> {
        let mut rest = self.words.as_slice();
        std::iter::from_fn(move || {
            let (head, tail) = rest.split_first()?;
            let length = usize::try_from(head >> 32).unwrap_or(0);
            let (words, after) = tail.split_at(length.min(tail.len()));
            rest = after;
            let id = StateId::try_from(head & 0xffff_ffff).unwrap_or(NO_PARENT);
            Some((id, words))
        })
    }
}
