//! `whatif model`: what we believe about the system, and why.

use super::target;
use crate::arguments::{Arguments, ModelArguments, ModelFormat};
use crate::environment;
use crate::failure::{Code, Failure};
use crate::output;
use crate::session::Session;
use whatif_report::{Report, json, model};

pub(super) fn run(arguments: &Arguments, own: &ModelArguments) -> Result<Code, Failure> {
    let (root, address) = target::split(own.address.as_deref(), own.root.as_deref());
    let session = Session::run(arguments, &root, Vec::new())?;
    let report = session.report();
    let style = environment::style(arguments.output.color);
    let text = match (own.ignored, own.unknown, own.format) {
        (true, _, _) => model::ignored(&report),
        (_, true, _) => model::unknown(&report),
        (_, _, ModelFormat::Json) => json::model(&report),
        (_, _, ModelFormat::Mermaid) => model::mermaid(&report),
        (_, _, ModelFormat::Dot) => model::dot(&report),
        (_, _, ModelFormat::Text) => match &address {
            None => model::text(&report, style),
            Some(address) => model::focus(&report, address, style).ok_or_else(|| nothing(&report, address))?,
        },
    };
    output::result(&text)?;
    Ok(Code::Clean)
}

fn nothing(report: &Report<'_>, address: &str) -> Failure {
    let system = report.system;
    let operations = system.operations.iter().map(|operation| operation.address.as_str());
    let services = system.services.iter().map(|service| service.address.as_str());
    let stores = system.stores.iter().map(|store| store.address.as_str());
    let topics = system.topics.iter().map(|topic| topic.address.as_str());
    let known: Vec<&str> = services.chain(operations).chain(stores).chain(topics).collect();
    Failure::new(format!("nothing has the address `{address}`"), target::help(address, &known))
}
