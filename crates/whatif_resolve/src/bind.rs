//! Replaces what the code calls a partner by the node it is.

use crate::address;
use crate::components::Draft;
use crate::drivers;
use crate::environment::Environment;
use crate::identity::canonical;
use crate::names::Names;
use crate::operations;
use crate::schemas;
use crate::technology::{self, Role};
use std::collections::BTreeSet;
use whatif_model::evidence::{Evidence, Fact};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{EffectKind, Flow, Peer, PeerRole, Step, Target};
use whatif_model::system::{
    BrokerId, External, ExternalId, Node, OperationId, ServiceId, Store, StoreId, System, Topic, TopicId,
};
use whatif_model::value::{Part, Value};

/// Binds every effect and every message trigger. Afterwards no symbolic target is left.
pub(crate) fn targets(draft: &mut Draft, names: &Names, environment: &Environment) {
    for at in 0..draft.system.operations.len() {
        let service = draft.system.operations[at].service;
        let mut flow = std::mem::take(&mut draft.system.operations[at].flow);
        bind_flow(&mut flow, service, draft, names, environment);
        draft.system.operations[at].flow = flow;
        if let Trigger::Message { topic, .. } = &draft.system.operations[at].trigger {
            let topic = topic.clone();
            draft.system.operations[at].source = node(&peer(&topic, service, draft, names, environment));
        }
    }
}

fn bind_flow(flow: &mut Flow, service: ServiceId, draft: &mut Draft, names: &Names, environment: &Environment) {
    for effect in &mut flow.effects {
        let Target::Symbolic(symbolic) = &effect.target else { continue };
        let mut target = peer(&symbolic.clone(), service, draft, names, environment);
        if let (Target::Service(callee, found), EffectKind::Call { operation, .. }) = (&mut target, &effect.kind) {
            *found = operations::find(draft, *callee, operation);
        }
        if matches!(target, Target::Store(_)) && effect.policy.timeout.value().is_none() {
            let limit = drivers::limit(symbolic, service, environment);
            match limit.is_unknown() && drivers::is_limited_elsewhere(service, environment) {
                true => effect.policy.timeout = limit,
                false => effect.policy.timeout.merge(limit),
            }
        }
        effect.target = target;
    }
    let mut bind_step = |step: &mut Step| {
        if let Step::Transaction { store: Some(target), .. } = step
            && let Target::Symbolic(symbolic) = target
        {
            *target = peer(&symbolic.clone(), service, draft, names, environment);
        }
    };
    each_step(&mut flow.steps, &mut bind_step);
}

/// Depth is bounded by construction, see [`whatif_model::limits::DEPTH_MAX`].
fn each_step(steps: &mut [Step], visit: &mut dyn FnMut(&mut Step)) {
    for step in steps {
        visit(step);
        match step {
            Step::Effect(_) | Step::Return { .. } => {}
            Step::Branch { arms, .. } => arms.iter_mut().for_each(|arm| each_step(arm, visit)),
            Step::Try { body, handler, finally, .. } => {
                [body, handler, finally].into_iter().for_each(|block| each_step(block, visit));
            }
            Step::Loop { body, .. }
            | Step::Transaction { body, .. }
            | Step::Locked { body, .. }
            | Step::Spawn { body, .. } => each_step(body, visit),
        }
    }
}

/// The node a target is, if it is one.
pub(crate) fn node(target: &Target) -> Option<Node> {
    match target {
        Target::Service(id, _) => Some(Node::Service(*id)),
        Target::Store(id) => Some(Node::Store(*id)),
        Target::Topic(id) => Some(Node::Topic(*id)),
        Target::Broker(id) => Some(Node::Broker(*id)),
        Target::External(id) => Some(Node::External(*id)),
        Target::Symbolic(_) | Target::Own | Target::Unknown => None,
    }
}

/// Finds a partner; stores, topics and outside systems nobody declared are added to the model.
pub(crate) fn peer(
    peer: &Peer,
    service: ServiceId,
    draft: &mut Draft,
    names: &Names,
    environment: &Environment,
) -> Target {
    let (address, places) = environment.evaluate(service, &peer.address);
    let (name, _) = environment.evaluate(service, &peer.name);
    let host = address::host(&address);
    // Code that leaves the address to its framework is connected to what the framework is configured for.
    if peer.role == PeerRole::Store && host.is_none() && !is_chosen(&peer.address, &address, names) {
        let technology = engine(&peer.technology);
        if let Some(configured) = environment.configured(service, peer.role, technology) {
            return self::peer(&configured.clone(), service, draft, names, environment);
        }
        if technology == technology::ANY_DATABASE {
            let usual = Peer { technology: "sql".to_owned(), ..peer.clone() };
            return self::peer(&usual, service, draft, names, environment);
        }
        if let Some(engine) = environment.embedded(service).filter(|_| technology == "sql") {
            return Target::Store(embedded(engine, service, &places, draft));
        }
    }
    let declared = names.address(&address).or_else(|| suggested(&peer.address, &address, names));
    match peer.role {
        PeerRole::Service => match declared {
            Some(node) => of_node(node),
            None => by_protocol_name(&name, names)
                .map(|id| Target::Service(id, None))
                .or_else(|| outside(host.as_deref(), &places, draft, names))
                .unwrap_or(Target::Unknown),
        },
        PeerRole::Store => match declared {
            Some(node @ (Node::Store(_) | Node::Service(_))) => schemas::within(draft, node, &address)
                .or_else(|| schemas::named(draft, node, &name))
                .map_or(Target::Unknown, of_node),
            _ => {
                let told = || environment.stores(service, names);
                let unnamed = name.as_text().is_none_or(|name| name.is_empty());
                let name = address::database(&address).filter(|_| unnamed).map_or(name, Value::text);
                Target::Store(store(peer, host.as_deref(), &name, service, &places, &told, draft))
            }
        },
        PeerRole::Topic => topic(peer, declared, &name, &places, draft),
    }
}

