//! `whatif model --format json`.

use super::policy::{facts, stack, truth};
use super::{SCHEMA, evidences, print};
use crate::Report;
use crate::model::words;
use crate::place::Place;
use serde_json::{Value, json};
use whatif_model::evidence::Fact;
use whatif_model::facts::prose::{StatedRequirement, Statistic};
use whatif_model::system::{Document, Edge, Node, Operation, System};
use whatif_model::text::Sources;

/// Renders the model.
pub fn model(report: &Report<'_>) -> String {
    let (sources, system) = (report.sources, report.system);
    print(&json!({
        "schema": SCHEMA,
        "services": services(sources, system),
        "stores": stores(sources, system, false),
        "embedded_stores": stores(sources, system, true),
        "topics": topics(sources, system),
        "brokers": brokers(sources, system),
        "externals": externals(sources, system),
        "operations": system.operations.iter().map(|o| operation(sources, system, o)).collect::<Vec<_>>(),
        "edges": system.edges.iter().filter(|edge| !is_inside(system, edge)).map(|e| edge(sources, system, e)).collect::<Vec<_>>(),
        "contradictions": contradictions(sources, system),
        "requirements": requirements(sources, system),
        "documents": system.documents.iter().map(|document| json!({ "path": document.path })).collect::<Vec<_>>(),
        "ignored": ignored(sources, system),
        "problems": system.problems.iter()
            .map(|problem| json!({ "path": problem.path, "message": problem.message })).collect::<Vec<_>>(),
    }))
}

/// Every stated requirement with its words as written; values are in the unit's base.
fn requirements(sources: &Sources, system: &System) -> Vec<Value> {
    let value = |document: &Document, requirement: &StatedRequirement| {
        let file = sources.get(document.file)?;
        let (line, column) = file.position(requirement.words.start);
        let percentile = if let Statistic::Percentile(percent) = requirement.statistic { Some(percent) } else { None };
        Some(json!({
            "id": requirement.id,
            "path": document.path,
            "line": line,
            "column": column,
            "text": file.slice(requirement.sentence).trim(),
            "bounds": requirement.bounds,
            "percentile": percentile,
            "mean": requirement.statistic == Statistic::Mean,
            "relation": requirement.relation,
            "value": requirement.value,
            "unit": requirement.unit,
            "named": requirement.named,
            "modality": requirement.modality,
            "subject": requirement.subject,
        }))
    };
    let all =
        system.documents.iter().flat_map(|d| d.facts.requirements.iter().map(move |requirement| (d, requirement)));
    all.filter_map(|(document, requirement)| value(document, requirement)).collect()
}

fn services(sources: &Sources, system: &System) -> Vec<Value> {
    let value = |service: &whatif_model::system::Service| {
        json!({
            "address": service.address,
            "name": service.name,
            "aliases": service.aliases,
            "infrastructure": service.infrastructure,
            "optional": service.optional,
            "language": service.language.map(|language| language.as_str()),
            "code_root": service.code_root,
            "replicas": service.replicas.value(),
            "published": service.published,
            "graceful_shutdown": truth(&service.graceful_shutdown),
            "tracing": service.tracing.value(),
            "evidence": evidences(sources, &service.evidence),
        })
    };
    system.services.iter().map(value).collect()
}

/// Databases that run on their own, or those inside the process of a service, which are no components.
fn stores(sources: &Sources, system: &System, embedded: bool) -> Vec<Value> {
    let value = |store: &whatif_model::system::Store| {
        json!({
            "address": store.address,
            "name": store.name,
            "aliases": store.aliases,
            "engine": store.engine,
            "cache": store.cache,
            "optional": store.optional,
            "replicas": store.replicas.value(),
            "durable": truth(&store.durable),
            "tables": store.tables.iter().map(|table| &table.name).collect::<Vec<_>>(),
            "evidence": evidences(sources, &store.evidence),
        })
    };
    system.stores.iter().filter(|store| store.is_embedded() == embedded).map(value).collect()
}

/// Whether an edge does not leave the process.
fn is_inside(system: &System, edge: &Edge) -> bool {
    matches!(edge.to, Node::Store(id) if system[id].is_embedded())
}

