//! One file per command.

mod ask;
mod completions;
mod explain;
mod fix;
mod init;
mod model;
mod questions;
mod readers;
mod review;
mod rules;
mod schema;
mod target;

use crate::arguments::{Arguments, Command};
use crate::failure::{Code, Failure};

/// Runs the command of a parsed command line.
pub(crate) fn run(arguments: &Arguments) -> Result<Code, Failure> {
    match &arguments.command {
        Command::Review(own) => review::run(arguments, own),
        Command::Ask(own) => ask::run(arguments, own),
        Command::Explain(own) => explain::run(arguments, own),
        Command::Model(own) => model::run(arguments, own),
        Command::Questions(own) => questions::run(arguments, own),
        Command::Rules(own) => rules::run(arguments, own),
        Command::Readers(own) => readers::run(own),
        Command::Init(own) => init::run(own),
        Command::Schema => schema::run(),
        Command::Completions(own) => completions::run(own),
    }
}
