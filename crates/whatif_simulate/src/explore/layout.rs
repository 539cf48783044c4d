//! Where each value lives in the words of a state.
//!
//! Global words come first, then one equal block of words per request, so
//! that requests can be swapped as whole blocks.

use super::fault::Fault;
use super::limits;

/// A few bits of one word, the same place in each request's block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) word: u8,
    pub(super) shift: u8,
    pub(super) bits: u8,
    /// Words between the blocks of two requests; zero for global fields.
    pub(super) stride: u8,
}

impl Field {
    /// A value that is always zero and takes no place.
    pub(super) const NEVER: Field = Field { word: 0, shift: 0, bits: 0, stride: 0 };

    /// The bits of a global field within its word.
    pub(super) fn mask(self) -> u64 {
        ((1 << self.bits) - 1) << self.shift
    }
}

/// Places of an item.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ItemFields {
    pub(super) value: Option<Field>,
    pub(super) commits: Option<Field>,
    pub(super) newest_token: Option<Field>,
    pub(super) fence: Option<Field>,
    /// Set when something was removed that nobody had read.
    pub(super) unseen: Option<Field>,
}

/// Places of a lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct LockFields {
    pub(super) holder: Field,
    pub(super) last: Field,
}

/// Places of an outbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutboxFields {
    pub(super) pending: Field,
    pub(super) publishing: Field,
    pub(super) payload: Field,
}

/// Places of an effect's counters.
#[derive(Clone, Copy, Debug)]
pub(super) struct EffectFields {
    pub(super) applied: Field,
    pub(super) undone: Field,
}

/// Places of everything.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) fixed_words: u8,
    pub(super) global_words: u8,
    pub(super) block_words: u8,
    pub(super) used: [Field; Fault::ALL.len()],
    /// Which cut is on; 0 is none.
    pub(super) cut: Option<Field>,
    /// Set when something failed because of a cut.
    pub(super) felt: Option<Field>,
    /// Set by a write with a token older than one already applied.
    pub(super) stale_writer: Field,
    pub(super) client: Field,
    pub(super) attempts: Field,
    pub(super) fresh_keys: Option<Field>,
    pub(super) items: Vec<ItemFields>,
    pub(super) locks: Vec<LockFields>,
    /// Newest version published, per topic.
    pub(super) newest: Vec<Option<Field>>,
    pub(super) outboxes: Vec<Option<OutboxFields>>,
    /// Per table, one row per key.
    pub(super) rows: Vec<Vec<Field>>,
    pub(super) sagas: Vec<Option<Field>>,
    /// Per promise, one more than the version a request read before the effect.
    pub(super) spends: Vec<Option<Field>>,
    pub(super) effects: Vec<Option<EffectFields>>,
}

/// Hands out places, first in the global words, then in the block.
#[derive(Default)]
pub(super) struct Allocator {
    global: Vec<u8>,
    block: Vec<u8>,
}

impl Allocator {
    /// A place for a value every request sees.
    pub(super) fn global(&mut self, bits: u8) -> Field {
        place(&mut self.global, bits, 0)
    }

    /// A place in the block of each request. Marked, and moved behind the
    /// global words by [`Allocator::settle`].
    pub(super) fn per_request(&mut self, bits: u8) -> Field {
        place(&mut self.block, bits, u8::MAX)
    }

    /// The sizes of the global part and of one block, in words.
    pub(super) fn words(&self) -> (usize, usize) {
        (self.global.len(), self.block.len())
    }

    /// The final place of a field handed out before.
    pub(super) fn settle(&self, field: &mut Field) {
        let (global, block) = self.words();
        if field.stride == u8::MAX {
            field.word = field.word.saturating_add(byte(global));
            field.stride = byte(block);
        }
    }
}

impl Layout {
    /// Every field, for settling.
    pub(super) fn for_each(&mut self, mut settle: impl FnMut(&mut Field)) {
        self.used.iter_mut().for_each(&mut settle);
        self.cut.iter_mut().for_each(&mut settle);
        self.felt.iter_mut().for_each(&mut settle);
        settle(&mut self.stale_writer);
        settle(&mut self.client);
        settle(&mut self.attempts);
        self.fresh_keys.iter_mut().for_each(&mut settle);
        for item in &mut self.items {
            let places =
                [&mut item.value, &mut item.commits, &mut item.newest_token, &mut item.fence, &mut item.unseen];
            places.into_iter().flatten().for_each(&mut settle);
        }
        for lock in &mut self.locks {
            settle(&mut lock.holder);
            settle(&mut lock.last);
        }
        self.newest.iter_mut().flatten().for_each(&mut settle);
        for outbox in self.outboxes.iter_mut().flatten() {
            settle(&mut outbox.pending);
            settle(&mut outbox.publishing);
            settle(&mut outbox.payload);
        }
        self.rows.iter_mut().flatten().for_each(&mut settle);
        self.sagas.iter_mut().flatten().for_each(&mut settle);
        self.spends.iter_mut().flatten().for_each(&mut settle);
        for effect in self.effects.iter_mut().flatten() {
            settle(&mut effect.applied);
            settle(&mut effect.undone);
        }
    }
}

fn place(words: &mut Vec<u8>, bits: u8, stride: u8) -> Field {
    let open = words.iter().position(|used| used + bits <= 64);
    let word = open.unwrap_or_else(|| {
        words.push(0);
        words.len() - 1
    });
    let shift = words[word];
    words[word] += bits;
    Field { word: byte(word), shift, bits, stride }
}

fn byte(words: usize) -> u8 {
    // Larger than any accepted layout, so the compiler rejects the slice.
    u8::try_from(words).unwrap_or(u8::MAX)
}

/// Whether that many words fit a state.
pub(super) fn fits(global: usize, block: usize, requests: usize) -> bool {
    block.saturating_mul(requests).saturating_add(global).le(&limits::MAX_FIXED_WORDS)
}
