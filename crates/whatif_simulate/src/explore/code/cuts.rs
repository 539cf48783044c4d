//! What a partition can cut off.

use super::super::program::{Operation, Peer, Program, ServiceId, StepKind};
use super::Rejected;

/// Bits that tell which cut is on.
pub(super) const CUT_BITS: u8 = 6;

/// Two sides that cannot reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cut {
    /// Two services, the lower number first.
    Services(ServiceId, ServiceId),
    /// A service and its stores.
    Stores(ServiceId),
    /// A service and the broker.
    Broker(ServiceId),
}

impl Cut {
    /// The cut between two services.
    pub(in super::super) fn between(a: ServiceId, b: ServiceId) -> Cut {
        Cut::Services(a.min(b), a.max(b))
    }

    /// The cut that makes a step of the service fail.
    pub(in super::super) fn from(service: ServiceId, peer: Peer) -> Cut {
        match peer {
            Peer::Stores => Cut::Stores(service),
            Peer::Broker => Cut::Broker(service),
            Peer::Service(other) => Cut::between(service, other),
        }
    }
}

/// Every cut some step can notice.
pub(super) fn cuts(program: &Program) -> Result<Vec<Cut>, Rejected> {
    let mut cuts: Vec<Cut> = program.operations.iter().flat_map(|operation| of_operation(program, operation)).collect();
    let handled = program.topics.iter().flat_map(|topic| topic.consumers.iter());
    cuts.extend(handled.map(|consumer| Cut::Broker(program.operations[consumer.index()].service)));
    cuts.extend(program.topics.iter().filter_map(|topic| topic.relay.map(Cut::Broker)));
    cuts.retain(|cut| !matches!(cut, Cut::Services(a, b) if a == b));
    cuts.sort_unstable();
    cuts.dedup();
    if cuts.len() >= 1 << CUT_BITS { Err(Rejected::TooManyWords) } else { Ok(cuts) }
}

fn of_operation(program: &Program, operation: &Operation) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for step in &operation.steps {
        cuts.extend(step.needs.map(|need| Cut::from(operation.service, need.peer)));
        if let StepKind::Call { operation: callee, .. } = step.kind {
            cuts.push(Cut::between(operation.service, program.operations[callee.index()].service));
        }
    }
    cuts
}
