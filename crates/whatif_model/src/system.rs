//! The one model: services, operations, stores, topics, and the edges between them.
//!
//! Built by resolve, read by everything after it. Elements are kept in an order that depends on
//! nothing but the input (services and operations by address), so ids are stable between runs.

use crate::evidence::{Evidence, Fact};
use crate::facts::alert::Alert;
use crate::facts::code::{Language, Saga, Trigger};
use crate::facts::contract::{Contract, ContractOperation};
use crate::facts::deploy::{DeployUnit, Scaling, Table};
use crate::facts::mesh::Route;
use crate::facts::prose::ProseFacts;
use crate::facts::telemetry::Telemetry;
use crate::facts::{Ignored, Origin, Problem, Reference};
use crate::flow::{Bound, EffectId, Flow, Policy};
use crate::text::{FileId, Span};
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident => $field:ident : $element:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl std::ops::Index<$name> for System {
            type Output = $element;
            fn index(&self, id: $name) -> &$element {
                &self.$field[id.0 as usize]
            }
        }
    )+};
}

id! {
    /// A service of a [`System`].
    ServiceId => services: Service,
    /// An operation of a [`System`].
    OperationId => operations: Operation,
    /// A store of a [`System`].
    StoreId => stores: Store,
    /// A topic of a [`System`].
    TopicId => topics: Topic,
    /// A broker of a [`System`].
    BrokerId => brokers: Broker,
    /// An external system of a [`System`].
    ExternalId => externals: External,
}

/// The reviewed system.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// Everything that runs and is neither store nor broker.
    pub services: Vec<Service>,
    /// Everything a service does when something triggers it.
    pub operations: Vec<Operation>,
    /// Databases and caches.
    pub stores: Vec<Store>,
    /// Topics and queues.
    pub topics: Vec<Topic>,
    /// Brokers.
    pub brokers: Vec<Broker>,
    /// Systems outside.
    pub externals: Vec<External>,
    /// Who talks to whom, aggregated over all effects and deployment links.
    pub edges: Vec<Edge>,
    /// Which logical database of a store each service uses, where something names it; by store, then service.
    pub databases: Vec<DatabaseUse>,
    /// Contracts with the service that offers them, when known.
    pub contracts: Vec<(Contract, Option<ServiceId>)>,
    /// Every table declared by SQL, in path order; each store has those its users name.
    pub tables: Vec<Table>,
    /// Routing rules of meshes, gateways and proxies, in path order.
    pub routes: Vec<Route>,
    /// Alerts of the monitoring system, in path order.
    pub alerts: Vec<Alert>,
    /// Where metrics are collected, in path order.
    pub monitors: Vec<Span>,
    /// Specification and design documents, in path order.
    pub documents: Vec<Document>,
    /// Deadlines that are set on a context nobody uses: whose, how long in milliseconds, and where.
    pub unused_deadlines: Vec<(ServiceId, Option<u64>, Span)>,
    /// Limits set on options that no client is given: whose, how long in milliseconds, and where.
    pub unused_limits: Vec<(ServiceId, Option<u64>, Span)>,
    /// The types of messages that operations handle.
    pub handled: Vec<(String, OperationId)>,
    /// Sagas, with their orchestrator.
    pub sagas: Vec<(ServiceId, Saga)>,
    /// Deployments that contradict each other; the first claim is that of the main deployment, which the model follows.
    pub contradictions: Vec<Contradiction>,
    /// Autoscalers and disruption budgets, in path order.
    pub scaling: Vec<Scaling>,
    /// Files a deployment names that are not there, in the order of the places that name them.
    pub missing_files: Vec<Reference>,
    /// Places whose text another place gives, sorted.
    pub origins: Vec<Origin>,
    /// Everything that was seen and not understood.
    pub ignored: Vec<Ignored>,
    /// Everything that could not be read.
    pub problems: Vec<Problem>,
    /// Open questions of resolve itself (an address that names nobody we know).
    pub questions: Vec<Question>,
}

/// A specification or design document.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file.
    pub file: FileId,
    /// Root-relative path.
    pub path: String,
    /// What it says.
    pub facts: ProseFacts,
}

