//! Which findings a run shows: decided once, before any format is chosen.

use std::cmp::Reverse;
use whatif_model::evidence::Confidence;
use whatif_model::finding::{Finding, Severity};

/// What the user asked to see.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Findings below are hidden and counted.
    pub min_severity: Severity,
    /// Findings below are hidden and counted.
    pub min_confidence: Confidence,
    /// Only these practices; empty: all.
    pub practices: Vec<String>,
    /// Only these rules, by id or by slug; empty: all.
    pub rules: Vec<String>,
    /// Whether people see allowed findings too; programs always do.
    pub show_allowed: bool,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            min_severity: Severity::Warning,
            min_confidence: Confidence::Likely,
            practices: Vec::new(),
            rules: Vec::new(),
            show_allowed: false,
        }
    }
}

impl Filter {
    /// Everything there is.
    pub fn all() -> Self {
        Self {
            min_severity: Severity::Info,
            min_confidence: Confidence::Possible,
            show_allowed: true,
            ..Self::default()
        }
    }

    fn concerns(&self, finding: &Finding) -> bool {
        let slug = finding.rule.rsplit('/').next().unwrap_or(finding.rule);
        (self.practices.is_empty() || self.practices.iter().any(|practice| practice == finding.practice()))
            && (self.rules.is_empty() || self.rules.iter().any(|rule| rule == finding.rule || rule == slug))
    }

    fn reaches(&self, finding: &Finding) -> bool {
        finding.severity >= self.min_severity && finding.confidence >= self.min_confidence
    }
}

/// The findings of a run, most severe first; equals keep the order of the review.
#[derive(Clone, Debug, Default)]
pub struct Selection<'a> {
    /// What counts.
    pub shown: Vec<&'a Finding>,
    /// What the user allowed, with a reason.
    pub allowed: Vec<&'a Finding>,
    /// How many were hidden for their severity or confidence.
    pub below: usize,
    /// Whether people see allowed findings too.
    pub show_allowed: bool,
}

impl<'a> Selection<'a> {
    /// Applies a filter to all findings of a review.
    pub fn new(findings: &'a [Finding], filter: &Filter) -> Self {
        let mut selection = Self { show_allowed: filter.show_allowed, ..Self::default() };
        for finding in findings.iter().filter(|finding| filter.concerns(finding)) {
            if finding.allowed.is_some() {
                selection.allowed.push(finding);
            } else if filter.reaches(finding) {
                selection.shown.push(finding);
            } else {
                selection.below += 1;
            }
        }
        selection.shown.sort_by_key(|finding| Reverse(finding.severity));
        selection.allowed.sort_by_key(|finding| Reverse(finding.severity));
        selection
    }

    /// Whether a finding that counts is at least this severe.
    pub fn fails(&self, threshold: Severity) -> bool {
        self.shown.iter().any(|finding| finding.severity >= threshold)
    }

    /// What programs get: everything shown, then everything allowed.
    pub fn with_allowed(&self) -> impl Iterator<Item = &'a Finding> {
        self.shown.iter().chain(&self.allowed).copied()
    }
}
