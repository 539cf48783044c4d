//! What a team told whatif about its system and its review.

use crate::date::Date;
use crate::error::ConfigError;
use crate::nearest::nearest;
use std::collections::BTreeMap;
use whatif_model::evidence::Confidence;
use whatif_model::facts::answer::{Answer, Same};
use whatif_model::finding::Severity;
use whatif_model::promise::Promise;
use whatif_model::text::{Range, Span};

/// The parsed file; [`Config::default`] is no file at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Root-relative path, empty when there is no file.
    pub path: String,
    /// The file's text, to show places in it.
    pub text: String,
    /// `[review] fail-on`; `Some(None)` is `"never"`.
    pub fail_on: Option<Option<Severity>>,
    /// `[review] confidence`.
    pub confidence: Option<Confidence>,
    /// `[review] max-states`: distinct states explored per operation and question.
    pub max_states: Option<usize>,
    /// `[review] exclude`.
    pub exclude: Vec<String>,
    /// `[rules]`, in file order.
    pub levels: Vec<LevelEntry>,
    /// `[words]`: the house meaning of a vague word.
    pub words: BTreeMap<String, String>,
    /// `[[same]]`.
    pub same: Vec<Same>,
    /// `[[fact]]`, one per attribute.
    pub answers: Vec<Answer>,
    /// `[[promise]]`.
    pub promises: Vec<Promise>,
    /// `[[allow]]`.
    pub allows: Vec<Allow>,
    /// The day allowances expire against; `None`: nothing expires. The binary sets it, the core has no clock.
    pub today: Option<Date>,
}

/// One entry of `[rules]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelEntry {
    /// A rule id, its slug, or a practice.
    pub rule: String,
    /// What it is set to.
    pub level: Level,
    /// The key.
    pub span: Span,
}

/// What a rule may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It reports nothing.
    Off,
    /// It reports with this severity.
    Report(Severity),
}

/// One entry of `[[allow]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// A rule id, its slug, or a practice.
    pub rule: String,
    /// An address, a path, or either with `*` for any text.
    pub at: String,
    /// Why; never empty.
    pub because: String,
    /// The last day it holds.
    pub until: Option<Date>,
    /// The entry.
    pub span: Span,
}

impl Config {
    /// Parses a `whatif.toml`. `path` is root-relative.
    pub fn parse(path: &str, text: &str) -> Result<Self, ConfigError> {
        crate::parse::parse(path, text)
    }

    /// Checks the rule names against the rules there are; a rule that does not exist is an error, because an
    /// entry for it would silently do nothing.
    pub fn check_rules(&self, known: &[&str]) -> Result<(), ConfigError> {
        let levels = self.levels.iter().map(|entry| (&entry.rule, entry.span.range));
        let allows = self.allows.iter().map(|allow| (&allow.rule, allow.span.range));
        for (rule, range) in levels.chain(allows) {
            if !known.iter().any(|id| names_rule(rule, id)) {
                return Err(self.unknown_rule(rule, range, known));
            }
        }
        Ok(())
    }

    /// An error at a place of the file, found by whoever reads a section of it.
    pub fn error(&self, range: Range, message: impl Into<String>, help: impl Into<String>) -> ConfigError {
        ConfigError::at(&self.path, &self.text, range, message, help)
    }

    /// Glob patterns of files not to read.
    pub fn excludes(&self) -> &[String] {
        &self.exclude
    }

    /// Hands the answers to the resolver.
    pub fn answer(&self, answers: &mut Vec<Answer>, same: &mut Vec<Same>) {
        answers.extend(self.answers.iter().cloned());
        same.extend(self.same.iter().cloned());
    }

    fn unknown_rule(&self, rule: &str, range: Range, known: &[&str]) -> ConfigError {
        let slugs = known.iter().filter_map(|id| id.split_once('/').map(|(_, slug)| slug));
        let help = match nearest(rule, known.iter().copied().chain(slugs)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`whatif rules` lists every rule".to_owned(),
        };
        ConfigError::at(&self.path, &self.text, range, format!("there is no rule `{rule}`"), help)
    }
}

/// Whether a name in the configuration means this rule: its id, its slug, or its whole practice.
pub(crate) fn names_rule(name: &str, id: &str) -> bool {
    let Some((practice, slug)) = id.split_once('/') else { return name == id };
    name == id || name == slug || name == practice || name.strip_suffix("/*") == Some(practice)
}
