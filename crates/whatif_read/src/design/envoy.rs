//! Static configuration of Envoy (<https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/overview>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | `route_config.virtual_hosts[].routes[]` with `match` and `route.cluster` | a route, held by the folder of the file |
//! | `route.timeout`, 15 s by default, `0s` for none | the whole call |
//! | `retry_policy` of the route, else of the virtual host; none by default | retries |
//! | `clusters[].load_assignment`, `hosts` | destinations |
//! | `outlier_detection` of a cluster | breaker |

use super::Reading;
use super::reading::duration_ms;
use crate::tree::{Dialect, Node, interpolate};
use std::collections::BTreeMap;
use whatif_model::evidence::Fact;
use whatif_model::facts::mesh::Route;
use whatif_model::flow::{Attempts, Backoff, Bound, Policy, Retry, Timeout, TimeoutKind};
use whatif_model::limits::DEPTH_MAX;
use whatif_model::{Range, Span, Value};

pub(crate) const ID: &str = "envoy";

const ROUTE_LINK: &str = "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-routeaction";

/// "If not specified, the default is 15s."
const TIMEOUT_MS: u64 = 15_000;

/// `num_retries` when a retry policy does not say.
const RETRIES: u64 = 1;

/// The first pause before a retry, before jitter.
const BACKOFF_MS: u64 = 25;

pub(crate) fn recognises(root: &Node<'_>) -> bool {
    root.get("static_resources").is_some_and(Node::is_map)
}

pub(crate) fn read(cx: &mut Reading<'_>, root: &Node<'_>) {
    let resources = root.get("static_resources");
    let list = |key: &str| resources.and_then(|found| found.get(key)).map(Node::items).unwrap_or_default();
    let clusters: BTreeMap<&str, &Node<'_>> =
        list("clusters").iter().filter_map(|cluster| Some((cluster.text_at(&["name"])?, cluster))).collect();
    let mut configurations = Vec::new();
    list("listeners").iter().for_each(|listener| collect(listener, 0, &mut configurations));
    for host in configurations.iter().flat_map(|found| found.get("virtual_hosts").map(Node::items).unwrap_or_default())
    {
        read_host(cx, host, &clusters);
    }
    for entry in root.entries().iter().filter(|entry| entry.key == "dynamic_resources") {
        cx.ignore(entry.key_range, "what Envoy asks a server for is not known");
    }
}

/// Route configurations wherever a listener has them: filters nest in chains and typed configurations.
fn collect<'n, 't>(node: &'n Node<'t>, depth: usize, found: &mut Vec<&'n Node<'t>>) {
    if depth > DEPTH_MAX {
        return;
    }
    found.extend(node.get("route_config"));
    node.entries().iter().for_each(|entry| collect(&entry.value, depth + 1, found));
    node.items().iter().for_each(|item| collect(item, depth + 1, found));
}

fn read_host(cx: &mut Reading<'_>, host: &Node<'_>, clusters: &BTreeMap<&str, &Node<'_>>) {
    let domains = host.get("domains").map(Node::items).unwrap_or_default();
    let hosts: Vec<String> = domains.iter().filter_map(Node::text).map(str::to_owned).collect();
    for node in host.get("routes").map(Node::items).unwrap_or_default() {
        let Some(action) = node.get("route") else { continue };
        let names = cluster_names(action);
        if names.is_empty() {
            cx.ignore(action.range, "a cluster that is only known per request");
            continue;
        }
        let used: Vec<&Node<'_>> = names.iter().filter_map(|name| clusters.get(name).copied()).collect();
        let destinations: Vec<(Value, Span)> = used.iter().flat_map(|cluster| addresses(cx, cluster)).collect();
        let matches = node.get("match");
        let path = ["prefix", "path", "path_separated_prefix"]
            .iter()
            .find_map(|key| matches?.text_at(&[key]))
            .filter(|path| *path != "/")
            .unwrap_or("");
        let retry = action.get("retry_policy").or_else(|| host.get("retry_policy"));
        let conditions = retry.and_then(|retry| retry.text_at(&["retry_on"])).unwrap_or("");
        let policy = Policy {
            timeout: timeout(cx, action),
            retry: retries(cx, retry, action.range),
            breaker: breaker(cx, &used),
            ..Policy::default()
        };
        cx.facts.routes.push(Route {
            technology: ID.to_owned(),
            hosts: hosts.clone(),
            gateways: Vec::new(),
            path: path.to_owned(),
            destinations,
            policy,
            retry_on: conditions.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect(),
            held_by: cx.folder().to_owned(),
            span: cx.span(node.range),
        });
    }
}

/// One cluster, or several with weights.
fn cluster_names<'n>(action: &'n Node<'_>) -> Vec<&'n str> {
    let weighted = action.at(&["weighted_clusters", "clusters"]).map(Node::items).unwrap_or_default();
    action.text_at(&["cluster"]).into_iter().chain(weighted.iter().filter_map(|it| it.text_at(&["name"]))).collect()
}

fn addresses(cx: &Reading<'_>, cluster: &Node<'_>) -> Vec<(Value, Span)> {
    let localities = cluster.at(&["load_assignment", "endpoints"]).map(Node::items).unwrap_or_default();
    let endpoints = localities.iter().flat_map(|it| it.get("lb_endpoints").map(Node::items).unwrap_or_default());
    let current = endpoints.filter_map(|it| it.at(&["endpoint", "address", "socket_address"]));
    // Before version 3 of the interface.
    let old =
        cluster.get("hosts").map(Node::items).unwrap_or_default().iter().filter_map(|it| it.get("socket_address"));
    let address = |node: &Node<'_>| {
        let host = node.get("address")?;
        let port = node.text_at(&["port_value"]).map(|port| format!(":{port}")).unwrap_or_default();
        let value = interpolate(&format!("{}{port}", host.text()?), Dialect::Braces);
        Some((value, cx.span(host.range)))
    };
    current.chain(old).filter_map(address).collect()
}

