//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), with traces as code flows
//! and allowed findings as suppressed results.

mod log;

use crate::place::Place;
use crate::{Report, RuleText, Selection};
use log::*;
use whatif_model::evidence::Evidence;
use whatif_model::finding::{Finding, Severity};
use whatif_model::text::{Sources, Span};
use whatif_model::verdict::{Trace, TraceStep};

/// GitHub shows at most this many locations per result
/// (<https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning>).
const LOCATIONS_MAX: usize = 100;

/// Renders a SARIF log with one run.
pub fn render(report: &Report<'_>, selection: &Selection<'_>, version: &str) -> String {
    let results = selection.with_allowed().map(|finding| result(report, finding)).collect();
    let driver = Driver {
        name: "whatif",
        semantic_version: version,
        information_uri: "https://github.com/whatif-rs/whatif",
        rules: report.rules.iter().map(rule).collect(),
    };
    let problems = report.system.problems.iter().map(|problem| Notification {
        level: "warning",
        message: Message { text: format!("{}: {}", problem.path, problem.message) },
        locations: problem.span.and_then(|span| location(report.sources, span, None)).into_iter().collect(),
    });
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: vec![Run {
            tool: Tool { driver },
            invocations: vec![Invocation {
                execution_successful: true,
                tool_execution_notifications: problems.collect(),
            }],
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn rule(rule: &RuleText) -> Rule<'static> {
    Rule {
        id: rule.id,
        name: rule.id.rsplit('/').next().unwrap_or(rule.id),
        short_description: Message { text: rule.summary.to_owned() },
        help: Help { text: rule.summary.to_owned(), markdown: rule.page },
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties { tags: rule.id.split('/').next().into_iter().collect() },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result<'a>(report: &Report<'a>, finding: &'a Finding) -> Sarif<'a> {
    let sources = report.sources;
    let mut places = finding.evidence.iter().take(LOCATIONS_MAX);
    let first = places.next().and_then(|evidence| location(sources, evidence.span, None));
    let related = places.filter_map(|evidence| location(sources, evidence.span, Some(evidence.label.as_str())));
    let suppression = finding.allowed.as_ref().map(|allowed| Suppression {
        kind: if allowed.in_config { "external" } else { "inSource" },
        status: "accepted",
        justification: &allowed.because,
    });
    Sarif {
        rule_id: finding.rule,
        rule_index: report.rules.iter().position(|rule| rule.id == finding.rule),
        level: level(finding.severity),
        message: Message { text: text(finding) },
        locations: first.into_iter().map(|at| with_address(at, &finding.address)).collect(),
        related_locations: related.enumerate().map(|(at, found)| Location { id: Some(at + 1), ..found }).collect(),
        code_flows: finding.trace.as_ref().and_then(|trace| code_flow(sources, trace)).into_iter().collect(),
        partial_fingerprints: Fingerprints { whatif: format!("{:016x}", finding.fingerprint) },
        suppressions: suppression.into_iter().collect(),
        properties: Properties { confidence: finding.confidence.as_str(), address: &finding.address, id: finding.id() },
    }
}

/// SARIF asks for sentences; our messages are lower case without a full stop.
fn text(finding: &Finding) -> String {
    if finding.help.is_empty() { finding.message.clone() } else { format!("{}. {}.", finding.message, finding.help) }
}

fn location(sources: &Sources, span: Span, label: Option<&str>) -> Option<Location> {
    let at = Place::of(sources, span)?;
    Some(Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(at.path), uri_base_id: "%SRCROOT%" },
            region: Region {
                start_line: at.line,
                start_column: at.column,
                end_line: at.end_line,
                end_column: at.end_column,
            },
        },
        logical_locations: Vec::new(),
        message: label.filter(|label| !label.is_empty()).map(|label| Message { text: label.to_owned() }),
    })
}

fn with_address(location: Location, address: &str) -> Location {
    let address = LogicalLocation { fully_qualified_name: address.to_owned() };
    Location { logical_locations: vec![address], ..location }
}

/// A relative reference by RFC 3986: everything but unreserved characters and `/` is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Steps without a place stay in the flow, as SARIF allows, so that the story is whole.
fn code_flow(sources: &Sources, trace: &Trace) -> Option<CodeFlow> {
    let steps: Vec<ThreadFlowLocation> =
        trace.steps.iter().enumerate().map(|(at, s)| step(sources, at + 1, s)).collect();
    if steps.is_empty() {
        return None;
    }
    let message = Message { text: format!("{}: {}", trace.scenario, trace.broken) };
    Some(CodeFlow { message, thread_flows: vec![ThreadFlow { locations: steps }] })
}

fn step(sources: &Sources, number: usize, step: &TraceStep) -> ThreadFlowLocation {
    let to = if step.to.is_empty() { String::new() } else { format!(" -> {}", step.to) };
    let fault = if step.fault.is_empty() { String::new() } else { format!(" (fault: {})", step.fault) };
    let words = Message { text: format!("{}{to}: {}{fault}", step.actor, step.action) };
    let place = step.evidence.as_ref().and_then(|evidence: &Evidence| location(sources, evidence.span, None));
    let location = match place {
        Some(place) => StepLocation { physical_location: Some(place.physical_location), message: words },
        None => StepLocation { physical_location: None, message: words },
    };
    ThreadFlowLocation {
        execution_order: number,
        importance: if fault.is_empty() { "important" } else { "essential" },
        location,
    }
}
