//! `whatif explain`: every fact behind one finding.

use crate::terminal::{finding as anatomy, style::Style};
use crate::text::clean;
use crate::{Report, model};
use whatif_model::finding::Finding;

/// The finding a user means by its short id, or the start of it.
pub fn find<'a>(findings: &'a [Finding], id: &str) -> Option<&'a Finding> {
    let long_enough = id.len() >= 4 && id.chars().all(|c| c.is_ascii_hexdigit());
    findings.iter().find(|finding| long_enough && finding.id().starts_with(&id.to_ascii_lowercase()))
}

/// Renders a finding with all of its evidence, and what the model says about its address.
pub fn render(report: &Report<'_>, finding: &Finding, style: Style) -> String {
    let mut out = anatomy(report.sources, finding, style);
    out.push_str(&format!("\n{}\n", style.bold("evidence")));
    out.push_str(&model::places(report.sources, &finding.evidence));
    if let Some(about) = model::focus(report, &finding.address, style) {
        out.push_str(&format!("\n{}\n{about}", style.bold("what the model says about it")));
    }
    out.push_str(&format!("\n`whatif explain {}` explains the rule\n", clean(finding.rule)));
    out
}