fn of_node(node: Node) -> Target {
    match node {
        Node::Service(id) => Target::Service(id, None),
        Node::Store(id) => Target::Store(id),
        Node::Topic(id) => Target::Topic(id),
        Node::Broker(id) => Target::Broker(id),
        Node::External(id) => Target::External(id),
    }
}

/// `CART_SERVICE_ADDR` that no deployment sets still says `cart`.
fn suggested(symbolic: &Value, evaluated: &Value, names: &Names) -> Option<Node> {
    let unset = |name: &&str| evaluated.env_names().any(|left| left == *name);
    symbolic.env_names().filter(unset).find_map(|name| names.suggested(&bare_variable(name)))
}

/// A variable's name without the words that only say it is an address.
pub(crate) fn bare_variable(name: &str) -> String {
    let noise = [
        "addr",
        "address",
        "host",
        "hostname",
        "port",
        "url",
        "uri",
        "endpoint",
        "server",
        "base",
        "api",
        "http",
        "grpc",
        "dsn",
        "connection",
        "string",
        "name",
    ];
    let words: Vec<String> = name.to_lowercase().split('_').map(str::to_owned).collect();
    let kept: Vec<&str> = words.iter().map(String::as_str).filter(|word| !noise.contains(word)).collect();
    kept.join("-")
}

fn by_protocol_name(name: &Value, names: &Names) -> Option<ServiceId> {
    let name = name.as_text().filter(|name| !name.is_empty())?;
    names.serves(&name)
}

/// A host with a public name is a system outside.
fn outside(host: Option<&str>, places: &[Evidence], draft: &mut Draft, names: &Names) -> Option<Target> {
    let host = host?;
    if reads_configuration(host) {
        return None;
    }
    let public = host.contains('.') && host.chars().any(char::is_alphabetic) && !host.ends_with(".local");
    if !public && !names.is_external(host) {
        return None;
    }
    let host = technology::vendor(host);
    let externals = &mut draft.system.externals;
    let at = externals.iter().position(|external| external.name == host).unwrap_or_else(|| {
        externals.push(External {
            deduplicates_by: Fact::Unknown,
            address: format!("external:{host}"),
            name: host.to_owned(),
            evidence: places.to_vec(),
        });
        externals.len() - 1
    });
    Some(Target::External(ExternalId(at as u32)))
}

/// Services of cloud vendors that hand out secrets and settings: configuration, not a partner in business.
fn reads_configuration(host: &str) -> bool {
    let first = host.split('.').next().unwrap_or(host);
    ["secretmanager", "secretsmanager", "ssm", "parameterstore", "vault", "metadata"].contains(&first)
}

/// The engine a technology word means.
fn engine(technology: &str) -> &str {
    match technology::of_name(technology) {
        Some((engine, Role::Store | Role::Broker)) if !engine.is_empty() => engine,
        _ => technology,
    }
}

/// The only deployed store of the engine, else a store of its own for this database or this service.
fn store(
    peer: &Peer,
    host: Option<&str>,
    name: &Value,
    service: ServiceId,
    places: &[Evidence],
    told: &dyn Fn() -> BTreeSet<StoreId>,
    draft: &mut Draft,
) -> StoreId {
    let engine = engine(&peer.technology).to_owned();
    let system = &mut draft.system;
    let local = host.is_none_or(|host| !host.contains('.') || host.starts_with("127.") || host == "localhost");
    if let Some(only) = only_store(system, &engine, told).filter(|_| local) {
        return only;
    }
    let own =
        host.map(str::to_owned).filter(|host| !address::is_loopback(host) && !is_number(host) && !is_placeholder(host));
    let owner = system[service].name.clone();
    let by_variable =
        || variables(&peer.address).chain(variables(&peer.name)).map(product_of).find(|name| !name.is_empty());
    let logical = own
        .or_else(by_variable)
        .or_else(|| name.as_text().filter(|n| !n.is_empty()))
        .unwrap_or_else(|| if engine.is_empty() { format!("{owner}-store") } else { format!("{owner}-{engine}") });
    let known = system.stores.iter().position(|store| canonical(&store.name) == canonical(&logical));
    let at = known.unwrap_or_else(|| {
        system.stores.push(new_store(logical, &engine, places));
        system.stores.len() - 1
    });
    // Code knows a driver's interface, its configuration the engine behind it.
    if system.stores[at].engine == "sql" && technology::is_sql(&engine) {
        system.stores[at].engine.clone_from(&engine);
    }
    StoreId(at as u32)
}

