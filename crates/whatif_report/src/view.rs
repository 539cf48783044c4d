//! What a renderer sees of a review.

use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Question, System};
use whatif_model::text::Sources;
use whatif_model::verdict::MatrixRow;

/// A finished review, borrowed from whoever made it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The files, to quote them.
    pub sources: &'a Sources,
    /// The model.
    pub system: &'a System,
    /// Every finding, allowed ones included, in review order.
    pub findings: &'a [Finding],
    /// The answers to the mindset questions, in operation order.
    pub matrix: &'a [MatrixRow],
    /// What only the user can answer, most decisive first.
    pub questions: &'a [Question],
    /// Every rule that was run.
    pub rules: &'a [RuleText],
    /// How much was read.
    pub counts: Counts,
}

/// What renderers say about a rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleText {
    /// `practice/slug`.
    pub id: &'static str,
    /// Its usual severity.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
}

/// What renderers say about a reader.
#[derive(Clone, Copy, Debug)]
pub struct ReaderText {
    /// Its name.
    pub name: &'static str,
    /// What it reads.
    pub reads: &'static str,
    /// Where the format is specified.
    pub specification: &'static str,
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files a reader understood at least in part.
    pub files_read: usize,
    /// Files no reader claims, or that were too large or not text.
    pub files_ignored: usize,
    /// Bytes of the files that were read.
    pub bytes: u64,
}
