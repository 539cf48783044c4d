//! Service, Ingress, HTTPRoute.

use super::manifest::Manifest;
use crate::design::Reading;
use crate::design::reading::duration_ms;
use crate::tree::Node;
use std::collections::BTreeMap;
use whatif_model::Value;
use whatif_model::evidence::Fact;
use whatif_model::facts::deploy::{NetworkName, Selector};
use whatif_model::facts::mesh::Route;
use whatif_model::flow::{Bound, Policy, Timeout, TimeoutKind};

pub(super) fn read_service(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>) {
    let Some(spec) = manifest.root.get("spec") else { return };
    cx.ignore_other_keys(spec, &["selector", "ports", "type", "externalName"], "Service");
    let ports = spec.get("ports").map(Node::items).unwrap_or_default();
    let kind = spec.text_at(&["type"]).unwrap_or("ClusterIP");
    cx.facts.names.push(NetworkName {
        name: manifest.name.to_owned(),
        scope: manifest.namespace.to_owned(),
        selects: Selector::Labels(labels(spec.get("selector"))),
        ports: ports.iter().filter_map(|port| u16::try_from(port.get("port")?.as_u64()?).ok()).collect(),
        external: matches!(kind, "LoadBalancer" | "NodePort"),
        external_name: spec.text_at(&["externalName"]).map(str::to_owned),
        span: cx.span(manifest.name_range),
    });
}

/// Labels as text; empty when there are none.
pub(super) fn labels(node: Option<&Node<'_>>) -> BTreeMap<String, String> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|entry| Some((entry.key.to_string(), entry.value.text()?.to_owned()))).collect()
}

/// One route per rule and path. A controller's timeouts are only known where its annotations state them.
pub(super) fn read_ingress(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>) {
    let Some(spec) = manifest.root.get("spec") else { return };
    cx.ignore_other_keys(spec, &["rules", "defaultBackend", "backend", "ingressClassName"], "Ingress");
    let policy = ingress_policy(cx, manifest);
    let mut routes: Vec<(Vec<String>, String, &Node<'_>)> = Vec::new();
    for rule in spec.get("rules").map(Node::items).unwrap_or_default() {
        let host = rule.text_at(&["host"]).unwrap_or("*").to_owned();
        for path in rule.at(&["http", "paths"]).map(Node::items).unwrap_or_default() {
            let Some(backend) = path.get("backend") else { continue };
            routes.push((vec![host.clone()], path.text_at(&["path"]).unwrap_or("").to_owned(), backend));
        }
    }
    for key in ["defaultBackend", "backend"] {
        routes.extend(spec.get(key).map(|backend| (vec!["*".to_owned()], String::new(), backend)));
    }
    for (hosts, path, backend) in routes {
        // `networking.k8s.io/v1`, then the betas before it.
        let Some(name) = backend.at(&["service", "name"]).or_else(|| backend.get("serviceName")) else {
            cx.ignore(backend.range, "a backend that is no Service");
            continue;
        };
        let destination = (Value::text(name.text().unwrap_or("")), cx.span(name.range));
        push_route(cx, manifest, hosts, path, vec![destination], policy.clone());
    }
}

/// `nginx.ingress.kubernetes.io/proxy-read-timeout`, in seconds
/// (<https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#custom-timeouts>).
fn ingress_policy(cx: &Reading<'_>, manifest: &Manifest<'_, '_>) -> Policy {
    let annotations = manifest.root.at(&["metadata", "annotations"]);
    let read = annotations.and_then(|found| found.get("nginx.ingress.kubernetes.io/proxy-read-timeout"));
    let timeout = read.and_then(|node| {
        let ms = node.as_u64()?.saturating_mul(1_000);
        let timeout = Timeout { bound: Bound::Millis(ms), kind: TimeoutKind::PerRead };
        Some(Fact::known(timeout, cx.stated(node.range, "time between two reads")))
    });
    Policy { timeout: timeout.unwrap_or_default(), ..Policy::default() }
}

/// Gateway API routes (<https://gateway-api.sigs.k8s.io/reference/spec/#httproute>).
pub(super) fn read_http_route(cx: &mut Reading<'_>, manifest: &Manifest<'_, '_>) {
    let Some(spec) = manifest.root.get("spec") else { return };
    cx.ignore_other_keys(spec, &["hostnames", "rules", "parentRefs"], manifest.kind);
    let hosts: Vec<String> = texts(spec.get("hostnames"));
    let hosts = if hosts.is_empty() { vec!["*".to_owned()] } else { hosts };
    for rule in spec.get("rules").map(Node::items).unwrap_or_default() {
        cx.ignore_other_keys(rule, &["matches", "backendRefs", "timeouts"], "route rule");
        let destinations: Vec<_> = rule
            .get("backendRefs")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(|backend| backend.get("name"))
            .map(|name| (Value::text(name.text().unwrap_or("")), cx.span(name.range)))
            .collect();
        let timeout = rule.at(&["timeouts", "request"]).and_then(|node| {
            let ms = duration_ms(node.text()?)?;
            let bound = if ms == 0 { Bound::Unbounded } else { Bound::Millis(ms) };
            Some(Fact::known(Timeout { bound, kind: TimeoutKind::Total }, cx.stated(node.range, "request timeout")))
        });
        let policy = Policy { timeout: timeout.unwrap_or_default(), ..Policy::default() };
        let first = rule.get("matches").map(Node::items).unwrap_or_default().first();
        let path = first.and_then(|found| found.text_at(&["path", "value"])).unwrap_or("").to_owned();
        push_route(cx, manifest, hosts.clone(), path, destinations, policy);
    }
}

fn texts(node: Option<&Node<'_>>) -> Vec<String> {
    node.map(Node::items).unwrap_or_default().iter().filter_map(Node::text).map(str::to_owned).collect()
}

/// Traffic from outside: bound to the manifest's own gateway, so that it is never mistaken for calls inside a mesh.
fn push_route(
    cx: &mut Reading<'_>,
    manifest: &Manifest<'_, '_>,
    hosts: Vec<String>,
    path: String,
    destinations: Vec<(Value, whatif_model::Span)>,
    policy: Policy,
) {
    let technology = if manifest.kind == "Ingress" { "ingress" } else { "gateway-api" };
    let span = cx.span(manifest.name_range);
    cx.facts.routes.push(Route {
        technology: technology.to_owned(),
        hosts,
        gateways: vec![manifest.name.to_owned()],
        path,
        destinations,
        policy,
        retry_on: Vec::new(),
        held_by: String::new(),
        span,
    });
}
