//! What only the user can answer, most decisive first.

use super::style::Style;
use crate::Report;
use crate::place::short;
use crate::text::{clean, count, wrap};

/// Questions shown in a review; `whatif questions` lists all.
const QUESTIONS_MAX: usize = 5;

pub(super) fn render(report: &Report<'_>, style: Style) -> String {
    if report.questions.is_empty() {
        return String::new();
    }
    let mut out = style.bold("questions only you can answer");
    out.push('\n');
    for question in report.questions.iter().take(QUESTIONS_MAX) {
        let place = question.span.map(|span| format!("  ({})", short(report.sources, span))).unwrap_or_default();
        let words = format!("{}{place}", question.question);
        for (at, line) in wrap(&words, style.width.saturating_sub(4)).iter().enumerate() {
            out.push_str(&format!("  {} {line}\n", if at == 0 { "?" } else { " " }));
        }
    }
    let hidden = report.questions.len().saturating_sub(QUESTIONS_MAX);
    let more =
        if hidden > 0 { format!("{} in `whatif questions`; ", count(hidden, "more question")) } else { String::new() };
    out.push_str(&style.dim(&clean(&format!("  {more}answer with [[fact]] in whatif.toml"))));
    out.push('\n');
    out
}
