//! The node that YAML and JSON share.

use std::borrow::Cow;
use whatif_model::Range;

/// The documents of one file, and what could not be read of it.
#[derive(Debug, Default)]
pub struct Documents<'t> {
    /// Documents that were read, in order.
    pub documents: Vec<Document<'t>>,
    /// Syntax errors and exceeded limits; each costs one document, or one duplicate key.
    pub problems: Vec<TreeProblem>,
}

impl Documents<'_> {
    /// The same documents, independent of the text they were read from.
    pub(super) fn into_owned(self) -> Documents<'static> {
        let documents = self.documents.into_iter();
        Documents {
            documents: documents.map(|it| Document { root: it.root.into_owned(), range: it.range }).collect(),
            problems: self.problems,
        }
    }
}

/// One document of a file.
#[derive(Debug)]
pub struct Document<'t> {
    /// Its content.
    pub root: Node<'t>,
    /// The bytes it takes, separators excluded.
    pub range: Range,
}

/// Something wrong with the syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeProblem {
    /// Where.
    pub range: Range,
    /// What, lower case, no full stop.
    pub message: String,
}

/// A value and the bytes it takes.
#[derive(Clone, Debug)]
pub struct Node<'t> {
    /// From its first to its last byte, indentation and trailing white space excluded.
    /// For a value reached through an alias: the alias.
    pub range: Range,
    /// What it is.
    pub kind: Kind<'t>,
}

/// What a [`Node`] is.
#[derive(Clone, Debug)]
pub enum Kind<'t> {
    /// Text, number, boolean or null: YAML tells them apart by their look only, so the reader decides.
    Scalar {
        /// The text without quotes and escapes.
        text: Cow<'t, str>,
        /// Written without quotes, so that it may be a number, boolean or null.
        plain: bool,
    },
    /// A sequence.
    Seq(Vec<Node<'t>>),
    /// A mapping; keys are unique, merge keys (`<<`) are already merged in.
    Map(Vec<Entry<'t>>),
}

/// One key of a mapping and its value.
#[derive(Clone, Debug)]
pub struct Entry<'t> {
    /// The key.
    pub key: Cow<'t, str>,
    /// Where the key stands.
    pub key_range: Range,
    /// The value.
    pub value: Node<'t>,
}

impl Entry<'_> {
    /// Key and value together.
    pub fn range(&self) -> Range {
        self.key_range.cover(self.value.range)
    }
}

impl<'t> Node<'t> {
    /// Depth is bounded: a loader nests at most [`whatif_model::limits::DEPTH_MAX`] levels.
    fn into_owned(self) -> Node<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let kind = match self.kind {
            Kind::Scalar { text, plain } => Kind::Scalar { text: own(text), plain },
            Kind::Seq(items) => Kind::Seq(items.into_iter().map(Node::into_owned).collect()),
            Kind::Map(entries) => Kind::Map(
                entries
                    .into_iter()
                    .map(|it| Entry { key: own(it.key), key_range: it.key_range, value: it.value.into_owned() })
                    .collect(),
            ),
        };
        Node { range: self.range, kind }
    }

    /// The value of `key`, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node<'t>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of `key`, when this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry<'t>> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node<'t>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry<'t>] {
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// Items of a sequence; none for anything else.
    pub fn items(&self) -> &[Node<'t>] {
        if let Kind::Seq(items) = &self.kind { items } else { &[] }
    }

    /// The text of a scalar that is not null.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// The text of the scalar at the end of a path of keys.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Node::text)
    }

    /// A scalar that reads as a whole number that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        self.text().and_then(|text| text.trim().parse().ok())
    }

    /// A scalar that reads as a boolean, in the spelling of YAML 1.1, which compose and Kubernetes still use.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => Some(true),
                "false" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it is null, or nothing was written.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Whether it is a sequence.
    pub fn is_seq(&self) -> bool {
        matches!(self.kind, Kind::Seq(_))
    }
}
