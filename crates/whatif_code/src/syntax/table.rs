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

/// The kinds and fields of a grammar as enums, and one table per grammar that has them.
///
/// A kind may stand for several node kinds that are read alike. `Token`, `Comment`, `Error` and `Other` exist in every
/// language, as does the field `None`. A test checks every name against the grammars.
macro_rules! grammar {
    (
        tables { $($(#[$doc:meta])* $table:ident: $language:expr),+ $(,)? }
        comments { $($comment:literal)|+ $(,)? }
        kinds { $($kind:ident: $($name:literal)|+),+ $(,)? }
        fields { $($field:ident: $field_name:literal),+ $(,)? }
    ) => {
        /// Node kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            Token,
            Comment,
            Error,
            Other,
            $($kind),+
        }

        /// Fields of nodes.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(super) enum Field {
            #[default]
            None,
            $($field),+
        }

        impl $crate::syntax::Kind for Kind {
            const TOKEN: Self = Self::Token;
            const COMMENT: Self = Self::Comment;
            const ERROR: Self = Self::Error;
            const OTHER: Self = Self::Other;
        }

        $(
            $(#[$doc])*
            pub(super) static $table: std::sync::LazyLock<$crate::syntax::Table<Kind, Field>> =
                std::sync::LazyLock::new(|| $crate::syntax::Table::new(&$language.into(), KINDS, FIELDS));
        )+

        const KINDS: &[(&str, Kind)] = &[$(($comment, Kind::Comment),)+ $($(($name, Kind::$kind),)+)+];

        const FIELDS: &[(&str, Field)] = &[$(($field_name, Field::$field)),+];

        #[cfg(test)]
        #[test]
        fn the_grammars_have_every_name() {
            let languages: Vec<tree_sitter::Language> = vec![$($language.into()),+];
            for (name, _) in KINDS {
                assert!(languages.iter().any(|language| language.id_for_node_kind(name, true) != 0), "{name}");
            }
            for (name, _) in FIELDS {
                assert!(languages.iter().any(|language| language.field_id_for_name(name).is_some()), "{name}");
            }
        }
    };
}

pub(crate) use grammar;
