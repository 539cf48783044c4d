//! `whatif questions`: all of them, with the answer's skeleton.

use crate::place::short;
use crate::text::{clean, count, wrap};
use crate::{Report, Style};

/// Renders every open question, most decisive first, each with the lines that answer it.
pub fn render(report: &Report<'_>, style: Style) -> String {
    let mut out = String::new();
    for question in report.questions {
        for line in wrap(&question.question, style.width) {
            out.push_str(&format!("{}\n", style.bold(&line)));
        }
        let decides = count(question.decides as usize, "verdict");
        let place =
            question.span.map(|span| format!(", raised at {}", short(report.sources, span))).unwrap_or_default();
        out.push_str(&style.dim(&clean(&format!("  decides {decides}{place}"))));
        let (address, attribute) = (quoted(&question.address), clean(&question.attribute));
        out.push_str(&format!("\n  [[fact]]\n  at = {address}\n  {attribute} = \"...\"\n  because = \"...\"\n\n"));
    }
    match report.questions.len() {
        0 => out.push_str("no open questions\n"),
        n => out.push_str(&format!("{}; put the answers into whatif.toml\n", count(n, "question"))),
    }
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", clean(text).replace('\\', "\\\\").replace('"', "\\\""))
}
