//! Asks one question of one slice.

use super::code::{Code, Rejected};
use super::limits::{MAX_STATES, MAX_UNKNOWNS};
use super::program::{OperationId, Slice, UnknownId};
use super::search::{Found, search};
use super::trace::Trace;
use super::unknown::{Condition, Configuration, decided, literals, prime_implicants};
use super::{Bounds, Budget, Property, Question, reduce, unknown};

/// How to explore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Distinct states per configuration before giving up.
    pub max_states: usize,
    /// Distinct states over all configurations before giving up on the rest.
    pub total_states: usize,
    /// Only these promises of the question.
    pub properties: Option<&'static [Property]>,
    /// Bounds other than those of the question.
    pub bounds: Option<Bounds>,
    /// Which reductions are on.
    pub reductions: Reductions,
}

/// Reductions of the state space; each changes only how many states there
/// are, never the verdict or the number of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reductions {
    /// A transaction is one transition.
    pub collapse: bool,
    /// Local steps are one transition with the visible step before them.
    pub fuse: bool,
    /// Names of threads and calls, dead registers and finished counters are
    /// not told apart.
    pub anonymise: bool,
    /// Requests to the same operation are not told apart.
    pub symmetry: bool,
    /// Steps no property can see are left out.
    pub cone: bool,
    /// States seen with fewer faults spent are left out.
    pub dominance: bool,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// What was found.
    pub verdict: Verdict,
    /// Distinct states over all configurations.
    pub states: usize,
    /// Next states computed, known ones included.
    pub generated: u64,
    /// Memory of the largest visited set, in bytes.
    pub bytes: usize,
}

/// What an exploration found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A promise can be broken, whatever the unknowns.
    Violated(Box<Trace>),
    /// No promise can be broken within the bounds, whatever the unknowns.
    Holds {
        /// The bounds.
        bounds: Bounds,
        /// Distinct states explored.
        states: usize,
    },
    /// It depends on unknowns.
    Depends {
        /// The promises hold if one of these does.
        safe_when: Vec<Condition>,
        /// A promise can be broken if one of these holds.
        breaks_when: Vec<Condition>,
        /// The unknowns that matter.
        deciding: Vec<UnknownId>,
        /// The shortest way to a violation.
        trace: Box<Trace>,
    },
    /// No violation was found, and not everything was explored.
    Incomplete {
        /// Distinct states explored.
        states: usize,
        /// Why not everything.
        reason: Incompleteness,
    },
}

/// Why an exploration is not exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incompleteness {
    /// The limit on states was hit.
    StateLimit,
    /// More threads and messages at once, more lock tokens or longer local
    /// loops than a state can hold.
    SlotLimit,
    /// It never comes to rest, so nothing can be said about what is left.
    NeverAtRest,
    /// The slice cannot be explored.
    Rejected(Rejected),
    /// No explorer answers this question yet.
    NotExplored,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            max_states: MAX_STATES,
            total_states: usize::MAX,
            properties: None,
            bounds: None,
            reductions: Reductions::ALL,
        }
    }
}

impl Reductions {
    /// Every reduction.
    pub const ALL: Reductions =
        Reductions { collapse: true, fuse: true, anonymise: true, symmetry: true, cone: true, dominance: true };
    /// None, for comparison.
    pub const NONE: Reductions =
        Reductions { collapse: false, fuse: false, anonymise: false, symmetry: false, cone: false, dominance: false };
}

/// Asks the question of the slice.
#[must_use]
pub fn check(slice: &Slice, question: Question, options: &Options) -> Answer {
    let mut asked = Asked::new(slice, question, options);
    let verdict = asked.verdict();
    Answer { question, verdict, states: asked.states, generated: asked.generated, bytes: asked.bytes }
}

struct Asked<'a> {
    slice: &'a Slice,
    question: Question,
    options: &'a Options,
    bounds: Bounds,
    states: usize,
    generated: u64,
    bytes: usize,
    /// Decided and reduced slices already explored, with their result.
    explored: Vec<(Slice, Outcome)>,
}

#[derive(Clone)]
enum Outcome {
    Violated(Box<Trace>),
    Clean,
    Incomplete(Incompleteness),
}

impl<'a> Asked<'a> {
    fn new(slice: &'a Slice, question: Question, options: &'a Options) -> Self {
        Asked {
            slice,
            question,
            options,
            bounds: options.bounds.unwrap_or_else(|| question.bounds()),
            states: 0,
            generated: 0,
            bytes: 0,
            explored: Vec::new(),
        }
    }

