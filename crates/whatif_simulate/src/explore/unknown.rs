//! Attributes nobody states, explored with each value they may have.

use super::program::{Slice, StepKind, UnknownId};

/// An unknown with one of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Literal {
    /// Which unknown.
    pub unknown: UnknownId,
    /// The value it has.
    pub value: bool,
}

/// Values that hold together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// All of them.
    pub literals: Vec<Literal>,
}

/// One value for each unknown, one bit each.
pub(super) type Configuration = u32;

/// Whether every condition refers to an unknown of the slice.
pub(super) fn are_declared(slice: &Slice) -> bool {
    let operations = slice.program.operations.iter();
    let steps = operations.flat_map(|operation| &operation.steps);
    let literals = steps.filter_map(|step| step.only_if);
    literals
        .chain(slice.client.key_if.map(|(literal, _)| literal))
        .all(|literal| literal.unknown.index() < slice.unknowns.len())
}

/// The slice with its unknowns decided.
pub(super) fn decided(slice: &Slice, configuration: Configuration) -> Slice {
    let mut decided = slice.clone();
    if let Some((literal, key)) = decided.client.key_if.take()
        && holds(literal, configuration)
    {
        decided.client.key = key;
    }
    let operations = decided.program.operations.iter_mut();
    for step in operations.flat_map(|operation| &mut operation.steps) {
        if let Some(literal) = step.only_if.take()
            && !holds(literal, configuration)
        {
            step.kind = StepKind::Skip;
        }
    }
    decided.unknowns.clear();
    decided
}

/// Every unknown with its value in the configuration.
pub(super) fn literals(unknowns: usize, configuration: Configuration) -> Vec<Literal> {
    let ids = (0u8..).take(unknowns).map(UnknownId);
    ids.map(|unknown| Literal { unknown, value: bit(unknown, configuration) }).collect()
}

/// The prime implicants of a set of configurations (Quine-McCluskey), fewest
/// literals first.
pub(super) fn prime_implicants(unknowns: usize, set: &[Configuration]) -> Vec<Condition> {
    // A cube is (values, mask of the unknowns that do not matter).
    let mut cubes: Vec<(Configuration, Configuration)> = set.iter().map(|c| (*c, 0)).collect();
    let mut primes = Vec::new();
    while !cubes.is_empty() {
        let mut merged = vec![false; cubes.len()];
        let mut wider = Vec::new();
        for (i, a) in cubes.iter().enumerate() {
            for (j, b) in cubes.iter().enumerate().skip(i + 1) {
                let differs = a.0 ^ b.0;
                if a.1 == b.1 && differs.count_ones() == 1 {
                    merged[i] = true;
                    merged[j] = true;
                    wider.push((a.0 & !differs, a.1 | differs));
                }
            }
        }
        let left = cubes.iter().zip(&merged);
        primes.extend(left.filter(|(_, merged)| !**merged).map(|(cube, _)| *cube));
        wider.sort_unstable();
        wider.dedup();
        cubes = wider;
    }
    let mut conditions: Vec<Condition> = primes
        .into_iter()
        .map(|(values, free)| Condition {
            literals: literals(unknowns, values).into_iter().filter(|literal| !bit(literal.unknown, free)).collect(),
        })
        .collect();
    conditions.sort_by_key(|condition| (condition.literals.len(), condition.literals.clone()));
    conditions
}

fn holds(literal: Literal, configuration: Configuration) -> bool {
    bit(literal.unknown, configuration) == literal.value
}

fn bit(unknown: UnknownId, configuration: Configuration) -> bool {
    configuration.checked_shr(u32::from(unknown.0)).is_some_and(|bits| bits & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(conditions: &[Condition]) -> Vec<String> {
        let literal = |l: &Literal| format!("{}{}", if l.value { "" } else { "!" }, l.unknown.0);
        let condition = |c: &Condition| c.literals.iter().map(literal).collect::<Vec<_>>();
        conditions.iter().map(|c| condition(c).join(" ")).collect()
    }

    #[test]
    fn one_deciding_bit_is_alone_in_its_condition() {
        // Three unknowns; the set is "unknown 1 is true".
        let set = [0b010, 0b011, 0b110, 0b111];
        assert_eq!(text(&prime_implicants(3, &set)), ["1"]);
    }

    #[test]
    fn alternatives_are_listed_separately() {
        let set = [0b01, 0b10, 0b11];
        assert_eq!(text(&prime_implicants(2, &set)), ["0", "1"]);
    }

    #[test]
    fn exclusive_or_keeps_both_bits() {
        let set = [0b01, 0b10];
        assert_eq!(text(&prime_implicants(2, &set)), ["!0 1", "0 !1"]);
    }
}
