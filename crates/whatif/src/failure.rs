//! How a run ends.

use std::process::ExitCode;

/// The four exit codes, independent of format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Nothing at or above `--fail-on`.
    Clean,
    /// Findings.
    Findings,
    /// whatif could not do its job.
    Failed,
    /// Nothing to read.
    Nothing,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(match code {
            Code::Clean => 0,
            Code::Findings => 1,
            Code::Failed => 2,
            Code::Nothing => 3,
        })
    }
}

/// Why whatif could not do its job, with what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: Code::Failed, message: message.into(), help: help.into() }
    }
}

impl From<whatif_config::ConfigError> for Failure {
    fn from(error: whatif_config::ConfigError) -> Self {
        Self::new(error.to_string(), "")
    }
}

impl From<whatif_engine::Error> for Failure {
    fn from(error: whatif_engine::Error) -> Self {
        match error {
            whatif_engine::Error::NothingToRead => Self {
                code: Code::Nothing,
                message: error.to_string(),
                help: "`whatif readers` lists what it reads".to_owned(),
            },
            whatif_engine::Error::Unreadable(..) => Self::new(error.to_string(), ""),
        }
    }
}
