//! Documents that could not be read whole.

use super::style::Style;
use crate::Report;
use crate::place::Place;
use crate::text::{clean, count};

/// Problems shown unless everything is asked for.
const PROBLEMS_MAX: usize = 8;

pub(super) fn render(report: &Report<'_>, everything: bool, style: Style) -> String {
    let problems = &report.system.problems;
    let max = if everything { usize::MAX } else { PROBLEMS_MAX };
    let mut out = String::new();
    for problem in problems.iter().take(max) {
        let place = problem.span.and_then(|span| Place::of(report.sources, span));
        let at = place.map_or(problem.path.clone(), |at| format!("{}:{}:{}", at.path, at.line, at.column));
        out.push_str(&format!("{}: {}: {}\n", style.yellow("problem"), clean(&at), clean(&problem.message)));
    }
    let hidden = problems.len().saturating_sub(max);
    if hidden > 0 {
        out.push_str(&style.dim(&format!("{} in --all", count(hidden, "more problem"))));
        out.push('\n');
    }
    out
}