/// Something that runs.
#[derive(Clone, Debug)]
pub struct Service {
    /// What people type: its name.
    pub address: String,
    /// The name most sources agree on.
    pub name: String,
    /// Every other name it is known by (host names, image, build context, code unit, proto service).
    pub aliases: Vec<String>,
    /// Its language, when its code was read.
    pub language: Option<Language>,
    /// Platform traffic only: discovery, configuration, monitoring, load generation.
    pub infrastructure: bool,
    /// Only deployed in an overlay, profile or component.
    pub optional: bool,
    /// Its deployment declarations, the main one first.
    pub units: Vec<DeployUnit>,
    /// Root-relative folder of its code, when found.
    pub code_root: Option<String>,
    /// How many run.
    pub replicas: Fact<u32>,
    /// Bounds of its server side.
    pub server_timeout: Fact<Bound>,
    /// Whether it drains on a stop signal.
    pub graceful_shutdown: Fact<bool>,
    /// Tracing instrumentation.
    pub tracing: Fact<String>,
    /// What it counts, times and logs.
    pub telemetry: Telemetry,
    /// Whether users or other systems reach it from outside.
    pub published: bool,
    /// Why we believe it exists.
    pub evidence: Vec<Evidence>,
}

/// Something a service does when triggered.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `service.name`.
    pub address: String,
    /// Its name: handler, rpc or operation id.
    pub name: String,
    /// Whose it is.
    pub service: ServiceId,
    /// What starts it.
    pub trigger: Trigger,
    /// The topic or broker a message trigger listens to, when known.
    pub source: Option<Node>,
    /// Whether it changes state here or further down.
    pub mutates: Fact<bool>,
    /// What a contract publishes about it.
    pub contract: Option<ContractOperation>,
    /// Its idempotency.
    pub idempotency: Idempotency,
    /// The deadline it works under, stated by itself or by the route in front of it.
    pub deadline: Fact<Bound>,
    /// What it does; empty and cut when its code was not read.
    pub flow: Flow,
    /// Whether its code was found.
    pub implemented: bool,
    /// Whether it runs in the background rather than for a caller.
    pub background: bool,
    /// Where it is declared: the code first, then contracts and routes. Never empty.
    pub evidence: Vec<Evidence>,
}

/// How an operation tells repeats apart.
#[derive(Clone, Debug, Default)]
pub struct Idempotency {
    /// The key its contract accepts (header or field).
    pub declared: Fact<String>,
    /// The key its handler reads. `Absent`: the whole handler was read, and it reads none.
    pub read: Fact<String>,
    /// How it recognises repeats. `Absent`: the whole handler was read, and it does not.
    pub dedup: Fact<Dedup>,
    /// Why repeating it does no harm without a key (`sets to a value`, `upserts by id`).
    pub natural: Fact<String>,
}

/// A way of recognising repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dedup {
    /// Where keys are kept.
    pub item: String,
    /// Whether the store refuses a second one.
    pub unique: Fact<bool>,
    /// Whether key and effect commit together.
    pub atomic: Fact<bool>,
}

/// A database or cache.
#[derive(Clone, Debug)]
pub struct Store {
    /// What people type: `store:` and its name.
    pub address: String,
    /// Its name: the unit that runs it, or its logical name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// `postgresql`, `redis`, `mongodb`...; empty when not known.
    pub engine: String,
    /// Used as a cache only, as far as seen.
    pub cache: bool,
    /// How many run.
    pub replicas: Fact<u32>,
    /// Whether data survives a restart.
    pub durable: Fact<bool>,
    /// Only deployed in an overlay, profile or component.
    pub optional: bool,
    /// Its deployment declarations.
    pub units: Vec<DeployUnit>,
    /// Tables declared for it.
    pub tables: Vec<Table>,
    /// Why we believe it exists.
    pub evidence: Vec<Evidence>,
}

impl Store {
    /// Whether it runs inside the process of the service that uses it: a part of that service, no component of its own.
    pub fn is_embedded(&self) -> bool {
        self.units.is_empty() && matches!(self.engine.as_str(), "h2" | "hsqldb" | "derby" | "sqlite" | "memory")
    }
}

/// A service uses a logical database (schema, keyspace number) of a store: one server may hold several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatabaseUse {
    /// The server.
    pub store: StoreId,
    /// Who uses it.
    pub service: ServiceId,
    /// The database's name, as written.
    pub database: String,
    /// Where it is named.
    pub evidence: Evidence,
}

/// Two deployments of one service that tell it different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Whose.
    pub service: ServiceId,
    /// The variable both set.
    pub variable: String,
    /// What each says, the main deployment first.
    pub claims: Vec<(String, Evidence)>,
    /// The databases both name, when these are different ones.
    pub databases: Option<(String, String)>,
}

/// A topic or queue.
#[derive(Clone, Debug)]
pub struct Topic {
    /// What people type: `topic:` and its name.
    pub address: String,
    /// Its name.
    pub name: String,
    /// The broker that carries it, when known.
    pub broker: Option<BrokerId>,
    /// Why we believe it exists.
    pub evidence: Vec<Evidence>,
}

