//! The model as a Mermaid flowchart, which GitHub and most wikis draw.

use crate::Report;
use whatif_model::system::{EdgeKind, Node, System};

/// Renders the model without platform traffic.
pub fn render(report: &Report<'_>) -> String {
    let system = report.system;
    let mut out = String::from("flowchart LR\n");
    for node in nodes(system) {
        let (open, close) = shape(node);
        out.push_str(&format!("  {}{open}\"{}\"{close}\n", id(node), escape(name(system, node))));
    }
    for edge in system.edges.iter().filter(|edge| !edge.platform) {
        let arrow = match edge.kind {
            EdgeKind::Sync => "-->",
            EdgeKind::Async => "-.->",
            EdgeKind::Store => "---",
        };
        out.push_str(&format!("  {} {arrow} {}\n", id(edge.from), id(edge.to)));
    }
    out
}

/// Every node that some edge of the business reaches, and every service, in model order.
pub(super) fn nodes(system: &System) -> Vec<Node> {
    let mut nodes: Vec<Node> = system
        .edges
        .iter()
        .filter(|edge| !edge.platform)
        .flat_map(|edge| [edge.from, edge.to])
        .chain(system.service_ids().filter(|(_, service)| !service.infrastructure).map(|(id, _)| Node::Service(id)))
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// A name every drawing language accepts.
pub(super) fn id(node: Node) -> String {
    match node {
        Node::Service(id) => format!("s{}", id.0),
        Node::Store(id) => format!("d{}", id.0),
        Node::Topic(id) => format!("t{}", id.0),
        Node::Broker(id) => format!("b{}", id.0),
        Node::External(id) => format!("x{}", id.0),
    }
}

/// The name without the prefix of its kind, which the shape shows.
pub(super) fn name(system: &System, node: Node) -> &str {
    let address = system.address(node);
    if matches!(node, Node::Service(_)) { address } else { address.split_once(':').map_or(address, |(_, name)| name) }
}

fn shape(node: Node) -> (&'static str, &'static str) {
    match node {
        Node::Service(_) => ("[", "]"),
        Node::Store(_) => ("[(", ")]"),
        Node::Topic(_) | Node::Broker(_) => ("[[", "]]"),
        Node::External(_) => ("([", "])"),
    }
}

fn escape(text: &str) -> String {
    text.chars().map(|c| if c == '"' || c.is_control() { '\'' } else { c }).collect()
}
