//! How long gateways and proxies wait for the operations behind them.

use crate::components::Draft;
use crate::edges;
use crate::input::Input;
use crate::layers;
use crate::names::Names;
use whatif_model::Span;
use whatif_model::facts::code::Trigger;
use whatif_model::facts::mesh::Route;
use whatif_model::system::{Node, ServiceId};

/// Gives every HTTP operation the limit of the route in front of it.
pub(crate) fn apply(input: &Input, draft: &mut Draft, names: &Names) {
    let fronts = fronts(input, names);
    for operation in draft.system.operations.iter_mut().filter(|operation| !operation.background) {
        let Trigger::Http { path, .. } = &operation.trigger else { continue };
        let mut own = fronts.iter().filter(|(service, _)| *service == operation.service).map(|(_, route)| *route);
        let route = match (own.clone().count(), own.next()) {
            (1, only) => only,
            _ => fronts
                .iter()
                .find(|(service, route)| *service == operation.service && leads_to(&route.path, path))
                .map(|(_, route)| *route),
        };
        if let Some(route) = route {
            operation.deadline = route.policy.timeout.clone().map(|timeout| timeout.bound);
        }
    }
}

/// Routes of gateways and proxies with the services they lead to, in the order in which they are tried.
fn fronts<'a>(input: &'a Input, names: &Names) -> Vec<(ServiceId, &'a Route)> {
    let deciding = input.designs.iter().filter(|(path, _)| !layers::is_overlay(path));
    let routes = deciding.flat_map(|(_, facts)| &facts.routes).filter(|route| is_front(route));
    let services = routes.flat_map(|route| {
        let nodes = route.destinations.iter().filter_map(|(value, _)| edges::destination(value, names));
        nodes.filter_map(|node| if let Node::Service(id) = node { Some(id) } else { None }).map(move |id| (id, route))
    });
    services.collect()
}

/// A proxy, or a rule bound to a gateway of a mesh.
fn is_front(route: &Route) -> bool {
    !route.held_by.is_empty() || route.gateways.iter().any(|gateway| gateway != "mesh")
}

/// Whether a request below `front` can arrive at `path`: some end of the front's path begins it, because
/// gateways strip prefixes.
fn leads_to(front: &str, path: &str) -> bool {
    let segments =
        |path: &str| -> Vec<String> { path.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect() };
    let (front, path) = (segments(front), segments(path));
    front.is_empty() || (0..front.len()).any(|at| path.starts_with(&front[at..]))
}

/// Limits that code sets and throws away, by service: deadlines of contexts, and options of clients.
pub(crate) fn unused(input: &Input, draft: &mut Draft) {
    let units = input.code.iter().zip(&draft.code_services).filter_map(|(unit, service)| Some((unit, (*service)?)));
    for (unit, id) in units {
        let of =
            |limits: &[(Option<u64>, Span)]| limits.iter().map(|(limit, at)| (id, *limit, *at)).collect::<Vec<_>>();
        draft.system.unused_deadlines.extend(of(&unit.unused_deadlines));
        draft.system.unused_limits.extend(of(&unit.unused_limits));
    }
}

#[cfg(test)]
mod tests {
    use super::leads_to;

    #[test]
    fn a_gateway_may_strip_a_prefix() {
        assert!(leads_to("/api/orders", "/orders/{id}/cancel"));
        assert!(leads_to("", "/anything"));
        assert!(!leads_to("/api/carts", "/orders"));
    }
}
