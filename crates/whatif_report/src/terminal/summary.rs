//! The last lines: what was found, and everything that was hidden.

use super::style::Style;
use crate::text::count;
use crate::{Report, Selection};
use whatif_model::evidence::Confidence;
use whatif_model::finding::Severity;

/// Renders the summary line.
pub fn render(report: &Report<'_>, selection: &Selection<'_>, style: Style) -> String {
    let mut parts = vec![style.bold(&found(selection))];
    if !report.questions.is_empty() {
        parts.push(count(report.questions.len(), "question"));
    }
    if !selection.allowed.is_empty() {
        parts.push(format!("{} allowed", selection.allowed.len()));
    }
    if selection.below > 0 {
        parts.push(format!("{} less severe or less sure (--all)", selection.below));
    }
    if !report.system.problems.is_empty() {
        parts.push(count(report.system.problems.len(), "problem"));
    }
    let mut lines = vec![parts.join(" . ")];
    let mut read = format!("read {}", count(report.counts.files_read, "file"));
    if report.counts.files_ignored > 0 {
        read.push_str(&format!(", skipped {}", report.counts.files_ignored));
    }
    if !report.system.ignored.is_empty() {
        read.push_str(&format!(
            ", {} not understood (whatif model --ignored)",
            count(report.system.ignored.len(), "place")
        ));
    }
    lines.push(style.dim(&read));
    format!("{}\n", lines.join("\n"))
}

fn found(selection: &Selection<'_>) -> String {
    if selection.shown.is_empty() {
        return "no findings".to_owned();
    }
    let severity = |wanted| selection.shown.iter().filter(|finding| finding.severity == wanted).count();
    let confidence = |wanted| selection.shown.iter().filter(|finding| finding.confidence == wanted).count();
    let list = |pairs: Vec<(usize, String)>| {
        pairs.into_iter().filter(|(n, _)| *n > 0).map(|(_, words)| words).collect::<Vec<_>>().join(", ")
    };
    let severities = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "info")];
    let by_severity = severities.map(|(wanted, noun)| (severity(wanted), count(severity(wanted), noun)));
    let levels = [Confidence::Certain, Confidence::Likely, Confidence::Possible];
    let by_confidence =
        levels.map(|wanted| (confidence(wanted), format!("{} {}", confidence(wanted), wanted.as_str())));
    format!("{} ({})", list(by_severity.to_vec()), list(by_confidence.to_vec()))
}
