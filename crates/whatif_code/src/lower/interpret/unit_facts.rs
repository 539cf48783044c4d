//! What is found out about a unit as a whole.

use std::collections::{BTreeMap, BTreeSet};
use whatif_model::flow::Peer;
use whatif_model::{Evidence, Fact, Span};

/// Facts about the whole unit, found while it is run.
#[derive(Default)]
pub(crate) struct UnitFacts {
    pub(crate) serves: Vec<(String, Span)>,
    pub(crate) peers: Vec<(Peer, Evidence)>,
    pub(crate) server_timeout: Fact<whatif_model::flow::Bound>,
    /// Whether exchanges and queues survive a restart of the broker, by their names.
    pub(crate) declared: BTreeMap<String, Fact<bool>>,
    /// Deadlines set on a context that is thrown away.
    pub(crate) unused_deadlines: BTreeSet<(Span, Option<u64>)>,
    /// The types of messages that are handled, with the name of the handler.
    pub(crate) handles: Vec<(String, Span)>,
    pub(crate) graceful: Fact<bool>,
    pub(crate) tracing: Fact<String>,
    /// Where servers begin to accept requests.
    pub(crate) listens: BTreeSet<Span>,
    /// Libraries whose calls carry the trace by themselves.
    pub(crate) instrumented: BTreeSet<String>,
}
