//! Istio traffic management (<https://istio.io/latest/docs/reference/config/networking/>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | VirtualService `http[]`, `tcp[]`, `tls[]` | routes with timeout and retries, Istio's defaults included |
//! | DestinationRule `trafficPolicy` | outlier detection, connection limits, connect timeout |
//! | ServiceEntry | hosts outside the mesh |
//!
//! Defaults: an HTTP route has no timeout and is retried twice; see the constants.

use super::Reading;
use super::reading::duration_ms;
use crate::tree::Node;
use std::collections::BTreeMap;
use whatif_model::evidence::{Claim, Fact};
use whatif_model::facts::deploy::{NetworkName, Selector};
use whatif_model::facts::mesh::{DestinationPolicy, Route};
use whatif_model::flow::{Attempts, Backoff, Bound, Policy, Retry, Timeout, TimeoutKind};
use whatif_model::{Range, Value};

pub(crate) const ID: &str = "istio";

/// "Timeout for HTTP requests, default is disabled."
const ROUTE_LINK: &str = "https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRoute";

/// `defaultNumRetries` and `defaultRetryOn` of `pilot/pkg/networking/core/route/retry/retry.go`, and
/// <https://istio.io/latest/docs/concepts/traffic-management/#retries>.
const RETRY_LINK: &str = "https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry";
const DEFAULT_RETRIES: u32 = 2;
const DEFAULT_RETRY_ON: &[&str] =
    &["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"];

/// Envoy's back-off between retries: fully jittered, exponential from 25 ms
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-max-retries>).
const BACKOFF_LINK: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-max-retries";
const BACKOFF_BASE_MS: u64 = 25;

/// "TCP connection timeout ... default value is 10s."
const TCP_LINK: &str =
    "https://istio.io/latest/docs/reference/config/networking/destination-rule/#ConnectionPoolSettings-TCPSettings";
const CONNECT_MS: u64 = 10_000;

/// `consecutive5xxErrors` when outlier detection is on and nothing is said.
const CONSECUTIVE_ERRORS: u64 = 5;

pub(crate) fn recognises(root: &Node<'_>) -> bool {
    let group = root.text_at(&["apiVersion"]).and_then(|version| version.split('/').next()).unwrap_or("");
    group == "istio.io" || group.ends_with(".istio.io")
}

pub(crate) fn read(cx: &mut Reading<'_>, root: &Node<'_>) {
    let (Some(kind), Some(spec)) = (root.get("kind"), root.get("spec")) else {
        cx.ignore(root.range, "an Istio resource without a specification");
        return;
    };
    let place = root.at(&["metadata", "name"]).map_or(kind.range, |name| name.range);
    match kind.text().unwrap_or("") {
        "VirtualService" => read_virtual_service(cx, spec, place),
        "DestinationRule" => read_destination_rule(cx, spec, place),
        "ServiceEntry" => read_service_entry(cx, root, spec, place),
        // A gateway opens ports; which host goes where stands in the virtual services bound to it.
        "Gateway" => {}
        other => cx.ignore(kind.range, format!("kind `{other}` is not read")),
    }
}

fn read_virtual_service(cx: &mut Reading<'_>, spec: &Node<'_>, place: Range) {
    cx.ignore_other_keys(spec, &["hosts", "gateways", "http", "tcp", "tls", "exportTo"], "VirtualService");
    let (hosts, gateways) = (texts(spec.get("hosts")), texts(spec.get("gateways")));
    for protocol in ["http", "tcp", "tls"] {
        for rule in spec.get(protocol).map(Node::items).unwrap_or_default() {
            let is_http = protocol == "http";
            let known: &[&str] =
                if is_http { &["name", "match", "route", "timeout", "retries"] } else { &["match", "route"] };
            cx.ignore_other_keys(rule, known, "route rule");
            let destinations = read_destinations(cx, rule);
            if destinations.is_empty() {
                continue;
            }
            let (policy, retry_on) = if is_http { read_policy(cx, rule, place) } else { Default::default() };
            let span = cx.span(rule.get("name").map_or(place, |name| name.range));
            let route = Route {
                technology: ID.to_owned(),
                hosts: hosts.clone(),
                gateways: gateways.clone(),
                path: read_path(rule),
                destinations,
                policy,
                retry_on,
                held_by: String::new(),
                span,
            };
            cx.facts.routes.push(route);
        }
    }
}

fn texts(node: Option<&Node<'_>>) -> Vec<String> {
    node.map(Node::items).unwrap_or_default().iter().filter_map(Node::text).map(str::to_owned).collect()
}

