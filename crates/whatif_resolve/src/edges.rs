//! Who talks to whom, aggregated over effects, triggers and deployment links.

use crate::address;
use crate::bind::{self, node};
use crate::components::Draft;
use crate::environment::Environment;
use crate::input::Input;
use crate::names::Names;
use crate::schemas;
use crate::settings::{self, Program};
use crate::technology;
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, How, Stage};
use whatif_model::flow::{Effect, EffectKind, Policy};
use whatif_model::system::{Edge, EdgeKind, Layer, LayerKind, Node, ServiceId, Site, System};
use whatif_model::value::Value;

type Edges = BTreeMap<(Node, Node, EdgeKind), Edge>;

/// Fills [`System::edges`].
pub(crate) fn aggregate(
    input: &Input,
    draft: &mut Draft,
    names: &Names,
    environment: &Environment,
    programs: &[Program],
) {
    let mut edges = Edges::new();
    from_flows(&draft.system, &mut edges);
    from_clients(input, draft, names, environment, &mut edges);
    from_variables(draft, names, environment, &mut edges);
    from_settings(draft, names, environment, &mut edges);
    from_start_order(input, draft, names, &mut edges);
    from_container_links(input, draft, names, &mut edges);
    for (service, to, evidence) in settings::platform_links(input, draft, programs) {
        link(&mut edges, service, to, &evidence);
    }
    from_proxies(input, draft, names, environment, &mut edges);
    let telemetry = |node: Node| matches!(node, Node::Service(id) if draft.telemetry.contains(&id));
    let platform = |node: Node| matches!(node, Node::Service(id) if draft.system[id].infrastructure);
    edges.retain(|(from, to, _), edge| {
        let wiring = platform(*from) && platform(*to) && edge.sites.is_empty();
        !telemetry(*from) && !telemetry(*to) && !wiring
    });
    let system = &mut draft.system;
    system.edges = edges.into_values().collect();
    for at in 0..system.edges.len() {
        system.edges[at].platform = [system.edges[at].from, system.edges[at].to]
            .iter()
            .any(|end| matches!(end, Node::Service(id) if system[*id].infrastructure));
    }
}

fn edge(edges: &mut Edges, from: Node, to: Node, kind: EdgeKind) -> Option<&mut Edge> {
    (from != to).then(|| {
        edges.entry((from, to, kind)).or_insert_with(|| Edge {
            from,
            to,
            kind,
            sites: Vec::new(),
            operations: Vec::new(),
            layers: Vec::new(),
            platform: false,
            evidence: Vec::new(),
        })
    })
}

fn from_flows(system: &System, edges: &mut Edges) {
    for (operation, declared) in system.operation_ids() {
        let from = Node::Service(declared.service);
        for visit in declared.flow.walk() {
            let (Some(to), Some(kind)) = (node(&visit.effect.target), kind_of(visit.effect)) else { continue };
            let Some(edge) = edge(edges, from, to, kind) else { continue };
            edge.sites.push(Site { operation, effect: visit.id });
            edge.evidence.push(Evidence::stated(Stage::Code, visit.effect.span, label(visit.effect)));
            if let EffectKind::Call { operation, .. } = &visit.effect.kind {
                let name =
                    bind::callee(&visit.effect.target).map_or_else(|| operation.clone(), |id| system[id].name.clone());
                if !name.is_empty() && !edge.operations.contains(&name) {
                    edge.operations.push(name);
                }
            }
        }
        if let Some(source) = declared.source
            && let Some(edge) = edge(edges, source, from, EdgeKind::Async)
        {
            edge.evidence.extend(declared.evidence.first().map(|place| place.labelled("consumed here")));
            edge.operations.push(declared.name.clone());
        }
    }
}

fn kind_of(effect: &Effect) -> Option<EdgeKind> {
    match &effect.kind {
        EffectKind::Call { .. } => Some(EdgeKind::Sync),
        EffectKind::Read { .. }
        | EffectKind::Write { .. }
        | EffectKind::DedupCheck { .. }
        | EffectKind::DedupMark { .. } => Some(EdgeKind::Store),
        EffectKind::Publish { .. } => Some(EdgeKind::Async),
        _ => None,
    }
}

fn label(effect: &Effect) -> String {
    match &effect.kind {
        EffectKind::Call { operation, .. } => format!("calls `{operation}`"),
        EffectKind::Publish { .. } => "publishes here".to_owned(),
        EffectKind::Read { item, .. } => format!("reads `{item}`"),
        _ => "writes here".to_owned(),
    }
}