/// A message broker.
#[derive(Clone, Debug)]
pub struct Broker {
    /// What people type: `broker:` and its name.
    pub address: String,
    /// Its name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// `kafka`, `rabbitmq`, `nats`...
    pub engine: String,
    /// How many run.
    pub replicas: Fact<u32>,
    /// Its deployment declarations.
    pub units: Vec<DeployUnit>,
    /// Why we believe it exists.
    pub evidence: Vec<Evidence>,
}

/// A system outside the reviewed one.
#[derive(Clone, Debug)]
pub struct External {
    /// What people type: `external:` and its name.
    pub address: String,
    /// Host name or product.
    pub name: String,
    /// By what it recognises repeats; only an answer can say so.
    pub deduplicates_by: Fact<String>,
    /// Why we believe it exists.
    pub evidence: Vec<Evidence>,
}

/// One end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Node {
    /// A service.
    Service(ServiceId),
    /// A store.
    Store(StoreId),
    /// A topic.
    Topic(TopicId),
    /// A broker, when no topic is known.
    Broker(BrokerId),
    /// An external system.
    External(ExternalId),
}

/// How two nodes talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EdgeKind {
    /// The caller waits for an answer.
    Sync,
    /// A message is passed on.
    Async,
    /// Data is read or written.
    Store,
}

impl EdgeKind {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Async => "async",
            Self::Store => "store",
        }
    }
}

/// One effect of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// Whose.
    pub operation: OperationId,
    /// Which.
    pub effect: EffectId,
}

/// Where a layer of a policy sits, innermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LayerKind {
    /// The calling code or its client configuration.
    Code,
    /// The mesh sidecar of the caller.
    Mesh,
    /// A gateway or proxy between the two.
    Gateway,
}

impl LayerKind {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Mesh => "mesh",
            Self::Gateway => "gateway",
        }
    }
}

/// One layer of the policy of an edge.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Where it sits.
    pub kind: LayerKind,
    /// What it does.
    pub policy: Policy,
    /// Only in an overlay: it does not decide the effective policy.
    pub optional: bool,
}

/// Who talks to whom, and under which policy.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Who starts it (for a consumer edge: the topic or broker).
    pub from: Node,
    /// Whom it reaches.
    pub to: Node,
    /// How.
    pub kind: EdgeKind,
    /// The effects behind it; empty when only deployment files show it.
    pub sites: Vec<Site>,
    /// Names of the callee's operations it uses.
    pub operations: Vec<String>,
    /// Layers outside the code that apply to every site, innermost first.
    pub layers: Vec<Layer>,
    /// Platform traffic (discovery, configuration, monitoring, load, flags).
    pub platform: bool,
    /// Why we believe it exists.
    pub evidence: Vec<Evidence>,
}

/// Something only the user can answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// What it is about.
    pub address: String,
    /// Which attribute an answer in `whatif.toml` sets (`timeout`, `deduplicates-by`).
    pub attribute: String,
    /// The question, as a sentence with a question mark.
    pub question: String,
    /// How many verdicts and findings an answer decides.
    pub decides: u32,
    /// The place that raised it.
    pub span: Option<Span>,
}

impl System {
    /// All service ids with their services, by address.
    pub fn service_ids(&self) -> impl Iterator<Item = (ServiceId, &Service)> {
        self.services.iter().enumerate().map(|(at, service)| (ServiceId(at as u32), service))
    }

    /// All operation ids with their operations, in address order.
    pub fn operation_ids(&self) -> impl Iterator<Item = (OperationId, &Operation)> {
        self.operations.iter().enumerate().map(|(at, operation)| (OperationId(at as u32), operation))
    }

    /// The address of a node.
    pub fn address(&self, node: Node) -> &str {
        match node {
            Node::Service(id) => &self[id].address,
            Node::Store(id) => &self[id].address,
            Node::Topic(id) => &self[id].address,
            Node::Broker(id) => &self[id].address,
            Node::External(id) => &self[id].address,
        }
    }

    /// The operation with this address.
    pub fn operation_at(&self, address: &str) -> Option<OperationId> {
        self.operation_ids().find(|(_, operation)| operation.address == address).map(|(id, _)| id)
    }

    /// The edge between two nodes, if there is one.
    pub fn edge(&self, from: Node, to: Node) -> Option<&Edge> {
        self.edges.iter().find(|edge| edge.from == from && edge.to == to)
    }
}