fn read_destinations(cx: &Reading<'_>, rule: &Node<'_>) -> Vec<(Value, whatif_model::Span)> {
    let routes = rule.get("route").map(Node::items).unwrap_or_default();
    let hosts = routes.iter().filter_map(|route| route.at(&["destination", "host"]));
    hosts.filter_map(|host| Some((Value::text(host.text()?), cx.span(host.range)))).collect()
}

/// The first match's path; rules of one service differ by it in practice.
fn read_path(rule: &Node<'_>) -> String {
    let first = rule.get("match").map(Node::items).unwrap_or_default().first();
    let uri = first.and_then(|found| found.get("uri"));
    let uri = uri.and_then(|uri| ["prefix", "exact", "regex"].iter().find_map(|key| uri.text_at(&[key])));
    uri.unwrap_or("").to_owned()
}

fn read_policy(cx: &mut Reading<'_>, rule: &Node<'_>, place: Range) -> (Policy, Vec<String>) {
    let (retry, retry_on, per_try) = read_retries(cx, rule, place);
    let mut timeout = match rule.get("timeout") {
        Some(node) => match node.text().and_then(duration_ms) {
            // Zero switches the timeout off, as in Envoy.
            Some(0) => known_timeout(Bound::Unbounded, TimeoutKind::Total, cx.stated(node.range, "no timeout")),
            Some(ms) => known_timeout(Bound::Millis(ms), TimeoutKind::Total, cx.stated(node.range, "route timeout")),
            None => {
                cx.problem(node.range, "a timeout that is no duration such as `2s`");
                Fact::Unknown
            }
        },
        None => known_timeout(
            Bound::Unbounded,
            TimeoutKind::Total,
            cx.default(place, "Istio", ROUTE_LINK, "no timeout unless stated"),
        ),
    };
    if let Some(claim) = per_try {
        let each = Fact::Known(vec![claim]);
        // Without a bound of the whole call, what bounds an attempt decides.
        if timeout.holds(|timeout| timeout.bound == Bound::Unbounded) {
            timeout = each;
        } else {
            timeout.merge(each);
        }
    }
    let breaker = Fact::Unknown;
    (Policy { timeout, retry, breaker, ..Policy::default() }, retry_on)
}

fn known_timeout(bound: Bound, kind: TimeoutKind, evidence: whatif_model::Evidence) -> Fact<Timeout> {
    Fact::known(Timeout { bound, kind }, evidence)
}

/// Retries, the conditions for them, and the bound of one attempt.
fn read_retries(
    cx: &mut Reading<'_>,
    rule: &Node<'_>,
    place: Range,
) -> (Fact<Retry>, Vec<String>, Option<Claim<Timeout>>) {
    let node = rule.get("retries").filter(|node| node.is_map());
    let range = node.map_or(place, |node| node.range);
    let stated = node.and_then(|node| node.get("attempts"));
    let count = match stated {
        Some(attempts) => attempts.as_u64().map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
        None => Some(DEFAULT_RETRIES),
    };
    let evidence = match stated {
        Some(attempts) => cx.stated(attempts.range, "retries of the mesh"),
        None => cx.default(range, "Istio", RETRY_LINK, "two retries unless stated"),
    };
    let on = node.and_then(|node| node.text_at(&["retryOn"]));
    let conditions: Vec<String> = match on {
        Some(text) => text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect(),
        None => DEFAULT_RETRY_ON.iter().map(|word| (*word).to_owned()).collect(),
    };
    let per_try = node.and_then(|node| node.get("perTryTimeout")).and_then(|node| {
        let bound = Bound::Millis(duration_ms(node.text()?).filter(|ms| *ms > 0)?);
        let timeout = Timeout { bound, kind: TimeoutKind::PerAttempt };
        Some(Claim { value: timeout, evidence: cx.stated(node.range, "timeout of one attempt") })
    });
    if let Some(node) = node {
        cx.ignore_other_keys(node, &["attempts", "perTryTimeout", "retryOn", "backoff"], "retry policy");
    }
    let Some(count) = count else {
        cx.problem(range, "a number of attempts that is no number");
        return (Fact::Unknown, conditions, per_try);
    };
    if count == 0 {
        return (Fact::absent(evidence), Vec::new(), per_try);
    }
    let backoff = node.and_then(|node| node.get("backoff"));
    let base = backoff.and_then(|node| duration_ms(node.text()?)).unwrap_or(BACKOFF_BASE_MS);
    let pause = match backoff {
        Some(node) => cx.stated(node.range, "first pause"),
        None => cx.default(range, "Envoy", BACKOFF_LINK, "exponential from 25 ms unless stated"),
    };
    let retry = Retry {
        // Istio counts retries; the first try comes on top.
        attempts: Fact::known(Attempts::Limited(count.saturating_add(1)), evidence.clone()),
        backoff: Fact::known(Backoff::Exponential(base), pause),
        jitter: Fact::known(true, cx.default(range, "Envoy", BACKOFF_LINK, "fully jittered")),
        ..Retry::default()
    };
    (Fact::known(retry, evidence), conditions, per_try)
}

