//! Workflow commands of GitHub Actions, which become annotations of a pull request
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>).

use crate::place::Place;
use crate::{Report, Selection};
use whatif_model::finding::Severity;

/// Renders one command per finding.
pub fn render(report: &Report<'_>, selection: &Selection<'_>) -> String {
    let mut out = String::new();
    for finding in &selection.shown {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let place = finding.evidence.first().and_then(|evidence| Place::of(report.sources, evidence.span));
        let at = place.map_or_else(String::new, |at| {
            let path = property(at.path);
            let columns = if at.line == at.end_line {
                format!(",col={},endColumn={}", at.column, at.end_column)
            } else {
                String::new()
            };
            format!("file={path},line={},endLine={}{columns},", at.line, at.end_line)
        });
        let message = data(&format!("{}\n{}", finding.message, finding.help));
        out.push_str(&format!("::{command} {at}title={}::{message}\n", property(finding.rule)));
    }
    out
}

/// Escapes the text of a command, as the runner's own toolkit does.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
