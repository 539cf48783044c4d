//! Facts about what a program shows of itself while it runs, beside traces, and what ends it.

use crate::evidence::Fact;
use crate::text::Span;
use serde::{Deserialize, Serialize};

/// What one program counts, times and logs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Telemetry {
    /// The library it exports metrics with. `Absent`: the whole program was read, and it exports none.
    pub metrics: Fact<String>,
    /// What times its requests: a histogram or summary of its own, or a library that does. `Absent`: the whole
    /// program was read, and nothing does.
    pub latency: Fact<String>,
    /// The name under which an id of the request or its trace appears. `Absent`: the whole program was read,
    /// and no such id is named anywhere.
    pub correlation: Fact<String>,
    /// Counters and gauges of its own, in order.
    pub counters: Vec<Span>,
    /// Its log lines, the first of each function that has some.
    pub logs: Vec<Span>,
    /// Where it begins to accept requests.
    pub listens: Vec<Span>,
    /// Functions that by their names set telemetry up and have nothing in them.
    pub stubs: Vec<(String, Span)>,
    /// What it logs and should not.
    pub leaks: Vec<Leak>,
    /// Label values of metrics without bound: what is used as one, and where.
    pub raw_labels: Vec<(String, Span)>,
    /// Where what comes from outside is parsed in a callback that catches nothing: what cannot be parsed ends the
    /// process.
    #[serde(default)]
    pub unguarded: Vec<Span>,
    /// Flags a health check answers from that are set once and never taken back.
    pub stale_flags: Vec<StaleFlag>,
}

/// A log line that tells a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// What is logged, as the code names it.
    pub what: String,
    /// Whether that is a whole request, of which something else has to say what is in it.
    pub whole: bool,
    /// The name of the function around it.
    pub function: Option<Span>,
    /// The log line.
    pub span: Span,
}

/// A variable that says whether a dependency is reachable, and can only ever say so once it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleFlag {
    /// Its name.
    pub name: String,
    /// Where it is set.
    pub set: Span,
    /// Where the health check reads it.
    pub read: Span,
}

impl Telemetry {
    /// Adds what another program of the same service shows.
    pub fn merge(&mut self, other: &Self) {
        self.metrics.merge(other.metrics.clone());
        self.latency.merge(other.latency.clone());
        self.correlation.merge(other.correlation.clone());
        self.counters.extend(&other.counters);
        self.logs.extend(&other.logs);
        self.listens.extend(&other.listens);
        self.stubs.extend(other.stubs.iter().cloned());
        self.leaks.extend(other.leaks.iter().cloned());
        self.raw_labels.extend(other.raw_labels.iter().cloned());
        self.unguarded.extend(&other.unguarded);
        self.stale_flags.extend(other.stale_flags.iter().cloned());
    }
}
