//! `whatif review --format json`.

use super::{SCHEMA, evidences, print};
use crate::place::Place;
use crate::{Report, Selection};
use serde_json::{Map, Value, json};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Question;
use whatif_model::text::Sources;
use whatif_model::verdict::{MatrixRow, Mindset, Trace, TraceStep};

/// Renders a review.
pub fn review(report: &Report<'_>, selection: &Selection<'_>) -> String {
    let findings: Vec<Value> = selection.with_allowed().map(|found| finding(report.sources, found)).collect();
    print(&json!({
        "schema": SCHEMA,
        "findings": findings,
        "matrix": report.matrix.iter().map(|row| matrix_row(report, row)).collect::<Vec<_>>(),
        "questions": question_list(report.sources, report.questions),
        "problems": problems(report),
        "summary": summary(report, selection),
    }))
}

/// Renders the open questions.
pub fn questions(report: &Report<'_>) -> String {
    print(&json!({ "schema": SCHEMA, "questions": question_list(report.sources, report.questions) }))
}

fn finding(sources: &Sources, finding: &Finding) -> Value {
    let place = finding.evidence.first().and_then(|evidence| Place::of(sources, evidence.span));
    json!({
        "id": finding.id(),
        "rule": finding.rule,
        "practice": finding.practice(),
        "severity": finding.severity.as_str(),
        "confidence": finding.confidence.as_str(),
        "address": finding.address,
        "message": finding.message,
        "path": place.map(|at| at.path),
        "line": place.map(|at| at.line),
        "column": place.map(|at| at.column),
        "end_line": place.map(|at| at.end_line),
        "end_column": place.map(|at| at.end_column),
        "evidence": evidences(sources, &finding.evidence),
        "trace": finding.trace.as_ref().map(|trace| steps(sources, trace)),
        "scenario": finding.trace.as_ref().map(|trace| &trace.scenario),
        "broken": finding.trace.as_ref().map(|trace| &trace.broken),
        "repair": finding.trace.as_ref().map(|trace| &trace.repair),
        "help": finding.help,
        "allowed": finding.allowed.as_ref().map(|allowed| json!({
            "because": allowed.because,
            "in": if allowed.in_config { "config" } else { "comment" },
        })),
        "fingerprint": format!("{:016x}", finding.fingerprint),
    })
}

fn steps(sources: &Sources, trace: &Trace) -> Vec<Value> {
    trace.steps.iter().enumerate().map(|(at, step)| trace_step(sources, at + 1, step)).collect()
}

pub(super) fn trace_step(sources: &Sources, number: usize, step: &TraceStep) -> Value {
    let place = step.evidence.as_ref().and_then(|evidence| Place::of(sources, evidence.span));
    json!({
        "step": number,
        "actor": step.actor,
        "to": step.to,
        "action": step.action,
        "fault": step.fault,
        "delta": step.delta,
        "path": place.map(|at| at.path),
        "line": place.map(|at| at.line),
    })
}

fn matrix_row(report: &Report<'_>, row: &MatrixRow) -> Value {
    let mut object = Map::new();
    object.insert("operation".to_owned(), json!(report.system[row.operation].address));
    for (question, verdict) in Mindset::ALL.iter().zip(&row.verdicts) {
        object.insert(question.as_str().to_owned(), json!(verdict.as_str()));
    }
    Value::Object(object)
}

fn question_list(sources: &Sources, questions: &[Question]) -> Vec<Value> {
    let value = |question: &Question| {
        let place = question.span.and_then(|span| Place::of(sources, span));
        json!({
            "address": question.address,
            "attribute": question.attribute,
            "question": question.question,
            "decides": question.decides,
            "path": place.map(|at| at.path),
            "line": place.map(|at| at.line),
        })
    };
    questions.iter().map(value).collect()
}

fn problems(report: &Report<'_>) -> Vec<Value> {
    let value = |problem: &whatif_model::facts::Problem| {
        let place = problem.span.and_then(|span| Place::of(report.sources, span));
        json!({ "path": problem.path, "line": place.map(|at| at.line), "message": problem.message })
    };
    report.system.problems.iter().map(value).collect()
}

fn summary(report: &Report<'_>, selection: &Selection<'_>) -> Value {
    let severity = |wanted| selection.shown.iter().filter(|finding| finding.severity == wanted).count();
    json!({
        "findings": selection.shown.len(),
        "errors": severity(Severity::Error),
        "warnings": severity(Severity::Warning),
        "infos": severity(Severity::Info),
        "hidden": selection.below,
        "allowed": selection.allowed.len(),
        "questions": report.questions.len(),
        "problems": report.system.problems.len(),
        "files_read": report.counts.files_read,
        "files_ignored": report.counts.files_ignored,
        "bytes": report.counts.bytes,
        "not_understood": report.system.ignored.len(),
        "services": report.system.services.len(),
        "operations": report.system.operations.len(),
        "edges": report.system.edges.len(),
    })
}
