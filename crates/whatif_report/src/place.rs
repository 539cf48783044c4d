//! Lines and columns of evidence, computed only here, at the edge.

use whatif_model::evidence::Evidence;
use whatif_model::text::{Sources, Span};

/// A range as people and programs outside count it: from 1, the end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a str,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
}

impl<'a> Place<'a> {
    /// The place of a span; `None` when its file is not part of the review.
    pub(crate) fn of(sources: &'a Sources, span: Span) -> Option<Self> {
        let file = sources.get(span.file)?;
        let (line, column) = file.position(span.range.start);
        let (end_line, end_column) = file.position(span.range.end.max(span.range.start));
        Some(Self { path: &file.path, line, column, end_line, end_column })
    }
}

/// `path:line` of a span, `?` when its file is not part of the review.
pub(crate) fn short(sources: &Sources, span: Span) -> String {
    Place::of(sources, span).map_or_else(|| "?".to_owned(), |at| format!("{}:{}", at.path, at.line))
}

/// `path:line` of the first piece of evidence that has a place.
pub(crate) fn first<'e>(sources: &Sources, evidence: impl IntoIterator<Item = &'e Evidence>) -> Option<String> {
    evidence.into_iter().find_map(|e| Place::of(sources, e.span)).map(|at| format!("{}:{}", at.path, at.line))
}
