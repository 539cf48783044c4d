//! Facts about source code, after lowering: what each code unit serves, and what its operations do.

use crate::evidence::{Evidence, Fact};
use crate::facts::telemetry::Telemetry;
use crate::facts::{Ignored, Problem};
use crate::flow::{Bound, Flow, Peer};
use crate::text::Span;
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// The language of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Go.
    Go,
    /// Python.
    Python,
    /// Java.
    Java,
    /// JavaScript and TypeScript, which share their libraries.
    JavaScript,
    /// C#.
    CSharp,
    /// Rust.
    Rust,
}

impl Language {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Python => "python",
            Self::Java => "java",
            Self::JavaScript => "javascript",
            Self::CSharp => "csharp",
            Self::Rust => "rust",
        }
    }
}

/// Code that is built into one program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeUnit {
    /// Root-relative folder that holds it; empty for the root.
    pub root: String,
    /// What the code calls itself (last element of the module path, else the folder's name).
    pub name: String,
    /// Its language.
    pub language: Language,
    /// Where it is declared: the `main` function, the manifest, the first module.
    pub span: Span,
    /// Its entry points with their flows.
    pub entries: Vec<Entry>,
    /// What the program does outside any entry point (start-up, background loops).
    pub background: Vec<Entry>,
    /// Functions with effects that no entry point was seen to reach: frameworks nobody described, libraries.
    #[serde(default)]
    pub unreached: Vec<Entry>,
    /// The names of all functions that were reached, in order; what another unit could not reach may be among them.
    #[serde(default)]
    pub reached: Vec<Span>,
    /// gRPC services it registers, by proto name.
    pub serves: Vec<(String, Span)>,
    /// Partners named at client construction, used in a flow or not.
    pub peers: Vec<(Peer, Evidence)>,
    /// Read, header, write and idle bounds of its HTTP server. `Absent`: constructed without any.
    pub server_timeout: Fact<Bound>,
    /// Deadlines that are set on a context nobody uses, with their length in milliseconds.
    #[serde(default)]
    pub unused_deadlines: Vec<(Option<u64>, Span)>,
    /// Limits set on options that no client is given, with their length in milliseconds.
    #[serde(default)]
    pub unused_limits: Vec<(Option<u64>, Span)>,
    /// The types of messages it handles, with the name of the handler.
    #[serde(default)]
    pub handles: Vec<(String, Span)>,
    /// Sagas it orchestrates.
    #[serde(default)]
    pub sagas: Vec<Saga>,
    /// Whether it handles a stop signal by draining. `Absent`: the whole program was read, and it does not.
    pub graceful_shutdown: Fact<bool>,
    /// Tracing instrumentation it installs. `Absent`: none.
    pub tracing: Fact<String>,
    /// What it counts, times and logs.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// Whether nothing shows that the unit is a service: a tool, or a program without any entry point that was understood.
    pub auxiliary: bool,
    /// Whether it is a test, a tool or a load generator.
    #[serde(default)]
    pub tool: bool,
    /// What was not understood.
    pub ignored: Vec<Ignored>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A saga as the program of its orchestrator defines it: steps in order, each with what undoes it
/// (Garcia-Molina and Salem, SIGMOD 1987, <https://doi.org/10.1145/38713.38742>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    /// The name of its class.
    pub name: String,
    /// Where that stands.
    pub span: Span,
    /// Its steps.
    pub steps: Vec<SagaStep>,
}

/// A step of a saga.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaStep {
    /// What it does, if anything: a first step may only say what undoes what was done before.
    pub action: Option<SagaAction>,
    /// What undoes it.
    pub compensation: Option<SagaAction>,
}

/// What a step of a saga does, or what undoes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaAction {
    /// Where it is named.
    pub span: Span,
    /// Done by the orchestrator itself rather than by a participant that is sent a command.
    pub local: bool,
    /// The type of the command, when known.
    pub command: Option<String>,
}

/// An entry point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The handler's name as declared (`placeOrderHandler`, `PlaceOrder`).
    pub name: String,
    /// What starts it.
    pub trigger: Trigger,
    /// The declaration (name of the function).
    pub span: Span,
    /// What it does.
    pub flow: Flow,
}

/// What starts an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    /// An HTTP request. An empty method means any.
    Http {
        /// Upper-case method; empty: any.
        method: String,
        /// Path template, `{name}` for parameters.
        path: String,
    },
    /// An RPC.
    Rpc {
        /// Proto service, qualified as far as known.
        service: String,
        /// Method.
        method: String,
    },
    /// A message.
    Message {
        /// The topic or queue.
        topic: Peer,
        /// Whether the broker forgets the message before the handler ran (`auto_ack`).
        auto_ack: Fact<bool>,
    },
    /// A schedule, as written.
    Schedule(Value),
    /// The start of the program.
    Start,
    /// A call from code that was not seen: nothing here was understood to call it.
    Unseen {
        /// Whether its name is used anywhere, or a framework may find it without.
        named: bool,
    },
}

impl Trigger {
    /// For people: `HTTP POST /cart`, `rpc Cart/AddItem`, `message orders`, `schedule */5 * * * *`, `start`.
    pub fn display(&self) -> String {
        match self {
            Self::Http { method, path } if method.is_empty() => format!("HTTP {path}"),
            Self::Http { method, path } => format!("HTTP {method} {path}"),
            Self::Rpc { service, method } => format!("rpc {service}/{method}"),
            Self::Message { topic, .. } => format!("message {}", topic.name.display()),
            Self::Schedule(when) => format!("schedule {}", when.display()),
            Self::Start => "start".to_owned(),
            Self::Unseen { .. } => "unseen caller".to_owned(),
        }
    }
}
