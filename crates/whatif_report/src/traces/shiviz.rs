//! A log for ShiViz (<https://bestchai.bitbucket.io/shiviz>), which draws what happened before what.

use super::clock::clocks;
use super::{Answer, answers};
use crate::Report;
use crate::terminal::trace::place_of;
use crate::text::clean;
use serde_json::{Map, Value};
use whatif_model::text::Sources;
use whatif_model::verdict::{Mindset, Trace, TraceStep};

/// The regular expressions ShiViz asks for, as its documentation writes them.
const PARSER: &str = r"(?<host>\S*) (?<clock>\{.*\})\n(?<event>.*)";
const DELIMITER: &str = "^=== (?<trace>.*) ===$";

/// Renders every counterexample as one execution. The first two lines are what to put into the fields of ShiViz:
/// the expression for events and the one between executions.
pub fn shiviz(report: &Report<'_>, rows: &[usize], questions: &[Mindset]) -> String {
    let mut out = format!("{PARSER}\n{DELIMITER}\n");
    for answer in answers(report, rows, questions) {
        if let Some(trace) = answer.trace() {
            out.push_str(&execution(report.sources, &answer, trace));
        }
    }
    out
}

fn execution(sources: &Sources, answer: &Answer<'_>, trace: &Trace) -> String {
    let mut out = format!("\n=== {} ===\n", clean(&answer.title()));
    for (at, (step, clock)) in trace.steps.iter().zip(clocks(trace)).enumerate() {
        let clock: Map<String, Value> =
            clock.into_iter().map(|(actor, count)| (host(actor), Value::from(count))).collect();
        let so = if at + 1 == trace.steps.len() { format!("; so: {}", trace.broken) } else { String::new() };
        let event = format!("{}{so}", event(sources, step));
        out.push_str(&format!("{} {}\n{}\n", host(&step.actor), Value::Object(clock), clean(&event)));
    }
    out
}

fn event(sources: &Sources, step: &TraceStep) -> String {
    let mut words = step.action.clone();
    if !step.to.is_empty() {
        words.push_str(&format!(" -> {}", step.to));
    }
    if !step.fault.is_empty() {
        words.push_str(&format!(" (fault: {})", step.fault));
    }
    if !step.delta.is_empty() {
        words.push_str(&format!(" {{{}}}", step.delta));
    }
    if let Some(place) = place_of(sources, step) {
        words.push_str(&format!(" {place}"));
    }
    words
}

/// A host is one word.
fn host(actor: &str) -> String {
    clean(actor).split_whitespace().collect::<Vec<_>>().join("_")
}
