//! The `whatif` command: arguments, wiring, exit codes. Everything else is a library.

mod arguments;
mod commands;
mod crash;
mod environment;
mod failure;
mod output;
mod progress;
mod session;

use std::process::ExitCode;

fn main() -> ExitCode {
    crash::install();
    let arguments = match arguments::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    let style = environment::style(arguments.output.color);
    match commands::run(&arguments) {
        Ok(code) => code.into(),
        Err(failure) => output::failure(&failure, style),
    }
}
