//! Databases of one server that several services keep apart.
//!
//! A server whose users each name their own database is not shared data: every such database is a
//! store of its own. A server everybody uses under one name, or without naming one, stays one store.

use crate::address;
use crate::components::Draft;
use crate::environment::Environment;
use crate::input::Input;
use crate::names::Names;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::code::CodeUnit;
use whatif_model::system::{Node, ServiceId, StoreId};
use whatif_model::value::Value;

/// Splits servers with several databases. The server's own entry becomes the first of them.
pub(crate) fn split(input: &Input, draft: &mut Draft, names: &Names, environment: &Environment) {
    let mut found: BTreeMap<StoreId, BTreeSet<String>> = BTreeMap::new();
    let mut note = |value: &Value| {
        let server = address::host(value).and_then(|host| names.host(&host));
        if let (Some(Node::Store(id)), Some(database)) = (server, address::database(value)) {
            found.entry(id).or_default().insert(database.to_lowercase());
        }
    };
    for (service, _) in draft.system.service_ids() {
        for (_, (value, _)) in environment.all(service) {
            note(&environment.evaluate(service, value).0);
        }
        for found in environment.settings(service) {
            note(&environment.evaluate(service, &found.value).0);
        }
    }
    for (service, unit) in with_service(input, draft) {
        for (peer, _) in &unit.peers {
            note(&environment.evaluate(service, &peer.address).0);
        }
    }
    for (server, databases) in found.into_iter().filter(|(_, databases)| databases.len() > 1) {
        let services: BTreeSet<String> =
            draft.system.services.iter().map(|service| service.name.to_lowercase()).collect();
        let original = draft.system.stores[server.0 as usize].clone();
        for (at, database) in databases.into_iter().enumerate() {
            let stores = &mut draft.system.stores;
            let mut store = original.clone();
            let server_name = std::mem::take(&mut store.name);
            let taken = services.contains(&database);
            // A database called like the service that owns it is named with its server.
            store.name = if taken { format!("{server_name}/{database}") } else { database.clone() };
            store.address = format!("store:{}", store.name);
            store.aliases = vec![server_name];
            let id = if at == 0 { server } else { StoreId(stores.len() as u32) };
            if at == 0 {
                stores[server.0 as usize] = store;
            } else {
                stores.push(store);
            }
            draft.databases.insert((server, database), id);
        }
    }
}

fn with_service<'i>(input: &'i Input, draft: &Draft) -> Vec<(ServiceId, &'i CodeUnit)> {
    input.code.iter().zip(&draft.code_services).filter_map(|(unit, service)| Some(((*service)?, unit))).collect()
}

/// Whether a node is a server whose databases are stores of their own.
pub(crate) fn is_shared_server(draft: &Draft, node: Node) -> bool {
    matches!(node, Node::Store(id) if draft.databases.keys().any(|(server, _)| *server == id))
}

/// The node itself, or the database of it that the address names; nothing when it names none.
pub(crate) fn within(draft: &Draft, node: Node, address: &Value) -> Option<Node> {
    if !is_shared_server(draft, node) {
        return Some(node);
    }
    by_name(draft, node, &address::database(address)?.to_lowercase())
}

/// The database of a server by its bare name.
pub(crate) fn named(draft: &Draft, node: Node, name: &Value) -> Option<Node> {
    by_name(draft, node, &name.as_text()?.to_lowercase())
}

fn by_name(draft: &Draft, node: Node, database: &str) -> Option<Node> {
    let Node::Store(server) = node else { return None };
    draft.databases.get(&(server, database.to_owned())).map(|id| Node::Store(*id))
}
