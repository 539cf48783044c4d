//! A syntax tree, walked with one cursor and a depth limit.

use crate::syntax::{Kind, Table};
use std::ops::ControlFlow;
use tree_sitter::{Node, ParseOptions, Parser, Tree, TreeCursor};
use whatif_model::Range;
use whatif_model::limits::DEPTH_MAX;

/// The parser reports every 100 operations. Real code needs at most one report per 75 bytes (measured on etcd and
/// checkov); error recovery on garbage can need a hundred times as many, each dearer than the last. So many bytes
/// earn one report, on top of the reports every file may use.
const BYTES_PER_REPORT: usize = 20;
const REPORTS_MIN: usize = 300;
/// Most reports for any file; the largest file that is read needs about 110 000 when it is real code.
const REPORTS_MAX: usize = 150_000;

/// Parses `text`; `None` when the parser gave up, which depends on the text only, never on time.
pub(crate) fn parse(parser: &mut Parser, text: &str) -> Option<Tree> {
    let bytes = text.as_bytes();
    let mut left = (REPORTS_MIN + bytes.len() / BYTES_PER_REPORT).min(REPORTS_MAX);
    let mut within_budget = |_: &tree_sitter::ParseState| match left.checked_sub(1) {
        Some(rest) => {
            left = rest;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(()),
    };
    let options = ParseOptions::new().progress_callback(&mut within_budget);
    let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or(&[]), None, Some(options));
    if tree.is_none() {
        parser.reset();
    }
    tree
}

/// The bytes of a node.
pub(crate) fn range(node: Node<'_>) -> Range {
    node.byte_range().into()
}

/// Where the grammar gave up: outermost errors, and what it had to add.
pub(crate) fn error_ranges(root: Node<'_>) -> Vec<Range> {
    let mut errors = Vec::new();
    if !root.has_error() {
        return errors;
    }
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        let is_error = node.is_error() || node.is_missing();
        if is_error {
            errors.push(range(node));
        }
        if !is_error && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return errors;
            }
        }
    }
}

/// A child of a node.
#[derive(Clone, Copy)]
pub(crate) struct Part<'t, K, F> {
    pub(crate) kind: K,
    pub(crate) field: F,
    pub(crate) node: Node<'t>,
}

impl<K, F> Part<'_, K, F> {
    pub(crate) fn range(&self) -> Range {
        range(self.node)
    }
}

/// The children of a node that mean something: named ones and those in a field, comments left out.
pub(crate) struct Parts<'t, K, F>(Vec<Part<'t, K, F>>);

impl<'t, K: Kind, F: Copy + Eq> Parts<'t, K, F> {
    /// The first child in a field.
    pub(crate) fn field(&self, field: F) -> Option<Part<'t, K, F>> {
        self.0.iter().find(|part| part.field == field).copied()
    }

    /// All children in a field.
    pub(crate) fn fields(&self, field: F) -> impl Iterator<Item = Part<'t, K, F>> + '_ {
        self.0.iter().filter(move |part| part.field == field).copied()
    }

    /// The first child of a kind.
    pub(crate) fn kind(&self, kind: K) -> Option<Part<'t, K, F>> {
        self.0.iter().find(|part| part.kind == kind).copied()
    }

    /// The first child.
    pub(crate) fn first(&self) -> Option<Part<'t, K, F>> {
        self.0.first().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Part<'t, K, F>> + '_ {
        self.0.iter().copied()
    }
}

impl<'t, K, F> IntoIterator for Parts<'t, K, F> {
    type Item = Part<'t, K, F>;
    type IntoIter = std::vec::IntoIter<Part<'t, K, F>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A walk over one tree.
pub(crate) struct Walk<'t, K: 'static, F: 'static> {
    text: &'t str,
    table: &'static Table<K, F>,
    cursor: TreeCursor<'t>,
    depth: usize,
}

impl<'t, K: Kind, F: Copy + Default + Eq> Walk<'t, K, F> {
    pub(crate) fn new(tree: &'t Tree, text: &'t str, table: &'static Table<K, F>) -> Self {
        Self { text, table, cursor: tree.walk(), depth: 0 }
    }

    /// The children of a node that mean something.
    pub(crate) fn parts(&mut self, node: Node<'t>) -> Parts<'t, K, F> {
        self.parts_if(node, |kind, has_field| kind != K::COMMENT && (has_field || kind != K::TOKEN))
    }

    /// The named children of a node, comments included.
    pub(crate) fn parts_and_comments(&mut self, node: Node<'t>) -> Parts<'t, K, F> {
        self.parts_if(node, |kind, has_field| has_field || kind != K::TOKEN)
    }

    /// The text of a node.
    pub(crate) fn text(&self, node: Node<'t>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or("")
    }

    /// The text between two places, empty when there is none.
    pub(crate) fn text_between(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or("")
    }

    /// Goes one level down; `false` at the limit, and then [`Self::leave`] must not be called.
    pub(crate) fn enter(&mut self) -> bool {
        let is_allowed = self.depth < DEPTH_MAX;
        self.depth += usize::from(is_allowed);
        is_allowed
    }

    /// Comes back up.
    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// How many more levels may be entered.
    pub(crate) fn levels_left(&self) -> usize {
        DEPTH_MAX.saturating_sub(self.depth)
    }

    fn parts_if(&mut self, node: Node<'t>, wanted: impl Fn(K, bool) -> bool) -> Parts<'t, K, F> {
        let mut parts = Vec::new();
        self.cursor.reset(node);
        let mut is_at_child = self.cursor.goto_first_child();
        while is_at_child {
            let node = self.cursor.node();
            let kind = self.table.kind(node.kind_id());
            let field_id = self.cursor.field_id();
            if wanted(kind, field_id.is_some()) {
                parts.push(Part { kind, field: self.table.field(field_id), node });
            }
            is_at_child = self.cursor.goto_next_sibling();
        }
        Parts(parts)
    }
}