fn read_destination_rule(cx: &mut Reading<'_>, spec: &Node<'_>, place: Range) {
    cx.ignore_other_keys(spec, &["host", "trafficPolicy", "subsets", "exportTo"], "DestinationRule");
    let Some(host) = spec.get("host") else {
        cx.problem(place, "a DestinationRule without a host");
        return;
    };
    for subset in spec.get("subsets").map(Node::items).unwrap_or_default() {
        if let Some(own) = subset.get("trafficPolicy") {
            cx.ignore(own.range, "the policy of a subset is not read; the rule's own policy is");
        }
    }
    let traffic = spec.get("trafficPolicy");
    if let Some(traffic) = traffic {
        cx.ignore_other_keys(traffic, &["connectionPool", "outlierDetection"], "traffic policy");
    }
    let policy = Policy {
        timeout: read_connect_timeout(cx, traffic, place),
        breaker: read_breaker(cx, traffic, place),
        ..Policy::default()
    };
    let span = cx.span(host.range);
    cx.facts.destinations.push(DestinationPolicy {
        technology: ID.to_owned(),
        host: host.text().unwrap_or("").to_owned(),
        policy,
        span,
    });
}

fn read_connect_timeout(cx: &Reading<'_>, traffic: Option<&Node<'_>>, place: Range) -> Fact<Timeout> {
    let stated = traffic.and_then(|traffic| traffic.at(&["connectionPool", "tcp", "connectTimeout"]));
    match stated {
        Some(node) => node.text().and_then(duration_ms).map_or(Fact::Unknown, |ms| {
            known_timeout(Bound::Millis(ms), TimeoutKind::Connect, cx.stated(node.range, "connect timeout"))
        }),
        None => known_timeout(
            Bound::Millis(CONNECT_MS),
            TimeoutKind::Connect,
            cx.default(place, "Istio", TCP_LINK, "ten seconds to connect unless stated"),
        ),
    }
}

fn read_breaker(cx: &Reading<'_>, traffic: Option<&Node<'_>>, place: Range) -> Fact<String> {
    if let Some(node) = traffic.and_then(|traffic| traffic.get("outlierDetection")) {
        let errors = ["consecutive5xxErrors", "consecutiveGatewayErrors", "consecutiveErrors"]
            .iter()
            .find_map(|key| node.get(key).and_then(Node::as_u64))
            .unwrap_or(CONSECUTIVE_ERRORS);
        let words = format!("ejects an instance after {errors} consecutive errors");
        return Fact::known(words, cx.stated(node.range, "outlier detection"));
    }
    match traffic.and_then(|traffic| traffic.get("connectionPool")) {
        Some(pool) => match limit(pool) {
            Some(words) => Fact::known(words, cx.stated(pool.range, "connection limits")),
            None => Fact::absent(cx.stated(pool.range, "neither outlier detection nor limits")),
        },
        None => Fact::absent(cx.stated(traffic.map_or(place, |traffic| traffic.range), "no outlier detection")),
    }
}

/// The first limit that makes the sidecar refuse requests.
fn limit(pool: &Node<'_>) -> Option<String> {
    let limits: [&[&str]; 4] = [
        &["http", "http1MaxPendingRequests"],
        &["http", "http2MaxRequests"],
        &["http", "maxRetries"],
        &["tcp", "maxConnections"],
    ];
    limits.iter().find_map(|path| Some(format!("{} {}", path.last()?, pool.at(path)?.as_u64()?)))
}

