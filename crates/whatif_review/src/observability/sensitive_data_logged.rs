//! A secret written into a log.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::telemetry::Leak;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Operation, Service, ServiceId};
use whatif_model::text::Span;

/// Name parts of request fields that must not be in a log.
const SECRET_FIELDS: [&str; 6] = ["password", "credit_card", "creditcard", "cvv", "card_number", "cardnumber"];

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/sensitive-data-logged",
        severity: Severity::Warning,
        summary: "A password, card number or a request that holds one is written into a log.",
        page: include_str!("sensitive_data_logged.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut told: BTreeMap<ServiceId, Vec<(&Leak, Vec<Evidence>)>> = BTreeMap::new();
    // Shared code is read once for each program that uses it.
    let mut seen: Vec<Span> = Vec::new();
    for (id, service) in cx.system.service_ids() {
        for leak in &service.telemetry.leaks {
            let proof = if leak.whole { secret_field(cx, id, leak) } else { Some(Vec::new()) };
            if let Some(proof) = proof.filter(|_| !seen.contains(&leak.span)) {
                seen.push(leak.span);
                told.entry(id).or_default().push((leak, proof));
            }
        }
    }
    told.iter().filter_map(|(id, leaks)| finding(cx, &cx.system[*id], leaks)).collect()
}

/// The field of a request, logged as a whole, that its contract names and that is a secret.
fn secret_field(cx: &Context<'_>, service: ServiceId, leak: &Leak) -> Option<Vec<Evidence>> {
    let handles = |operation: &&Operation| {
        operation.service == service && operation.evidence.iter().any(|evidence| Some(evidence.span) == leak.function)
    };
    let operation = cx.system.operations.iter().find(handles)?;
    let field = operation.contract.as_ref()?.fields.iter().find(|field| {
        let name = field.name.to_lowercase();
        SECRET_FIELDS.iter().any(|secret| name.contains(secret))
    })?;
    Some(vec![Evidence::stated(Stage::Design, field.span, format!("the request holds `{}`", field.name))])
}

fn finding(cx: &Context<'_>, service: &Service, leaks: &[(&Leak, Vec<Evidence>)]) -> Option<Finding> {
    let what = listed(leaks.iter().map(|(leak, _)| leak.what.clone()), 3);
    let draft = cx
        .finding(&RULE.meta, service.address.clone())
        .message(format!("`{}` logs {what}: secrets reach everybody who may read logs", service.address))
        .help("log an id of the thing instead, or mask the field before it reaches the logger");
    let places = leaks.iter().fold(draft, |draft, (leak, proof)| {
        draft.at(&Evidence::stated(Stage::Code, leak.span, "is logged here")).all(proof)
    });
    places.build()
}
