//! Every bound of the explorer, in one place.

/// Distinct states explored for one question before the answer is
/// `Incomplete`; a fraction of a second and about 7 MB.
pub const MAX_STATES: usize = 200_000;
/// Unknown attributes explored symbolically: 2^6 = 64 configurations.
pub const MAX_UNKNOWNS: usize = 6;
/// Logical requests in one exploration (two bits of a slot).
pub const MAX_REQUESTS: usize = 4;
/// Steps over all operations of a slice (ten bits of a slot).
pub const MAX_STEPS: usize = 1 << 10;
/// Threads, requests, replies and messages alive at once.
pub const MAX_SLOTS: usize = 12;
/// 64-bit words for clients, stores, logs and ghost counters.
pub const MAX_FIXED_WORDS: usize = 12;
/// Steps a thread may take within one transition; a local loop that never
/// reaches a visible step ends there and makes the answer `Incomplete`.
pub const MAX_FUSED_STEPS: u16 = 64;
/// Registers of a thread.
pub const MAX_REGISTERS: u8 = 3;
/// Locks of a slice (two bits of a slot).
pub const MAX_LOCKS: usize = 2;
/// Steps between `Begin` and `Commit` (ten bits of a slot).
pub const MAX_TRANSACTION_STEPS: u16 = 10;
/// Highest stage of a saga log; one more is the mark of a closed saga.
pub const MAX_STAGE: u8 = 14;
/// Different idempotency keys one request can carry (three bits of a slot,
/// zero meaning none).
pub const MAX_KEYS: u8 = 7;
/// Largest value of an item, version or token; counters stop there.
pub const MAX_VALUE: u64 = 7;
/// Services that can crash; requests not yet started that a crash can take
/// with it in every combination.
pub const MAX_CRASH_SUBSET: usize = 4;
