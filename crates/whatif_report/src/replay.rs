//! `whatif ask --replay`: a counterexample one step at a time, with what each step changed and the state it left.

use crate::Report;
use crate::ask::{indented, not_enough};
use crate::terminal::style::Style;
use crate::terminal::trace::{parties, place_of};
use crate::text::{clean, wrap};
use std::collections::BTreeMap;
use whatif_model::text::Sources;
use whatif_model::verdict::{Mindset, StateChange, Trace, TraceStep, Verdict};

/// Columns in front of what belongs to a step.
const MARGIN: usize = 4;

/// The pages of a replay, in order: for every trace its title, its steps, and how it ends. An answer without a
/// trace is one page.
pub fn pages(report: &Report<'_>, rows: &[usize], questions: &[Mindset], style: Style) -> Vec<String> {
    let mut pages = Vec::new();
    for row in rows.iter().filter_map(|at| report.matrix.get(*at)) {
        for question in questions {
            let verdict = &row.verdicts[*question as usize];
            let address = &report.system[row.operation].address;
            let word = verdict.as_str();
            let title = format!("{}  {}", style.bold(&clean(address)), question.question());
            let title = format!("{title} {}\n", style.verdict(word, word));
            match verdict.trace() {
                Some(trace) => pages.extend(trace_pages(report.sources, &title, trace, style)),
                None => pages.push(format!("{title}{}", why(verdict, style))),
            }
        }
    }
    pages
}

fn why(verdict: &Verdict, style: Style) -> String {
    match verdict {
        Verdict::Incomplete(why) | Verdict::NotAsked(why) => indented(why, style),
        Verdict::Holds(bounds) => indented(&format!("within {} ({} states)", bounds.explored, bounds.states), style),
        Verdict::Violated(_) | Verdict::Depends(_) => String::new(),
    }
}

fn trace_pages(sources: &Sources, title: &str, trace: &Trace, style: Style) -> Vec<String> {
    let scenario = indented(&format!("what if {}?", trace.scenario.trim_end_matches('?')), style);
    let mut pages = vec![format!("{title}{scenario}")];
    let mut state = State::default();
    for (at, step) in trace.steps.iter().enumerate() {
        let mut page = style.bold(&format!("step {} of {}", at + 1, trace.steps.len()));
        page.push_str(&format!("  {}\n", clean(&parties(step))));
        page.push_str(&told(sources, step, style));
        page.push_str(&state.after(&step.changes, style));
        pages.push(page);
    }
    if let Some(last) = pages.last_mut() {
        last.push_str(&format!("{} {}\n", style.red("so:"), clean(&trace.broken)));
        if !trace.repair.is_empty() {
            last.push_str(&format!("smallest repair: {}\n", clean(&trace.repair.join(" and "))));
        }
        if let Some(other) = &trace.not_enough {
            last.push_str(&format!("{}\n", clean(&not_enough(other))));
        }
    }
    pages
}

fn told(sources: &Sources, step: &TraceStep, style: Style) -> String {
    let mut out = indented(&step.action, style);
    if !step.fault.is_empty() {
        out.push_str(&format!("    {}\n", style.red(&clean(&format!("fault: {}", step.fault)))));
    }
    if let Some(place) = place_of(sources, step) {
        out.push_str(&format!("    {}\n", style.dim(&clean(&place))));
    }
    out
}

/// Values by name, as far as some step changed them.
#[derive(Default)]
struct State {
    values: BTreeMap<String, String>,
}

impl State {
    /// Takes the changes in and says what they were and what holds now.
    fn after(&mut self, changes: &[StateChange], style: Style) -> String {
        let mut out = String::new();
        for change in changes {
            let words = format!("{}: {} -> {}", change.name, change.before, change.after);
            out.push_str(&format!("  {} {}\n", style.green("*"), clean(&words)));
            self.values.insert(change.name.clone(), change.after.clone());
        }
        if changes.is_empty() {
            return out;
        }
        let now: Vec<String> = self.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let lines = wrap(&format!("state: {}", now.join(", ")), style.width.saturating_sub(MARGIN));
        out.extend(lines.iter().map(|line| format!("    {}\n", style.dim(line))));
        out
    }
}