fn timeout(cx: &Reading<'_>, action: &Node<'_>) -> Fact<Timeout> {
    let total = |bound| Timeout { bound, kind: TimeoutKind::Total };
    match action.get("timeout") {
        Some(node) => match node.text().and_then(duration_ms) {
            Some(0) => Fact::known(total(Bound::Unbounded), cx.stated(node.range, "no time limit")),
            Some(ms) => Fact::known(total(Bound::Millis(ms)), cx.stated(node.range, "time limit of the route")),
            None => Fact::Unknown,
        },
        None => {
            let evidence = cx.default(action.range, "Envoy", ROUTE_LINK, "fifteen seconds unless stated");
            Fact::known(total(Bound::Millis(TIMEOUT_MS)), evidence)
        }
    }
}

fn retries(cx: &Reading<'_>, policy: Option<&Node<'_>>, place: Range) -> Fact<Retry> {
    let Some(policy) = policy else { return Fact::absent(cx.stated(place, "no retry policy")) };
    let count = match policy.get("num_retries") {
        Some(node) => node.as_u64(),
        None => Some(RETRIES),
    };
    let Some(count) = count.and_then(|count| u32::try_from(count).ok()) else { return Fact::Unknown };
    let evidence = cx.stated(policy.range, "retry policy");
    let attempts = Fact::known(Attempts::Limited(count.saturating_add(1)), evidence.clone());
    // Exponential with full jitter, always.
    let backoff = Fact::known(Backoff::Exponential(BACKOFF_MS), evidence.clone());
    let jitter = Fact::known(true, evidence.clone());
    Fact::known(Retry { attempts, backoff, jitter, flaw: Fact::Unknown }, evidence)
}

fn breaker(cx: &Reading<'_>, clusters: &[&Node<'_>]) -> Fact<String> {
    let with = clusters.iter().filter_map(|cluster| cluster.get("outlier_detection")).collect::<Vec<_>>();
    match (with.first(), clusters.first()) {
        (Some(node), _) if with.len() == clusters.len() => {
            Fact::known("outlier detection".to_owned(), cx.stated(node.range, "outlier detection"))
        }
        (None, Some(cluster)) => Fact::absent(cx.stated(cluster.range, "no outlier detection")),
        _ => Fact::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse_yaml;

    const FILE: &str = "\
static_resources:
  listeners:
  - filter_chains:
    - filters:
      - typed_config:
          route_config:
            virtual_hosts:
            - domains: ['*']
              retry_policy: {retry_on: '5xx, reset', num_retries: 3}
              routes:
              - match: {prefix: /cart}
                route: {cluster: cart, timeout: 2s}
              - match: {prefix: /}
                route: {weighted_clusters: {clusters: [{name: web}, {name: web2}]}, retry_policy: {retry_on: 5xx}, timeout: 0s}
              - match: {path: /x}
                redirect: {path_redirect: /y}
              - match: {path: /h}
                route: {cluster_header: x-cluster}
            - domains: [plain]
              routes: [{match: {path: /p}, route: {cluster: web}}]
  clusters:
  - name: cart
    outlier_detection: {}
    load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: \"${CART_HOST}\", port_value: \"${CART_PORT}\"}}}}]}]}
  - {name: web, hosts: [{socket_address: {address: web, port_value: 80}}]}
  - {name: web2}
dynamic_resources: {}
";

    fn read_text(text: &str) -> Reading<'_> {
        let mut cx = Reading::new("proxy/envoy.yaml", text);
        let documents = parse_yaml(text);
        documents.documents.iter().filter(|it| recognises(&it.root)).for_each(|it| read(&mut cx, &it.root));
        cx
    }

    #[test]
    fn routes_with_limits_retries_and_breakers() {
        let cx = read_text(FILE);
        let [cart, web, plain] = cx.facts.routes.as_slice() else { panic!("{:?}", cx.facts.routes) };
        assert_eq!((cart.path.as_str(), cart.held_by.as_str()), ("/cart", "proxy"));
        assert_eq!(cart.destinations[0].0.display(), "${CART_HOST}:${CART_PORT}");
        assert_eq!(cart.policy.timeout.value().unwrap().bound, Bound::Millis(2_000));
        assert_eq!(cart.policy.retry.value().unwrap().attempts.value(), Some(&Attempts::Limited(4)));
        assert_eq!((cart.retry_on.len(), cart.policy.breaker.value().is_some()), (2, true));
        assert_eq!((web.path.as_str(), web.destinations.len()), ("", 1));
        assert_eq!(web.policy.timeout.value().unwrap().bound, Bound::Unbounded);
        assert_eq!(web.policy.retry.value().unwrap().attempts.value(), Some(&Attempts::Limited(2)));
        assert!(web.policy.breaker.is_absent() && plain.policy.retry.is_absent());
        assert_eq!(plain.policy.timeout.value().unwrap().bound, Bound::Millis(15_000));
        assert_eq!(cx.ignored.len(), 2);
    }

    #[test]
    fn odd_configurations_do_no_harm() {
        for text in [
            "static_resources: {}\n",
            "static_resources: {listeners: [{route_config: {virtual_hosts: [{routes: [{route: {cluster: 1, timeout: -1s, retry_policy: {num_retries: 99999999999999}}}, 3]}]}}], clusters: [{name: '1', load_assignment: [], hosts: {}}, x]}\n",
            "static_resources: {listeners: {route_config: []}, clusters: 3}\n",
        ] {
            read_text(text);
        }
    }
}