/// What two deployments of one service tell it, the main one first.
fn contradictions(sources: &Sources, system: &System) -> Vec<Value> {
    let value = |it: &whatif_model::system::Contradiction| {
        let claim = |(text, place): &(String, whatif_model::Evidence)| json!({ "value": text, "evidence": evidences(sources, std::slice::from_ref(place)) });
        json!({
            "service": system[it.service].address,
            "variable": it.variable,
            "claims": it.claims.iter().map(claim).collect::<Vec<_>>(),
        })
    };
    system.contradictions.iter().map(value).collect()
}

fn topics(sources: &Sources, system: &System) -> Vec<Value> {
    let value = |topic: &whatif_model::system::Topic| {
        json!({
            "address": topic.address,
            "name": topic.name,
            "broker": topic.broker.map(|broker| &system[broker].name),
            "evidence": evidences(sources, &topic.evidence),
        })
    };
    system.topics.iter().map(value).collect()
}

fn brokers(sources: &Sources, system: &System) -> Vec<Value> {
    let value = |broker: &whatif_model::system::Broker| {
        json!({
            "address": broker.address,
            "name": broker.name,
            "aliases": broker.aliases,
            "engine": broker.engine,
            "replicas": broker.replicas.value(),
            "evidence": evidences(sources, &broker.evidence),
        })
    };
    system.brokers.iter().map(value).collect()
}

fn externals(sources: &Sources, system: &System) -> Vec<Value> {
    let value = |external: &whatif_model::system::External| {
        json!({
            "address": external.address,
            "name": external.name,
            "evidence": evidences(sources, &external.evidence),
        })
    };
    system.externals.iter().map(value).collect()
}

fn operation(sources: &Sources, system: &System, operation: &Operation) -> Value {
    json!({
        "address": operation.address,
        "name": operation.name,
        "service": system[operation.service].address,
        "trigger": operation.trigger.display(),
        "mutates": truth(&operation.mutates),
        "implemented": operation.implemented,
        "background": operation.background,
        "deadline_ms": operation.deadline.value().and_then(|bound| bound.millis()),
        "idempotency": {
            "key": known(&operation.idempotency.declared),
            "key_read": known(&operation.idempotency.read),
            "recognises_repeats": known(&operation.idempotency.dedup),
            "natural": operation.idempotency.natural.value(),
        },
        "flow": flow(sources, system, operation),
        "cut": operation.flow.cut.iter().map(|cut| &cut.reason).collect::<Vec<_>>(),
        "evidence": evidences(sources, &operation.evidence),
    })
}

fn known<T>(fact: &Fact<T>) -> &'static str {
    match fact {
        Fact::Known(_) => "known",
        Fact::Absent(_) => "absent",
        Fact::Unknown => "unknown",
    }
}

/// Every effect in source order with the constructs around it.
fn flow(sources: &Sources, system: &System, operation: &Operation) -> Vec<Value> {
    let value = |visit: whatif_model::flow::Visit<'_>| {
        let place = Place::of(sources, visit.effect.span);
        json!({
            "effect": words::effect(&visit.effect.kind),
            "target": words::target(system, &visit.effect.target),
            "on_error": words::on_error(visit.effect.on_error),
            "inside": visit.inside.iter().map(|step| words::construct(step)).collect::<Vec<_>>(),
            "path": place.map(|at| at.path),
            "line": place.map(|at| at.line),
        })
    };
    operation.flow.walk().into_iter().map(value).collect()
}

fn edge(sources: &Sources, system: &System, edge: &Edge) -> Value {
    json!({
        "from": end(system, edge.from),
        "to": end(system, edge.to),
        "kind": edge.kind.as_str(),
        "platform": edge.platform,
        "operations": edge.operations,
        "facts": facts(sources, &system.effective(edge)),
        "policy": stack(sources, system, edge),
        "evidence": evidences(sources, &edge.evidence),
    })
}

/// The address of an end; a system outside, which the contract lists by name only, by its name.
fn end(system: &System, node: Node) -> &str {
    if let Node::External(id) = node { &system[id].name } else { system.address(node) }
}

fn ignored(sources: &Sources, system: &System) -> Vec<Value> {
    let value = |ignored: &whatif_model::facts::Ignored| {
        let place = Place::of(sources, ignored.span);
        json!({ "path": place.map(|at| at.path), "line": place.map(|at| at.line), "reason": ignored.reason })
    };
    system.ignored.iter().map(value).collect()
}
