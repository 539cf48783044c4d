//! One representative for states that differ only in names.
//!
//! Dead registers are zeroed, slots sorted, links renumbered in that order,
//! and symmetric requests sorted by everything keyed by them. Ties may leave
//! two representatives of one class, which costs states, never answers.

use super::code::Code;
use super::limits::{MAX_FIXED_WORDS, MAX_REQUESTS};
use super::state::{CONTENT, Slot, State, mixed};
use std::cmp::Ordering;

/// The new number of each request.
pub(super) type Renaming = [u8; MAX_REQUESTS];

/// Every request keeps its number.
pub(super) const SAME: Renaming = [0, 1, 2, 3];

/// Replaces the state by its representative.
pub(super) fn canonical(code: &Code, symmetric: bool, state: &mut State) -> Renaming {
    if code.reductions.anonymise {
        zero_dead_registers(code, state);
    }
    let renaming = if symmetric { sort_requests(code, state) } else { SAME };
    if code.reductions.anonymise {
        sort_slots(code, state);
    }
    renaming
}

fn zero_dead_registers(code: &Code, state: &mut State) {
    for word in state.slots_mut() {
        let slot = Slot(*word);
        if slot.is_thread() {
            *word &= code.keep[slot.at()];
        }
    }
}

fn sort_slots(code: &Code, state: &mut State) {
    let slots = state.slots_mut();
    if slots.len() < 2 {
        renumber(code, slots);
        return;
    }
    slots.sort_unstable();
    if renumber(code, slots) {
        slots.sort_unstable();
    }
}

/// Gives the links of waiting threads the lowest numbers, in slot order.
fn renumber(code: &Code, slots: &mut [u64]) -> bool {
    if slots.iter().all(|word| Slot(*word).child() == 0) {
        return false;
    }
    let mut names = [0u64; 16];
    let clients = code.requests.len() as u64;
    let mut next = clients + 1;
    for word in slots.iter() {
        let child = Slot(*word).child();
        if child != 0 {
            names[usize::try_from(child & 15).unwrap_or(0)] = next;
            next += 1;
        }
    }
    let name = |link: u64| {
        if link <= clients { link } else { names[usize::try_from(link & 15).unwrap_or(0)] }
    };
    for word in slots.iter_mut() {
        let slot = Slot(*word);
        *word = slot.with_link(name(slot.link())).with_child(name(slot.child())).0;
    }
    true
}

fn sort_requests(code: &Code, state: &mut State) -> Renaming {
    let count = code.requests.len();
    let mut order = [0usize, 1, 2, 3];
    order[..count].sort_by(|a, b| compare(code, state, *a, *b));
    let mut renaming = SAME;
    let mut moved = false;
    for (new, old) in order[..count].iter().enumerate() {
        renaming[*old] = u8::try_from(new).unwrap_or(0);
        moved |= *old != new;
    }
    if moved {
        rename(code, state, &order[..count], renaming);
    }
    renaming
}

fn block<'a>(code: &Code, state: &'a State, request: usize) -> &'a [u64] {
    let size = usize::from(code.layout.block_words);
    let first = usize::from(code.layout.global_words) + request * size;
    &state.words()[first..first + size]
}

fn compare(code: &Code, state: &State, a: usize, b: usize) -> Ordering {
    block(code, state, a).cmp(block(code, state, b)).then_with(|| belongings(state, a).cmp(&belongings(state, b)))
}

/// The slots of one request without names, in any order. Two different sets
/// that give the same number tie, as above.
fn belongings(state: &State, request: usize) -> u64 {
    let own = state.slots().filter(|slot| slot.of_request() == request);
    own.fold(0, |sum: u64, slot| sum.wrapping_add(mixed(slot.with_request(0).0 & CONTENT)))
}

fn rename(code: &Code, state: &mut State, order: &[usize], renaming: Renaming) {
    let size = usize::from(code.layout.block_words);
    let first = usize::from(code.layout.global_words);
    let mut before = [0u64; MAX_FIXED_WORDS];
    let fixed = state.fixed_mut();
    before[..fixed.len()].copy_from_slice(fixed);
    for (new, old) in order.iter().enumerate() {
        let from = first + old * size;
        let to = first + new * size;
        fixed[to..to + size].copy_from_slice(&before[from..from + size]);
    }
    let new_name = |request: usize| u64::from(renaming[request & 3]);
    let clients = order.len() as u64;
    for word in state.slots_mut() {
        let slot = Slot(*word);
        let link = slot.link();
        let link =
            if link != 0 && link <= clients { new_name(usize::try_from(link - 1).unwrap_or(0)) + 1 } else { link };
        *word = slot.with_request(new_name(slot.of_request())).with_link(link).0;
    }
}
