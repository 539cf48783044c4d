//! The operations of every service: from its code, and from the contracts it offers.

use crate::components::Draft;
use crate::identity::canonical;
use crate::input::Input;
use crate::names::{Names, unqualified};
use crate::operation_name;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::Span;
use whatif_model::evidence::{Evidence, Fact, Stage};
use whatif_model::facts::code::{Entry, Trigger};
use whatif_model::facts::contract::{Contract, ContractKind, ContractOperation};
use whatif_model::flow::{Cut, Flow};
use whatif_model::routes::same_route;
use whatif_model::system::{Document, Idempotency, Node, Operation, ServiceId};

/// Fills the operations, contracts and documents of the draft, taking flows out of the input.
pub(crate) fn collect(input: &mut Input, draft: &mut Draft, names: &Names) {
    let mut reached: BTreeSet<Span> =
        input.code.iter_mut().flat_map(|unit| std::mem::take(&mut unit.reached)).collect();
    let is_named = |entry: &&Entry| entry.trigger == Trigger::Unseen { named: true };
    let unreached = input.code.iter().flat_map(|unit| &unit.unreached);
    let named: BTreeSet<Span> = unreached.filter(is_named).map(|entry| entry.span).collect();
    for at in 0..input.code.len() {
        let Some(service) = draft.code_services[at] else { continue };
        let unit = &mut input.code[at];
        let background = std::mem::take(&mut unit.background);
        for entry in std::mem::take(&mut unit.entries) {
            add_entry(draft, service, entry, false);
        }
        for entry in background {
            add_entry(draft, service, entry, true);
        }
        // What one unit could not reach another one may have, and shared code is listed once.
        for mut entry in std::mem::take(&mut unit.unreached) {
            if reached.insert(entry.span) {
                if let Trigger::Unseen { named: is_named } = &mut entry.trigger {
                    *is_named |= named.contains(&entry.span);
                }
                add_entry(draft, service, entry, true);
            }
        }
        let (ignored, problems) = (std::mem::take(&mut unit.ignored), std::mem::take(&mut unit.problems));
        input.ignored.extend(ignored);
        input.problems.extend(problems);
    }
    for contract in contracts(input) {
        let service = offered_by(&contract, input, draft, names);
        if let Some(service) = service {
            for operation in &contract.operations {
                add_contract(draft, service, &contract, operation);
            }
        }
        draft.system.contracts.push((contract, service));
    }
    draft.system.operations.sort_by(|a, b| a.address.cmp(&b.address));
    orchestrated(input, draft);
    for (path, facts) in std::mem::take(&mut input.prose) {
        draft.system.documents.push(Document { file: whatif_model::FileId::of(&path), path, facts });
    }
}

/// The sagas of every service, and which operation handles which type of message.
fn orchestrated(input: &mut Input, draft: &mut Draft) {
    for at in 0..input.code.len() {
        let Some(service) = draft.code_services[at] else { continue };
        let unit = &mut input.code[at];
        draft.system.sagas.extend(std::mem::take(&mut unit.sagas).into_iter().map(|saga| (service, saga)));
        for (message, handler) in std::mem::take(&mut unit.handles) {
            let handled = draft.system.operation_ids().find(|(_, operation)| {
                operation.service == service && operation.evidence.first().is_some_and(|place| place.span == handler)
            });
            let handled = handled.map(|(id, _)| (message, id));
            draft.system.handled.extend(handled);
        }
    }
    draft.system.sagas.sort_by_key(|(service, saga)| (*service, saga.span));
    draft.system.handled.sort();
    draft.system.handled.dedup();
}

fn add_entry(draft: &mut Draft, service: ServiceId, entry: Entry, background: bool) {
    let name = operation_name::of(&entry);
    let base = format!("{}.{name}", draft.system[service].name);
    let taken = |address: &str, draft: &Draft| draft.system.operations.iter().position(|o| o.address == address);
    let evidence = Evidence::stated(Stage::Code, entry.span, format!("`{name}` is implemented here"));
    let mut address = base.clone();
    if let Some(at) = taken(&base, draft) {
        // One handler behind several routes is one operation.
        if draft.system.operations[at].evidence.first().is_some_and(|first| first.span == entry.span) {
            return;
        }
        address = format!("{base}[{}]", entry.trigger.display());
        if taken(&address, draft).is_some() {
            return;
        }
    }
    draft.system.operations.push(Operation {
        address,
        name,
        service,
        trigger: entry.trigger,
        source: None,
        mutates: Fact::Unknown,
        contract: None,
        idempotency: Idempotency::default(),
        deadline: Fact::Unknown,
        flow: entry.flow,
        implemented: true,
        background,
        evidence: vec![evidence],
    });
}

/// Contracts without copies: of several documents that declare the same service the one nearest to the
/// root stays.
fn contracts(input: &Input) -> Vec<Contract> {
    let mut found: BTreeMap<(ContractKind, String), (usize, usize, &Contract)> = BTreeMap::new();
    for (at, (path, facts)) in input.designs.iter().enumerate() {
        for contract in &facts.contracts {
            let rank = (path.matches('/').count(), at, contract);
            let key = (contract.kind, contract.name.clone());
            let better = found.get(&key).is_none_or(|(depth, order, _)| (rank.0, rank.1) < (*depth, *order));
            if better {
                found.insert(key, rank);
            }
        }
    }
    found.into_values().map(|(_, _, contract)| contract.clone()).collect()
}

