//! What the user answered in `whatif.toml`: evidence like any other.

use crate::text::Span;

/// One attribute a `[[fact]]` of `whatif.toml` sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The address it is about: a service, an operation, or `a -> b`.
    pub at: String,
    /// The attribute, as a question names it.
    pub attribute: String,
    /// Its value, as written.
    pub value: String,
    /// The reason given.
    pub because: String,
    /// Where it stands.
    pub span: Span,
}

/// Names a `[[same]]` of `whatif.toml` joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Same {
    /// The names.
    pub names: Vec<String>,
    /// Where it stands.
    pub span: Span,
}
