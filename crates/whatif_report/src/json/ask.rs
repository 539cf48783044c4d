//! `whatif ask --format json`.

use super::review::trace_step;
use super::{SCHEMA, print};
use crate::Report;
use serde_json::{Map, Value, json};
use whatif_model::text::Sources;
use whatif_model::verdict::{Mindset, NotEnough, Trace, TraceStep, Verdict};

/// Renders the answers to these questions about these rows of the matrix.
pub fn answers(report: &Report<'_>, rows: &[usize], questions: &[Mindset]) -> String {
    let mut answers = Vec::new();
    for row in rows.iter().filter_map(|at| report.matrix.get(*at)) {
        for question in questions {
            let mut object = Map::new();
            object.insert("operation".to_owned(), json!(report.system[row.operation].address));
            object.insert("question".to_owned(), json!(question.as_str()));
            tell(&mut object, report.sources, &row.verdicts[*question as usize]);
            answers.push(Value::Object(object));
        }
    }
    print(&json!({ "schema": SCHEMA, "answers": answers }))
}

fn tell(object: &mut Map<String, Value>, sources: &Sources, verdict: &Verdict) {
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("verdict", json!(verdict.as_str()));
    match verdict {
        Verdict::Holds(bounds) => {
            put("explored", json!(bounds.explored));
            put("states", json!(bounds.states));
            put("assumptions", json!(bounds.assumptions));
        }
        Verdict::Depends(on) => {
            let unknown =
                |(address, attribute): &(String, String)| json!({ "address": address, "attribute": attribute });
            put("holds_if", json!(on.safe_if));
            put("unknowns", on.unknowns.iter().map(unknown).collect());
        }
        Verdict::Incomplete(why) | Verdict::NotAsked(why) => {
            put("reason", json!(why));
        }
        Verdict::Violated(_) => {}
    }
    if let Some(trace) = verdict.trace() {
        put("scenario", json!(trace.scenario));
        put("broken", json!(trace.broken));
        put("repair", json!(trace.repair));
        let other = |other: &NotEnough| {
            json!({
                "fix": other.fix,
                "scenario": other.trace.scenario,
                "broken": other.trace.broken,
                "trace": steps(sources, &other.trace),
            })
        };
        put("not_enough", json!(trace.not_enough.as_deref().map(other)));
        put("trace", steps(sources, trace));
    }
}

fn steps(sources: &Sources, trace: &Trace) -> Value {
    trace.steps.iter().enumerate().map(|(at, step)| whole_step(sources, at + 1, step)).collect()
}

/// A step with its changes one by one and the numbers of the steps it waited for.
fn whole_step(sources: &Sources, number: usize, step: &TraceStep) -> Value {
    let mut value = trace_step(sources, number, step);
    if let Some(object) = value.as_object_mut() {
        let changes = step.changes.iter();
        let changes =
            changes.map(|change| json!({ "name": change.name, "before": change.before, "after": change.after }));
        object.insert("changes".to_owned(), changes.collect());
        object.insert("after".to_owned(), step.after.iter().map(|at| at + 1).collect());
    }
    value
}
