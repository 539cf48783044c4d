//! Every argument, grouped by heading; help and completions come from here.

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use whatif_model::evidence::Confidence;
use whatif_model::finding::Severity;
use whatif_model::verdict::Mindset;

const USAGE: &str = "whatif [OPTIONS] [PATH]\n       whatif [OPTIONS] <COMMAND>";

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing at or above --fail-on
  1  findings
  2  whatif could not do its job
  3  nothing to read";

/// Reviews distributed systems: specifications, designs and code.
///
/// whatif reads what a team has written about its system, builds one model of it in which every fact carries
/// its evidence, and answers "what happens if ...?" for every operation. It needs no network and executes
/// nothing of what it reads.
#[derive(Debug, Parser)]
#[command(name = "whatif", version, override_usage = USAGE, after_help = EXIT_CODES, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Review a system; the default when no command is given
    Review(ReviewArguments),
    /// Answer "what happens if ...?" for operations, with the trace
    Ask(AskArguments),
    /// Explain a rule, or every fact behind a finding
    Explain(ExplainArguments),
    /// Show what whatif believes about the system, and why
    Model(ModelArguments),
    /// List what only you can answer, most decisive first
    Questions(QuestionsArguments),
    /// List the rules
    Rules(ListArguments),
    /// List what whatif reads
    Readers(ListArguments),
    /// Write a commented whatif.toml
    Init(InitArguments),
    /// Print the JSON schema of whatif.toml
    Schema,
    /// Print shell completions
    Completions(CompletionsArguments),
}

/// Where to read.
#[derive(Args, Debug)]
#[command(next_help_heading = "Input")]
pub(crate) struct Input {
    /// Configuration to use instead of the nearest whatif.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Threads for reading [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Distinct states to explore per operation and question [default: 100000]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_states: Option<u32>,
    /// Read everything again instead of reusing facts of unchanged files
    #[arg(long, global = true)]
    pub(crate) no_cache: bool,
}

/// How to write.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// When to use colour; auto also heeds NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Never show progress
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// Print only the summary line
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say on stderr what was read and how long it took
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Args, Debug, Default)]
pub(crate) struct ReviewArguments {
    /// Folder or file to review [default: .]
    pub(crate) path: Option<PathBuf>,
    /// Exit with 1 when a finding is at least this severe [default: error]
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Review")]
    pub(crate) fail_on: Option<FailOn>,
    /// Report findings at least this severe [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Review")]
    pub(crate) min_severity: Option<SeverityName>,
    /// Report findings at least this sure [default: likely]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Review")]
    pub(crate) confidence: Option<ConfidenceName>,
    /// Report only this practice; repeatable
    #[arg(long, value_name = "PRACTICE", help_heading = "Review")]
    pub(crate) practice: Vec<String>,
    /// Report only this rule, by id or name; repeatable
    #[arg(long, value_name = "RULE", help_heading = "Review")]
    pub(crate) rule: Vec<String>,
    /// Report everything: every severity, every confidence, allowed findings, the whole matrix
    #[arg(long, help_heading = "Review", conflicts_with_all = ["min_severity", "confidence"])]
    pub(crate) all: bool,
    /// Repair in the reviewed files what can be repaired safely, then review again
    #[arg(long, help_heading = "Fix", group = "repairs")]
    pub(crate) fix: bool,
    /// Show the repairs as a diff and change nothing
    #[arg(long, help_heading = "Fix", group = "repairs")]
    pub(crate) diff: bool,
    /// Also repairs that decide something for you: a time limit, what happens to a repeat
    #[arg(long, help_heading = "Fix", requires = "repairs")]
    pub(crate) r#unsafe: bool,
    /// Exit with 2 when a document could not be read whole
    #[arg(long, help_heading = "Review")]
    pub(crate) strict: bool,
    /// Exit with 0 even when there are findings
    #[arg(long, help_heading = "Review")]
    pub(crate) exit_zero: bool,
    /// How to report: text, json, sarif, github, agent; `sarif=out.sarif` writes to a file; repeatable
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Output", default_value = "text")]
    pub(crate) format: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct AskArguments {
    /// Which question
    #[arg(value_enum)]
    pub(crate) question: QuestionName,
    /// An operation, or a service for all of its operations [default: every operation]
    pub(crate) address: Option<String>,
    /// Folder to read [default: .]
    #[arg(long, value_name = "FOLDER", help_heading = "Input")]
    pub(crate) root: Option<PathBuf>,
    /// How to show the answers; mermaid and shiviz show their traces only
    #[arg(long, value_enum, default_value_t = TraceFormat::Text, help_heading = "Output")]
    pub(crate) format: TraceFormat,
    /// Go through the traces step by step, with what changes; on a terminal, one step at a time
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(crate) replay: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// A rule (`timeouts/missing`, `missing-key`) or the id of a finding (`7f3a9c12`)
    pub(crate) what: String,
    /// Folder to read, for findings [default: .]
    #[arg(long, value_name = "FOLDER", help_heading = "Input")]
    pub(crate) root: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ModelArguments {
    /// An address to show everything about, or the folder to read
    pub(crate) address: Option<String>,
    /// Folder to read
    #[arg(long, value_name = "FOLDER", help_heading = "Input")]
    pub(crate) root: Option<PathBuf>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = ModelFormat::Text, help_heading = "Output")]
    pub(crate) format: ModelFormat,
    /// List what was seen and not understood
    #[arg(long, conflicts_with_all = ["unknown", "format"], help_heading = "Output")]
    pub(crate) ignored: bool,
    /// List what nobody states
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(crate) unknown: bool,
}

