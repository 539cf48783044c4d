//! What a cluster runs, and what of it exists once.

use whatif_model::evidence::Fact;
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::system::{EdgeKind, Node, StoreId, System};

/// Something that others need and that runs exactly once.
pub(super) struct Single<'a> {
    pub(super) address: &'a str,
    pub(super) replicas: &'a Fact<u32>,
    /// Whether what it holds survives it; services hold nothing.
    pub(super) durable: Option<&'a Fact<bool>>,
}

/// What a cluster runs once. A compose file alone is a set-up for development and says nothing about
/// production; what only an overlay runs, or an operator creates, is not judged.
pub(super) fn singles(system: &System) -> Vec<Single<'_>> {
    let stores =
        system.stores.iter().enumerate().filter(|(at, store)| {
            !store.optional && !store.cache && is_needed(system, Node::Store(StoreId(*at as u32)))
        });
    let stores = stores.filter_map(|(_, store)| single(&store.address, &store.units, true));
    let brokers = system.brokers.iter().filter_map(|broker| single(&broker.address, &broker.units, true));
    let services = system
        .service_ids()
        .filter(|(id, service)| !service.optional && !service.infrastructure && is_called(system, Node::Service(*id)));
    let services = services.filter_map(|(_, service)| single(&service.address, &service.units, false));
    stores.chain(brokers).chain(services).collect()
}

/// The cluster's declaration of it; a compose file beside it is for development.
pub(super) fn deployed(units: &[DeployUnit]) -> Option<&DeployUnit> {
    let in_cluster = |unit: &&DeployUnit| matches!(unit.kind, UnitKind::Deployment | UnitKind::StatefulSet);
    units.iter().filter(in_cluster).find(|unit| !unit.optional)
}

/// How the cluster runs it, if it runs it once.
fn single<'a>(address: &'a str, units: &'a [DeployUnit], holds_data: bool) -> Option<Single<'a>> {
    let unit = deployed(units)?;
    let durable = holds_data.then_some(&unit.durable_storage);
    once(&unit.replicas).then_some(Single { address, replicas: &unit.replicas, durable })
}

fn once(replicas: &Fact<u32>) -> bool {
    replicas.holds(|count| *count == 1) && replicas.claims().iter().all(|claim| claim.value == 1)
}

fn is_needed(system: &System, node: Node) -> bool {
    system.edges.iter().any(|edge| edge.to == node && !edge.platform)
}

fn is_called(system: &System, node: Node) -> bool {
    system.edges.iter().any(|edge| edge.to == node && edge.kind == EdgeKind::Sync && !edge.platform)
}
