//! `whatif ask`: one verdict per operation and question, with its trace as a sequence.

use crate::terminal::{style::Style, trace};
use crate::text::{clean, wrap};
use crate::{Report, place};
use whatif_model::text::Sources;
use whatif_model::verdict::{Bounds, Dependence, Mindset, NotEnough, Trace, Verdict};

/// Renders the answers to these questions about these rows of the matrix.
pub fn render(report: &Report<'_>, rows: &[usize], questions: &[Mindset], style: Style) -> String {
    let mut out = String::new();
    for row in rows.iter().filter_map(|at| report.matrix.get(*at)) {
        let operation = &report.system[row.operation];
        let at = place::first(report.sources, &operation.evidence).map(|at| format!("  {at}")).unwrap_or_default();
        let title = format!("{}  {}", operation.address, operation.trigger.display());
        out.push_str(&format!("{}{}\n", style.bold(&clean(&title)), style.dim(&clean(&at))));
        for question in questions {
            out.push_str(&answer(report.sources, *question, &row.verdicts[*question as usize], style));
        }
        out.push('\n');
    }
    out
}

fn answer(sources: &Sources, question: Mindset, verdict: &Verdict, style: Style) -> String {
    let word = verdict.as_str();
    let mut out = format!("  {} {}\n", question.question(), style.verdict(word, word));
    match verdict {
        Verdict::Violated(found) => out.push_str(&sequence(sources, found, style)),
        Verdict::Holds(bounds) => out.push_str(&stated(bounds, style)),
        Verdict::Depends(on) => out.push_str(&dependence(sources, on, style)),
        Verdict::Incomplete(why) | Verdict::NotAsked(why) => out.push_str(&indented(why, style)),
    }
    out
}

fn sequence(sources: &Sources, found: &Trace, style: Style) -> String {
    let mut out = indented(&format!("what if {}?", found.scenario.trim_end_matches('?')), style);
    for step in trace::steps(sources, found, &[], style.width) {
        out.push_str(&format!("    {}\n", step.replace('\n', "\n    ")));
    }
    if !found.broken.is_empty() {
        out.push_str(&format!("    {} {}\n", style.red("so:"), clean(&found.broken)));
    }
    if !found.repair.is_empty() {
        out.push_str(&format!("    smallest repair: {}\n", clean(&found.repair.join(" and "))));
    }
    if let Some(other) = &found.not_enough {
        out.push_str(&indented(&not_enough(other), style));
    }
    out
}

/// What is often done instead, and why it does not do.
pub(crate) fn not_enough(other: &NotEnough) -> String {
    let (scenario, steps) = (other.trace.scenario.trim_end_matches('?'), other.trace.steps.len());
    format!("not enough: {}; {scenario}, and after {steps} steps {}", other.fix, other.trace.broken)
}

fn stated(bounds: &Bounds, style: Style) -> String {
    let mut out = String::new();
    if !bounds.explored.is_empty() {
        let words = format!("within {} ({} states)", bounds.explored, bounds.states);
        out.push_str(&indented(&words, style));
    }
    for assumption in &bounds.assumptions {
        out.push_str(&indented(&format!("assumed: {assumption}"), style));
    }
    out
}

fn dependence(sources: &Sources, on: &Dependence, style: Style) -> String {
    let mut out = String::new();
    for fact in &on.safe_if {
        out.push_str(&indented(&format!("holds if {fact}"), style));
    }
    if let Some(worst) = &on.trace {
        out.push_str(&indented("otherwise:", style));
        out.push_str(&sequence(sources, worst, style));
    }
    out
}

pub(crate) fn indented(text: &str, style: Style) -> String {
    wrap(text, style.width.saturating_sub(4)).iter().map(|line| format!("    {line}\n")).collect()
}
