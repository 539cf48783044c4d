//! The set of states seen, by fingerprint, with the way back to the start.
//!
//! Per state: 8 bytes fingerprint, 4 bytes parent, and 8 bytes per bucket of
//! an open-addressed set filled up to 3/4: 23 to 34 bytes in all, before
//! the slack of growing vectors (a quarter of the first twelve). The set
//! holds whole fingerprints, so that asking for a state known (nine of ten
//! asked for are) touches memory once.

/// A state seen, in order of discovery.
pub(super) type StateId = u32;

/// The parent of the initial state.
pub(super) const NO_PARENT: StateId = StateId::MAX;

const EMPTY: u64 = 0;

/// Fingerprints with parents.
pub(super) struct Visited {
    fingerprints: Vec<u64>,
    parents: Vec<StateId>,
    buckets: Vec<u64>,
}

impl Default for Visited {
    fn default() -> Self {
        Visited::new()
    }
}

impl Visited {
    pub(super) fn new() -> Self {
        Visited { fingerprints: Vec::new(), parents: Vec::new(), buckets: vec![EMPTY; 256] }
    }

    /// The new id, or none if the fingerprint is known.
    pub(super) fn insert(&mut self, fingerprint: u64, parent: StateId) -> Option<StateId> {
        let bucket = self.find(fingerprint).err()?;
        let id = StateId::try_from(self.fingerprints.len()).ok()?;
        self.buckets[bucket] = stored(fingerprint);
        grow_gently(&mut self.fingerprints);
        grow_gently(&mut self.parents);
        self.fingerprints.push(fingerprint);
        self.parents.push(parent);
        if self.fingerprints.len() >= self.buckets.len() / 4 * 3 {
            self.double();
        }
        Some(id)
    }

    pub(super) fn contains(&self, fingerprint: u64) -> bool {
        self.find(fingerprint).is_ok()
    }

    /// Whether the first bucket asked already holds the fingerprint. Asked for
    /// many fingerprints in a row, memory answers all of them at once.
    pub(super) fn holds_at_first(&self, fingerprint: u64) -> bool {
        let wanted = stored(fingerprint);
        self.buckets[first_bucket(wanted, self.buckets.len() - 1)] == wanted
    }

    pub(super) fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// Memory held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.fingerprints.capacity() * 8 + self.parents.capacity() * 4 + self.buckets.len() * 8
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

    /// The bucket that holds the fingerprint, or the one it would go to.
    fn find(&self, fingerprint: u64) -> Result<usize, usize> {
        let mask = self.buckets.len() - 1;
        let wanted = stored(fingerprint);
        let mut bucket = first_bucket(wanted, mask);
        loop {
            let held = self.buckets[bucket];
            if held == wanted {
                return Ok(bucket);
            }
            if held == EMPTY {
                return Err(bucket);
            }
            bucket = (bucket + 1) & mask;
        }
    }

    fn double(&mut self) {
        let size = self.buckets.len() * 2;
        self.buckets.clear();
        self.buckets.resize(size, EMPTY);
        let mask = size - 1;
        for fingerprint in &self.fingerprints {
            let held = stored(*fingerprint);
            let mut bucket = first_bucket(held, mask);
            while self.buckets[bucket] != EMPTY {
                bucket = (bucket + 1) & mask;
            }
            self.buckets[bucket] = held;
        }
    }
}

/// Grows by a quarter instead of doubling, to keep the slack small.
fn grow_gently<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact((items.len() / 4).max(256));
    }
}

/// What a bucket holds; zero means empty, so the fingerprint zero shares the
/// bucket of another one.
fn stored(fingerprint: u64) -> u64 {
    if fingerprint == EMPTY { u64::MAX } else { fingerprint }
}

fn first_bucket(fingerprint: u64, mask: usize) -> usize {
    usize::try_from(fingerprint & 0xffff_ffff).unwrap_or(0) & mask
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
    fn fingerprints_of_one_bucket_are_told_apart() {
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
