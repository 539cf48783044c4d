//! Gateways whose routes are configuration: Zuul, Spring Cloud Gateway, YARP, Ocelot.

use super::keys::{is_below, last, millis, relaxed};
use super::programs::Program;
use crate::input::Input;
use std::collections::BTreeMap;
use whatif_model::Span;
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::facts::mesh::Route;
use whatif_model::facts::settings::Setting;
use whatif_model::flow::{Bound, Policy, Timeout, TimeoutKind};
use whatif_model::value::Value;

/// The routes of a program, whatever the profile.
pub(super) fn of(input: &Input, program: &Program) -> Vec<Route> {
    let entries: Vec<&Setting> = program.all(input).collect();
    let mut routes = zuul(&entries);
    routes.extend(gateway(&entries));
    routes.extend(yarp(&entries));
    routes.extend(ocelot(&entries));
    for route in &mut routes {
        route.held_by.clone_from(&program.folder);
    }
    routes
}

/// The parts of one route, by name.
type Parts<'s> = BTreeMap<String, &'s Setting>;

fn route(technology: &str, path: String, destinations: Vec<(Value, Span)>, span: Span) -> Route {
    Route {
        technology: technology.to_owned(),
        hosts: Vec::new(),
        gateways: Vec::new(),
        path,
        destinations,
        policy: Policy::default(),
        retry_on: Vec::new(),
        held_by: String::new(),
        span,
    }
}

/// Entries below a prefix, grouped by the next level, the rest of the key in lower case; the first of equals wins.
fn groups<'s>(entries: &[&'s Setting], prefix: &str) -> BTreeMap<String, Parts<'s>> {
    let mut groups: BTreeMap<String, Parts<'s>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| is_below(&entry.key, prefix)) {
        let rest = entry.key.get(prefix.len()..).unwrap_or("");
        let (id, rest) = match rest.strip_prefix('[') {
            Some(list) => list.split_once(']').unwrap_or((list, "")),
            None => rest.trim_start_matches('.').split_once('.').unwrap_or((rest.trim_start_matches('.'), "")),
        };
        if !id.is_empty() {
            let part = rest.trim_start_matches('.').to_lowercase();
            groups.entry(id.to_owned()).or_default().entry(part).or_insert(entry);
        }
    }
    groups
}

/// `/api/cart/**` → `/api/cart`.
fn plain_path(text: &str) -> String {
    text.trim().trim_end_matches("**").trim_end_matches('/').to_owned()
}

/// <https://cloud.spring.io/spring-cloud-netflix/multi/multi__router_and_filter_zuul.html>: a route without `url` and
/// `serviceId` goes to the service of its own name.
fn zuul(entries: &[&Setting]) -> Vec<Route> {
    let mut routes = Vec::new();
    // Every route runs in a Hystrix command; the limit of all commands is the limit of every route.
    let limit = set(entries, "hystrix.command.default.execution.isolation.thread.timeoutinmilliseconds");
    for (id, parts) in groups(entries, "zuul.routes") {
        let part = |names: &[&str]| names.iter().find_map(|name| parts.get(*name).copied());
        let Some(any) = parts.values().next() else { continue };
        let to_service = |name: &Value| {
            let mut url = Value::text("http://");
            url.push(name.clone());
            url
        };
        let destination = part(&["url", "location"]).map(|url| (url.value.clone(), url.span));
        let service = part(&["serviceid", "service-id", "service_id"]).map(|it| (to_service(&it.value), it.span));
        let own = || (to_service(&Value::text(id.clone())), any.span);
        let path = part(&["path", ""]).map(|path| plain_path(&path.value.display())).unwrap_or_default();
        let mut found = route("zuul", path, vec![destination.or(service).unwrap_or_else(own)], any.span);
        found.policy.timeout = limit.map(total).unwrap_or_default();
        routes.push(found);
    }
    routes
}

/// The entry of a key, words relaxed.
fn set<'s>(entries: &[&'s Setting], key: &str) -> Option<&'s Setting> {
    entries.iter().find(|entry| relaxed(&entry.key) == relaxed(key)).copied()
}

/// Where routes stand in the versions of Spring Cloud Gateway.
const GATEWAYS: [&str; 5] = [
    "spring.cloud.gateway.routes",
    "spring.cloud.gateway.mvc.routes",
    "spring.cloud.gateway.server.webflux.routes",
    "spring.cloud.gateway.server.webmvc.routes",
    "spring.cloud.gateway.server.mvc.routes",
];

