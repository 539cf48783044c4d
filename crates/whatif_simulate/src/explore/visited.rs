//! The set of states seen, by fingerprint, with the way back to the start.
//!
//! Per state: 8 bytes fingerprint, 4 bytes parent, and 8 bytes per bucket of
//! an open-addressed index filled up to 3/4: 23 to 34 bytes in all, before
//! the slack of growing vectors (a quarter of the first twelve).

/// A state seen, in order of discovery.
pub(super) type StateId = u32;

/// The parent of the initial state.
pub(super) const NO_PARENT: StateId = StateId::MAX;

const EMPTY: u64 = 0;

/// Fingerprints with parents.
pub(super) struct Visited {
    fingerprints: Vec<u64>,
    parents: Vec<StateId>,
    /// High half: high half of the fingerprint. Low half: id + 1.
    index: Vec<u64>,
}

impl Default for Visited {
    fn default() -> Self {
        Visited::new()
    }
}

impl Visited {
    pub(super) fn new() -> Self {
        Visited { fingerprints: Vec::new(), parents: Vec::new(), index: vec![EMPTY; 256] }
    }

    /// The new id, or none if the fingerprint is known.
    pub(super) fn insert(&mut self, fingerprint: u64, parent: StateId) -> Option<StateId> {
        let mask = self.index.len() - 1;
        let mut bucket = bucket_of(fingerprint, mask);
        loop {
            let entry = self.index[bucket];
            if entry == EMPTY {
                break;
            }
            if entry >> 32 == fingerprint >> 32 && self.fingerprints[id_in(entry)] == fingerprint {
                return None;
            }
            bucket = (bucket + 1) & mask;
        }
        let id = StateId::try_from(self.fingerprints.len()).ok()?;
        self.index[bucket] = entry_for(fingerprint, id);
        grow_gently(&mut self.fingerprints);
        grow_gently(&mut self.parents);
        self.fingerprints.push(fingerprint);
        self.parents.push(parent);
        if self.fingerprints.len() >= self.index.len() / 4 * 3 {
            self.double();
        }
        Some(id)
    }

    pub(super) fn contains(&self, fingerprint: u64) -> bool {
        let mask = self.index.len() - 1;
        let mut bucket = bucket_of(fingerprint, mask);
        loop {
            let entry = self.index[bucket];
            if entry == EMPTY {
                return false;
            }
            if entry >> 32 == fingerprint >> 32 && self.fingerprints[id_in(entry)] == fingerprint {
                return true;
            }
            bucket = (bucket + 1) & mask;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// Memory held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.fingerprints.capacity() * 8 + self.parents.capacity() * 4 + self.index.len() * 8
    }

    /// The fingerprints from the initial state to this one.
    pub(super) fn path(&self, id: StateId) -> Vec<u64> {
        let mut path = Vec::new();
        let mut at = id;
        while at != NO_PARENT {
            path.push(self.fingerprints[at as usize]);
            at = self.parents[at as usize];
        }
        path.reverse();
        path
    }

    fn double(&mut self) {
        let size = self.index.len() * 2;
        self.index.clear();
        self.index.resize(size, EMPTY);
        let mask = size - 1;
        for (id, fingerprint) in (0u32..).zip(&self.fingerprints) {
            let mut bucket = bucket_of(*fingerprint, mask);
            while self.index[bucket] != EMPTY {
                bucket = (bucket + 1) & mask;
            }
            self.index[bucket] = entry_for(*fingerprint, id);
        }
    }
}

/// Grows by a quarter instead of doubling, to keep the slack small.
fn grow_gently<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact((items.len() / 4).max(256));
    }
}

fn bucket_of(fingerprint: u64, mask: usize) -> usize {
    // Only the low half: the high half tells entries of one bucket apart.
    usize::try_from(fingerprint & 0xffff_ffff).unwrap_or(0) & mask
}

fn entry_for(fingerprint: u64, id: StateId) -> u64 {
    (fingerprint & !0xffff_ffff) | (u64::from(id) + 1)
}

fn id_in(entry: u64) -> usize {
    usize::try_from((entry & 0xffff_ffff) - 1).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fingerprint_is_new_once() {
        let mut visited = Visited::new();
        let fingerprint = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (n << 40);
        for n in 1..5000 {
            assert!(visited.insert(fingerprint(n), NO_PARENT).is_some());
        }
        for n in 1..5000 {
            assert!(visited.insert(fingerprint(n), NO_PARENT).is_none());
        }
        assert_eq!(visited.len(), 4999);
    }

    #[test]
    fn same_bucket_and_same_high_half_are_told_apart() {
        let mut visited = Visited::new();
        assert!(visited.insert(7 << 32 | 1, NO_PARENT).is_some());
        assert!(visited.insert(7 << 32 | 1 | 256, NO_PARENT).is_some());
        assert!(visited.insert(7 << 32 | 1, NO_PARENT).is_none());
    }

    #[test]
    fn path_leads_back_to_the_start() {
        let mut visited = Visited::new();
        let a = visited.insert(10, NO_PARENT).unwrap();
        let b = visited.insert(20, a).unwrap();
        let _ = visited.insert(30, a).unwrap();
        let d = visited.insert(40, b).unwrap();
        assert_eq!(visited.path(d), [10, 20, 40]);
    }
}