#[derive(Args, Debug)]
pub(crate) struct QuestionsArguments {
    /// Folder to read [default: .]
    pub(crate) path: Option<PathBuf>,
    /// How to list them
    #[arg(long, value_enum, default_value_t = ListFormat::Text, help_heading = "Output")]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// How to list them
    #[arg(long, value_enum, default_value_t = ListFormat::Text, help_heading = "Output")]
    pub(crate) format: ListFormat,
}

#[derive(Args, Debug)]
pub(crate) struct InitArguments {
    /// Folder to write to [default: .]
    pub(crate) path: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// For which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    #[value(alias = "warn")]
    Warning,
    Info,
    Never,
}

impl FailOn {
    pub(crate) fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityName {
    Error,
    #[value(alias = "warn")]
    Warning,
    Info,
}

impl From<SeverityName> for Severity {
    fn from(name: SeverityName) -> Self {
        match name {
            SeverityName::Error => Self::Error,
            SeverityName::Warning => Self::Warning,
            SeverityName::Info => Self::Info,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfidenceName {
    Certain,
    Likely,
    Possible,
}

impl From<ConfidenceName> for Confidence {
    fn from(name: ConfidenceName) -> Self {
        match name {
            ConfidenceName::Certain => Self::Certain,
            ConfidenceName::Likely => Self::Likely,
            ConfidenceName::Possible => Self::Possible,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum QuestionName {
    /// What happens if it fails halfway through?
    Halfway,
    /// What happens if it is delivered twice?
    Twice,
    /// What happens if two of them run concurrently?
    Together,
    /// What happens during a network partition?
    Partition,
    /// What happens if something it needs is slow or unavailable?
    Slow,
    /// All five
    All,
}

impl QuestionName {
    pub(crate) fn questions(self) -> Vec<Mindset> {
        match self {
            Self::Halfway => vec![Mindset::Halfway],
            Self::Twice => vec![Mindset::Twice],
            Self::Together => vec![Mindset::Together],
            Self::Partition => vec![Mindset::Partition],
            Self::Slow => vec![Mindset::Slow],
            Self::All => Mindset::ALL.to_vec(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelFormat {
    Text,
    Json,
    Mermaid,
    Dot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    Text,
    Json,
    Mermaid,
    Shiviz,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Text,
    Json,
}

/// Parses a command line; `review` is put in front when no command is named.
pub(crate) fn parse(given: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let given: Vec<OsString> = given.into_iter().collect();
    match Arguments::try_parse_from(&given) {
        Ok(arguments) => Ok(arguments),
        Err(error) if names_command(&given) || is_answer(&error) => Err(error),
        Err(_) => {
            let mut with_review = given;
            with_review.insert(1.min(with_review.len()), "review".into());
            Arguments::try_parse_from(with_review)
        }
    }
}

fn is_answer(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
}

fn names_command(given: &[OsString]) -> bool {
    let command = Arguments::command();
    let known = |word: &OsString| word.to_str().is_some_and(|word| command.find_subcommand(word).is_some());
    given.iter().skip(1).any(known)
}

#[cfg(test)]
mod tests;
