//! The headline: one row per operation, one column per mindset question.

use super::style::Style;
use crate::Report;
use crate::text::{count, pad, trim_middle};
use std::cmp::Reverse;
use whatif_model::verdict::{MatrixRow, Mindset};

/// Rows shown unless everything is asked for; a screen is about 24 lines high.
const ROWS_MAX: usize = 16;
/// Longest address shown whole, so that a row fits into 100 columns.
const ADDRESS_MAX: usize = 46;
/// Width of a cell: the longest word is `incomplete`.
const CELL: usize = 10;

pub(super) fn render(report: &Report<'_>, everything: bool, style: Style) -> String {
    if report.matrix.is_empty() {
        return String::new();
    }
    let shown = worst(report.matrix, if everything { usize::MAX } else { ROWS_MAX });
    let addresses: Vec<String> =
        shown.iter().map(|row| trim_middle(&report.system[row.operation].address, ADDRESS_MAX)).collect();
    let width = addresses.iter().map(|address| address.chars().count()).max().unwrap_or(0).max("what if ...".len());

    let mut out = style.bold(&pad("what if ...", width));
    for (at, question) in Mindset::ALL.iter().enumerate() {
        out.push_str("  ");
        out.push_str(&style.bold(&cell(question.as_str(), at)));
    }
    out.push('\n');
    for (row, address) in shown.iter().zip(&addresses) {
        out.push_str(&line(row, &pad(address, width), style));
    }
    out.push_str(&rest(report.matrix, shown.len(), style));
    out
}

fn line(row: &MatrixRow, address: &str, style: Style) -> String {
    let words = row.verdicts.iter().map(|verdict| verdict.as_str());
    let cells = words.enumerate().map(|(at, word)| style.verdict(word, &cell(word, at)));
    format!("{address}  {}\n", cells.collect::<Vec<_>>().join("  "))
}

/// A word padded to its column; the last column needs no padding.
fn cell(word: &str, column: usize) -> String {
    if column + 1 == Mindset::ALL.len() { word.to_owned() } else { pad(word, CELL) }
}

/// The rows that break most, in operation order.
fn worst(matrix: &[MatrixRow], max: usize) -> Vec<&MatrixRow> {
    let mut order: Vec<usize> = (0..matrix.len()).collect();
    order.sort_by_key(|at| Reverse((cells(&matrix[*at], "breaks"), cells(&matrix[*at], "depends"))));
    order.truncate(max);
    order.sort_unstable();
    order.into_iter().map(|at| &matrix[at]).collect()
}

fn cells(row: &MatrixRow, word: &str) -> usize {
    row.verdicts.iter().filter(|verdict| verdict.as_str() == word).count()
}

fn rest(matrix: &[MatrixRow], shown: usize, style: Style) -> String {
    let hidden = matrix.len() - shown;
    let breaking = matrix.iter().filter(|row| cells(row, "breaks") > 0).count();
    let mut words = format!("{} of {} can break", breaking, count(matrix.len(), "operation"));
    if hidden > 0 {
        words.push_str(&format!("; {hidden} more in --all"));
    }
    if breaking > 0 {
        words.push_str("; `whatif ask <question> <operation>` shows how");
    }
    format!("{}\n", style.dim(&words))
}
