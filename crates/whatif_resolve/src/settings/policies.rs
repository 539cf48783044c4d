//! Timeouts and retries that configuration gives to the clients of a program.

use super::keys::{millis, relaxed};
use crate::components::Draft;
use crate::environment::Environment;
use crate::identity::canonical;
use whatif_model::evidence::{Evidence, Fact, How};
use whatif_model::flow::{Bound, Policy, Timeout, TimeoutKind};
use whatif_model::system::{EdgeKind, Layer, LayerKind, Node, ServiceId};

/// A limit of calls by name: where keys of it begin, where the client's name stands, and what is limited.
struct Limit {
    /// Before the client's name.
    before: &'static str,
    /// After it.
    after: &'static str,
    kind: TimeoutKind,
    /// The client's name that means all.
    all: &'static str,
}

/// Keys that limit calls of named clients
/// (<https://docs.spring.io/spring-cloud-openfeign/reference/spring-cloud-openfeign.html>,
/// <https://cloud.spring.io/spring-cloud-netflix/multi/multi_spring-cloud-ribbon.html>,
/// <https://resilience4j.readme.io/docs/getting-started-3>). Connect timeouts alone bound nothing.
const LIMITS: &[Limit] = &[
    Limit { before: "feign.client.config.", after: ".readtimeout", kind: TimeoutKind::PerRead, all: "default" },
    Limit {
        before: "spring.cloud.openfeign.client.config.",
        after: ".readtimeout",
        kind: TimeoutKind::PerRead,
        all: "default",
    },
    Limit { before: "", after: ".ribbon.readtimeout", kind: TimeoutKind::PerRead, all: "" },
    Limit { before: "ribbon.readtimeout", after: "", kind: TimeoutKind::PerRead, all: "" },
    Limit {
        before: "resilience4j.timelimiter.instances.",
        after: ".timeoutduration",
        kind: TimeoutKind::Total,
        all: "",
    },
];

/// Gives every call of a service whose client is configured, or whose program configures all its clients, that policy.
pub(crate) fn apply(draft: &mut Draft, environment: &Environment) {
    for at in 0..draft.system.edges.len() {
        let edge = &draft.system.edges[at];
        let (EdgeKind::Sync, Node::Service(from), Node::Service(to)) = (edge.kind, edge.from, edge.to) else {
            continue;
        };
        let callee = &draft.system[to];
        let names: Vec<String> = std::iter::once(&callee.name).chain(&callee.aliases).map(|it| canonical(it)).collect();
        let policy = policy(from, &names, environment);
        if policy == Policy::default() {
            continue;
        }
        if draft.system.edges[at].sites.is_empty() {
            draft.system.edges[at].layers.push(Layer { kind: LayerKind::Code, policy, optional: false });
            continue;
        }
        for site in draft.system.edges[at].sites.clone() {
            let operation = draft.system.operations.get_mut(site.operation.0 as usize);
            let effect = operation.and_then(|operation| operation.flow.effects.get_mut(site.effect.0 as usize));
            if let Some(effect) = effect {
                configure(&mut effect.policy, &policy);
            }
        }
    }
}

/// Configuration replaces what a library does by default, and says what code leaves open; what code sets stays.
fn configure(own: &mut Policy, configured: &Policy) {
    if is_open(&own.timeout) && !configured.timeout.is_unknown() {
        own.timeout = configured.timeout.clone();
    }
    if own.breaker.value().is_none() && !configured.breaker.is_unknown() {
        own.breaker = configured.breaker.clone();
    }
}

fn is_open(timeout: &Fact<Timeout>) -> bool {
    timeout.evidence().all(|place| matches!(place.how, How::Default { .. }))
}

fn policy(service: ServiceId, callee: &[String], environment: &Environment) -> Policy {
    let mut policy = Policy::default();
    let mut common = Policy::default();
    for found in environment.settings(service) {
        let key = spelled(&found.key);
        let Some(text) = environment.evaluate(service, &found.value).0.as_text() else { continue };
        for limit in LIMITS {
            let Some(client) = key.strip_prefix(limit.before).and_then(|rest| rest.strip_suffix(limit.after)) else {
                continue;
            };
            let Some(ms) = millis(&text).filter(|ms| *ms > 0) else { continue };
            let place = found.evidence.labelled(format!("`{}` limits its calls", found.key));
            let timeout = Fact::known(Timeout { bound: Bound::Millis(ms), kind: limit.kind }, place);
            if client == limit.all {
                common.timeout = timeout;
            } else if callee.contains(&canonical(client)) {
                policy.timeout = timeout;
            }
        }
        let breaker = key.strip_prefix("resilience4j.circuitbreaker.instances.");
        if let Some(client) = breaker.and_then(|rest| rest.split('.').next())
            && callee.contains(&canonical(client))
        {
            let place = found.evidence.labelled(format!("a circuit breaker of the name `{client}` is configured"));
            policy.breaker = Fact::known("resilience4j".to_owned(), derived(place));
        }
    }
    if policy.timeout.is_unknown() {
        policy.timeout = common.timeout;
    }
    policy
}

/// That a breaker of a callee's name guards the calls to it is a conclusion.
fn derived(place: Evidence) -> Evidence {
    Evidence { how: How::Derived, ..place }
}

/// A key whose words are relaxed and whose levels stay.
fn spelled(key: &str) -> String {
    key.split('.').map(relaxed).collect::<Vec<_>>().join(".")
}
