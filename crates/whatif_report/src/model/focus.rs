//! `whatif model ADDRESS`: everything about one element, every line with its place.

use super::words::{construct, effect, on_error, policy, target};
use crate::place::short;
use crate::text::{clean, pad};
use crate::{Report, Style};
use whatif_model::effective::Effective;
use whatif_model::evidence::{Evidence, How};
use whatif_model::flow::OnError;
use whatif_model::system::{Edge, Operation};
use whatif_model::text::Sources;

/// Renders what is known about one address; `None` when nothing has it.
pub fn render(report: &Report<'_>, address: &str, style: Style) -> Option<String> {
    let system = report.system;
    let mut out = String::new();
    for (own, evidence) in elements(report) {
        if own == address {
            out.push_str(&format!("{}\n", style.bold(&clean(own))));
            out.push_str(&places(report.sources, evidence));
        }
    }
    let about = |operation: &&Operation| operation.address == address || system[operation.service].address == address;
    let operations: Vec<&Operation> = system.operations.iter().filter(about).collect();
    out.extend(operations.iter().map(|operation| operation_text(report, operation, style)));
    for edge in &system.edges {
        let (from, to) = (system.address(edge.from), system.address(edge.to));
        if from == address || to == address || format!("{from} -> {to}") == address {
            out.push_str(&edge_text(report, edge, style));
        }
    }
    (!out.is_empty()).then_some(out)
}

fn elements<'a>(report: &Report<'a>) -> Vec<(&'a str, &'a [Evidence])> {
    let system = report.system;
    let services = system.services.iter().map(|e| (e.address.as_str(), e.evidence.as_slice()));
    let stores = system.stores.iter().map(|e| (e.address.as_str(), e.evidence.as_slice()));
    let topics = system.topics.iter().map(|e| (e.address.as_str(), e.evidence.as_slice()));
    let brokers = system.brokers.iter().map(|e| (e.address.as_str(), e.evidence.as_slice()));
    let externals = system.externals.iter().map(|e| (e.address.as_str(), e.evidence.as_slice()));
    services.chain(stores).chain(topics).chain(brokers).chain(externals).collect()
}

/// One line per piece of evidence.
pub(crate) fn places(sources: &Sources, evidence: &[Evidence]) -> String {
    let line = |item: &Evidence| {
        let of = match &item.how {
            How::Default { of, link } => format!(", default of {of}: {link}"),
            how => format!(", {}", how.as_str()),
        };
        let label = if item.label.is_empty() { String::new() } else { format!("  {}", item.label) };
        let words = format!("{}{label}  ({}{of})", short(sources, item.span), item.stage.as_str());
        format!("    {}\n", clean(&words))
    };
    evidence.iter().map(line).collect()
}

fn operation_text(report: &Report<'_>, operation: &Operation, style: Style) -> String {
    let title = format!("{}  {}", operation.address, operation.trigger.display());
    let mut out = format!("{}\n", style.bold(&clean(&title)));
    out.push_str(&places(report.sources, &operation.evidence));
    let visits = operation.flow.walk();
    let words: Vec<String> = visits.iter().map(|visit| effect(&visit.effect.kind)).collect();
    let width = words.iter().map(|words| words.chars().count()).max().unwrap_or(0).min(40);
    for (visit, words) in visits.iter().zip(&words) {
        let depth = "  ".repeat(visit.inside.len().min(8));
        let inside = visit.inside.last().map(|step| format!(" in {}", construct(step))).unwrap_or_default();
        let failure = match visit.effect.on_error {
            OnError::Propagate | OnError::Unknown => String::new(),
            other => format!(", on error: {}", on_error(other)),
        };
        let target = target(report.system, &visit.effect.target);
        let place = short(report.sources, visit.effect.span);
        let line = format!("    {depth}{}  {target}{inside}{failure}  {place}", pad(words, width));
        out.push_str(clean(&line).trim_end());
        out.push('\n');
    }
    for cut in &operation.flow.cut {
        out.push_str(&clean(&format!("    not followed: {}  {}", cut.reason, short(report.sources, cut.span))));
        out.push('\n');
    }
    out
}

fn edge_text(report: &Report<'_>, edge: &Edge, style: Style) -> String {
    let system = report.system;
    let title = format!("{} -> {}  {}", system.address(edge.from), system.address(edge.to), edge.kind.as_str());
    let effective = system.effective(edge);
    let mut out = format!("{}  {}\n", style.bold(&clean(&title)), policy(&effective));
    out.push_str(&places(report.sources, &edge.evidence));
    out.push_str(&reasons(report.sources, &effective));
    out
}

/// Where each effective value comes from.
fn reasons(sources: &Sources, effective: &Effective) -> String {
    let parts = [
        ("timeout", effective.timeout.state, &effective.timeout.evidence),
        ("retry", effective.retry.state, &effective.retry.evidence),
        ("breaker", effective.breaker.state, &effective.breaker.evidence),
        ("idempotency", effective.idempotency.state, &effective.idempotency.evidence),
    ];
    let text = parts
        .iter()
        .map(|(name, state, evidence)| format!("  {name} {}\n{}", state.as_str(), places(sources, evidence)));
    text.collect()
}