/// The only deployed store of an engine; of several the only one the service is told about.
fn only_store(system: &System, engine: &str, told: &dyn Fn() -> BTreeSet<StoreId>) -> Option<StoreId> {
    let fits = |store: &Store| {
        !store.units.is_empty() && (store.engine == engine || (engine == "sql" && technology::is_sql(&store.engine)))
    };
    let stores = (0u32..).zip(&system.stores).filter(|(_, store)| !engine.is_empty() && fits(store));
    let same: Vec<StoreId> = stores.map(|(at, _)| StoreId(at)).collect();
    if let [only] = same.as_slice() {
        return Some(*only);
    }
    let told = if same.is_empty() { BTreeSet::new() } else { told() };
    let told: Vec<StoreId> = same.into_iter().filter(|id| told.contains(id)).collect();
    if let [only] = told.as_slice() { Some(*only) } else { None }
}

/// Whether code itself says which store it means, though not where it is.
fn is_chosen(symbolic: &Value, evaluated: &Value, names: &Names) -> bool {
    suggested(symbolic, evaluated, names).is_some()
}

/// The database inside the process of a service.
fn embedded(engine: &str, service: ServiceId, places: &[Evidence], draft: &mut Draft) -> StoreId {
    let name = format!("{}-{engine}", draft.system[service].name);
    let at = draft.system.stores.iter().position(|store| store.name == name).unwrap_or_else(|| {
        draft.system.stores.push(new_store(name, engine, places));
        draft.system.stores.len() - 1
    });
    StoreId(at as u32)
}

fn new_store(name: String, engine: &str, places: &[Evidence]) -> Store {
    Store {
        address: format!("store:{name}"),
        name,
        aliases: Vec::new(),
        engine: engine.to_owned(),
        cache: false,
        replicas: Fact::Unknown,
        durable: Fact::Unknown,
        optional: false,
        units: Vec::new(),
        tables: Vec::new(),
        evidence: places.to_vec(),
    }
}

/// An IP address is a place, not a name.
fn is_number(host: &str) -> bool {
    host.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// `ALLOYDB_INSTANCE_NAME_VAL`: a text that deployment scripts replace, not a host.
fn is_placeholder(host: &str) -> bool {
    host.contains('_') && host.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// The variables a value depends on: some frameworks read them as settings, by the variable's own name.
fn variables(value: &Value) -> impl Iterator<Item = &str> {
    let is_variable = |key: &&str| key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let settings = value.parts.iter().filter_map(|part| match part {
        Part::Setting { key, .. } => Some(key.as_str()),
        _ => None,
    });
    value.env_names().chain(settings.filter(is_variable))
}

/// What a variable is about, without the words that say which part of its address it holds.
fn product_of(variable: &str) -> String {
    let parts = [
        "instance", "database", "db", "table", "cluster", "user", "username", "password", "project", "id", "secret",
        "region", "primary", "ip",
    ];
    let words = bare_variable(variable);
    let kept: Vec<&str> = words.split('-').filter(|word| !parts.contains(word)).collect();
    kept.join("-")
}

fn topic(peer: &Peer, declared: Option<Node>, name: &Value, places: &[Evidence], draft: &mut Draft) -> Target {
    let engine = engine(&peer.technology).to_owned();
    let system = &mut draft.system;
    let broker = match declared {
        Some(Node::Broker(id)) => Some(id),
        _ => {
            let same: Vec<usize> = (0..system.brokers.len())
                .filter(|at| engine.is_empty() || system.brokers[*at].engine == engine)
                .collect();
            if let [only] = same.as_slice() { Some(BrokerId(*only as u32)) } else { None }
        }
    };
    let literal = name.parts.iter().any(|part| matches!(part, Part::Text(text) if !text.is_empty()));
    if !literal {
        return broker.map_or(Target::Unknown, Target::Broker);
    }
    let name = name.display();
    let at = system.topics.iter().position(|topic| topic.name == name).unwrap_or_else(|| {
        system.topics.push(Topic { address: format!("topic:{name}"), name, broker, evidence: places.to_vec() });
        system.topics.len() - 1
    });
    Target::Topic(TopicId(at as u32))
}

/// The operation behind a service target.
pub(crate) fn callee(target: &Target) -> Option<OperationId> {
    if let Target::Service(_, operation) = target { *operation } else { None }
}
