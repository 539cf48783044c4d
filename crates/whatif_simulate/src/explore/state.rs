//! A state: fixed words, then one word per thread, request, reply or message.

use super::layout::Field;
use super::limits::{MAX_FIXED_WORDS, MAX_SLOTS};

const MAX_WORDS: usize = MAX_FIXED_WORDS + MAX_SLOTS;

/// A packed state.
#[derive(Clone, Copy)]
pub(super) struct State {
    words: [u64; MAX_WORDS],
    fixed: u8,
    slots: u8,
}

/// What lives in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing.
    Empty,
    /// A request on its way.
    Requested,
    /// A thread at a step.
    Running,
    /// A thread waiting for the reply to its call.
    Waiting,
    /// A reply on its way.
    Reply,
    /// A message not being handled.
    Queued,
}

/// One thread, request, reply or message, packed. The links sit in the
/// lowest bits, so that sorting slots orders them by content first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Slot(pub(super) u64);

macro_rules! slot_fields {
    ($($(#[$doc:meta])* $get:ident, $set:ident: $shift:expr, $bits:expr;)*) => {
        impl Slot {$(
            $(#[$doc])*
            pub(super) fn $get(self) -> u64 {
                (self.0 >> $shift) & ((1 << $bits) - 1)
            }

            #[allow(dead_code)]
            pub(super) fn $set(mut self, value: u64) -> Self {
                let mask = ((1u64 << $bits) - 1) << $shift;
                self.0 = (self.0 & !mask) | ((value << $shift) & mask);
                self
            }
        )*}
    };
}

slot_fields! {
    /// Whose reply this is, or who waits for this thread's reply; 0: nobody.
    link, with_link: 0, 4;
    /// The link this thread waits on.
    child, with_child: 4, 4;
    request, with_request: 8, 2;
    failed, with_failed: 10, 1;
    tries, with_tries: 11, 2;
    deliveries, with_deliveries: 13, 2;
    /// Whether the thread still owes the broker an acknowledgement.
    holds_message, with_holds_message: 15, 1;
    payload, with_payload: 16, 3;
    key, with_key: 19, 3;
    registers, with_registers: 22, 9;
    locks, with_locks: 31, 2;
    in_transaction, with_in_transaction: 33, 1;
    /// Which steps behind `Begin` wait for `Commit`.
    buffered, with_buffered: 34, 10;
    pc, with_pc: 44, 10;
    phase_bits, with_phase_bits: 54, 3;
    /// Whether it may have crossed a cut just before the cut began.
    arrived, with_arrived: 57, 1;
}

/// The bits of a slot without its links.
pub(super) const CONTENT: u64 = !0xff;

impl Slot {
    pub(super) fn new(phase: Phase, request: u8, pc: u16) -> Self {
        Slot::default().with_phase(phase).with_request(u64::from(request)).with_pc(u64::from(pc))
    }

    pub(super) fn phase(self) -> Phase {
        match self.phase_bits() {
            1 => Phase::Requested,
            2 => Phase::Running,
            3 => Phase::Waiting,
            4 => Phase::Reply,
            5 => Phase::Queued,
            _ => Phase::Empty,
        }
    }

    pub(super) fn with_phase(self, phase: Phase) -> Self {
        self.with_phase_bits(phase as u64)
    }

    pub(super) fn at(self) -> usize {
        usize::try_from(self.pc()).unwrap_or(0)
    }

    pub(super) fn of_request(self) -> usize {
        usize::try_from(self.request()).unwrap_or(0)
    }

    pub(super) fn register(self, register: u8) -> u64 {
        (self.registers() >> (3 * register)) & 7
    }

    pub(super) fn with_register(self, register: u8, value: u64) -> Self {
        let shift = 3 * register;
        let kept = self.registers() & !(7 << shift);
        self.with_registers(kept | ((value & 7) << shift))
    }

    /// Whether a thread lives in the slot.
    pub(super) fn is_thread(self) -> bool {
        matches!(self.phase(), Phase::Running | Phase::Waiting)
    }
}

impl State {
    pub(super) fn new(fixed: u8) -> Self {
        State { words: [0; MAX_WORDS], fixed, slots: 0 }
    }

    /// A state from what [`State::words`] gave.
    pub(super) fn from_words(fixed: u8, words: &[u64]) -> Self {
        let mut state = State::new(fixed);
        state.words[..words.len()].copy_from_slice(words);
        let slots = words.len().saturating_sub(usize::from(fixed));
        state.slots = u8::try_from(slots).unwrap_or(0);
        state
    }

    /// The words that make the identity of the state.
    pub(super) fn words(&self) -> &[u64] {
        &self.words[..usize::from(self.fixed) + usize::from(self.slots)]
    }

    pub(super) fn fixed_mut(&mut self) -> &mut [u64] {
        &mut self.words[..usize::from(self.fixed)]
    }

    #[inline]
    pub(super) fn get(&self, field: Field, request: usize) -> u64 {
        let word = usize::from(field.word) + request * usize::from(field.stride);
        (self.words[word] >> field.shift) & ((1 << field.bits) - 1)
    }

    #[inline]
    pub(super) fn set(&mut self, field: Field, request: usize, value: u64) {
        let word = usize::from(field.word) + request * usize::from(field.stride);
        let mask = ((1u64 << field.bits) - 1) << field.shift;
        self.words[word] = (self.words[word] & !mask) | ((value << field.shift) & mask);
    }

    /// One more, stopping at the largest value the field holds.
    pub(super) fn bump(&mut self, field: Field, request: usize) {
        let value = self.get(field, request);
        if value + 1 < (1 << field.bits) {
            self.set(field, request, value + 1);
        }
    }

    pub(super) fn slot_count(&self) -> usize {
        usize::from(self.slots)
    }

    #[inline]
    pub(super) fn slot(&self, index: usize) -> Slot {
        Slot(self.words[usize::from(self.fixed) + index])
    }

    #[inline]
    pub(super) fn put(&mut self, index: usize, slot: Slot) {
        self.words[usize::from(self.fixed) + index] = slot.0;
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        let first = usize::from(self.fixed);
        self.words[first..first + self.slot_count()].iter().map(|word| Slot(*word))
    }

    pub(super) fn slots_mut(&mut self) -> &mut [u64] {
        let first = usize::from(self.fixed);
        let last = first + self.slot_count();
        &mut self.words[first..last]
    }

    /// Adds a slot; false when there is no room.
    #[must_use]
    pub(super) fn push(&mut self, slot: Slot) -> bool {
        if self.slot_count() == MAX_SLOTS {
            return false;
        }
        self.slots += 1;
        self.put(self.slot_count() - 1, slot);
        true
    }

    /// Closes the gaps that emptied slots left.
    pub(super) fn compact(&mut self) {
        let first = self.slots().position(|slot| slot.phase() == Phase::Empty);
        let Some(first) = first else { return };
        let mut kept = first;
        for index in first..self.slot_count() {
            let slot = self.slot(index);
            if slot.phase() != Phase::Empty {
                self.put(kept, slot);
                kept += 1;
            }
        }
        for index in kept..self.slot_count() {
            self.put(index, Slot::default());
        }
        self.slots = u8::try_from(kept).unwrap_or(self.slots);
    }

    /// The lowest link id nobody uses, above those of the clients.
    pub(super) fn free_link(&self, requests: usize) -> Option<u64> {
        let mut used = (1u64 << (requests + 1)) - 1;
        for slot in self.slots() {
            used |= 1 << slot.link() | 1 << slot.child();
        }
        let free = u64::from((!used).trailing_zeros());
        (free < 16).then_some(free)
    }
}

const ODD: [u64; 2] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];

/// A 64-bit fingerprint of the words (folded multiplication per word, as in
/// wyhash). Two states of one search share it with probability n^2 / 2^65.
pub(super) fn fingerprint(words: &[u64]) -> u64 {
    with_first(fingerprint_of_rest(words), words.first().copied().unwrap_or(0))
}

/// The part of the fingerprint that all words but the first decide.
pub(super) fn fingerprint_of_rest(words: &[u64]) -> u64 {
    let mut hash = ODD[0] ^ (words.len() as u64);
    for word in words.get(1..).unwrap_or(&[]) {
        hash = fold(hash ^ word, ODD[1]) ^ hash.rotate_left(23);
    }
    hash
}

/// The fingerprint with that first word.
pub(super) fn with_first(rest: u64, first: u64) -> u64 {
    let hash = fold(rest ^ first, ODD[1]) ^ rest.rotate_left(23);
    fold(hash ^ ODD[0], ODD[1])
}

/// The word with its bits spread over all others.
pub(super) fn mixed(word: u64) -> u64 {
    fold(word ^ ODD[0], ODD[1])
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[allow(clippy::cast_possible_truncation)]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}