/// Who offers a contract: who registers or is named like the proto service; for OpenAPI the host it
/// names, the code it lies in, or the service named like its title or file.
fn offered_by(contract: &Contract, input: &Input, draft: &Draft, names: &Names) -> Option<ServiceId> {
    if contract.kind == ContractKind::Protobuf {
        return names.serves(&contract.name);
    }
    let as_service = |node| if let Node::Service(id) = node { Some(id) } else { None };
    let by_host = contract.servers.iter().filter_map(|url| names.host(host_of(url)?)).find_map(as_service);
    let path = input.designs.iter().find(|(path, _)| whatif_model::FileId::of(path) == contract.span.file);
    let path = path.map_or("", |(path, _)| path.as_str());
    let by_folder = || {
        let roots = draft.system.service_ids().filter_map(|(id, s)| Some((id, s.code_root.as_deref()?)));
        roots.filter(|(_, root)| !root.is_empty() && path.starts_with(&format!("{root}/"))).max_by_key(|(_, r)| r.len())
    };
    let file = path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or("");
    let by_title = || names.suggested(&contract.name).or_else(|| names.suggested(file)).and_then(as_service);
    by_host.or_else(|| by_folder().map(|(id, _)| id)).or_else(by_title)
}

fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().filter(|host| !host.is_empty())
}

fn add_contract(draft: &mut Draft, service: ServiceId, contract: &Contract, published: &ContractOperation) {
    let evidence = Evidence::stated(Stage::Design, published.span, format!("`{}` is published here", published.name));
    let existing = draft.system.operations.iter_mut().find(|o| o.service == service && implements(o, published));
    if let Some(operation) = existing {
        operation.evidence.push(evidence);
        operation.contract = Some(published.clone());
        return;
    }
    let trigger = if contract.kind == ContractKind::Protobuf {
        Trigger::Rpc { service: contract.name.clone(), method: published.name.clone() }
    } else {
        Trigger::Http { method: published.method.clone(), path: published.path.clone() }
    };
    let unread = Cut { span: published.span, reason: "its code was not found or not read".to_owned() };
    draft.system.operations.push(Operation {
        address: format!("{}.{}", draft.system[service].name, published.name),
        name: published.name.clone(),
        service,
        trigger,
        source: None,
        mutates: Fact::Unknown,
        contract: Some(published.clone()),
        idempotency: Idempotency::default(),
        deadline: Fact::Unknown,
        flow: Flow { cut: vec![unread], ..Flow::default() },
        implemented: false,
        background: false,
        evidence: vec![evidence],
    });
}

/// Whether an operation is the published one: by rpc method, by route, or by name.
fn implements(operation: &Operation, published: &ContractOperation) -> bool {
    match &operation.trigger {
        Trigger::Rpc { method, .. } => method == &published.name,
        Trigger::Http { method, path } if !published.path.is_empty() => {
            (method.is_empty() || *method == published.method) && same_route(path, &published.path)
        }
        _ => canonical(&operation.name) == canonical(&published.name),
    }
}

/// The operation of a service that a caller names.
pub(crate) fn find(draft: &Draft, service: ServiceId, named: &str) -> Option<whatif_model::system::OperationId> {
    let of_service = draft.system.operation_ids().filter(|(_, operation)| operation.service == service);
    let (first, rest) = named.split_once(' ').unwrap_or(("", named));
    let is_http = !first.is_empty() && first.chars().all(|c| c.is_ascii_uppercase() || c == '?');
    let matches = |operation: &Operation| match &operation.trigger {
        Trigger::Http { method, path } if is_http => {
            (method.is_empty() || first == "?" || method == first) && same_route(path, rest)
        }
        Trigger::Rpc { method, .. } if !is_http => unqualified(named) == method,
        _ => false,
    };
    let mut best = None;
    for (id, operation) in of_service.filter(|(_, operation)| matches(operation)) {
        let closeness =
            if let Trigger::Http { path, .. } = &operation.trigger { closeness(path, rest) } else { (true, 0) };
        if best.as_ref().is_none_or(|(known, _)| closeness > *known) {
            best = Some((closeness, id));
        }
    }
    best.map(|(_, id)| id)
}

/// Of two routes that match, the one of the same length and with more literals in common is meant.
fn closeness(a: &str, b: &str) -> (bool, usize) {
    let segments =
        |path: &str| -> Vec<String> { path.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect() };
    let (a, b) = (segments(a), segments(b));
    let common = a.iter().rev().zip(b.iter().rev()).filter(|(x, y)| x == y).count();
    (a.len() == b.len(), common)
}

#[cfg(test)]
mod tests {
    use super::closeness;

    #[test]
    fn the_route_with_more_literals_in_common_is_meant() {
        assert!(closeness("/orders/{id}", "/orders/{}") > closeness("/orders/{id}/cancel", "/orders/{}"));
        assert!(closeness("/orders/last", "/orders/last") > closeness("/orders/{id}", "/orders/last"));
    }
}
