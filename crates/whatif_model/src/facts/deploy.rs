//! Facts about what runs where: compose services, Kubernetes workloads, names, configuration.

use crate::evidence::Fact;
use crate::text::Span;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that runs: one compose service, one container of a workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployUnit {
    /// Its name as declared (the workload's, or the container's when a workload has several).
    pub name: String,
    /// What declares it.
    pub kind: UnitKind,
    /// Where it is declared (the name).
    pub span: Span,
    /// The document's idea of a project: folder of the compose file, namespace of the manifest; may be empty.
    pub scope: String,
    /// Whether the declaration is an optional variant (profile, overlay, component, override file).
    pub optional: bool,
    /// Image reference, unresolved variables included.
    pub image: Option<Value>,
    /// Build context, root-relative, when the unit is built from this repository.
    pub build_context: Option<String>,
    /// How many run. `Absent` with compose (one) and Kubernetes (default one) is stated as a default instead.
    pub replicas: Fact<u32>,
    /// Environment, in order.
    pub env: Vec<EnvVar>,
    /// Configuration maps and secrets imported whole, by name.
    pub env_from: Vec<String>,
    /// Environment files imported whole, root-relative.
    pub env_files: Vec<String>,
    /// Command and arguments, as far as literal.
    pub command: Vec<Value>,
    /// Ports it listens on.
    pub ports: Vec<u16>,
    /// Ports reachable from outside the system (published ports, load balancers).
    pub published: bool,
    /// Units that are started before it; order, not calls.
    pub depends_on: Vec<(String, Span)>,
    /// Those of them it is started after only once they are healthy or done.
    #[serde(default)]
    pub awaited: Vec<String>,
    /// What starts it again after it ended (`always`, `on-failure`). `Absent`: nothing does.
    #[serde(default)]
    pub restarts: Fact<String>,
    /// Units it is given the addresses of (`links` of compose): whom it is meant to talk to.
    pub links: Vec<(String, Span)>,
    /// Labels of its pods.
    pub labels: BTreeMap<String, String>,
    /// Whether its data survives its restart: `Known(true)` with a volume or claim on the data path,
    /// `Absent` when no durable volume is mounted.
    pub durable_storage: Fact<bool>,
    /// What is mounted where, in order.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Readiness probe or healthcheck.
    pub readiness: Fact<Probe>,
    /// Liveness probe.
    pub liveness: Fact<Probe>,
    /// Schedule of a job (`*/5 * * * *`).
    pub schedule: Option<(String, Span)>,
    /// Concurrency policy of a scheduled job (`Forbid`, `Allow`, `Replace`).
    pub concurrency: Fact<String>,
    /// Seconds between the stop signal and the kill.
    pub grace_seconds: Fact<u64>,
}

impl DeployUnit {
    /// A unit of which only its name is known: nothing else was looked at.
    pub fn new(name: impl Into<String>, kind: UnitKind, span: Span) -> Self {
        Self {
            name: name.into(),
            kind,
            span,
            scope: String::new(),
            optional: false,
            image: None,
            build_context: None,
            replicas: Fact::Unknown,
            env: Vec::new(),
            env_from: Vec::new(),
            env_files: Vec::new(),
            command: Vec::new(),
            ports: Vec::new(),
            published: false,
            depends_on: Vec::new(),
            awaited: Vec::new(),
            restarts: Fact::Unknown,
            links: Vec::new(),
            labels: BTreeMap::new(),
            durable_storage: Fact::Unknown,
            mounts: Vec::new(),
            readiness: Fact::Unknown,
            liveness: Fact::Unknown,
            schedule: None,
            concurrency: Fact::Unknown,
            grace_seconds: Fact::Unknown,
        }
    }
}

/// What declares a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UnitKind {
    /// A service of a compose file.
    Compose,
    /// Deployment, ReplicaSet or bare Pod.
    Deployment,
    /// StatefulSet.
    StatefulSet,
    /// DaemonSet.
    DaemonSet,
    /// Job.
    Job,
    /// CronJob.
    CronJob,
    /// A resource of a .NET Aspire application host.
    AppHost,
    /// A program that its configuration declares (a name, a port), with no deployment seen.
    Program,
    /// A container image definition in the tree (Dockerfile) or a build artifact list, with no deployment seen.
    Image,
}

