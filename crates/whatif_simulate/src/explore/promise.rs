//! What is promised of a program, how its caller behaves, and what nobody says.

use super::program::{EffectId, ItemId, KeyPassing, Origin, TopicId};
use super::unknown::Literal;

/// How the caller of the entry operation behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Sends in all.
    pub attempts: u8,
    /// Which key its attempts carry; `Forward` counts as `None`.
    pub key: KeyPassing,
    /// The same, if the unknown has the value of the literal.
    pub key_if: Option<(Literal, KeyPassing)>,
    /// Whether an error reply is retried like a timeout.
    pub retry_on_error: bool,
    /// Evidence, passed through.
    pub origin: Origin,
}

impl Default for Client {
    fn default() -> Self {
        Client { attempts: 2, key: KeyPassing::None, key_if: None, retry_on_error: false, origin: 0 }
    }
}

/// What must be true of a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// Effects that happen all or not at all, one list per saga.
    pub sagas: Vec<Vec<EffectId>>,
    /// Effects that announce others.
    pub events: Vec<EventPromise>,
    /// Effects a successful answer stands for.
    pub acknowledged: Vec<EffectId>,
    /// Copies kept up to date by messages.
    pub copies: Vec<CopyPromise>,
    /// Cached copies that are filled by readers.
    pub caches: Vec<CachePromise>,
    /// Things used up by an effect.
    pub spends: Vec<SpendPromise>,
    /// What the users state themselves.
    pub stated: Vec<Stated>,
}

/// A promise of the users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stated {
    /// For one request all of these together happen at most once.
    AtMostOnce(Vec<EffectId>),
    /// For all requests all of these together happen at most once: one more would pass a bound.
    OnceForAll(Vec<EffectId>),
    /// No update of the item is lost: its bound was checked on the value that is overwritten.
    Unlost(ItemId),
    /// In the end one of the outcomes is there.
    Eventually {
        /// Whether only for requests whose client was told that it worked.
        accepted: bool,
        /// Only if one of these happened; empty for always.
        causes: Vec<EffectId>,
        /// One of these.
        outcomes: Vec<EffectId>,
    },
}

/// "The cache ends empty or with what the source holds."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePromise {
    /// The version in the cache; zero is empty.
    pub cache: ItemId,
    /// The version it is a copy of.
    pub source: ItemId,
}

/// "What was read once leads to the effect once": two requests that read the
/// same version of the item do not both apply the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendPromise {
    /// What is read and used up.
    pub item: ItemId,
    /// What it is used up for.
    pub effect: EffectId,
}

/// "Whenever the cause is committed, and only then, the outcome follows."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPromise {
    /// Effect in the publishing service.
    pub cause: EffectId,
    /// Effect in the consumer, or of the topic itself.
    pub outcome: EffectId,
}

/// "The item ends with the newest version published to the topic."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyPromise {
    /// Versions come from here.
    pub topic: TopicId,
    /// The copy.
    pub item: ItemId,
}

/// An attribute nothing in the files states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What is not known, for people.
    pub name: String,
    /// Evidence, passed through.
    pub origin: Origin,
}
