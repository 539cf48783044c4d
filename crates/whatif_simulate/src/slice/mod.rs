//! From the model to the explorer and back: one slice per operation, one verdict per question.
//!
//! A slice holds the operation, the operations it calls as far as they change state, the handlers of
//! what it publishes, and every other operation that writes an item it writes. Queries are left out
//! before the first change (failing there leaves nothing behind) and kept as calls that may time out
//! after it. What nothing states becomes an unknown of the slice.

mod assemble;
mod build;
mod causes;
mod certain;
mod changes;
mod compile;
mod entity;
mod partition;
mod promises;
mod regions;
mod slow;
mod stems;
mod words;

use crate::explore::{self, Options, Question};
use build::Built;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::EffectKind;
use whatif_model::promise::Promise;
use whatif_model::system::{Operation, OperationId, System};
use whatif_model::verdict::{Bounds, Dependence, MatrixRow, Mindset, Verdict};

/// Distinct states per operation and question; smaller than the explorer's own limit, so that a hundred
/// operations stay within seconds.
const STATES_MAX: usize = 100_000;

/// Distinct states per operation and question over all values of what is not known: half a second.
const STATES_TOTAL_MAX: usize = 150_000;

/// What is asked of every operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// What the users promise.
    pub promises: &'a [Promise],
    /// Which questions.
    pub questions: &'a [Mindset],
    /// Distinct states per operation and question; none for the usual limit.
    pub max_states: Option<usize>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// One row per operation that serves somebody.
    pub rows: Vec<MatrixRow>,
    /// The promises (by position) that are about no operation.
    pub idle: Vec<usize>,
}

/// Answers the questions for every operation that serves somebody, in operation order. `progress` is
/// told how many of how many are done.
pub fn answer(system: &System, asked: Asked<'_>, progress: &(dyn Fn(usize, usize) + Sync)) -> Answers {
    let Asked { promises, questions, max_states } = asked;
    let ids: Vec<OperationId> =
        system.operation_ids().filter(|(_, operation)| has_row(operation)).map(|(id, _)| id).collect();
    let total = ids.len();
    let done = AtomicUsize::new(0);
    let applies: Vec<AtomicBool> = promises.iter().map(|_| AtomicBool::new(false)).collect();
    let rows = ids
        .into_par_iter()
        .map(|id| {
            progress(done.fetch_add(1, Ordering::Relaxed), total);
            let built = build::build(system, promises, id, false);
            let repeated = build::build(system, promises, id, true);
            built.stated.iter().for_each(|at| applies[*at].store(true, Ordering::Relaxed));
            let verdicts = Mindset::ALL.map(|question| {
                if questions.contains(&question) {
                    let built = if question == Mindset::Twice { &repeated } else { &built };
                    verdict(system, id, built, question, max_states)
                } else {
                    not("it was not asked for")
                }
            });
            MatrixRow { operation: id, verdicts }
        })
        .collect();
    let idle = (0..promises.len()).filter(|at| !applies[*at].load(Ordering::Relaxed)).collect();
    Answers { rows, idle }
}

/// Operations that serve a caller, a message or a schedule and do something outside themselves; and those
/// only a contract shows, if they change state.
fn has_row(operation: &Operation) -> bool {
    let serves = !operation.background || matches!(operation.trigger, Trigger::Message { .. } | Trigger::Schedule(_));
    let changes = operation.mutates.holds(|mutates| *mutates);
    let reaches_out = operation.flow.effects.iter().any(|effect| {
        matches!(
            effect.kind,
            EffectKind::Call { .. } | EffectKind::Read { .. } | EffectKind::Write { .. } | EffectKind::Publish { .. }
        )
    });
    serves && (changes || (operation.implemented && reaches_out))
}

fn not(reason: &str) -> Verdict {
    Verdict::NotAsked(reason.to_owned())
}

fn verdict(
    system: &System,
    id: OperationId,
    built: &Built<'_>,
    question: Mindset,
    max_states: Option<usize>,
) -> Verdict {
    let operation = &system[id];
    let explored = match question {
        Mindset::Partition => Question::Partition,
        Mindset::Slow => return slow::verdict(system, id),
        Mindset::Halfway => Question::Halfway,
        Mindset::Twice => Question::Twice,
        Mindset::Together => Question::Together,
    };
    if operation.mutates.holds(|mutates| !mutates) {
        return match question {
            Mindset::Halfway | Mindset::Partition => not("it changes nothing"),
            _ => Verdict::Holds(Bounds { explored: "it changes nothing".to_owned(), ..Bounds::default() }),
        };
    }
    if !operation.implemented && question != Mindset::Twice {
        return not("its code was not read");
    }
    let options = Options {
        max_states: max_states.unwrap_or(STATES_MAX),
        total_states: max_states.unwrap_or(STATES_TOTAL_MAX),
        ..Options::default()
    };
    // What the users promise themselves comes first, however short other ways to break something are.
    let stated = promises::verdict(built, explored, &options);
    if let Some(verdict @ Verdict::Violated(_)) = stated {
        return verdict;
    }
    let answer = explore::check(&built.slice, explored, &options);
    let verdict = words::verdict(built, explored, &options, answer);
    match (explored, verdict) {
        (_, verdict @ Verdict::Violated(_)) => verdict,
        (_, verdict) if stated.is_some() => stated.unwrap_or(verdict),
        (Question::Partition, Verdict::Holds(bounds)) => partition::leases(built, &options, bounds),
        (Question::Together, Verdict::Holds(_)) if !built.unread.is_empty() => unread(built),
        (_, verdict) => verdict,
    }
}

/// Nobody knows whether what was not read keeps two concurrent changes apart.
fn unread(built: &Built<'_>) -> Verdict {
    let mut names: Vec<String> = built.unread.iter().map(|address| format!("`{address}`")).collect();
    names.sort_unstable();
    names.dedup();
    let safe_if = vec![format!("{} keeps concurrent changes apart; its code was not read", names.join(" and "))];
    Verdict::Depends(Dependence { safe_if, unknowns: Vec::new(), trace: None })
}
