//! How fast the explorer is and how much memory a state takes.
//!
//! Run with `cargo bench -p whatif_simulate`. The large slice is a keyed
//! design with two requests under loss, duplication and crash; the voting
//! round of a two-phase commit with eight resource managers has the shape
//! other explorers are measured with; the small slices are what a review asks
//! a hundred times five. Times are those of the processor where the system
//! tells them, so that a busy machine does not show.

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
    // One of them by its name, or all.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let runs = [("large", large as fn()), ("votes", || votes(8)), ("review", review)];
    for (_, run) in runs.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name)) {
        run();
    }
}

/// Seconds of processor time used so far: the user time of the process in
/// ticks of a hundredth (`proc(5)`), or else time as it passes.
fn seconds(since: Instant) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().nth(11).and_then(|ticks| ticks.parse::<f64>().ok());
    ticks.map_or_else(|| since.elapsed().as_secs_f64(), |ticks| ticks / 100.0)
}

/// A coordinator asks every resource manager, and each prepares and votes or
/// refuses; nothing is alike, so no symmetry helps.
fn votes(managers: u8) {
    let mut world = World::new(client(1, KeyPassing::Derived));
    let coordinator = world.service("coordinator");
    let mut steps = Vec::new();
    for manager in 0..managers {
        let service = world.service(&format!("manager {manager}"));
        let (prepared, voted) = (world.effect("prepare"), world.effect("vote"));
        let vote = world.operation("vote", coordinator, [apply(voted)]);
        let refuse = StepKind::Branch { to: to(3) };
        let prepare = world.operation("prepare", service, [refuse, apply(prepared), call_async(vote)]);
        steps.push(call_async(prepare));
    }
    steps.push(OK);
    world.entry("commit", coordinator, steps);
    let bounds = Bounds { faults: Budget::NONE, client_attempts: 1, requests: 1, ..Question::Twice.bounds() };
    let options = Options { max_states: 2_000_000, bounds: Some(bounds), ..Options::default() };
    let start = seconds(Instant::now());
    let answer = black_box(check(&world.slice, Question::Twice, &options));
    report(&format!("votes of {managers} resource managers"), &answer, start);
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
    let start = seconds(Instant::now());
    let answer = black_box(check(&world.slice, Question::Twice, &options));
    report("two keyed requests, 3 faults", &answer, start);
}

fn call_async(operation: OperationId) -> StepKind {
    StepKind::Call {
        operation,
        mode: CallMode::Async,
        attempts: 1,
        retry_on_error: false,
        until_ok: false,
        key: KeyPassing::Forward,
        on_error: Exit::Next,
        on_timeout: Exit::Next,
    }
}

fn review() {
    let world = keyed(2);
    let questions = Question::EXPLORED;
    for question in questions {
        let start = seconds(Instant::now());
        let answer = check(&world.slice, question, &Options::default());
        report(&format!("{question:?}"), &answer, start);
    }
    let start = seconds(Instant::now());
    let mut states = 0;
    for _ in 0..100 {
        for question in questions {
            let answer = check(&world.slice, question, &Options::default());
            states += black_box(answer).states;
        }
    }
    let seconds = seconds(Instant::now()) - start;
    println!("100 operations x 3 questions: {states} states, {seconds:.3} s");
}

fn report(name: &str, answer: &Answer, start: f64) {
    let seconds = seconds(Instant::now()) - start;
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