fn gateway(entries: &[&Setting]) -> Vec<Route> {
    let mut routes = Vec::new();
    let common = set(entries, "spring.cloud.gateway.httpclient.response-timeout")
        .or_else(|| set(entries, "spring.cloud.gateway.server.webflux.httpclient.response-timeout"));
    for parts in GATEWAYS.iter().flat_map(|prefix| groups(entries, prefix).into_values()) {
        let Some(uri) = parts.get("uri") else { continue };
        let texts = || parts.iter().map(|(part, entry)| (part.as_str(), entry.value.display(), *entry));
        let path = texts().find_map(|(part, text, _)| {
            let shortcut = text.strip_prefix("Path=").map(str::to_owned);
            shortcut
                .or_else(|| (part.contains("args.pattern")).then_some(text))
                .filter(|_| part.starts_with("predicates"))
        });
        let path = path.map(|path| plain_path(path.split(',').next().unwrap_or(""))).unwrap_or_default();
        let mut found = route("spring-cloud-gateway", path, vec![(uri.value.clone(), uri.span)], uri.span);
        let filter = |name: &str| {
            texts().find(|(part, text, _)| part.starts_with("filters") && text.split('=').next() == Some(name))
        };
        if let Some((_, text, entry)) = filter("CircuitBreaker").or_else(|| filter("Hystrix")) {
            let place = Evidence::stated(Stage::Design, entry.span, "a circuit breaker filters the route");
            found.policy.breaker = Fact::known(text.split('=').next().unwrap_or("").to_owned(), place);
        }
        let own =
            ["metadata.response-timeout", "metadata.responsetimeout"].iter().find_map(|it| parts.get(*it).copied());
        found.policy.timeout = own.or(common).map(total).unwrap_or_default();
        routes.push(found);
    }
    routes
}

/// A limit of the whole answer.
pub(super) fn total(limit: &Setting) -> Fact<Timeout> {
    let text = limit.value.substitute(|_| None).as_text();
    match text.as_deref().and_then(millis).filter(|ms| *ms > 0) {
        Some(ms) => {
            let place = Evidence::stated(Stage::Design, limit.span, format!("`{}` limits the call", limit.key));
            Fact::known(Timeout { bound: Bound::Millis(ms), kind: TimeoutKind::Total }, place)
        }
        None => Fact::Unknown,
    }
}

/// <https://learn.microsoft.com/aspnet/core/fundamentals/servers/yarp/config-files>.
fn yarp(entries: &[&Setting]) -> Vec<Route> {
    let clusters = groups(entries, "ReverseProxy.Clusters");
    let mut routes = Vec::new();
    for parts in groups(entries, "ReverseProxy.Routes").into_values() {
        let Some(cluster) = parts.get("clusterid") else { continue };
        let text = cluster.value.display();
        let Some((_, targets)) = clusters.iter().find(|(id, _)| id.eq_ignore_ascii_case(&text)) else { continue };
        let addresses = targets.iter().filter(|(part, _)| part.starts_with("destinations.") && last(part) == "address");
        let destinations = addresses.map(|(_, entry)| (entry.value.clone(), entry.span)).collect();
        let path = parts.get("match.path").map(|path| path.value.display()).unwrap_or_default();
        let path =
            path.split("{*").next().unwrap_or("").split("{**").next().unwrap_or("").trim_end_matches('/').to_owned();
        let mut found = route("yarp", path, destinations, cluster.span);
        if let Some(limit) = targets.get("httprequest.activitytimeout") {
            found.policy.timeout = total(limit);
        }
        routes.push(found);
    }
    routes
}

/// <https://ocelot.readthedocs.io/en/latest/features/routing.html>.
fn ocelot(entries: &[&Setting]) -> Vec<Route> {
    let mut routes = Vec::new();
    for parts in ["Routes", "ReRoutes"].iter().flat_map(|prefix| groups(entries, prefix).into_values()) {
        let hosts = parts.iter().filter(|(part, _)| part.starts_with("downstreamhostandports") && last(part) == "host");
        let mut destinations: Vec<(Value, Span)> = hosts.map(|(_, entry)| (entry.value.clone(), entry.span)).collect();
        destinations.extend(parts.get("servicename").map(|entry| (entry.value.clone(), entry.span)));
        let Some(path) = parts.get("upstreampathtemplate").filter(|_| !destinations.is_empty()) else { continue };
        let prefix = path.value.display().split('{').next().unwrap_or("").trim_end_matches('/').to_owned();
        let mut found = route("ocelot", prefix, destinations, path.span);
        if let Some(limit) = parts.get("qosoptions.timeoutvalue") {
            found.policy.timeout = total(limit);
        }
        routes.push(found);
    }
    routes
}
