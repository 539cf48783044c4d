//! What meshes, gateways and proxies add to the policy of an edge.

use crate::address;
use crate::components::Draft;
use crate::input::Input;
use crate::names::Names;
use whatif_model::facts::mesh::Route;
use whatif_model::system::{EdgeKind, ExternalId, Layer, LayerKind, Node};
use whatif_model::value::Value;

/// Adds a layer to every edge whose callee a route or destination policy is about.
pub(crate) fn apply(input: &Input, draft: &mut Draft, names: &Names) {
    let mut layers: Vec<(Node, Layer)> = Vec::new();
    for (path, facts) in &input.designs {
        let optional = is_overlay(path);
        let inside: Vec<&Route> =
            facts.routes.iter().filter(|route| route.held_by.is_empty() && reaches_mesh(route)).collect();
        for route in inside.iter().filter(|route| is_main(route, &inside)) {
            let hosts = route.destinations.iter().map(|(value, _)| value.clone());
            for node in hosts.filter_map(|host| names.host(&address::host(&host)?)) {
                layers.push((node, Layer { kind: LayerKind::Mesh, policy: route.policy.clone(), optional }));
            }
        }
        for destination in &facts.destinations {
            let host = address::host(&Value::text(destination.host.clone()));
            if let Some(node) = host.and_then(|host| names.host(&host).or_else(|| outside(draft, &host))) {
                layers.push((node, Layer { kind: LayerKind::Mesh, policy: destination.policy.clone(), optional }));
            }
        }
    }
    for edge in draft.system.edges.iter_mut().filter(|edge| edge.kind == EdgeKind::Sync) {
        edge.layers.extend(layers.iter().filter(|(node, _)| *node == edge.to).map(|(_, layer)| layer.clone()));
    }
}

/// Rules of one host are alternatives: the one for every path counts, else the last.
fn is_main(route: &Route, all: &[&Route]) -> bool {
    let of_host: Vec<&&Route> = all.iter().filter(|other| other.hosts == route.hosts).collect();
    let main = of_host.iter().find(|other| other.path.is_empty()).or(of_host.last());
    main.is_some_and(|main| std::ptr::eq(**main, route))
}

/// A system outside, by its host: a mesh applies its policies to calls that leave it too.
fn outside(draft: &Draft, host: &str) -> Option<Node> {
    let at = draft.system.externals.iter().position(|external| external.name == host)?;
    u32::try_from(at).ok().map(|at| Node::External(ExternalId(at)))
}

/// A rule bound only to gateways does not concern calls inside the mesh.
fn reaches_mesh(route: &Route) -> bool {
    route.gateways.is_empty() || route.gateways.iter().any(|gateway| gateway == "mesh")
}

/// Whether a manifest is only applied in a variant of the deployment.
pub(crate) fn is_overlay(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "overlays" | "components"))
}
