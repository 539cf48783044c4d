//! The one value every output prints.

use crate::evidence::{Confidence, Evidence};
use crate::text::fnv1a;
use crate::verdict::Trace;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Vocabulary and documentation.
    Info,
    /// A practice is absent; nothing was shown to break.
    Warning,
    /// A counterexample exists, or a bound is provably missing on a request path.
    Error,
}

impl Severity {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A flaw, with everything needed to believe and repair it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// `practice/slug`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure; computed by the builder from the evidence.
    pub confidence: Confidence,
    /// What it is about: an address of the model, or a document path.
    pub address: String,
    /// Subject in backticks, flaw, consequence: lower case, no full stop, at most 100 columns if possible.
    pub message: String,
    /// What is said of several subjects at once where only their partners differ; empty when the message says it.
    pub flaw: String,
    /// The places it rests on; the first is where the decision or the repair sits. Never empty.
    pub evidence: Vec<Evidence>,
    /// The shortest counterexample.
    pub trace: Option<Trace>,
    /// What to do, as one imperative sentence without full stop.
    pub help: String,
    /// Whether and why the user allowed it.
    pub allowed: Option<Allowed>,
    /// Identity across edits: rule, address and values, never lines.
    pub fingerprint: u64,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The reason the user gave; never empty.
    pub because: String,
    /// Whether it stands in `whatif.toml` (else in a comment beside the place).
    pub in_config: bool,
}

impl Finding {
    /// The practice: the part of the rule id before the slash.
    pub fn practice(&self) -> &'static str {
        self.rule.split_once('/').map_or(self.rule, |(practice, _)| practice)
    }

    /// The short id users type: eight hexadecimal digits of the fingerprint.
    pub fn id(&self) -> String {
        format!("{:08x}", (self.fingerprint >> 32) as u32 ^ self.fingerprint as u32)
    }
}

/// Computes a fingerprint from what survives edits.
pub fn fingerprint(rule: &str, address: &str, detail: &str) -> u64 {
    fnv1a(format!("{rule}\u{1f}{address}\u{1f}{detail}").as_bytes())
}
