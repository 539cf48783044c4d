//! `whatif ask`: simulate, and show the verdicts with their traces.

use super::target;
use crate::arguments::{Arguments, AskArguments, TraceFormat};
use crate::environment;
use crate::failure::{Code, Failure};
use crate::output;
use crate::session::Session;
use whatif_report::{Report, ask, json, replay, traces};

pub(super) fn run(arguments: &Arguments, own: &AskArguments) -> Result<Code, Failure> {
    let (root, address) = target::split(own.address.as_deref(), own.root.as_deref());
    let questions = own.question.questions();
    let session = Session::run(arguments, &root, questions.clone())?;
    let report = session.report();
    let rows = rows(&report, address.as_deref())?;
    let style = environment::style(arguments.output.color);
    if own.replay {
        return replay(&replay::pages(&report, &rows, &questions, style));
    }
    output::result(&match own.format {
        TraceFormat::Text => ask::render(&report, &rows, &questions, style),
        TraceFormat::Json => json::answers(&report, &rows, &questions),
        TraceFormat::Mermaid => traces::mermaid(&report, &rows, &questions),
        TraceFormat::Shiviz => traces::shiviz(&report, &rows, &questions),
    })?;
    Ok(Code::Clean)
}

/// Shows the pages one at a time to somebody at a terminal, all of them to anybody else.
fn replay(pages: &[String]) -> Result<Code, Failure> {
    if !environment::converses() {
        output::result(&pages.join("\n"))?;
        return Ok(Code::Clean);
    }
    let mut at = 0;
    while let Some(page) = pages.get(at) {
        output::result(page)?;
        let left = pages.len() - at - 1;
        if left == 0 {
            break;
        }
        output::note(&format!("-- {left} more: enter for the next, b for the one before, q to stop --"));
        match environment::line().as_deref().map(str::trim) {
            None | Some("q") => break,
            Some("b") => at = at.saturating_sub(1),
            Some(_) => at += 1,
        }
    }
    Ok(Code::Clean)
}

/// The rows of one operation, of a service's operations, or all.
fn rows(report: &Report<'_>, address: Option<&str>) -> Result<Vec<usize>, Failure> {
    let system = report.system;
    let about = |at: &usize| {
        let operation = &system[report.matrix[*at].operation];
        address.is_none_or(|address| operation.address == address || system[operation.service].address == address)
    };
    let named = |at: &usize| address == Some(system[report.matrix[*at].operation].name.as_str());
    let mut rows: Vec<usize> = (0..report.matrix.len()).filter(about).collect();
    if rows.is_empty() {
        // The name alone, of every service that has such an operation.
        rows = (0..report.matrix.len()).filter(named).collect();
    }
    match address {
        Some(address) if rows.is_empty() => Err(nothing(report, address)),
        _ => Ok(rows),
    }
}

fn nothing(report: &Report<'_>, address: &str) -> Failure {
    let known = report.system.operations.iter().map(|operation| operation.address.as_str());
    let known: Vec<&str> = known.chain(report.system.services.iter().map(|service| service.address.as_str())).collect();
    if known.contains(&address) {
        let message = format!("`{address}` has no operation that changes state, so there is nothing to ask");
        return Failure::new(message, format!("`whatif model {address}` shows what it does"));
    }
    Failure::new(format!("nothing has the address `{address}`"), target::help(address, &known))
}
