//! A `whatif.toml` that cannot be used, with the place and what to do.

use std::fmt;
use whatif_model::text::{Range, SourceFile};

/// Longest source line that is quoted.
const LINE_MAX: usize = 160;

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters are marked, at least 1.
    pub width: usize,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// The line itself.
    pub source_line: String,
}

impl ConfigError {
    pub(crate) fn at(
        path: &str,
        text: &str,
        range: Range,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let file = SourceFile::new(path, text);
        let (line, column) = file.position(range.start);
        let source_line = file.line(line).to_owned();
        let left = (source_line.chars().count() + 1).saturating_sub(column);
        let width = file.slice(range).chars().take_while(|c| *c != '\n').count().clamp(1, left.max(1));
        Self { path: path.to_owned(), line, column, width, message: message.into(), help: help.into(), source_line }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, width, message, help, source_line } = self;
        write!(f, "{message}\n --> {path}:{line}:{column}")?;
        if source_line.len() <= LINE_MAX && !source_line.chars().any(|c| c.is_control() && c != '\t') {
            let gutter = line.to_string().len();
            let (space, shown) = (" ".repeat(gutter), source_line.replace('\t', " "));
            let mark = format!("{}{}", " ".repeat(column - 1), "^".repeat(*width));
            write!(f, "\n{space} |\n{line} | {shown}\n{space} | {mark}")?;
        }
        if !help.is_empty() {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
