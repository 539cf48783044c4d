//! The model as a Graphviz digraph.

use super::mermaid::{id, name, nodes};
use crate::Report;
use whatif_model::system::{EdgeKind, Node};

/// Renders the model without platform traffic.
pub fn render(report: &Report<'_>) -> String {
    let system = report.system;
    let mut out = String::from("digraph system {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for node in nodes(system) {
        let shape = match node {
            Node::Service(_) => "box",
            Node::Store(_) => "cylinder",
            Node::Topic(_) | Node::Broker(_) => "cds",
            Node::External(_) => "oval",
        };
        out.push_str(&format!("  {} [label=\"{}\", shape={shape}];\n", id(node), escape(name(system, node))));
    }
    for edge in system.edges.iter().filter(|edge| !edge.platform) {
        let style = match edge.kind {
            EdgeKind::Sync => "solid",
            EdgeKind::Async => "dashed",
            EdgeKind::Store => "dotted",
        };
        out.push_str(&format!("  {} -> {} [style={style}];\n", id(edge.from), id(edge.to)));
    }
    out.push_str("}\n");
    out
}

fn escape(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.collect::<String>().replace('\\', "\\\\").replace('"', "\\\"")
}
