//! `whatif completions`: for bash, elvish, fish, PowerShell and zsh.

use crate::arguments::{Arguments, CompletionsArguments};
use crate::failure::{Code, Failure};
use crate::output;
use clap::CommandFactory;

pub(super) fn run(own: &CompletionsArguments) -> Result<Code, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(own.shell, &mut Arguments::command(), "whatif", &mut script);
    output::result(&String::from_utf8_lossy(&script))?;
    Ok(Code::Clean)
}
