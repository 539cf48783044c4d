//! Which logical database of a server each service uses: two schemas on one server are not one database.

use crate::address;
use crate::bind;
use crate::components::Draft;
use crate::environment::Environment;
use crate::input::Input;
use crate::names::Names;
use crate::schemas;
use whatif_model::evidence::{Evidence, How, Stage};
use whatif_model::facts::deploy::EnvValue;
use whatif_model::flow::{PeerRole, Target};
use whatif_model::system::{DatabaseUse, Node, ServiceId};
use whatif_model::value::Value;

/// Fills [`whatif_model::system::System::databases`].
pub(crate) fn collect(input: &Input, draft: &mut Draft, names: &Names, environment: &Environment) {
    let mut uses = from_variables(draft, names, environment);
    uses.extend(from_declarations(input, draft, names));
    uses.extend(from_clients(input, draft, names, environment));
    uses.sort();
    uses.dedup_by(|a, b| (a.store, a.service, &a.database) == (b.store, b.service, &b.database));
    draft.system.databases = uses;
}

fn from_variables(draft: &Draft, names: &Names, environment: &Environment) -> Vec<DatabaseUse> {
    let services = draft.system.service_ids();
    let values = services.flat_map(|(id, _)| {
        let variables = environment.all(id).map(move |(_, (value, place))| (id, value, place));
        variables.chain(environment.settings(id).map(move |found| (id, &found.value, &found.evidence)))
    });
    let uses = values.filter_map(|(service, value, place)| {
        let (value, _) = environment.evaluate(service, value);
        used(service, &value, place, draft, names)
    });
    uses.collect()
}

/// Every deployment of a service counts, not only the main one: each may name another database.
fn from_declarations(input: &Input, draft: &Draft, names: &Names) -> Vec<DatabaseUse> {
    let mut uses = Vec::new();
    for ((design, unit), node) in &draft.unit_nodes {
        let Node::Service(service) = node else { continue };
        let unit = &input.designs[*design].1.units[*unit];
        for variable in unit.env.iter().filter(|_| !unit.optional) {
            let EnvValue::Literal(value) = &variable.value else { continue };
            let label = format!("`{}` is set here", variable.name);
            let place = Evidence::stated(Stage::Design, variable.span, label);
            uses.extend(used(*service, value, &place, draft, names));
        }
    }
    uses
}

fn used(service: ServiceId, address: &Value, place: &Evidence, draft: &Draft, names: &Names) -> Option<DatabaseUse> {
    let server = address::host(address).and_then(|host| names.host(&host))?;
    let database = address::database(address)?;
    let Node::Store(store) = schemas::within(draft, server, address)? else { return None };
    let evidence = place.labelled(format!("names the database `{database}`"));
    Some(DatabaseUse { store, service, database, evidence })
}

fn from_clients(input: &Input, draft: &mut Draft, names: &Names, environment: &Environment) -> Vec<DatabaseUse> {
    let mut uses = Vec::new();
    for (at, unit) in input.code.iter().enumerate() {
        let Some(service) = draft.code_services[at] else { continue };
        for (peer, place) in unit.peers.iter().filter(|(peer, _)| peer.role == PeerRole::Store) {
            let Target::Store(store) = bind::peer(peer, service, draft, names, environment) else { continue };
            let Some(database) = named(service, &peer.name, &peer.address, environment) else { continue };
            let label = format!("opens the database `{database}`");
            let evidence = Evidence { how: How::Derived, ..place.labelled(label) };
            uses.push(DatabaseUse { store, service, database, evidence });
        }
    }
    uses
}

fn named(service: ServiceId, name: &Value, address: &Value, environment: &Environment) -> Option<String> {
    let (name, _) = environment.evaluate(service, name);
    let (address, _) = environment.evaluate(service, address);
    name.as_text().filter(|name| !name.is_empty()).or_else(|| address::database(&address))
}