    fn verdict(&mut self) -> Verdict {
        if !Question::EXPLORED.contains(&self.question) {
            return self.incomplete(Incompleteness::NotExplored);
        }
        let unknowns = self.slice.unknowns.len();
        if unknowns > MAX_UNKNOWNS {
            return self.incomplete(Incompleteness::Rejected(Rejected::TooManyUnknowns));
        }
        let Some(entry) = self.slice.entry.filter(|_| unknown::are_declared(self.slice)) else {
            return self.incomplete(Incompleteness::Rejected(Rejected::DanglingReference));
        };
        let (mut broken, mut clean, mut reason) = (Vec::new(), Vec::new(), None);
        let mut shortest: Option<Box<Trace>> = None;
        for configuration in 0..1 << unknowns {
            match self.explore(entry, configuration) {
                Outcome::Clean => clean.push(configuration),
                Outcome::Incomplete(why) => reason = reason.or(Some(why)),
                Outcome::Violated(mut trace) => {
                    trace.assuming = literals(unknowns, configuration);
                    broken.push(configuration);
                    if shortest.as_ref().is_none_or(|best| trace.cost() < best.cost()) {
                        shortest = Some(trace);
                    }
                }
            }
        }
        match (shortest, reason) {
            (None, Some(reason)) => self.incomplete(reason),
            (None, None) => Verdict::Holds { bounds: self.bounds, states: self.states },
            (Some(trace), None) if clean.is_empty() => Verdict::Violated(trace),
            (Some(trace), _) => depends(unknowns, &broken, &clean, trace),
        }
    }

    fn properties(&self) -> &'static [Property] {
        self.options.properties.unwrap_or_else(|| self.question.properties())
    }

    fn incomplete(&self, reason: Incompleteness) -> Verdict {
        Verdict::Incomplete { states: self.states, reason }
    }

    /// One configuration, with every choice of operations for the requests.
    fn explore(&mut self, entry: OperationId, configuration: Configuration) -> Outcome {
        let mut decided = decided(self.slice, configuration);
        if self.options.reductions.cone {
            decided = reduce::cone(&decided, self.properties());
        }
        if let Some((_, outcome)) = self.explored.iter().find(|(known, _)| *known == decided) {
            return outcome.clone();
        }
        let mut worst = Outcome::Clean;
        for requests in self.request_choices(entry) {
            worst = worse(worst, self.explore_requests(&decided, &requests, self.bounds));
            if self.bounds.timely {
                // The search for what a cut breaks passes over what is broken anyway.
                let whole = Bounds { faults: Budget::NONE, ..self.bounds };
                let anyway = self.explore_requests(&decided, &requests, whole);
                worst = if matches!(worst, Outcome::Clean) { anyway } else { worst };
            }
        }
        self.explored.push((decided, worst.clone()));
        worst
    }

    fn request_choices(&self, entry: OperationId) -> Vec<Vec<OperationId>> {
        let count = usize::from(self.bounds.requests.max(1));
        let mut choices = vec![vec![entry; count]];
        if count > 1 {
            let others = self.slice.concurrent.iter().filter(|other| **other != entry);
            choices.extend(others.map(|other| {
                let mut requests = vec![entry; count];
                requests[count - 1] = *other;
                requests
            }));
        }
        choices
    }

    fn explore_requests(&mut self, slice: &Slice, requests: &[OperationId], bounds: Bounds) -> Outcome {
        let properties = self.properties();
        let reductions = self.options.reductions;
        let code = match Code::new(slice, requests, properties, bounds, reductions) {
            Ok(code) => code,
            Err(rejected) => return Outcome::Incomplete(Incompleteness::Rejected(rejected)),
        };
        let left = self.options.total_states.saturating_sub(self.states);
        let searched = search(&code, properties, self.options.max_states.min(left));
        self.states += searched.states;
        self.generated += searched.generated;
        self.bytes = self.bytes.max(searched.bytes);
        match searched.found {
            Found::Violation(trace) => Outcome::Violated(trace),
            Found::Clean => Outcome::Clean,
            Found::StateLimit => Outcome::Incomplete(Incompleteness::StateLimit),
            Found::NeverAtRest => Outcome::Incomplete(Incompleteness::NeverAtRest),
            Found::SlotLimit => Outcome::Incomplete(Incompleteness::SlotLimit),
        }
    }
}

/// A violation is worse than not knowing, which is worse than clean; of two
/// violations the cheaper trace is worse.
fn worse(a: Outcome, b: Outcome) -> Outcome {
    match (&a, &b) {
        (Outcome::Violated(x), Outcome::Violated(y)) if y.cost() < x.cost() => b,
        (Outcome::Violated(_), _) => a,
        (_, Outcome::Violated(_)) => b,
        (Outcome::Incomplete(_), _) => a,
        (Outcome::Clean, _) => b,
    }
}

fn depends(unknowns: usize, broken: &[Configuration], clean: &[Configuration], trace: Box<Trace>) -> Verdict {
    let safe_when = prime_implicants(unknowns, clean);
    let breaks_when = prime_implicants(unknowns, broken);
    let mut deciding: Vec<UnknownId> = safe_when
        .iter()
        .chain(&breaks_when)
        .flat_map(|condition| condition.literals.iter().map(|literal| literal.unknown))
        .collect();
    deciding.sort_unstable();
    deciding.dedup();
    Verdict::Depends { safe_when, breaks_when, deciding, trace }
}
