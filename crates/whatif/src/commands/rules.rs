//! `whatif rules`: every rule, by practice.

use crate::arguments::{Arguments, ListArguments, ListFormat};
use crate::environment;
use crate::failure::{Code, Failure};
use crate::output;
use crate::session;
use whatif_report::{json, lists};

pub(super) fn run(arguments: &Arguments, own: &ListArguments) -> Result<Code, Failure> {
    let rules = session::rules();
    let text = match own.format {
        ListFormat::Text => lists::rules(&rules, environment::style(arguments.output.color)),
        ListFormat::Json => json::rules(&rules),
    };
    output::result(&text)?;
    Ok(Code::Clean)
}
