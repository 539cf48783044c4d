//! The only place that writes: results to stdout, everything else to stderr.

use crate::failure::{Code, Failure};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use whatif_report::Style;

/// Writes a result. A reader that closes the pipe (`| head`) has seen enough; that is no failure.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to stdout: {error}"), ""))
        }
        _ => Ok(()),
    }
}

/// Says something beside the result. Nobody can be told when stderr is closed.
pub(crate) fn note(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}

/// Reports why whatif could not do its job.
pub(crate) fn failure(failure: &Failure, style: Style) -> ExitCode {
    let head = if style.color { "\u{1b}[1m\u{1b}[91merror\u{1b}[0m" } else { "error" };
    note(&format!("{head}: {}", failure.message));
    if !failure.help.is_empty() {
        note(&format!("help: {}", failure.help));
    }
    failure.code.into()
}

/// Help and version are results; a wrong command line is a failure.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    error.print().ok();
    if error.use_stderr() { Code::Failed.into() } else { Code::Clean.into() }
}
