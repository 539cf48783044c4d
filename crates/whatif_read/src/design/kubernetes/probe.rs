//! Readiness and liveness probes.

use crate::design::Reading;
use crate::tree::Node;
use whatif_model::evidence::Fact;
use whatif_model::facts::deploy::Probe;

/// `timeoutSeconds` and `periodSeconds` when nothing is said
/// (<https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#configure-probes>).
const TIMEOUT_SECONDS: u64 = 1;
const PERIOD_SECONDS: u64 = 10;

pub(super) fn read(cx: &Reading<'_>, node: &Node<'_>) -> Fact<Probe> {
    let number = |key: &str, default: u64| node.get(key).map_or(Some(default), Node::as_u64);
    let probe = Probe {
        what: what(node),
        timeout_seconds: number("timeoutSeconds", TIMEOUT_SECONDS),
        period_seconds: number("periodSeconds", PERIOD_SECONDS),
    };
    Fact::known(probe, cx.stated(node.range, "probe"))
}

/// `GET :8080/healthz`, `tcp :5432`, `grpc :7070`, `exec pg_isready -U app`.
fn what(node: &Node<'_>) -> String {
    let port = |node: &Node<'_>| node.text_at(&["port"]).unwrap_or("?").to_owned();
    if let Some(get) = node.get("httpGet") {
        return format!("GET :{}{}", port(get), get.text_at(&["path"]).unwrap_or("/"));
    }
    if let Some(socket) = node.get("tcpSocket") {
        return format!("tcp :{}", port(socket));
    }
    if let Some(grpc) = node.get("grpc") {
        let service = grpc.text_at(&["service"]).map(|name| format!(" {name}")).unwrap_or_default();
        return format!("grpc :{}{service}", port(grpc));
    }
    let words = node.at(&["exec", "command"]).map(Node::items).unwrap_or_default();
    let words: Vec<&str> = words.iter().filter_map(Node::text).collect();
    if words.is_empty() { "?".to_owned() } else { format!("exec {}", words.join(" ")) }
}
