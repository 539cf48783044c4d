//! One finding: headline, numbered evidence from several files, counterexample, help, footer.

use super::style::Style;
use super::trace;
use crate::place::Place;
use crate::text::{clean, count, trim, wrap};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Snippet};
use whatif_model::evidence::{Confidence, Evidence, How};
use whatif_model::finding::{Finding, Severity};
use whatif_model::text::{FileId, SourceFile, Sources};

/// Evidence beyond this is counted, and listed by `whatif explain`.
const EVIDENCE_MAX: usize = 5;
/// Longest label: annotate-snippets does not wrap (rust-lang/annotate-snippets-rs#419).
const LABEL_MAX: usize = 72;
/// Lines longer than this are machine-made; their place is named, not quoted.
const LINE_BYTES_MAX: usize = 1_000;

/// Renders one finding.
pub fn render(sources: &Sources, finding: &Finding, style: Style) -> String {
    let shown = &finding.evidence[..finding.evidence.len().min(EVIDENCE_MAX)];
    let mut report = vec![head(sources, finding, shown)];
    report.extend(counterexample(sources, finding, shown, style));
    report.push(advice(finding, style));
    let mut out = style.renderer().render(&report);
    out.push('\n');
    out
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

fn head<'a>(sources: &'a Sources, finding: &'a Finding, shown: &'a [Evidence]) -> Group<'a> {
    let title = level(finding.severity).primary_title(clean(&finding.message)).id(finding.rule);
    let mut group = Group::with_title(title);
    for file in files_in_order(shown) {
        let here = shown.iter().enumerate().filter(|(_, evidence)| evidence.span.file == file);
        if let Some(source) = sources.get(file) {
            group = quote(group, source, &here.collect::<Vec<_>>());
        }
    }
    for (at, evidence) in shown.iter().enumerate() {
        if let How::Default { of, link } = &evidence.how {
            let words = format!("[{}] is the default of {}: {}", at + 1, clean(of), clean(link));
            group = group.element(Level::NOTE.no_name().message(words));
        }
    }
    let hidden = finding.evidence.len() - shown.len();
    if hidden > 0 {
        let words = format!("and {}: `whatif explain {}`", count(hidden, "more place"), finding.id());
        group = group.element(Level::NOTE.no_name().message(words));
    }
    group
}

fn files_in_order(evidence: &[Evidence]) -> Vec<FileId> {
    let mut files = Vec::new();
    for evidence in evidence {
        if !files.contains(&evidence.span.file) {
            files.push(evidence.span.file);
        }
    }
    files
}

/// Quotes the lines from the first to the last place in one file; what lies between is folded.
fn quote<'a>(mut group: Group<'a>, file: &'a SourceFile, places: &[(usize, &'a Evidence)]) -> Group<'a> {
    let lines = |e: &Evidence| file.position(e.span.range.start).0;
    let long = |e: &Evidence| file.line(lines(e)).len() > LINE_BYTES_MAX;
    let (named, quoted): (Vec<_>, Vec<_>) = places.iter().partition(|(_, evidence)| long(evidence));
    if let (Some(first), Some(last)) =
        (quoted.iter().map(|(_, e)| lines(e)).min(), quoted.iter().map(|(_, e)| lines(e)).max())
    {
        let (start, end) = (line_start(file, first), line_start(file, last) + file.line(last).len());
        let source = file.text.get(start..end).unwrap_or("");
        let marks = quoted.iter().map(|(at, evidence)| mark(file, *at, evidence, start));
        group = group.element(Snippet::source(source).line_start(first).path(clean(&file.path)).annotations(marks));
    }
    for (at, evidence) in named {
        let (line, column) = file.position(evidence.span.range.start);
        group = group
            .element(Origin::path(clean(&file.path)).line(line).char_column(column))
            .element(Level::NOTE.no_name().message(label(at, evidence)));
    }
    group
}

/// The byte at which a line begins.
fn line_start(file: &SourceFile, line: usize) -> usize {
    file.line_start(line) as usize
}

