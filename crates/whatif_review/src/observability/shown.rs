//! Which services the rules about metrics and logs look at.

use whatif_model::facts::code::Trigger;
use whatif_model::system::{Edge, EdgeKind, Layer, LayerKind, Node, Service, ServiceId, System};

/// Services that do the system's business, whose code was read, and that somebody waits for.
pub(super) fn serving(system: &System) -> Vec<(ServiceId, &Service)> {
    let is_request = |trigger: &Trigger| matches!(trigger, Trigger::Http { .. } | Trigger::Rpc { .. });
    let serves = |id: ServiceId| {
        let mut own = system.operations.iter().filter(|operation| operation.service == id && operation.implemented);
        own.any(|operation| is_request(&operation.trigger))
    };
    system.service_ids().filter(|(id, service)| !service.infrastructure && serves(*id)).collect()
}

/// Whether it exchanges requests or messages with another part of the system.
pub(super) fn talks(system: &System, id: ServiceId) -> bool {
    let own = Node::Service(id);
    system.edges.iter().any(|edge| {
        let other = if edge.from == own { edge.to } else { edge.from };
        [edge.from, edge.to].contains(&own)
            && edge.kind != EdgeKind::Store
            && !edge.platform
            && !matches!(other, Node::External(_))
    })
}

/// Whether most calls between services pass through a mesh; a rule for one host is no mesh yet.
pub(super) fn is_meshed(system: &System) -> bool {
    let between =
        |edge: &&Edge| matches!((edge.kind, edge.from, edge.to), (EdgeKind::Sync, Node::Service(_), Node::Service(_)));
    let edges: Vec<&Edge> = system.edges.iter().filter(between).collect();
    let mesh = |layer: &Layer| layer.kind == LayerKind::Mesh && !layer.optional;
    let meshed = edges.iter().filter(|edge| edge.layers.iter().any(mesh)).count();
    meshed * 2 > edges.len()
}
