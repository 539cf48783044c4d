//! The engine and the plain explorer of [`reference`] say the same: the same
//! verdict, the same number of faults, the same length of the shortest way.

#![allow(clippy::unwrap_used)]

mod random;
mod reference;
mod world;

use random::random_world;
use reference::{Count, Outcome};
use std::collections::BTreeMap;
use whatif_simulate::explore::*;
use world::*;

/// Programs compared in an ordinary run; `WHATIF_PROGRAMS` asks for more.
const PROGRAMS: u64 = 50;
/// States of the plain explorer before a program counts as too large;
/// `WHATIF_STATES` asks for more.
const PLAIN_STATES: u64 = 1_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn bounds(question: Question) -> Bounds {
    Bounds { deliveries: 2, ..question.bounds() }
}

fn engine(world: &World, question: Question, reductions: Reductions) -> Verdict {
    let options = Options { max_states: 60_000, reductions, bounds: Some(bounds(question)), ..Options::default() };
    check(&world.slice, question, &options).verdict
}

/// What the engine found, in the words of the plain explorer; none when it
/// did not look at everything.
fn outcome(verdict: &Verdict) -> Option<Outcome> {
    match verdict {
        Verdict::Violated(trace) => {
            Some(Outcome::Broken { property: trace.breach.property, faults: trace.faults, steps: trace.steps.len() })
        }
        Verdict::Holds { .. } => Some(Outcome::Clean),
        Verdict::Depends { .. } => unreachable!("no unknowns"),
        Verdict::Incomplete { .. } => None,
    }
}

/// Fewest faults and the length of the shortest way with as few. Which of
/// several promises breaks at the end of equally short ways may differ.
fn cost(outcome: Outcome) -> Option<(u8, usize)> {
    match outcome {
        Outcome::Broken { faults, steps, .. } => Some((faults, steps)),
        Outcome::Clean | Outcome::TooLarge => None,
    }
}

fn faults(outcome: Outcome) -> Option<u8> {
    cost(outcome).map(|(faults, _)| faults)
}

fn shown(world: &World, verdict: &Verdict) -> String {
    let mut lines = Vec::new();
    for operation in &world.slice.program.operations {
        lines.push(format!("{} in {:?} resumes {}", operation.name, operation.service, operation.resumes));
        lines.extend(operation.steps.iter().enumerate().map(|(at, step)| format!("  {at} {:?}", step.kind)));
    }
    lines.push(format!("{:?}\n{:?}", world.slice.client, world.slice.promises));
    if let Verdict::Violated(trace) = verdict {
        lines.push(text(world, trace));
    }
    lines.join("\n")
}

/// What was compared.
#[derive(Default, Debug)]
struct Tally {
    /// Counterexamples that need a fault, by question.
    faulty: BTreeMap<Question, u32>,
    broken: u32,
    clean: u32,
    lengths: u32,
    large: u32,
}

/// Where the cone may find more than all steps together show.
///
/// A message its handler never acknowledges is delivered again for ever, so
/// nothing is at rest within the bounds; where it has nothing to do with the
/// promises the cone looks past it. And what is broken anyway may be so with a
/// cut that is felt only where no promise looks.
fn looks_past(world: &World, question: Question, found: Outcome, expected: Outcome) -> bool {
    let program = &world.slice.program;
    let handlers = program.topics.iter().flat_map(|topic| &topic.consumers);
    let mut handlers = handlers.map(|handler| &program.operations[handler.index()].steps);
    let may_leave = |kind: &StepKind| match kind {
        StepKind::DedupMark { unique, .. } => *unique,
        StepKind::DedupCheck { in_flight, .. } => *in_flight != InFlight::Wait,
        _ => false,
    };
    let unacknowledged = handlers
        .any(|steps| steps.iter().all(|step| step.kind != ACK) || steps.iter().any(|step| may_leave(&step.kind)));
    match (faults(found), faults(expected)) {
        (Some(found), Some(expected)) => found < expected && (unacknowledged || question == Question::Partition),
        (found, _) => found.is_some() && unacknowledged,
    }
}

/// One way to run the engine, and how the plain explorer counts then.
struct Setting {
    name: &'static str,
    reductions: Reductions,
    count: Count,
}

/// Only what leaves lengths as they are may differ from one setting to the
/// other; the cone drops steps, so it is compared by verdict and faults.
const SETTINGS: [Setting; 2] = [
    Setting { name: "stepwise", reductions: Reductions::NONE, count: Count::EveryStep },
    Setting { name: "reduced", reductions: Reductions { cone: false, ..Reductions::ALL }, count: Count::Noticed },
];

fn compare(seed: u64, question: Question, tally: &mut Tally) -> Result<(), String> {
    let world = random_world(seed);
    let limit = usize::try_from(setting("WHATIF_STATES", PLAIN_STATES)).unwrap();
    let plain = |count| reference::ask(&world.slice, question, bounds(question), count, limit);
    let reduced = engine(&world, question, Reductions::ALL);
    let (Some(found), Outcome::Broken { .. } | Outcome::Clean) = (outcome(&reduced), plain(Count::Noticed)) else {
        tally.large += 1;
        return Ok(());
    };
    *tally.faulty.entry(question).or_default() += u32::from(faults(found).is_some_and(|faults| faults > 0));
    *(if found == Outcome::Clean { &mut tally.clean } else { &mut tally.broken }) += 1;
    for Setting { name, reductions, count } in SETTINGS {
        let verdict = engine(&world, question, reductions);
        let (Some(exact), expected) = (outcome(&verdict), plain(count)) else { continue };
        if expected == Outcome::TooLarge {
            continue;
        }
        let same_end = cost(exact) == cost(expected);
        if faults(found) != faults(expected) && !(same_end && looks_past(&world, question, found, expected)) {
            let shown = shown(&world, &reduced);
            return Err(format!("seed {seed} {question:?}: engine {found:?}, plain {expected:?}\n{shown}"));
        }
        if cost(exact) != cost(expected) {
            let shown = shown(&world, &verdict);
            return Err(format!("seed {seed} {question:?} {name}: engine {exact:?}, plain {expected:?}\n{shown}"));
        }
        tally.lengths += 1;
    }
    Ok(())
}

#[test]
fn engine_and_plain_explorer_agree() {
    let first = setting("WHATIF_SEED", 0);
    let programs = setting("WHATIF_PROGRAMS", PROGRAMS);
    let mut tally = Tally::default();
    let mut wrong = Vec::new();
    for seed in first..first + programs {
        for question in Question::EXPLORED {
            wrong.extend(compare(seed, question, &mut tally).err());
        }
    }
    println!("{tally:?}, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong[..wrong.len().min(4)].join("\n\n"));
    // The generator must produce both verdicts, often, and faults must matter.
    assert!(tally.faulty.values().sum::<u32>() > 10, "{tally:?}");
    assert!(u64::from(tally.broken.min(tally.clean)) > programs / 10, "{tally:?}");
}
