//! Documents that could not be read whole; the same trouble in many files is one entry.

use super::style::Style;
use crate::Report;
use crate::place::Place;
use crate::text::{clean, count};
use whatif_model::facts::Problem;

/// Entries shown unless everything is asked for.
const ENTRIES_MAX: usize = 8;
/// Places named per entry unless everything is asked for.
const PLACES_MAX: usize = 2;

pub(super) fn render(report: &Report<'_>, everything: bool, style: Style) -> String {
    let entries = by_message(&report.system.problems);
    let (entries_max, places_max) = if everything { (usize::MAX, usize::MAX) } else { (ENTRIES_MAX, PLACES_MAX) };
    let mut out = String::new();
    for entry in entries.iter().take(entries_max) {
        out.push_str(&format!("{}: {}\n", style.yellow("problem"), clean(&entry[0].message)));
        for problem in entry.iter().take(places_max) {
            out.push_str(&format!("  {}\n", clean(&place(report, problem))));
        }
        let hidden = entry.len().saturating_sub(places_max);
        if hidden > 0 {
            out.push_str(&style.dim(&format!("  and {} (--all)", count(hidden, "more place"))));
            out.push('\n');
        }
    }
    let hidden = entries.len().saturating_sub(entries_max);
    if hidden > 0 {
        out.push_str(&style.dim(&format!("{} of other kinds (--all)", count(hidden, "more problem"))));
        out.push('\n');
    }
    out
}

/// Problems with the same words together, in the order of their first appearance.
fn by_message(problems: &[Problem]) -> Vec<Vec<&Problem>> {
    let mut entries: Vec<Vec<&Problem>> = Vec::new();
    for problem in problems {
        match entries.iter_mut().find(|entry| entry[0].message == problem.message) {
            Some(entry) => entry.push(problem),
            None => entries.push(vec![problem]),
        }
    }
    entries
}

fn place(report: &Report<'_>, problem: &Problem) -> String {
    let place = problem.span.and_then(|span| Place::of(report.sources, span));
    place.map_or(problem.path.clone(), |at| format!("{}:{}:{}", at.path, at.line, at.column))
}