/// A client that is constructed for a partner is a link even when no call was found.
fn from_clients(input: &Input, draft: &mut Draft, names: &Names, environment: &Environment, edges: &mut Edges) {
    for (at, unit) in input.code.iter().enumerate() {
        let Some(service) = draft.code_services[at] else { continue };
        for (peer, evidence) in &unit.peers {
            let target = bind::peer(peer, service, draft, names, environment);
            let Some(to) = node(&target) else { continue };
            link(edges, service, to, evidence);
        }
    }
}

/// Adds a link unless the code already shows one of any kind between the two.
fn link(edges: &mut Edges, service: ServiceId, to: Node, evidence: &Evidence) {
    let from = Node::Service(service);
    let shown = [EdgeKind::Sync, EdgeKind::Async, EdgeKind::Store];
    let known = shown.iter().any(|kind| {
        let pairs = [(from, to, *kind), (to, from, *kind)];
        pairs
            .iter()
            .any(|key| edges.get(key).is_some_and(|edge| !edge.sites.is_empty() || edge.kind == EdgeKind::Async))
    });
    let kind = match to {
        Node::Service(_) | Node::External(_) => EdgeKind::Sync,
        Node::Store(_) => EdgeKind::Store,
        Node::Topic(_) | Node::Broker(_) => EdgeKind::Async,
    };
    if known && !edges.contains_key(&(from, to, kind)) {
        return;
    }
    if let Some(edge) = edge(edges, from, to, kind) {
        edge.evidence.push(evidence.clone());
    }
}

/// A variable that holds the address of a component is a link, if nothing better shows one. What only a variant of
/// the deployment starts shows none.
fn from_variables(draft: &Draft, names: &Names, environment: &Environment, edges: &mut Edges) {
    let shared = environment.shared();
    for (service, _) in draft.system.service_ids().filter(|(_, service)| !service.optional) {
        for (name, (value, place)) in environment.all(service) {
            let (value, _) = environment.evaluate(service, value);
            let Some(text) = value.as_text().or_else(|| Some(value.display())).filter(|t| !t.is_empty()) else {
                continue;
            };
            if shared.contains(&place.span)
                || names_a_caller(name)
                || (!address::looks_like_address(&text) && !names_an_address(name))
            {
                continue;
            }
            let Some(to) = address::host(&value).and_then(|host| names.host(&host)) else { continue };
            let Some(to) = schemas::within(draft, to, &value) else { continue };
            let evidence = Evidence { how: How::Derived, ..place.labelled(format!("`{name}` holds its address")) };
            link(edges, service, to, &evidence);
        }
    }
}

/// A setting of a framework that says where a store or broker is, or any setting that holds a component's address.
fn from_settings(draft: &mut Draft, names: &Names, environment: &Environment, edges: &mut Edges) {
    for at in 0..draft.system.services.len() {
        let service = ServiceId(at as u32);
        for found in
            environment.settings(service).filter(|found| !is_about_itself(&found.key) && !names_a_caller(&found.key))
        {
            let (value, _) = environment.evaluate(service, &found.value);
            let evidence =
                Evidence { how: How::Derived, ..found.evidence.labelled(format!("`{}` holds its address", found.key)) };
            if let Some(partner) = settings::partner(&found.key, &value) {
                let target = bind::peer(&partner, service, draft, names, environment);
                node(&target).into_iter().for_each(|to| link(edges, service, to, &evidence));
                continue;
            }
            let Some(text) = value.as_text().filter(|text| !text.is_empty()) else { continue };
            for one in text.split(',').map(str::trim) {
                if !address::looks_like_address(one) && !names_an_address(&found.key) {
                    continue;
                }
                let one = Value::text(one);
                let Some(to) = names.address(&one).and_then(|to| schemas::within(draft, to, &one)) else { continue };
                link(edges, service, to, &evidence);
            }
        }
    }
}

/// Whether a key lists those who may call or come back (`CallBackUrl`, `cors.allowed-origins`, `WebAppClient`), or
/// where people are sent to sign in (`authorization-uri`, RFC 6749 section 3.1): they are told from, not called.
fn names_a_caller(key: &str) -> bool {
    let words = technology::words(key);
    let is = |word: &str, names: &[&str]| names.contains(&word);
    words.iter().any(|word| is(word, &["callback", "redirect", "redirects", "origin", "origins", "cors"]))
        || words.windows(2).any(|pair| pair[0] == "call" && pair[1] == "back")
        || words.windows(2).any(|pair| pair[0] == "authorization" && is(&pair[1], &["uri", "url", "endpoint"]))
        || words.last().is_some_and(|word| is(word, &["client", "clients"]))
}

