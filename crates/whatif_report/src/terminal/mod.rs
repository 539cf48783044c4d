//! The review as people read it: matrix, findings, questions, one summary line.

pub mod style;

mod finding;
mod matrix;
mod problems;
mod questions;
mod summary;
pub(crate) mod trace;

use crate::{Report, Selection, Style};

/// Renders a whole review.
pub fn render(report: &Report<'_>, selection: &Selection<'_>, style: Style) -> String {
    let mut parts = vec![matrix::render(report, selection.show_allowed, style)];
    parts.extend(selection.shown.iter().map(|finding| finding::render(report.sources, finding, style)));
    if selection.show_allowed {
        parts.extend(selection.allowed.iter().map(|finding| finding::render(report.sources, finding, style)));
    }
    parts.push(questions::render(report, style));
    parts.push(problems::render(report, selection.show_allowed, style));
    parts.push(summary::render(report, selection, style));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

pub(crate) use finding::headline;
pub use finding::render as finding;
pub use summary::render as summary;
