//! Leaves out states that differ from a state seen only by faults already
//! spent.
//!
//! With fewer faults spent, everything can still happen that can happen with
//! more. States come in order of faults, so what a dominated state leads to
//! has been looked at with fewer faults and was clean. Where no more faults
//! may follow, it does not even matter which ones were spent.

use super::code::Code;
use super::state::{fingerprint_of_rest, with_first};
use super::visited::Visited;

/// The fingerprint of a state with no faults spent.
pub(super) fn without_faults(code: &Code, words: &[u64]) -> u64 {
    let first = words.first().copied().unwrap_or(0);
    with_first(fingerprint_of_rest(words), first & !mask(code))
}

/// Whether the same state was seen with fewer faults spent; `rest` is the
/// fingerprint of its words but the first.
pub(super) fn is_dominated(code: &Code, first: u64, rest: u64, visited: &Visited) -> bool {
    let mask = mask(code);
    let spent = first & mask;
    // Every combination of counters not above the spent ones: the bits below
    // a counter are counted down like a number with mixed digits.
    let mut fewer = spent;
    while fewer != 0 {
        fewer = next_lower(code, fewer, spent);
        if visited.contains(with_first(rest, (first & !mask) | fewer)) {
            return true;
        }
    }
    false
}

/// The counters of the faults spent; all of them sit in the first word.
pub(super) fn mask(code: &Code) -> u64 {
    let fields = code.layout.used.iter();
    fields.fold(0, |mask, field| mask | field.mask())
}

/// The combination before this one, counting down; zero is the last.
fn next_lower(code: &Code, mut counters: u64, spent: u64) -> u64 {
    for field in &code.layout.used {
        let mask = field.mask();
        if counters & mask != 0 {
            return counters - (1 << field.shift);
        }
        counters |= spent & mask;
    }
    0
}
