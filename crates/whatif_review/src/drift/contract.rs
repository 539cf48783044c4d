//! A contract or document names an operation that no code serves.

use crate::query::listed;
use crate::rule::{Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::facts::prose::{Endpoint, SectionKind};
use whatif_model::finding::{Finding, Severity};
use whatif_model::routes::same_route;
use whatif_model::system::{Document, Operation, ServiceId};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "drift/contract",
        severity: Severity::Warning,
        summary: "A contract or document names an operation, and the code that serves its neighbours does not serve it.",
        page: include_str!("contract.md"),
        assumptions: &[],
        questions: &[],
    },
    check,
};

/// So many operations of a document must be served before the rest counts as missing: fewer may be somebody else's.
const SERVED_MIN: usize = 3;

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let documents = cx.system.documents.iter().filter_map(|document| undone(cx, document));
    contracts(cx).into_iter().chain(documents).collect()
}

/// Published operations without code, of services whose other published operations have some.
fn contracts(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_service: BTreeMap<ServiceId, (usize, Vec<&Operation>)> = BTreeMap::new();
    for operation in cx.system.operations.iter().filter(|operation| operation.contract.is_some()) {
        let (served, missing) = by_service.entry(operation.service).or_default();
        if operation.implemented {
            *served += 1;
        } else {
            missing.push(operation);
        }
    }
    let told =
        by_service.into_iter().filter(|(_, (served, missing))| *served >= SERVED_MIN && missing.len() <= *served);
    told.filter_map(|(service, (_, missing))| unserved(cx, service, &missing)).collect()
}

fn unserved(cx: &Context<'_>, service: ServiceId, missing: &[&Operation]) -> Option<Finding> {
    if missing.is_empty() {
        return None;
    }
    let names = listed(missing.iter().map(|operation| called(operation)), 3);
    let mut draft = cx
        .finding(&RULE.meta, &cx.system[service].name)
        .message(format!("the contract of `{}` offers {names}, and no code serves it", cx.system[service].name))
        .help("implement the operation, or take it out of the contract");
    for operation in missing {
        draft = draft.all(operation.evidence.iter().take(1));
    }
    draft.at(&inferred(cx, service)?).build()
}

fn called(operation: &Operation) -> String {
    match &operation.trigger {
        Trigger::Http { method, path } => format!("{method} {path}"),
        _ => operation.name.clone(),
    }
}

/// What a document names and no code serves, when most of what it names is served.
fn undone(cx: &Context<'_>, document: &Document) -> Option<Finding> {
    let named: Vec<&Endpoint> = document.facts.endpoints.iter().filter(|endpoint| is_design(endpoint)).collect();
    let servers: Vec<Option<ServiceId>> = named.iter().map(|endpoint| server(cx, endpoint)).collect();
    let missing: Vec<&Endpoint> =
        named.iter().zip(&servers).filter(|(_, server)| server.is_none()).map(|(endpoint, _)| *endpoint).collect();
    let served = named.len() - missing.len();
    if missing.is_empty() || served < SERVED_MIN || missing.len() > served {
        return None;
    }
    let names = listed(missing.iter().map(|endpoint| format!("{} {}", endpoint.method, endpoint.path)), 3);
    let mut draft = cx
        .finding(&RULE.meta, &document.path)
        .message(format!("`{}` documents {names}, and no code that was read serves it", document.path))
        .help("implement the operation, or mend the document");
    for endpoint in missing {
        let place = endpoint.range.in_file(document.file);
        draft = draft.at(&Evidence::stated(Stage::Specification, place, "documented, but not served"));
    }
    draft.at(&inferred(cx, servers.into_iter().flatten().next()?)?).build()
}

/// Rejected options, examples and plans promise nothing.
fn is_design(endpoint: &Endpoint) -> bool {
    !matches!(
        endpoint.section,
        SectionKind::Alternatives | SectionKind::NonGoals | SectionKind::Example | SectionKind::Questions
    )
}

/// Who serves an operation, whatever stands before its path.
fn server(cx: &Context<'_>, endpoint: &Endpoint) -> Option<ServiceId> {
    let serves = |operation: &&Operation| match &operation.trigger {
        Trigger::Http { method, path } => {
            operation.implemented
                && (method.is_empty() || *method == endpoint.method)
                && same_route(path, &endpoint.path)
        }
        _ => false,
    };
    cx.system.operations.iter().find(serves).map(|operation| operation.service)
}

/// That nothing serves it follows from having read what serves its neighbours.
fn inferred(cx: &Context<'_>, service: ServiceId) -> Option<Evidence> {
    let near = cx.system.operations.iter().find(|operation| operation.service == service && operation.implemented)?;
    let place = near.evidence.first()?.span;
    Some(Evidence::derived(Stage::Code, place, "its neighbours are served here"))
}
