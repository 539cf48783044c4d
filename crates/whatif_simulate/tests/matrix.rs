//! Every canonical flaw against every practice: what each practice alone
//! makes of it. The table is reviewed; `WHATIF_UPDATE=1` writes it anew.

#![allow(clippy::unwrap_used)]

mod catalogue;
mod world;

use catalogue::Scenario;
use std::fmt::Write as _;
use whatif_simulate::explore::*;

fn said(slice: &Slice, question: Question) -> String {
    match check(slice, question, &Options::default()).verdict {
        Verdict::Holds { .. } => "holds".to_owned(),
        Verdict::Incomplete { reason, .. } => format!("incomplete, {reason:?}"),
        Verdict::Violated(trace) => {
            format!("{} in {} steps, {} faults", trace.breach.property.code(), trace.steps.len(), trace.faults)
        }
        other => format!("{other:?}"),
    }
}

fn row(scenario: &Scenario) -> String {
    let Scenario { name, question, world } = scenario;
    let mut text = format!("{name}: {question:?}\n  as it is: {}\n", said(&world.slice, *question));
    for practice in Practice::ALL {
        if let Some(changed) = practice.applied(&world.slice) {
            let _ = writeln!(text, "  {practice:?}: {}", said(&changed, *question));
        }
    }
    let repair = repair(&world.slice, *question, &Options::default());
    let smallest = repair.map_or("none".to_owned(), |repair| format!("{:?}", repair.practices));
    let _ = writeln!(text, "  smallest repair: {smallest}\n");
    text
}

#[test]
fn every_flaw_against_every_practice() {
    let found: String = catalogue::all().iter().map(row).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix.txt");
    if std::env::var_os("WHATIF_UPDATE").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    assert!(!found.contains("smallest repair: none"), "a flaw has no repair:\n{found}");
    let reviewed = std::fs::read_to_string(path).unwrap();
    assert!(found == reviewed, "the matrix changed:\n{found}");
}

#[test]
fn every_flaw_is_found() {
    for Scenario { name, question, world } in catalogue::all() {
        let verdict = check(&world.slice, question, &Options::default()).verdict;
        assert!(matches!(verdict, Verdict::Violated(_)), "{name}: {verdict:?}");
    }
}