/// Hosts the mesh knows and does not run, unless the entry selects workloads of its own.
fn read_service_entry(cx: &mut Reading<'_>, root: &Node<'_>, spec: &Node<'_>, place: Range) {
    cx.ignore_other_keys(
        spec,
        &["hosts", "ports", "location", "resolution", "workloadSelector", "exportTo"],
        "ServiceEntry",
    );
    let labels = spec.at(&["workloadSelector", "labels"]).map(Node::entries).unwrap_or_default();
    let labels: BTreeMap<String, String> =
        labels.iter().filter_map(|entry| Some((entry.key.to_string(), entry.value.text()?.to_owned()))).collect();
    let ports = spec.get("ports").map(Node::items).unwrap_or_default();
    let ports: Vec<u16> = ports.iter().filter_map(|port| u16::try_from(port.get("number")?.as_u64()?).ok()).collect();
    let is_outside = labels.is_empty() && spec.text_at(&["location"]) != Some("MESH_INTERNAL");
    for host in spec.get("hosts").map(Node::items).unwrap_or_default() {
        let Some(name) = host.text() else { continue };
        let span = cx.span(if host.range.end > 0 { host.range } else { place });
        cx.facts.names.push(NetworkName {
            name: name.to_owned(),
            scope: root.text_at(&["metadata", "namespace"]).unwrap_or("").to_owned(),
            selects: Selector::Labels(labels.clone()),
            ports: ports.clone(),
            external: false,
            external_name: is_outside.then(|| name.to_owned()),
            span,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse_yaml;
    use whatif_model::evidence::How;

    fn read_text(text: &str) -> Reading<'_> {
        let mut cx = Reading::new("istio.yaml", text);
        for document in parse_yaml(text).documents {
            assert!(recognises(&document.root));
            read(&mut cx, &document.root);
        }
        cx
    }

    const HEAD: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: pay}\nspec:\n  hosts: [pay]\n  http:\n";

    #[test]
    fn a_bare_route_has_the_defaults_of_istio() {
        let text = format!("{HEAD}  - route: [{{destination: {{host: pay}}}}]\n");
        let cx = read_text(&text);
        let policy = &cx.facts.routes[0].policy;
        let timeout = policy.timeout.claim().unwrap();
        assert_eq!(timeout.value.bound, Bound::Unbounded);
        assert!(matches!(timeout.evidence.how, How::Default { .. }));
        let retry = policy.retry.claim().unwrap();
        assert_eq!(retry.value.attempts.value(), Some(&Attempts::Limited(3)));
        assert_eq!(retry.value.backoff.value(), Some(&Backoff::Exponential(25)));
        assert!(matches!(retry.evidence.how, How::Default { .. }));
        assert_eq!(cx.facts.routes[0].retry_on.len(), 5);
    }

    #[test]
    fn stated_policies_replace_them() {
        let text = format!(
            "{HEAD}  - match: [{{uri: {{prefix: /v1}}}}]\n    timeout: 2s\n    retries: {{attempts: 4, perTryTimeout: 500ms, retryOn: '5xx, reset'}}\n    route: [{{destination: {{host: pay}}, weight: 90}}, {{destination: {{host: pay-next}}, weight: 10}}]\n    mirror: {{host: x}}\n  - retries: {{attempts: 0}}\n    timeout: 0s\n    route: [{{destination: {{host: pay}}}}]\n  - timeout: soon\n    retries: {{perTryTimeout: 1s}}\n    route: [{{destination: {{host: pay}}}}]\n"
        );
        let cx = read_text(&text);
        let first = &cx.facts.routes[0];
        assert_eq!((first.path.as_str(), first.destinations.len()), ("/v1", 2));
        let timeouts: Vec<_> = first.policy.timeout.claims().iter().map(|claim| claim.value).collect();
        assert_eq!(timeouts[0], Timeout { bound: Bound::Millis(2_000), kind: TimeoutKind::Total });
        assert_eq!(timeouts[1], Timeout { bound: Bound::Millis(500), kind: TimeoutKind::PerAttempt });
        assert_eq!(first.policy.retry.value().unwrap().attempts.value(), Some(&Attempts::Limited(5)));
        assert_eq!(first.retry_on, ["5xx", "reset"]);
        assert!(cx.facts.routes[1].policy.retry.is_absent());
        assert_eq!(cx.facts.routes[1].policy.timeout.value().unwrap().bound, Bound::Unbounded);
        assert_eq!(cx.problems.len(), 1);
        assert!(cx.ignored.iter().any(|ignored| ignored.reason.contains("`mirror`")));
    }

    #[test]
    fn destination_rules_and_hosts_outside() {
        let text = "apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\nmetadata: {name: pay}\nspec:\n  host: pay\n  trafficPolicy:\n    connectionPool: {tcp: {connectTimeout: 1s}}\n    outlierDetection: {interval: 10s}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: bare}\nspec: {host: bare, subsets: [{name: a, trafficPolicy: {}}]}\n---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: out}\nspec: {hosts: [api.example.com], ports: [{number: 443}]}\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nspec: {}\n";
        let cx = read_text(text);
        let (pay, bare) = (&cx.facts.destinations[0].policy, &cx.facts.destinations[1].policy);
        assert!(pay.breaker.holds(|words| words.contains("5 consecutive")) && bare.breaker.is_absent());
        assert_eq!(pay.timeout.value().unwrap().bound, Bound::Millis(1_000));
        assert_eq!(bare.timeout.value().unwrap().bound, Bound::Millis(10_000));
        assert_eq!(cx.facts.names[0].external_name.as_deref(), Some("api.example.com"));
        assert!(cx.ignored.iter().any(|ignored| ignored.reason.contains("PeerAuthentication")));
    }
}
