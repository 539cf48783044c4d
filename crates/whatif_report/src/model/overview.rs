//! `whatif model`: every element with its evidence, and every edge with what bounds it.

use super::words::policy;
use crate::place::first;
use crate::text::{clean, count, pad, trim, trim_middle};
use crate::{Report, Style};
use whatif_model::evidence::Evidence;
use whatif_model::system::{EdgeKind, System};
use whatif_model::text::Sources;

/// Longest name shown whole.
const NAME_MAX: usize = 56;

/// Renders the whole model.
pub fn render(report: &Report<'_>, style: Style) -> String {
    let (sources, system) = (report.sources, report.system);
    let parts = [
        section("services", services(system), sources, style),
        section("operations", operations(system), sources, style),
        section("stores", stores(system), sources, style),
        section("topics", topics(system), sources, style),
        section("brokers", brokers(system), sources, style),
        section("externals", externals(system), sources, style),
        section("sync edges", edges(system, EdgeKind::Sync), sources, style),
        section("async edges", edges(system, EdgeKind::Async), sources, style),
        section("store edges", edges(system, EdgeKind::Store), sources, style),
    ];
    let mut out: String = parts.concat();
    let open = [
        (system.ignored.len(), "place", "not understood: --ignored"),
        (system.questions.len(), "question", "open: --unknown"),
    ];
    for (n, noun, rest) in open {
        if n > 0 {
            out.push_str(&style.dim(&format!("{} {rest}", count(n, noun))));
            out.push('\n');
        }
    }
    out
}

/// One line of a section: name, remark, where it comes from.
struct Line<'a> {
    name: String,
    remark: String,
    evidence: &'a [Evidence],
}

fn section(title: &str, lines: Vec<Line<'_>>, sources: &Sources, style: Style) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let name = |line: &Line<'_>| trim_middle(&line.name, NAME_MAX);
    let width = lines.iter().map(|line| name(line).chars().count()).max().unwrap_or(0);
    let mut out = format!("{}\n", style.bold(&format!("{title} ({})", lines.len())));
    for line in &lines {
        let place = first(sources, line.evidence).unwrap_or_default();
        let room = style.width.saturating_sub(width + 6 + place.chars().count()).max(16);
        let mut text = format!("  {}  {}", pad(&name(line), width), trim(&line.remark, room));
        if !place.is_empty() {
            let gap = if line.remark.is_empty() { "" } else { "  " };
            text.push_str(&format!("{gap}{}", style.dim(&clean(&place))));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out.push('\n');
    out
}

fn remark(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ")
}

fn flag(set: bool, word: &'static str) -> &'static str {
    if set { word } else { "" }
}

fn services(system: &System) -> Vec<Line<'_>> {
    let lines = system.services.iter().map(|service| {
        let replicas = service.replicas.value().map(|n| format!("{n} replicas")).unwrap_or_default();
        let parts = [
            service.language.map_or("", |language| language.as_str()),
            &replicas,
            flag(service.published, "published"),
            flag(service.infrastructure, "infrastructure"),
            flag(service.optional, "optional"),
        ];
        Line { name: service.address.clone(), remark: remark(&parts), evidence: &service.evidence }
    });
    lines.collect()
}

fn operations(system: &System) -> Vec<Line<'_>> {
    let lines = system.operations.iter().map(|operation| {
        let trigger = operation.trigger.display();
        let parts = [
            trigger.as_str(),
            flag(operation.mutates.holds(|mutates| *mutates), "mutates"),
            flag(!operation.implemented, "code not read"),
        ];
        Line { name: operation.address.clone(), remark: remark(&parts), evidence: &operation.evidence }
    });
    lines.collect()
}

fn stores(system: &System) -> Vec<Line<'_>> {
    let lines = system.stores.iter().map(|store| {
        let parts = [store.engine.as_str(), flag(store.cache, "cache"), flag(store.optional, "optional")];
        Line { name: store.address.clone(), remark: remark(&parts), evidence: &store.evidence }
    });
    lines.collect()
}

fn topics(system: &System) -> Vec<Line<'_>> {
    let lines = system.topics.iter().map(|topic| {
        let broker = topic.broker.map(|broker| format!("on {}", system[broker].name)).unwrap_or_default();
        Line { name: topic.address.clone(), remark: broker, evidence: &topic.evidence }
    });
    lines.collect()
}

fn brokers(system: &System) -> Vec<Line<'_>> {
    let line = |broker: &'_ whatif_model::system::Broker| (broker.address.clone(), broker.engine.clone());
    let lines = system.brokers.iter().map(|broker| {
        let (name, remark) = line(broker);
        Line { name, remark, evidence: &broker.evidence }
    });
    lines.collect()
}

fn externals(system: &System) -> Vec<Line<'_>> {
    let line = |external: &'_ whatif_model::system::External| external.address.clone();
    system.externals.iter().map(|e| Line { name: line(e), remark: String::new(), evidence: &e.evidence }).collect()
}

fn edges(system: &System, kind: EdgeKind) -> Vec<Line<'_>> {
    let lines = system.edges.iter().filter(|edge| edge.kind == kind).map(|edge| {
        let remark = if edge.platform { "platform".to_owned() } else { policy(&system.effective(edge)) };
        let name = format!("{} -> {}", system.address(edge.from), system.address(edge.to));
        Line { name, remark, evidence: &edge.evidence }
    });
    lines.collect()
}
