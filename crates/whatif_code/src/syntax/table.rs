//! Node kinds and field names of a grammar as Rust enums, looked up by number instead of by text.

use tree_sitter::Language;

/// The node kinds a front end tells apart.
pub(crate) trait Kind: Copy + Eq + 'static {
    /// Punctuation, keywords and operators.
    const TOKEN: Self;
    /// Comments and other extras, which may stand anywhere.
    const COMMENT: Self;
    /// What the grammar could not parse.
    const ERROR: Self;
    /// A named node no front end asks for by name.
    const OTHER: Self;
}

/// Kinds and fields by the numbers the parser uses.
pub(crate) struct Table<K, F> {
    kinds: Vec<K>,
    fields: Vec<F>,
}

impl<K: Kind, F: Copy + Default> Table<K, F> {
    /// Looks every name up once. Names the grammar does not have are never met.
    pub(crate) fn new(language: &Language, kinds: &[(&str, K)], fields: &[(&str, F)]) -> Self {
        let kind_of = |id: u16| match language.node_kind_for_id(id) {
            Some(name) if language.node_kind_is_named(id) => find(kinds, name).unwrap_or(K::OTHER),
            _ => K::TOKEN,
        };
        let field_of = |id: u16| language.field_name_for_id(id).and_then(|name| find(fields, name)).unwrap_or_default();
        Self {
            kinds: ids(language.node_kind_count()).map(kind_of).collect(),
            fields: ids(language.field_count() + 1).map(field_of).collect(),
        }
    }

    /// The kind with this number; the parser's own `ERROR` has the largest one.
    pub(crate) fn kind(&self, id: u16) -> K {
        self.kinds.get(usize::from(id)).copied().unwrap_or(K::ERROR)
    }

    /// The field with this number.
    pub(crate) fn field(&self, id: Option<std::num::NonZeroU16>) -> F {
        id.and_then(|id| self.fields.get(usize::from(id.get())).copied()).unwrap_or_default()
    }
}

fn find<T: Copy>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn ids(count: usize) -> std::ops::Range<u16> {
    0..u16::try_from(count).unwrap_or(u16::MAX)
}