/// Marks the first line of a place, relative to the excerpt that begins at byte `origin`.
fn mark<'a>(file: &SourceFile, at: usize, evidence: &Evidence, origin: usize) -> Annotation<'a> {
    let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
    let (line, _) = file.position(evidence.span.range.start);
    let (from, to) = (line_start(file, line), line_start(file, line) + file.line(line).trim_end().len());
    let start = floor(file, (evidence.span.range.start as usize).clamp(from, to.max(from)));
    let end = floor(file, (evidence.span.range.end as usize).clamp(start, to.max(start)));
    kind.span(start - origin..end.max(start) - origin).label(label(at, evidence))
}

/// The nearest character boundary at or before a byte.
fn floor(file: &SourceFile, mut byte: usize) -> usize {
    while byte > 0 && !file.text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

fn label(at: usize, evidence: &Evidence) -> String {
    let words = if evidence.label.is_empty() { evidence.stage.as_str() } else { &evidence.label };
    format!("[{}] {}", at + 1, trim(words, LABEL_MAX))
}

fn counterexample<'a>(sources: &Sources, finding: &'a Finding, shown: &[Evidence], style: Style) -> Option<Group<'a>> {
    let trace = finding.trace.as_ref().filter(|trace| !trace.steps.is_empty())?;
    let title = format!("{}?", clean(&trace.scenario).trim_end_matches('?'));
    let mut group = Group::with_title(Level::NOTE.with_name("what if").secondary_title(title));
    for step in trace::steps(sources, trace, shown, style.width) {
        group = group.element(Level::NOTE.no_name().message(step));
    }
    if !trace.broken.is_empty() {
        group = group.element(Level::NOTE.no_name().message(remark("so", &trace.broken, style)));
    }
    Some(group)
}

fn advice<'a>(finding: &'a Finding, style: Style) -> Group<'a> {
    let (level, words) = match &finding.allowed {
        Some(allowed) => (Level::NOTE.with_name("allowed"), &allowed.because),
        None => (Level::HELP, &finding.help),
    };
    let title = wrap(words, style.width.saturating_sub(8)).join("\n");
    let mut group = Group::with_title(level.secondary_title(title));
    if let Some(repair) = finding.trace.as_ref().filter(|trace| !trace.repair.is_empty()) {
        let words = repair.repair.join(" and ");
        group = group.element(Level::NOTE.no_name().message(remark("smallest repair", &words, style)));
    }
    let id = finding.id();
    let footer = format!("{}  |  {}  |  `whatif explain {id}`", clean(&finding.address), reason(finding));
    group.element(Level::NOTE.no_name().message(footer))
}

/// `so: ...`, continued below its own first word. The frame beside it takes eight columns at most.
fn remark(head: &str, words: &str, style: Style) -> String {
    let indent = " ".repeat(head.chars().count() + 2);
    let width = style.width.saturating_sub(8 + indent.len());
    format!("{head}: {}", wrap(words, width).join(&format!("\n{indent}")))
}

/// The confidence with what it rests on.
fn reason(finding: &Finding) -> String {
    let facts = finding.evidence.len();
    let derived = finding.evidence.iter().filter(|evidence| evidence.how == How::Derived).count();
    match finding.confidence {
        Confidence::Certain => format!("certain: {}, none assumed", count(facts, "fact")),
        // A rule may infer more than its places show, and lowers its confidence for it.
        Confidence::Likely if derived == 0 => format!("likely: inferred from {}", count(facts, "fact")),
        Confidence::Likely => format!("likely: {derived} of {} derived", count(facts, "fact")),
        Confidence::Possible => "possible: rests on something no file states".to_owned(),
    }
}

/// One line: place, severity, rule and message.
pub(crate) fn headline(sources: &Sources, finding: &Finding) -> String {
    let place = finding.evidence.first().and_then(|evidence| Place::of(sources, evidence.span));
    let at = place.map_or_else(String::new, |at| format!("{}:{}:{}: ", at.path, at.line, at.column));
    format!("{}{}[{}]: {}", clean(&at), finding.severity.as_str(), finding.rule, clean(&finding.message))
}
