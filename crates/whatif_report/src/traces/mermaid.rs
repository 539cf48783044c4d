//! Counterexamples as Mermaid sequence diagrams, which GitHub and most wikis draw.

use super::{Answer, answers};
use crate::Report;
use crate::text::clean;
use whatif_model::verdict::{Mindset, Trace, TraceStep};

/// Renders one counterexample as a diagram; several, or none, as a Markdown page with a diagram each.
pub fn mermaid(report: &Report<'_>, rows: &[usize], questions: &[Mindset]) -> String {
    let answers = answers(report, rows, questions);
    let diagrams: Vec<(&Answer<'_>, String)> =
        answers.iter().filter_map(|answer| Some((answer, diagram(answer, answer.trace()?)))).collect();
    if let ([_], [(_, only)]) = (answers.as_slice(), diagrams.as_slice()) {
        return only.clone();
    }
    let mut out = String::new();
    for answer in &answers {
        out.push_str(&format!("## {}\n\n", clean(&answer.title())));
        match answer.trace() {
            Some(trace) => out.push_str(&format!("```mermaid\n{}```\n\n", diagram(answer, trace))),
            None => out.push_str(&format!("{}\n\n", answer.verdict.as_str())),
        }
    }
    out
}

fn diagram(answer: &Answer<'_>, trace: &Trace) -> String {
    let people = participants(trace);
    let id = |name: &str| people.iter().position(|known| *known == name).unwrap_or(0);
    let mut out = format!("sequenceDiagram\n  accTitle: {}\n", escape(&answer.title()));
    for (at, name) in people.iter().enumerate() {
        out.push_str(&format!("  participant p{at} as {}\n", escape(name)));
    }
    for (at, step) in trace.steps.iter().enumerate() {
        out.push_str(&format!("  {}\n", line(step, at + 1, trace, id)));
        let notes = step.changes.iter().map(|change| format!("{}: {} -> {}", change.name, change.before, change.after));
        let notes: Vec<String> = notes.map(|note| escape(&note)).collect();
        if !notes.is_empty() {
            out.push_str(&format!("  Note over p{}: {}\n", id(&step.actor), notes.join("<br/>")));
        }
    }
    let last = people.len().saturating_sub(1);
    out.push_str(&format!("  Note over p0,p{last}: so: {}\n", escape(&trace.broken)));
    out
}

/// Who acts or is acted upon, in order of appearance.
fn participants(trace: &Trace) -> Vec<&str> {
    let mut people: Vec<&str> = Vec::new();
    for name in trace.steps.iter().flat_map(|step| [step.actor.as_str(), step.to.as_str()]) {
        if !name.is_empty() && !people.contains(&name) {
            people.push(name);
        }
    }
    people
}

fn line(step: &TraceStep, number: usize, trace: &Trace, id: impl Fn(&str) -> usize) -> String {
    let fault = if step.fault.is_empty() { String::new() } else { format!(" (fault: {})", step.fault) };
    let words = escape(&format!("{number}. {}{fault}", step.action));
    let actor = id(&step.actor);
    // An answer comes from whoever was waited for.
    let answered = step.after.first().and_then(|at| trace.steps.get(*at)).filter(|from| from.to != step.actor);
    match (&step.to, answered) {
        (to, _) if !to.is_empty() => {
            let arrow = if step.fault.is_empty() { "->>" } else { "-x" };
            format!("p{actor}{arrow}p{}: {words}", id(to))
        }
        (_, Some(from)) if from.actor != step.actor => format!("p{}-->>p{actor}: {words}", id(&from.actor)),
        _ => format!("p{actor}->>p{actor}: {words}"),
    }
}

/// Text that ends no statement and starts no entity (`;` and `#` do, <https://mermaid.js.org/syntax/sequenceDiagram>).
fn escape(text: &str) -> String {
    clean(text).replace('#', "#35;").replace(';', "#59;").replace('<', "#lt;").replace('>', "#gt;")
}
