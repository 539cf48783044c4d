//! Levels and allowances, put to the findings of a review.

use crate::config::{Allow, Config, Level, names_rule};
use crate::inline::{InlineAllow, inline_allows};
use whatif_model::facts::Problem;
use whatif_model::finding::{Allowed, Finding};
use whatif_model::text::{FileId, Range, SourceFile, Sources};

impl Config {
    /// Sets severities, drops what is off, and marks what is allowed. What is returned are entries that do
    /// nothing any more: an allowance that matches no finding, has expired, or gives no reason.
    pub fn apply(&self, sources: &Sources, findings: &mut Vec<Finding>) -> Vec<Problem> {
        findings.retain_mut(|finding| self.set_level(finding));
        let mut problems = self.allow_configured(sources, findings);
        problems.extend(allow_inline(sources, findings));
        problems
    }

    /// The most specific entry decides: an id beats a slug, a slug beats a practice. False: off.
    fn set_level(&self, finding: &mut Finding) -> bool {
        let fitting = self.levels.iter().filter(|entry| names_rule(&entry.rule, finding.rule));
        let specificity = |name: &str| (name == finding.rule, !finding.rule.starts_with(name.trim_end_matches("/*")));
        match fitting.max_by_key(|entry| specificity(&entry.rule)).map(|entry| entry.level) {
            Some(Level::Off) => return false,
            Some(Level::Report(severity)) => finding.severity = severity,
            None => {}
        }
        true
    }

    fn allow_configured(&self, sources: &Sources, findings: &mut [Finding]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for allow in &self.allows {
            let expired = allow.until.zip(self.today).is_some_and(|(until, today)| until < today);
            let mut used = false;
            for finding in findings.iter_mut().filter(|finding| concerns(allow, sources, finding)) {
                used = true;
                if !expired && finding.allowed.is_none() {
                    finding.allowed = Some(Allowed { because: allow.because.clone(), in_config: true });
                }
            }
            let until = allow.until.map(|until| until.to_string()).unwrap_or_default();
            let complaint = match (expired, used) {
                (true, true) => format!("the allowance of `{}` at `{}` ended on {until}", allow.rule, allow.at),
                (_, false) => format!("`{}` at `{}` allows nothing any more; remove it", allow.rule, allow.at),
                (false, true) => continue,
            };
            problems.push(Problem { path: self.path.clone(), span: Some(allow.span), message: complaint });
        }
        problems
    }
}

fn concerns(allow: &Allow, sources: &Sources, finding: &Finding) -> bool {
    let path = finding.evidence.first().map_or("", |evidence| sources.path(evidence.span.file));
    names_rule(&allow.rule, finding.rule) && (fits(&allow.at, &finding.address) || fits(&allow.at, path))
}

/// Whether `pattern`, in which `*` stands for any text, fits the whole of `text`.
fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

fn allow_inline(sources: &Sources, findings: &mut [Finding]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in sources.iter() {
        for allow in inline_allows(file) {
            let used = mark(file, &allow, sources, findings);
            let message = match (&allow.because, used) {
                (None, _) => "a suppression needs a reason: `whatif: allow(rule) because ...`".to_owned(),
                (Some(_), false) => format!("nothing here to allow for `{}`; remove it", allow.rules.join(", ")),
                (Some(_), true) => continue,
            };
            let start = file.line_start(allow.line) as usize;
            let span = Range::new(start, start + file.line(allow.line).len()).in_file(file.id);
            problems.push(Problem { path: file.path.clone(), span: Some(span), message });
        }
    }
    problems
}

/// Marks what the comment covers; a finding is covered when any of its evidence stands on the line.
fn mark(file: &SourceFile, allow: &InlineAllow, sources: &Sources, findings: &mut [Finding]) -> bool {
    let Some(because) = &allow.because else { return false };
    let mut used = false;
    for finding in findings {
        let named = allow.rules.iter().any(|rule| names_rule(rule, finding.rule));
        if named && lines_in(sources, finding, file.id).any(|line| allow.covers_line(line)) {
            used = true;
            finding.allowed.get_or_insert_with(|| Allowed { because: because.clone(), in_config: false });
        }
    }
    used
}

fn lines_in<'a>(sources: &'a Sources, finding: &'a Finding, file: FileId) -> impl Iterator<Item = usize> + 'a {
    let here = finding.evidence.iter().filter(move |evidence| evidence.span.file == file);
    here.map(|evidence| sources.locate(evidence.span).1)
}

#[cfg(test)]
mod tests;
