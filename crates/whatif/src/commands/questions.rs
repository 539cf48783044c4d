//! `whatif questions`: what only the user can answer.

use crate::arguments::{Arguments, ListFormat, QuestionsArguments};
use crate::environment;
use crate::failure::{Code, Failure};
use crate::output;
use crate::session::Session;
use std::path::PathBuf;
use whatif_model::verdict::Mindset;
use whatif_report::{json, questions};

pub(super) fn run(arguments: &Arguments, own: &QuestionsArguments) -> Result<Code, Failure> {
    let root = own.path.clone().unwrap_or_else(|| PathBuf::from("."));
    let session = Session::run(arguments, &root, Mindset::ALL.to_vec())?;
    let report = session.report();
    let text = match own.format {
        ListFormat::Text => questions::render(&report, environment::style(arguments.output.color)),
        ListFormat::Json => json::questions(&report),
    };
    output::result(&text)?;
    Ok(Code::Clean)
}
