//! One line per finding, for programs that pay for every word: place, id, rule, message, help.

use crate::terminal::headline;
use crate::text::{clean, count};
use crate::{Report, Selection};

/// Renders one line per finding, then one per question, then what was hidden.
pub fn render(report: &Report<'_>, selection: &Selection<'_>) -> String {
    let mut out = String::new();
    for finding in &selection.shown {
        let help = clean(&finding.help);
        out.push_str(&format!(
            "{} [{} {}] at {}; fix: {help}\n",
            headline(report.sources, finding),
            finding.id(),
            finding.confidence.as_str(),
            clean(&finding.address),
        ));
    }
    for question in report.questions {
        let (address, words) = (clean(&question.address), clean(&question.question));
        out.push_str(&format!("question {address} {}: {words}\n", clean(&question.attribute)));
    }
    out.push_str(&format!(
        "{}, {} hidden, {} allowed\n",
        count(selection.shown.len(), "finding"),
        selection.below,
        selection.allowed.len()
    ));
    out
}
