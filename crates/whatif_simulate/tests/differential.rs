//! Small random programs: every reduction may change how many states there
//! are, but neither the verdict nor the fewest faults.

#![allow(clippy::unwrap_used)]

mod random;
mod world;

use random::random_world;
use whatif_simulate::explore::*;
use world::*;

const PROGRAMS: u64 = 40;
const MAX_STATES: usize = 3_000;

/// The verdict and the number of faults; none when not exhaustive.
fn essence(world: &World, question: Question, reductions: Reductions) -> Option<Option<u8>> {
    let options = Options {
        max_states: MAX_STATES,
        reductions,
        bounds: Some(Bounds { deliveries: 2, ..question.bounds() }),
        ..Options::default()
    };
    match check(&world.slice, question, &options).verdict {
        Verdict::Violated(trace) => Some(Some(trace.faults)),
        Verdict::Holds { .. } => Some(None),
        Verdict::Depends { .. } => unreachable!("no unknowns"),
        Verdict::Incomplete { .. } => None,
    }
}

fn variants() -> Vec<(&'static str, Reductions)> {
    let all = Reductions::ALL;
    vec![
        ("collapse", Reductions { collapse: false, ..all }),
        ("fuse", Reductions { fuse: false, ..all }),
        ("anonymise", Reductions { anonymise: false, ..all }),
        ("symmetry", Reductions { symmetry: false, ..all }),
        ("cone", Reductions { cone: false, ..all }),
        ("dominance", Reductions { dominance: false, ..all }),
        ("all", Reductions::NONE),
    ]
}

/// The program and a trace with or without reductions.
fn shown(world: &World, question: Question, without: Reductions) -> String {
    let mut lines = Vec::new();
    for operation in &world.slice.program.operations {
        lines.push(operation.name.clone());
        let steps = operation.steps.iter();
        lines.extend(steps.map(|step| format!("  {} {:?}", step.origin, step.kind)));
    }
    for reductions in [Reductions::ALL, without] {
        let options = Options { reductions, ..Options::default() };
        if let Verdict::Violated(trace) = check(&world.slice, question, &options).verdict {
            lines.push(text(world, &trace));
        }
    }
    lines.join("\n")
}

#[test]
fn reductions_change_neither_verdict_nor_faults() {
    let mut compared = [0u32; 2];
    for seed in 0..PROGRAMS {
        let world = random_world(seed);
        for question in Question::EXPLORED {
            let Some(expected) = essence(&world, question, Reductions::ALL) else {
                continue;
            };
            for (name, reductions) in variants() {
                let Some(found) = essence(&world, question, reductions) else {
                    continue;
                };
                compared[usize::from(expected.is_some())] += 1;
                assert_eq!(
                    found,
                    expected,
                    "seed {seed} {question:?} without {name}\n{}",
                    shown(&world, question, reductions)
                );
            }
        }
    }
    // The generator must produce both verdicts, often.
    assert!(compared.iter().all(|count| *count > 100), "{compared:?}");
}
