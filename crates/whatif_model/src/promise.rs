//! What a team promises about its system, in its own words.

use crate::text::Span;

/// A promise of `whatif.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// As written.
    pub text: String,
    /// What it says.
    pub claim: Claim,
    /// Where it stands.
    pub span: Span,
}

/// What a promise says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `stock.available >= 0`.
    AtLeast {
        /// What is stored: an item, or a part of one.
        item: String,
        /// The bound.
        least: i64,
    },
    /// `"order" paid at most once`: for one request.
    AtMostOnce {
        /// What it happens to; nothing for anything.
        thing: Option<String>,
        /// What happens; with several names, all of them together happen at most once.
        deeds: Vec<String>,
    },
    /// `every accepted order is eventually shipped or refunded`.
    Eventually {
        /// What it happens to.
        thing: String,
        /// Whether it counts only once the caller was told that it worked.
        accepted: bool,
        /// What happens, one of them.
        deeds: Vec<String>,
    },
}
