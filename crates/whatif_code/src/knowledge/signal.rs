//! Libraries that show what a program does.

use serde::Deserialize;

/// A library that counts, times or marks log lines.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// What its import paths begin with; output says so.
    pub package: String,
    /// Other import paths, and its name in manifests.
    #[serde(default)]
    pub also: Vec<String>,
    /// Whether it exports metrics.
    #[serde(default)]
    pub exports: bool,
    /// Whether it times every request by itself once it is there.
    #[serde(default)]
    pub automatic: bool,
    /// Whether it adds an id of the request to log lines by itself.
    #[serde(default)]
    pub correlates: bool,
    /// Last names of calls that make something that times.
    #[serde(default)]
    pub times: Vec<String>,
    /// Last names of calls that make something that counts.
    #[serde(default)]
    pub counts: Vec<String>,
}

impl Signal {
    /// Whether an import path or a dependency is it, or lies below it.
    pub(crate) fn is_of(&self, path: &str) -> bool {
        std::iter::once(&self.package).chain(&self.also).any(|own| {
            path.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/', ':']))
        })
    }
}
