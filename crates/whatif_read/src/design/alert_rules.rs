//! Prometheus alerting rules (<https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/>), the
//! Kubernetes resource that carries them, and the files Grafana is provisioned with
//! (<https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | `groups[].rules[].alert` with `expr` | an alert and what it watches |
//! | `groups[].rules[].title` with `data[].model.expr` | the same, of Grafana |
//! | `scrape_configs`, `ServiceMonitor`, `PodMonitor` | that metrics are collected |

use super::Reading;
use crate::tree::Node;
use whatif_model::facts::alert::{Alert, Watched};

pub(crate) const ID: &str = "alert-rules";

/// Parts of metric names and label selectors that tell failures: the conventions of Prometheus' client libraries
/// (<https://prometheus.io/docs/practices/naming/>) and of its `up` series.
const ERRORS: &[&str] = &[
    "error",
    "fail",
    "5..",
    "\"5",
    "[5",
    "exception",
    "up ==",
    "up==",
    "absent(",
    "grpc_code",
    "_lag",
    "down",
    "unavailable",
];
const LATENCY: &[&str] = &["duration", "latency", "histogram_quantile", "response_time", "_seconds_bucket"];

pub(crate) fn recognises(root: &Node<'_>) -> bool {
    let kind = root.text_at(&["kind"]);
    kind == Some("PrometheusRule")
        || monitor(root).is_some()
        || (kind.is_none() && rules(root).any(|rule| name_of(rule).is_some()))
}

pub(crate) fn read(cx: &mut Reading<'_>, root: &Node<'_>) {
    if let Some(monitor) = monitor(root) {
        cx.facts.monitors.push(cx.span(monitor.range));
    }
    let spec = root.get("spec").unwrap_or(root);
    for rule in rules(spec) {
        let Some(name) = name_of(rule) else { continue };
        let queries = rule.get("data").map(Node::items).unwrap_or_default();
        let queries = queries.iter().filter_map(|query| query.text_at(&["model", "expr"]));
        let expressions: Vec<&str> = rule.text_at(&["expr"]).into_iter().chain(queries).collect();
        let expression = expressions.join(" ");
        let alert = Alert {
            name: name.text().unwrap_or("").to_owned(),
            watches: watched(&expression, name.text().unwrap_or("")),
            on_mean: is_mean(&expression),
            span: cx.span(name.range),
        };
        cx.facts.alerts.push(alert);
    }
}

/// What an alert is called; a rule of Grafana has a title and the data it looks at.
fn name_of<'n, 't>(rule: &'n Node<'t>) -> Option<&'n Node<'t>> {
    rule.get("alert").or_else(|| rule.get("title").filter(|_| rule.get("data").is_some()))
}

/// What says that a document collects metrics.
fn monitor<'n, 't>(root: &'n Node<'t>) -> Option<&'n Node<'t>> {
    let kind = root.get("kind").filter(|kind| matches!(kind.text(), Some("ServiceMonitor" | "PodMonitor")));
    kind.or_else(|| root.get("scrape_configs").filter(|jobs| !jobs.items().is_empty() && root.get("kind").is_none()))
}

fn rules<'n, 't>(root: &'n Node<'t>) -> impl Iterator<Item = &'n Node<'t>> {
    let groups = root.get("groups").map(Node::items).unwrap_or_default();
    groups.iter().flat_map(|group| group.get("rules").map(Node::items).unwrap_or_default())
}

/// The sum of a histogram or summary over its count.
fn is_mean(expression: &str) -> bool {
    let is_of_time = LATENCY.iter().any(|word| expression.contains(word));
    is_of_time && expression.contains("_sum") && expression.contains("_count") && expression.contains('/')
}

fn watched(expression: &str, name: &str) -> Watched {
    let (expression, name) = (expression.to_lowercase(), name.to_lowercase());
    let speaks_of = |words: &[&str]| words.iter().any(|word| expression.contains(word) || name.contains(word));
    match () {
        () if speaks_of(LATENCY) => Watched::Latency,
        () if speaks_of(ERRORS) => Watched::Errors,
        () => Watched::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse_yaml;

    fn alerts(text: &str) -> Vec<Alert> {
        let mut cx = Reading::new("alerts.yaml", text);
        let documents = parse_yaml(text);
        assert!(recognises(&documents.documents[0].root));
        read(&mut cx, &documents.documents[0].root);
        cx.facts.alerts
    }

    #[test]
    fn rule_files_and_resources() {
        let file = "groups:\n- name: a\n  rules:\n  - record: job:rate\n    expr: rate(x[5m])\n  - alert: TooManyErrors\n    expr: rate(http_requests_total{code=~\"5..\"}[5m]) > 1\n  - alert: Slow\n    expr: histogram_quantile(0.99, rate(h_bucket[5m])) > 1\n  - alert: DiskFull\n    expr: free < 1\n";
        let watched: Vec<Watched> = alerts(file).iter().map(|alert| alert.watches).collect();
        assert_eq!(watched, [Watched::Errors, Watched::Latency, Watched::Other]);
        assert!(is_mean("rate(a_duration_seconds_sum[5m]) / rate(a_duration_seconds_count[5m]) > 1"));
        let resource = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: a}\nspec:\n  groups: [{name: a, rules: [{alert: Down, expr: up == 0}]}]\n";
        assert_eq!(alerts(resource)[0].name, "Down");
    }

    #[test]
    fn other_documents_with_groups_are_left_alone() {
        let documents = parse_yaml("groups: [{name: a, rules: [{record: x, expr: y}]}]\n");
        assert!(!recognises(&documents.documents[0].root));
    }

    #[test]
    fn what_grafana_is_provisioned_with_are_alerts() {
        let text = "apiVersion: 1\ngroups:\n- name: shop\n  rules:\n  - title: CartSlow\n    condition: B\n    data:\n    - {refId: A, model: {expr: 'histogram_quantile(0.95, rate(x_seconds_bucket[5m]))'}}\n    - {refId: B, model: {type: threshold}}\n";
        let found = alerts(text);
        assert_eq!((found.len(), found[0].watches), (1, Watched::Latency));
    }
}
