//! Faults and how many of each an exploration may inject.

/// One kind of fault. The order is that of the counters in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A service loses its threads, open transactions and memory.
    Crash,
    /// A request or reply is lost. A lost reply after an effect is what users
    /// know as "it failed, but it happened".
    Lose,
    /// A request or message arrives twice.
    Duplicate,
    /// A lease runs out while its holder still lives (a pause).
    Expire,
    /// A replica answers with the previous version.
    Stale,
    /// Two services, or a service and its stores or broker, cannot reach each
    /// other until it heals.
    Partition,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Fault; 6] =
        [Fault::Crash, Fault::Lose, Fault::Duplicate, Fault::Expire, Fault::Stale, Fault::Partition];

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

/// How many faults one trace may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Per kind, at most 3 each, in the order of [`Fault::ALL`].
    pub of: [u8; Fault::ALL.len()],
    /// Over all kinds.
    pub total: u8,
}

impl Budget {
    /// No faults at all.
    pub const NONE: Budget = Budget { of: [0; Fault::ALL.len()], total: 0 };

    /// One of each of the given kinds, `total` together.
    #[must_use]
    pub fn one_of_each(kinds: &[Fault], total: u8) -> Self {
        let mut of = [0; Fault::ALL.len()];
        for kind in kinds {
            of[kind.index()] = 1;
        }
        Budget { of, total }
    }

    /// The bound for one kind.
    #[must_use]
    pub fn allows(&self, fault: Fault) -> u8 {
        self.of[fault.index()].min(3)
    }
}