/// Keys by which a program says what it is, not whom it needs.
fn is_about_itself(key: &str) -> bool {
    let key = key.to_lowercase();
    ["eureka.instance.", "server.", "spring.application.", "management.", "logging.", "zuul.routes."]
        .iter()
        .any(|prefix| key.starts_with(prefix))
        || key.contains("gateway.routes[")
        || key.starts_with("spring.cloud.config.server")
}

fn names_an_address(variable: &str) -> bool {
    let last = variable.rsplit(['_', '.', '-']).next().unwrap_or(variable).to_lowercase();
    ["host", "hostname", "addr", "address", "url", "uri", "server", "servers", "endpoint", "hosts", "brokers"]
        .iter()
        .any(|word| last == *word || (last.ends_with(word) && last.len() > word.len()))
}

/// A start order names stores and brokers a unit needs; between services it only orders. What a part of the platform
/// waits for is no part of any request.
fn from_start_order(input: &Input, draft: &Draft, names: &Names, edges: &mut Edges) {
    for ((design, unit), node) in &draft.unit_nodes {
        let Node::Service(service) = node else { continue };
        if draft.system[*service].infrastructure {
            continue;
        }
        for (needed, span) in &input.designs[*design].1.units[*unit].depends_on {
            let Some(to @ (Node::Store(_) | Node::Broker(_))) = names.host(needed) else { continue };
            if schemas::is_shared_server(draft, to) {
                continue;
            }
            let evidence = Evidence::derived(Stage::Design, *span, format!("starts after `{needed}`"));
            link(edges, *service, to, &evidence);
        }
    }
}

/// A container whose program is not in the tree (a web server, a gateway) is linked to those it calls by name. Where
/// there is code, the code says whom it calls.
fn from_container_links(input: &Input, draft: &Draft, names: &Names, edges: &mut Edges) {
    for ((design, unit), node) in &draft.unit_nodes {
        let Node::Service(service) = node else { continue };
        if draft.system[*service].language.is_some() {
            continue;
        }
        for (linked, span) in &input.designs[*design].1.units[*unit].links {
            let Some(to @ Node::Service(_)) = names.host(linked) else { continue };
            link(edges, *service, to, &Evidence::derived(Stage::Design, *span, format!("is linked to `{linked}`")));
        }
    }
}

/// A proxy held by a service forwards to its destinations.
fn from_proxies(input: &Input, draft: &Draft, names: &Names, environment: &Environment, edges: &mut Edges) {
    for route in input.designs.iter().flat_map(|(_, facts)| &facts.routes) {
        let Some(service) = holder(draft, &route.held_by) else { continue };
        for (destination, span) in &route.destinations {
            let (destination, _) = environment.evaluate(service, destination);
            let Some(to) = self::destination(&destination, names) else { continue };
            let evidence = Evidence::stated(Stage::Design, *span, format!("`{}` is forwarded here", route.path));
            link(edges, service, to, &evidence);
            let forwarded = edges.get_mut(&(Node::Service(service), to, EdgeKind::Sync));
            if let Some(edge) = forwarded.filter(|_| route.policy != Policy::default()) {
                edge.layers.push(Layer { kind: LayerKind::Gateway, policy: route.policy.clone(), optional: false });
            }
        }
    }
}

/// Whom a proxy forwards to: by host name, or by the name of the variable that holds it.
pub(crate) fn destination(value: &Value, names: &Names) -> Option<Node> {
    names.address(value).or_else(|| value.env_names().find_map(|name| names.suggested(&bind::bare_variable(name))))
}

/// The service whose build context is nearest around a folder.
fn holder(draft: &Draft, folder: &str) -> Option<ServiceId> {
    if folder.is_empty() {
        return None;
    }
    let inside = |context: &str| {
        !context.is_empty()
            && (folder == context || folder.strip_prefix(context).is_some_and(|rest| rest.starts_with('/')))
    };
    let contexts = draft.system.service_ids().flat_map(|(id, service)| {
        service.units.iter().filter_map(move |unit| Some((id, unit.build_context.as_deref()?)))
    });
    contexts.filter(|(_, context)| inside(context)).max_by_key(|(_, context)| context.len()).map(|(id, _)| id)
}
