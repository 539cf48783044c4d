//! Host names, proto services and container names, each mapped to the one node it means.

use crate::address;
use crate::components::Draft;
use crate::identity::{canonical, stem};
use crate::input::Input;
use crate::settings::Program;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::facts::deploy::Selector;
use whatif_model::system::{Node, ServiceId};
use whatif_model::value::Value;

/// The index.
pub(crate) struct Names {
    /// Exact host names, lower case.
    hosts: BTreeMap<String, Node>,
    /// Names without separators and role suffixes; only those that mean one node.
    stems: BTreeMap<String, Option<Node>>,
    /// Who serves a proto service, by its unqualified lower-case name.
    rpc: BTreeMap<String, ServiceId>,
    /// Programs by the port they say they listen on; only ports that mean one.
    ports: BTreeMap<u16, Option<Node>>,
    /// Hosts that stand for systems outside (`ExternalName`, mesh service entries).
    external: BTreeSet<String>,
}

impl Names {
    /// Collects every name the design documents and the code declare.
    pub(crate) fn of(input: &Input, draft: &Draft, programs: &[Program]) -> Self {
        let mut names = Self {
            hosts: BTreeMap::new(),
            stems: BTreeMap::new(),
            rpc: BTreeMap::new(),
            ports: BTreeMap::new(),
            external: BTreeSet::new(),
        };
        names.declared_hosts(input, draft);
        names.component_names(draft);
        names.listening(draft, programs);
        names.served(input, draft);
        names.answered(input);
        names
    }

    fn declared_hosts(&mut self, input: &Input, draft: &Draft) {
        for ((design, unit), node) in &draft.unit_nodes {
            self.hosts.entry(input.designs[*design].1.units[*unit].name.to_lowercase()).or_insert(*node);
        }
        for (_, facts) in &input.designs {
            for name in &facts.names {
                if let Some(host) = &name.external_name {
                    self.external.insert(host.to_lowercase());
                }
                let selected = match &name.selects {
                    Selector::Unit(unit) => self.hosts.get(&unit.to_lowercase()).copied(),
                    Selector::Labels(labels) => draft.unit_nodes.iter().find_map(|((d, u), node)| {
                        let pod = &input.designs[*d].1.units[*u].labels;
                        let matches = labels.iter().all(|(key, value)| pod.get(key) == Some(value));
                        (matches && !labels.is_empty()).then_some(*node)
                    }),
                };
                if let Some(node) = selected {
                    self.hosts.insert(name.name.to_lowercase(), node);
                }
            }
        }
    }

    fn component_names(&mut self, draft: &Draft) {
        let system = &draft.system;
        let services = system
            .services
            .iter()
            .enumerate()
            .map(|(at, s)| (Node::Service(ServiceId(at as u32)), &s.name, &s.aliases));
        let stores = (0u32..)
            .zip(&system.stores)
            .map(|(at, s)| (Node::Store(whatif_model::system::StoreId(at)), &s.name, &s.aliases));
        let brokers = (0u32..)
            .zip(&system.brokers)
            .map(|(at, b)| (Node::Broker(whatif_model::system::BrokerId(at)), &b.name, &b.aliases));
        for (node, name, aliases) in services.chain(stores).chain(brokers) {
            for name in std::iter::once(name).chain(aliases) {
                self.hosts.entry(name.to_lowercase()).or_insert(node);
                let entry = self.stems.entry(stem(name)).or_insert(Some(node));
                if *entry != Some(node) {
                    *entry = None;
                }
            }
        }
    }

    fn listening(&mut self, draft: &Draft, programs: &[Program]) {
        for program in programs {
            let (Some(port), Some(service)) = (program.port, draft.service_of(program)) else { continue };
            let node = Some(Node::Service(service));
            let entry = self.ports.entry(port).or_insert(node);
            if *entry != node {
                *entry = None;
            }
        }
    }

    fn served(&mut self, input: &Input, draft: &Draft) {
        for (unit, service) in input.code.iter().zip(&draft.code_services) {
            let Some(service) = service else { continue };
            for (proto, _) in &unit.serves {
                self.rpc.entry(canonical(unqualified(proto))).or_insert(*service);
            }
        }
    }

    /// Names the user says mean the same.
    fn answered(&mut self, input: &Input) {
        for same in &input.same {
            let known = same.names.iter().find_map(|name| self.hosts.get(&name.to_lowercase()).copied());
            if let Some(node) = known {
                for name in &same.names {
                    self.hosts.entry(name.to_lowercase()).or_insert(node);
                }
            }
        }
    }

    /// The node a host name means. Ports, namespaces and cluster domains do not count.
    pub(crate) fn host(&self, host: &str) -> Option<Node> {
        let host = host.trim().trim_end_matches('.').to_lowercase();
        self.hosts.get(&host).copied().or_else(|| {
            let (first, rest) = host.split_once('.')?;
            let in_cluster = rest.split('.').count() <= 1 || rest.contains("svc") || rest.ends_with(".local");
            in_cluster.then(|| self.hosts.get(first).copied()).flatten()
        })
    }

    /// The node an address leads to: by its host, or, on one machine, by the port only one program listens on.
    pub(crate) fn address(&self, address: &Value) -> Option<Node> {
        let host = address::host(address)?;
        let by_port = || {
            let port = address::is_loopback(&host).then(|| address::port(address)).flatten()?;
            self.ports.get(&port).copied().flatten()
        };
        self.host(&host).or_else(by_port)
    }

    /// The node whose name a word suggests, when exactly one does.
    pub(crate) fn suggested(&self, word: &str) -> Option<Node> {
        self.stems.get(&stem(word)).copied().flatten()
    }

    /// Who serves a proto service: who registers it, else the service named like it.
    pub(crate) fn serves(&self, proto: &str) -> Option<ServiceId> {
        let name = unqualified(proto);
        self.rpc.get(&canonical(name)).copied().or_else(|| match self.suggested(name) {
            Some(Node::Service(id)) => Some(id),
            _ => None,
        })
    }

    /// Whether a host is declared to be outside.
    pub(crate) fn is_external(&self, host: &str) -> bool {
        self.external.contains(&host.to_lowercase())
    }
}

/// `hipstershop.CartService` → `CartService`.
pub(crate) fn unqualified(proto: &str) -> &str {
    proto.rsplit(['.', '/']).next().unwrap_or(proto)
}
