//! What a rule is, what it may see, and how it reports.

use crate::query::{self, CallSite};
use std::collections::BTreeSet;
use whatif_model::evidence::{Claim, Confidence, Evidence, Fact};
use whatif_model::finding::{Finding, Severity, fingerprint};
use whatif_model::system::{Node, OperationId, System};
use whatif_model::text::Sources;
use whatif_model::verdict::{MatrixRow, Mindset, Trace, Verdict};

/// What is known about a rule without running it.
#[derive(Clone, Copy, Debug)]
pub struct RuleMeta {
    /// `practice/slug`: what users type, suppress and read in SARIF. The slug names the flaw.
    pub id: &'static str,
    /// The severity unless the rule knows better in a case, or `whatif.toml` says otherwise.
    pub severity: Severity,
    /// One line: what it catches.
    pub summary: &'static str,
    /// The page that explains it, which is also its test.
    pub page: &'static str,
    /// Which assumptions of the seed document it challenges.
    pub assumptions: &'static [Assumption],
    /// Which mindset questions it bears on.
    pub questions: &'static [Mindset],
}

/// The six assumptions that distributed systems break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// "It won't fail."
    WontFail,
    /// "It's fast enough."
    FastEnough,
    /// "Order is preserved."
    Order,
    /// "It only happens once."
    Once,
    /// "Clocks are synchronized."
    Clocks,
    /// "The network is reliable."
    Network,
}

impl Assumption {
    /// The word people type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WontFail => "wont-fail",
            Self::FastEnough => "fast-enough",
            Self::Order => "order",
            Self::Once => "once",
            Self::Clocks => "clocks",
            Self::Network => "network",
        }
    }
}

/// A rule: what it is, and the rule itself in words.
pub(crate) struct Rule {
    pub(crate) meta: RuleMeta,
    pub(crate) check: fn(&Context<'_>) -> Vec<Finding>,
}

/// Everything a rule may look at.
pub struct Context<'a> {
    /// The model.
    pub system: &'a System,
    /// Only to order places; rules never parse text.
    pub sources: &'a Sources,
    /// The explorer's answers, in operation order.
    pub matrix: &'a [MatrixRow],
    /// Every effect that leaves the process, with what surrounds it. Computed once for all rules.
    pub(crate) sites: Vec<CallSite<'a>>,
    /// Items that are only ever written for a while: caches, sessions, counters of a window.
    temporary: BTreeSet<(Node, &'a str)>,
}

impl<'a> Context<'a> {
    /// Prepares what every rule needs.
    pub fn new(system: &'a System, sources: &'a Sources, matrix: &'a [MatrixRow]) -> Self {
        let sites = query::sites(system);
        let temporary = query::temporary(&sites);
        Self { system, sources, matrix, sites, temporary }
    }

    /// Whether what a site changes ends by itself, so that what is missing or left over there mends itself.
    pub(crate) fn is_temporary(&self, site: &CallSite<'a>) -> bool {
        site.visit.effect.expires || site.item().is_some_and(|item| self.temporary.contains(&(site.edge.to, item)))
    }

    /// The explorer's answer to one question about one operation.
    pub fn verdict(&self, operation: OperationId, question: Mindset) -> Option<&'a Verdict> {
        let at = self.matrix.binary_search_by_key(&operation, |row| row.operation).ok()?;
        Some(&self.matrix[at].verdicts[question as usize])
    }

    /// The counterexample to one question about one operation.
    pub fn trace(&self, operation: OperationId, question: Mindset) -> Option<Trace> {
        self.verdict(operation, question)?.trace().cloned()
    }

    /// Starts a finding of `meta` about `address`.
    pub(crate) fn finding(&self, meta: &'static RuleMeta, address: impl Into<String>) -> Draft {
        Draft {
            rule: meta.id,
            severity: meta.severity,
            floor: Confidence::Certain,
            address: address.into(),
            message: String::new(),
            flaw: String::new(),
            evidence: Vec::new(),
            trace: None,
            help: String::new(),
            detail: String::new(),
        }
    }
}

/// A finding under construction. Its confidence follows from the evidence given to it.
pub(crate) struct Draft {
    rule: &'static str,
    severity: Severity,
    floor: Confidence,
    address: String,
    message: String,
    flaw: String,
    evidence: Vec<Evidence>,
    trace: Option<Trace>,
    help: String,
    detail: String,
}

impl Draft {
    /// Subject in backticks, flaw, consequence; lower case, no full stop.
    pub(crate) fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// What is said instead of the message when many subjects have the flaw and only their partners differ.
    pub(crate) fn flaw(mut self, flaw: impl Into<String>) -> Self {
        self.flaw = flaw.into();
        self
    }

    /// Adds a place, under the words it already has.
    pub(crate) fn at(mut self, evidence: &Evidence) -> Self {
        self.evidence.push(evidence.clone());
        self
    }

    /// Adds a place under other words.
    pub(crate) fn at_as(self, evidence: &Evidence, label: impl Into<String>) -> Self {
        let evidence = evidence.labelled(label);
        self.at(&evidence)
    }

    /// Adds several places.
    pub(crate) fn all<'e>(mut self, evidence: impl IntoIterator<Item = &'e Evidence>) -> Self {
        self.evidence.extend(evidence.into_iter().cloned());
        self
    }

    /// Rests on a fact: its first place is shown, and an unknown fact makes the finding possible at best.
    pub(crate) fn because<T>(mut self, fact: &Fact<T>, label: impl Into<String>) -> Self {
        self.floor = self.floor.min(fact.confidence());
        if let Some(evidence) = fact.evidence().next() {
            self.evidence.push(evidence.labelled(label));
        }
        self
    }

    /// Rests on one claim.
    pub(crate) fn claim<T>(self, claim: &Claim<T>, label: impl Into<String>) -> Self {
        self.at_as(&claim.evidence, label)
    }

    /// Lowers the confidence because something was inferred beyond the evidence shown.
    pub(crate) fn at_most(mut self, confidence: Confidence) -> Self {
        self.floor = self.floor.min(confidence);
        self
    }

    /// Overrides the rule's usual severity for this case.
    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Attaches the counterexample.
    pub(crate) fn trace(mut self, trace: Option<Trace>) -> Self {
        self.trace = trace;
        self
    }

    /// What to do, one imperative sentence.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// What tells this finding from another of the same rule and address, across edits.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The finding. Without any evidence there is none.
    pub(crate) fn build(mut self) -> Option<Finding> {
        let mut seen = Vec::new();
        self.evidence.retain(|evidence| {
            !seen.contains(&evidence.span) && {
                seen.push(evidence.span);
                true
            }
        });
        let weakest = self.evidence.iter().map(Confidence::of).min()?;
        Some(Finding {
            rule: self.rule,
            severity: self.severity,
            confidence: self.floor.min(weakest),
            fingerprint: fingerprint(self.rule, &self.address, &self.detail),
            address: self.address,
            message: self.message,
            flaw: self.flaw,
            evidence: self.evidence,
            trace: self.trace,
            help: self.help,
            allowed: None,
        })
    }
}
