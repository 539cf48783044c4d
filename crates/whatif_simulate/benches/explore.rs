//! How fast the explorer is and how much memory a state takes.
//!
//! Run with `cargo bench -p whatif_simulate`. The large slice is a keyed
//! design with two requests under loss, duplication and crash, without
//! reductions that would make it small; the small slices are what a review
//! asks a hundred times five.

#![allow(clippy::print_stdout, missing_docs)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::hint::black_box;
use std::time::Instant;
use whatif_simulate::explore::*;
use world::*;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    large();
    review();
}

fn keyed(attempts: u8) -> World {
    let mut world = World::new(client(attempts, KeyPassing::Derived));
    let payments = world.service("payments");
    let ledger = world.service("ledger");
    let charge = world.effect("charge");
    let entry = world.effect("entry");
    let keys = world.table("keys", ORDERS);
    let entries = world.table("entries", STOCK);
    let mark = unique_key(entries, Exit::ReplyOk);
    let steps = [begin(STOCK), mark, apply(entry), COMMIT, OK];
    let record = world.operation("record", ledger, steps);
    let mark = unique_key(keys, to(4));
    let steps = [begin(ORDERS), mark, apply(charge), COMMIT, call(record, 2, Exit::ReplyError), OK];
    world.entry("charge", payments, steps);
    world
}

fn large() {
    let world = keyed(2);
    let bounds = Bounds {
        requests: 2,
        client_attempts: 2,
        faults: Budget::one_of_each(&[Fault::Crash, Fault::Lose, Fault::Duplicate], 3),
        ..Question::Twice.bounds()
    };
    let options = Options { max_states: 1_000_000, bounds: Some(bounds), ..Options::default() };
    let start = Instant::now();
    let answer = black_box(check(&world.slice, Question::Twice, &options));
    report("two keyed requests, 3 faults", &answer, start);
}

fn review() {
    let world = keyed(2);
    let questions = Question::EXPLORED;
    for question in questions {
        let start = Instant::now();
        let answer = check(&world.slice, question, &Options::default());
        report(&format!("{question:?}"), &answer, start);
    }
    let start = Instant::now();
    let mut states = 0;
    for _ in 0..100 {
        for question in questions {
            let answer = check(&world.slice, question, &Options::default());
            states += black_box(answer).states;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("100 operations x 3 questions: {states} states, {seconds:.3} s");
}

fn report(name: &str, answer: &Answer, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let states = answer.states;
    #[allow(clippy::cast_precision_loss)]
    let (rate, generated, bytes) =
        (states as f64 / seconds / 1e6, answer.generated as f64 / seconds / 1e6, answer.bytes as f64 / states as f64);
    let kind = match answer.verdict {
        Verdict::Violated(_) => "violated",
        Verdict::Holds { .. } => "holds",
        Verdict::Depends { .. } => "depends",
        Verdict::Incomplete { .. } => "incomplete",
    };
    println!(
        "{name}: {kind}, {states} states, {seconds:.3} s, {rate:.2} M states/s, {generated:.2} M generated/s, {bytes:.1} bytes/state"
    );
}
