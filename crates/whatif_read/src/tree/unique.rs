//! Equal keys of one mapping.

use super::node::Entry;

/// Which of several equal keys stays.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Repeat {
    /// The first one (merge keys).
    FirstCounts,
    /// The last one (YAML 1.1 and JSON in practice).
    LastCounts,
}

/// Positions of entries whose key occurs again and which do not count, ascending.
pub(super) fn repeated(entries: &[Entry<'_>], which: Repeat) -> Vec<usize> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|a, b| entries[*a].key.cmp(&entries[*b].key).then(a.cmp(b)));
    let mut positions: Vec<usize> = order
        .windows(2)
        .filter(|pair| entries[pair[0]].key == entries[pair[1]].key)
        .map(|pair| if which == Repeat::LastCounts { pair[0] } else { pair[1] })
        .collect();
    positions.sort_unstable();
    positions
}

/// The entries that are not at `positions`, which are ascending.
pub(super) fn without<'t>(entries: Vec<Entry<'t>>, positions: &[usize]) -> Vec<Entry<'t>> {
    if positions.is_empty() {
        return entries;
    }
    let keep = |at: &usize| positions.binary_search(at).is_err();
    entries.into_iter().enumerate().filter(|(at, _)| keep(at)).map(|(_, entry)| entry).collect()
}
