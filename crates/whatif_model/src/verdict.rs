//! Answers to the mindset questions.

use crate::evidence::Evidence;
use crate::system::OperationId;

/// The five questions, in the order of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mindset {
    /// What happens if it fails halfway through?
    Halfway,
    /// What happens if it is delivered or sent twice?
    Twice,
    /// What happens if two of them run concurrently?
    Together,
    /// What happens during a network partition?
    Partition,
    /// What happens if something it needs is slow or unavailable?
    Slow,
}

impl Mindset {
    /// All five, in matrix order.
    pub const ALL: [Self; 5] = [Self::Halfway, Self::Twice, Self::Together, Self::Partition, Self::Slow];

    /// The word people type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Halfway => "halfway",
            Self::Twice => "twice",
            Self::Together => "together",
            Self::Partition => "partition",
            Self::Slow => "slow",
        }
    }

    /// The question in words.
    pub fn question(self) -> &'static str {
        match self {
            Self::Halfway => "what happens if it fails halfway through?",
            Self::Twice => "what happens if it is delivered twice?",
            Self::Together => "what happens if two of them run concurrently?",
            Self::Partition => "what happens during a network partition?",
            Self::Slow => "what happens if something it needs is slow or unavailable?",
        }
    }
}

/// The answer to one question about one operation.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// A counterexample exists.
    Violated(Trace),
    /// No counterexample within the stated bounds and assumptions.
    Holds(Bounds),
    /// It depends on facts nothing states.
    Depends(Dependence),
    /// A limit was hit before the answer; nothing was found so far.
    Incomplete(String),
    /// The question was not asked, and why.
    NotAsked(String),
}

impl Verdict {
    /// The word in a matrix cell and in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Violated(_) => "breaks",
            Self::Holds(_) => "holds",
            Self::Depends(_) => "depends",
            Self::Incomplete(_) => "incomplete",
            Self::NotAsked(_) => "-",
        }
    }

    /// The counterexample, if there is one.
    pub fn trace(&self) -> Option<&Trace> {
        match self {
            Self::Violated(trace) => Some(trace),
            Self::Depends(dependence) => dependence.trace.as_ref(),
            _ => None,
        }
    }
}

/// What was explored before saying "holds".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Distinct states visited.
    pub states: u64,
    /// Requests, attempts and faults explored, in words: `2 requests, 2 attempts, 2 faults`.
    pub explored: String,
    /// What was assumed, in words.
    pub assumptions: Vec<String>,
}

/// What an open verdict depends on.
#[derive(Clone, Debug)]
pub struct Dependence {
    /// The smallest sets of facts, each of which decides; in words: `payments deduplicates by order id`.
    pub safe_if: Vec<String>,
    /// Addresses and attributes of the deciding facts, for questions.
    pub unknowns: Vec<(String, String)>,
    /// What happens in the worst case.
    pub trace: Option<Trace>,
}

/// The shortest counterexample: fewest faults, then fewest steps.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The question it answers, in words: `the reply to attempt 1 is lost`.
    pub scenario: String,
    /// What happens, in order.
    pub steps: Vec<TraceStep>,
    /// The broken promise in the system's own words: `charged twice for one request`.
    pub broken: String,
    /// The smallest set of practices that makes it go away, in words; empty when not computed.
    pub repair: Vec<String>,
    /// What is often done instead of the repair, and what it still allows.
    pub not_enough: Option<Box<NotEnough>>,
}

/// A fix that looks right and is not.
#[derive(Clone, Debug, Default)]
pub struct NotEnough {
    /// What is done, in words.
    pub fix: String,
    /// The way it still breaks.
    pub trace: Trace,
}

/// One step of a counterexample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceStep {
    /// Who acts: an address.
    pub actor: String,
    /// Whom it concerns: an address; empty for a step of its own.
    pub to: String,
    /// What happens, lower case.
    pub action: String,
    /// The fault injected here, in words; empty for an ordinary step.
    pub fault: String,
    /// What changed: `stock: 1 -> 0`; empty for nothing.
    pub delta: String,
    /// Where the step stands in the reviewed files; `None` only for environment steps without a place.
    pub evidence: Option<Evidence>,
    /// The same changes one by one, and those of keys, locks and logs, which `delta` leaves out.
    pub changes: Vec<StateChange>,
    /// The steps of other actors (by position) that this one waited for: what was sent to it or answered it.
    pub after: Vec<usize>,
}

/// A value before and after a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChange {
    /// Whose value: `stock`, `key in payments`.
    pub name: String,
    /// Before, in words: `0`, `absent`.
    pub before: String,
    /// After.
    pub after: String,
}

/// One row of the headline matrix.
#[derive(Clone, Debug)]
pub struct MatrixRow {
    /// The operation.
    pub operation: OperationId,
    /// The answers, in [`Mindset::ALL`] order.
    pub verdicts: [Verdict; 5],
}
