//! A counterexample as numbered steps: who, whom, what, the fault, what changed, and where it stands.

use crate::place::short;
use crate::text::{clean, pad, trim_middle, wrap};
use whatif_model::evidence::Evidence;
use whatif_model::text::Sources;
use whatif_model::verdict::{Trace, TraceStep};

/// Longest `who -> whom` shown whole.
const WHO_MAX: usize = 44;
/// Longest name in one that is not.
const NAME_MAX: usize = 20;
/// Columns the frame around a step takes: `   = ` and the number.
const FRAME: usize = 11;

/// The steps, one string each; a string holds several lines when the step needs wrapping.
/// `cited` are the places the reader already knows by number.
pub(crate) fn steps(sources: &Sources, trace: &Trace, cited: &[Evidence], width: usize) -> Vec<String> {
    let who: Vec<String> = trace.steps.iter().map(|step| trim_middle(&parties(step), WHO_MAX)).collect();
    let column = who.iter().map(|who| who.chars().count()).max().unwrap_or(0);
    let text_width = width.saturating_sub(FRAME + column).max(24);
    let steps = trace.steps.iter().zip(&who).enumerate();
    steps
        .map(|(at, (step, who))| {
            let indent = " ".repeat(column + 6);
            let words = words(sources, step, cited);
            let lines = wrap(&words, text_width).join(&format!("\n{indent}"));
            format!("{:>2}  {}  {lines}", at + 1, pad(who, column))
        })
        .collect()
}

/// `path:line` of the step, if it has a place.
pub(crate) fn place_of(sources: &Sources, step: &TraceStep) -> Option<String> {
    step.evidence.as_ref().map(|evidence| short(sources, evidence.span))
}

/// `checkout -> payments`, `checkout -x payments` when the fault hits what passes between them. When both do not
/// fit, each name is cut by itself, so that the reader can still tell who is whom.
pub(crate) fn parties(step: &TraceStep) -> String {
    if step.to.is_empty() || step.to == step.actor {
        return step.actor.clone();
    }
    let arrow = if step.fault.is_empty() { "->" } else { "-x" };
    let whole = format!("{} {arrow} {}", step.actor, step.to);
    if whole.chars().count() <= WHO_MAX {
        return whole;
    }
    format!("{} {arrow} {}", trim_middle(&step.actor, NAME_MAX), trim_middle(&step.to, NAME_MAX))
}

fn words(sources: &Sources, step: &TraceStep, cited: &[Evidence]) -> String {
    let mut words = clean(&step.action).into_owned();
    if !step.fault.is_empty() {
        words.push_str(&format!(" (fault: {})", clean(&step.fault)));
    }
    if !step.delta.is_empty() {
        words.push_str(&format!(" {{{}}}", clean(&step.delta)));
    }
    if let Some(evidence) = &step.evidence {
        words.push_str(&format!(" {}", citation(sources, evidence, cited)));
    }
    words
}

/// `[2]` when the place was shown, else `path:line`.
fn citation(sources: &Sources, evidence: &Evidence, cited: &[Evidence]) -> String {
    match cited.iter().position(|shown| same_line(sources, shown, evidence)) {
        Some(at) => format!("[{}]", at + 1),
        None => short(sources, evidence.span),
    }
}

fn same_line(sources: &Sources, a: &Evidence, b: &Evidence) -> bool {
    let line = |e: &Evidence| sources.get(e.span.file).map(|file| file.position(e.span.range.start).0);
    a.span.file == b.span.file && line(a).is_some() && line(a) == line(b)
}
