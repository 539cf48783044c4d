//! Helm charts (<https://helm.sh/docs/topics/charts/>): templates, rendered with the chart's own values.
//!
//! | what we read | fact |
//! | --- | --- |
//! | `Chart.yaml`, `charts/`, dependencies by `file://` | which charts are installed together |
//! | `values.yaml` | the values templates are rendered with |
//! | `templates/**/*.yaml`, named templates of `*.tpl` | what the rendered manifests say, read like any manifest |
//!
//! Nothing is guessed: what only an installation or a cluster decides is left open and listed, and nothing is taken
//! for missing where something open may stand.

mod chart;
mod datum;
mod expression;
mod functions;
mod render;
mod settle;
mod syntax;
mod version;

pub use chart::File;
pub(crate) use chart::read;
pub(crate) use settle::merge;

pub(crate) const ID: &str = "helm";

#[cfg(test)]
mod tests;
