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
    for question in Mindset::ALL {
        out.push_str("  ");
        out.push_str(&style.bold(&pad(question.as_str(), CELL)));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    for (row, address) in shown.iter().zip(&addresses) {
        out.push_str(&line(row, &pad(address, width), style));
    }
    out.push_str(&rest(report.matrix, shown.len(), style));
    out
}

fn line(row: &MatrixRow, address: &str, style: Style) -> String {
    let cells = row.verdicts.iter().map(|verdict| verdict.as_str());
    let last = row.verdicts.len() - 1;
    let cells = cells.enumerate().map(|(at, cell)| {
        let padded = if at == last { cell.to_owned() } else { pad(cell, CELL) };
        style.verdict(cell, &padded)
    });
    format!("{address}  {}\n", cells.collect::<Vec<_>>().join("  "))
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
