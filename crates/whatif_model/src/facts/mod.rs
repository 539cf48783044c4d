//! What readers produce: typed facts about one document each, before anything is merged.
//!
//! Facts are serialisable, because they are cached by content; they mention other things only by the
//! names the document uses.

pub mod alert;
pub mod answer;
pub mod code;
pub mod contract;
pub mod deploy;
pub mod mesh;
pub mod package;
pub mod prose;
pub mod settings;
pub mod telemetry;

use crate::text::Span;
use serde::{Deserialize, Serialize};

/// Everything a design document said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DesignFacts {
    /// Things that run: containers, deployments, jobs.
    pub units: Vec<deploy::DeployUnit>,
    /// Names under which units are reached (Kubernetes Services, compose service names and aliases).
    pub names: Vec<deploy::NetworkName>,
    /// Configuration maps and secrets.
    pub configs: Vec<deploy::ConfigMap>,
    /// Variables of an environment file (`.env`), by name.
    pub env_files: Vec<deploy::EnvFile>,
    /// Configuration programs read when they start.
    pub settings: Vec<settings::Settings>,
    /// Rules of a mesh, gateway or proxy.
    pub routes: Vec<mesh::Route>,
    /// Destination policies of a mesh.
    pub destinations: Vec<mesh::DestinationPolicy>,
    /// Contracts.
    pub contracts: Vec<contract::Contract>,
    /// Tables declared by SQL.
    pub tables: Vec<deploy::Table>,
    /// Disruption budgets, autoscalers: what changes how many replicas there are.
    pub scaling: Vec<deploy::Scaling>,
    /// Alerts of a monitoring system.
    #[serde(default)]
    pub alerts: Vec<alert::Alert>,
    /// Where metrics are collected (Prometheus' `scrape_configs`, `ServiceMonitor`).
    #[serde(default)]
    pub monitors: Vec<Span>,
    /// Places whose text another place gives (a value of a chart, a patch of an overlay).
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// Other documents that are deployed from here.
    #[serde(default)]
    pub references: Vec<Reference>,
}

/// A document that names another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// Where it is named.
    pub span: Span,
    /// Root-relative path of the other one.
    pub path: String,
}

/// A place that says what stands at another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// Where it is used.
    pub at: Span,
    /// Where it is written.
    pub from: Span,
    /// Whether `from` is what `at` takes the place of, rather than what it shows.
    pub is_replaced: bool,
}

/// Something a reader saw and did not understand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ignored {
    /// Where.
    pub span: Span,
    /// What and why, lower case, no full stop.
    pub reason: String,
}

/// A document, or part of one, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Root-relative path of the file or folder.
    pub path: String,
    /// Where in it, when known.
    pub span: Option<Span>,
    /// What is wrong and what can be done, lower case, no full stop.
    pub message: String,
}
