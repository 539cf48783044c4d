//! `whatif review`: matrix, findings, questions, summary, in one or several formats.

use super::fix::Fixes;
use crate::arguments::{Arguments, ReviewArguments};
use crate::environment;
use crate::failure::{Code, Failure};
use crate::output;
use crate::session::Session;
use clap::CommandFactory;
use std::path::{Path, PathBuf};
use whatif_config::nearest;
use whatif_model::evidence::Confidence;
use whatif_model::finding::Severity;
use whatif_model::verdict::Mindset;
use whatif_report::{Filter, Selection, Style, agent, github, json, sarif, terminal};

const FORMATS: [&str; 5] = ["text", "json", "sarif", "github", "agent"];

pub(super) fn run(arguments: &Arguments, own: &ReviewArguments) -> Result<Code, Failure> {
    let targets = own.format.iter().map(|format| Target::parse(format)).collect::<Result<Vec<_>, _>>()?;
    check_names(own)?;
    let root = own.path.clone().unwrap_or_else(|| PathBuf::from("."));
    let mut session = Session::run(arguments, &root, Mindset::ALL.to_vec()).map_err(|failure| hint(failure, &root))?;
    if own.diff || own.fix {
        let selection = Selection::new(&session.review.findings, &filter(own, &session));
        let fixes = Fixes::of(&session, &selection, own.r#unsafe);
        if own.diff {
            output::result(&fixes.diff())?;
            return Ok(code(own, &session, &selection));
        }
        if fixes.write(&root)? > 0 {
            session = Session::run(arguments, &root, Mindset::ALL.to_vec())?;
        }
    }
    let report = session.report();
    let selection = Selection::new(report.findings, &filter(own, &session));
    for target in &targets {
        let style = environment::style(arguments.output.color);
        let text = match target.format {
            "json" => json::review(&report, &selection),
            "sarif" => sarif::render(&report, &selection, env!("CARGO_PKG_VERSION")),
            "github" => github::render(&report, &selection),
            "agent" => agent::render(&report, &selection),
            _ if arguments.output.quiet => terminal::summary(&report, &selection, target.style(style)),
            _ => terminal::render(&report, &selection, target.style(style)),
        };
        target.write(&text)?;
    }
    Ok(code(own, &session, &selection))
}

fn filter(own: &ReviewArguments, session: &Session) -> Filter {
    let usual = if own.all { Filter::all() } else { Filter::default() };
    let configured = session.config.confidence.filter(|_| !own.all);
    Filter {
        min_severity: own.min_severity.map_or(usual.min_severity, Severity::from),
        min_confidence: own.confidence.map(Confidence::from).or(configured).unwrap_or(usual.min_confidence),
        practices: own.practice.clone(),
        rules: own.rule.clone(),
        ..usual
    }
}

fn code(own: &ReviewArguments, session: &Session, selection: &Selection<'_>) -> Code {
    if own.strict && !session.review.system.problems.is_empty() {
        return Code::Failed;
    }
    let configured = session.config.fail_on.unwrap_or(Some(Severity::Error));
    let threshold = own.fail_on.map_or(configured, |fail_on| fail_on.severity());
    let fails = threshold.is_some_and(|threshold| selection.fails(threshold));
    if fails && !own.exit_zero { Code::Findings } else { Code::Clean }
}

/// A practice or rule that does not exist would silently select nothing.
fn check_names(own: &ReviewArguments) -> Result<(), Failure> {
    let ids: Vec<&str> = whatif_review::rules().map(|rule| rule.id).collect();
    let practices = || ids.iter().filter_map(|id| id.split_once('/').map(|(practice, _)| practice));
    let slugs = ids.iter().filter_map(|id| id.split_once('/').map(|(_, slug)| slug));
    let rules: Vec<&str> = ids.iter().copied().chain(slugs).collect();
    for practice in &own.practice {
        if !practices().any(|known| known == practice) {
            return Err(unknown("practice", practice, practices()));
        }
    }
    for rule in &own.rule {
        if !rules.contains(&rule.as_str()) {
            return Err(unknown("rule", rule, rules.iter().copied()));
        }
    }
    Ok(())
}

fn unknown<'c>(kind: &str, name: &str, known: impl Iterator<Item = &'c str>) -> Failure {
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`whatif rules` lists every practice and rule".to_owned(),
    };
    Failure::new(format!("there is no {kind} `{name}`"), help)
}

/// `whatif reviw` is a misspelt command rather than a folder.
fn hint(failure: Failure, root: &Path) -> Failure {
    let command = crate::arguments::Arguments::command();
    let names = command.get_subcommands().map(|sub| sub.get_name());
    match root.to_str().filter(|_| !root.exists()).and_then(|word| nearest(word, names)) {
        Some(near) => Failure { help: format!("did you mean `whatif {near}`?"), ..failure },
        None => failure,
    }
}

/// A format and where it goes; no file: stdout.
struct Target {
    format: &'static str,
    file: Option<PathBuf>,
}

impl Target {
    fn parse(text: &str) -> Result<Self, Failure> {
        let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(PathBuf::from(file))));
        let format = FORMATS.iter().find(|format| **format == name);
        let format = format.ok_or_else(|| {
            Failure::new(format!("there is no format `{name}`"), format!("one of {}", FORMATS.join(", ")))
        })?;
        Ok(Self { format, file })
    }

    /// Files are never coloured.
    fn style(&self, style: Style) -> Style {
        Style { color: style.color && self.file.is_none(), ..style }
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        let Some(file) = &self.file else { return output::result(text) };
        std::fs::write(file, text)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display()), ""))
    }
}
