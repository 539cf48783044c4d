//! Facts about configuration that a program's framework reads when it starts.

use crate::text::Span;
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// One document of configuration as flat keys: one file, or one of the documents in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whose rules of names, profiles and precedence hold.
    pub framework: Framework,
    /// Root-relative path of the file.
    pub path: String,
    /// Profiles under which the document counts, as it says itself; empty: always. `!name` is all but one.
    pub profiles: Vec<String>,
    /// Its entries, in order.
    pub entries: Vec<Setting>,
}

/// A configuration framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Framework {
    /// Spring Boot's externalised configuration.
    Spring,
    /// `Microsoft.Extensions.Configuration`.
    DotNet,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The whole key as written, levels joined by `.`, items of lists as `[0]`.
    pub key: String,
    /// Its value; other keys and variables in it are [`crate::Part::Setting`].
    pub value: Value,
    /// Where.
    pub span: Span,
}