impl UnitKind {
    /// Whether what declares this and what declares another unit may be parts of one deployment.
    pub fn is_of_one_deployment(self, other: Self) -> bool {
        let family = |kind| match kind {
            Self::Compose => Some(0),
            Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::Job | Self::CronJob => Some(1),
            Self::AppHost => Some(2),
            Self::Program | Self::Image => None,
        };
        let (one, other) = (family(self), family(other));
        one.is_none() || other.is_none() || one == other
    }
}

/// A volume in the file system of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Where it is mounted.
    pub path: String,
    /// What is mounted there.
    pub volume: Volume,
    /// Where it is declared.
    pub span: Span,
}

/// What is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Volume {
    /// Outlives the unit: a named volume, a claim.
    Durable,
    /// A folder or file of the host.
    Host,
    /// Ends with the unit.
    Temporary,
    /// Configuration, secrets, and what is not known.
    Other,
}

/// A probe or healthcheck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Path, port, command or gRPC service that is asked.
    pub what: String,
    /// Seconds it may take.
    pub timeout_seconds: Option<u64>,
    /// Seconds between probes.
    pub period_seconds: Option<u64>,
}

/// One environment variable of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: EnvValue,
    /// Where it is set.
    pub span: Span,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnvValue {
    /// Written here (with `${X}` of the document's own interpolation as [`crate::Part::Env`]).
    Literal(Value),
    /// A key of a configuration map.
    Config {
        /// The map.
        map: String,
        /// The key.
        key: String,
    },
    /// A secret: never read.
    Secret,
}

/// A name under which units are reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkName {
    /// The name.
    pub name: String,
    /// Namespace or compose project scope; may be empty.
    pub scope: String,
    /// Which units: by labels (Kubernetes) or by unit name (compose).
    pub selects: Selector,
    /// Ports it offers.
    pub ports: Vec<u16>,
    /// Whether it is reachable from outside the cluster.
    pub external: bool,
    /// The host it stands for when it has no units (`ExternalName`).
    pub external_name: Option<String>,
    /// Where it is declared.
    pub span: Span,
}

/// How a name finds its units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selector {
    /// By pod labels; empty selects nothing.
    Labels(BTreeMap<String, String>),
    /// By unit name.
    Unit(String),
}

/// A configuration map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigMap {
    /// Its name.
    pub name: String,
    /// Namespace, may be empty.
    pub scope: String,
    /// Its entries.
    pub entries: Vec<(String, Value, Span)>,
}

/// An environment file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvFile {
    /// Root-relative path.
    pub path: String,
    /// Its entries.
    pub entries: Vec<(String, Value, Span)>,
}

/// What limits or changes the number of replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaling {
    /// `PodDisruptionBudget` or `HorizontalPodAutoscaler`.
    pub kind: String,
    /// Which units.
    pub selects: Selector,
    /// Lower bound.
    pub min: Option<u32>,
    /// Where.
    pub span: Span,
}

/// A table declared by SQL (`CREATE TABLE`, `CREATE UNIQUE INDEX`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name, unquoted, without schema.
    pub name: String,
    /// Column names in order.
    pub columns: Vec<String>,
    /// Column sets no two rows may share, the primary key first; columns in declaration order.
    /// A set with a nullable column is not listed: SQL admits any number of NULLs.
    pub unique: Vec<Vec<String>>,
    /// Column sets declared unique that a NULL gets around.
    #[serde(default)]
    pub nullable_keys: Vec<NullableKey>,
    /// Where.
    pub span: Span,
}

/// A unique key over a column that may be NULL: rows with a NULL there never count as equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NullableKey {
    /// All its columns, in declaration order.
    pub columns: Vec<String>,
    /// Those that may be NULL; never empty.
    pub nullable: Vec<String>,
    /// Where the key is declared.
    pub span: Span,
}
