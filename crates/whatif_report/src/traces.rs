//! Counterexamples for other tools: Mermaid sequence diagrams, ShiViz logs, JSON.

mod clock;
mod mermaid;
mod shiviz;

pub use mermaid::mermaid;
pub use shiviz::shiviz;

use crate::Report;
use whatif_model::verdict::{Mindset, Trace, Verdict};

/// An answer to one question about one operation.
struct Answer<'r> {
    address: &'r str,
    question: Mindset,
    verdict: &'r Verdict,
}

impl<'r> Answer<'r> {
    /// `orders.Place: what happens if it is delivered twice?`
    fn title(&self) -> String {
        format!("{}: {}", self.address, self.question.question())
    }

    fn trace(&self) -> Option<&'r Trace> {
        self.verdict.trace()
    }
}

/// The answers asked for, row by row.
fn answers<'r>(report: &Report<'r>, rows: &[usize], questions: &[Mindset]) -> Vec<Answer<'r>> {
    let system = report.system;
    let rows = rows.iter().filter_map(|at| report.matrix.get(*at));
    rows.flat_map(|row| {
        let address = system[row.operation].address.as_str();
        let answer =
            |question: &Mindset| Answer { address, question: *question, verdict: &row.verdicts[*question as usize] };
        questions.iter().map(answer).collect::<Vec<_>>()
    })
    .collect()
}
