//! `whatif ask`: simulate, and show the verdicts with their traces.

use super::target;
use crate::arguments::{Arguments, AskArguments};
use crate::environment;
use crate::failure::{Code, Failure};
use crate::output;
use crate::session::Session;
use whatif_report::{Report, ask};

pub(super) fn run(arguments: &Arguments, own: &AskArguments) -> Result<Code, Failure> {
    let (root, address) = target::split(own.address.as_deref(), own.root.as_deref());
    let questions = own.question.questions();
    let session = Session::run(arguments, &root, questions.clone())?;
    let report = session.report();
    let rows = rows(&report, address.as_deref())?;
    output::result(&ask::render(&report, &rows, &questions, environment::style(arguments.output.color)))?;
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
