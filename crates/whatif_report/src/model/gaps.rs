//! What was seen and not understood, and what nobody states: silence is a bug.

use super::words::policy;
use crate::Report;
use crate::place::short;
use crate::text::clean;
use whatif_model::effective::State;

/// Everything that was seen and not understood, in file order.
pub fn ignored(report: &Report<'_>) -> String {
    let mut lines: Vec<String> = report
        .system
        .ignored
        .iter()
        .map(|ignored| format!("{}: {}\n", clean(&short(report.sources, ignored.span)), clean(&ignored.reason)))
        .collect();
    let problems = report.system.problems.iter();
    lines.extend(problems.map(|problem| format!("{}: problem: {}\n", clean(&problem.path), clean(&problem.message))));
    lines.concat()
}

/// Every edge with an effective attribute nobody states, and every flow that could not be followed to its end.
pub fn unknown(report: &Report<'_>) -> String {
    let system = report.system;
    let mut out = String::new();
    for edge in system.edges.iter().filter(|edge| !edge.platform) {
        let effective = system.effective(edge);
        let states = [
            ("timeout", effective.timeout.state),
            ("retry", effective.retry.state),
            ("circuit breaker", effective.breaker.state),
            ("idempotency", effective.idempotency.state),
        ];
        let open: Vec<&str> =
            states.iter().filter(|(_, state)| *state == State::Unknown).map(|(name, _)| *name).collect();
        if !open.is_empty() {
            let known = policy(&effective);
            let known = if known.is_empty() { String::new() } else { format!(" (known: {known})") };
            let (from, to) = (system.address(edge.from), system.address(edge.to));
            out.push_str(&clean(&format!("{from} -> {to}: unknown {}{known}", open.join(", "))));
            out.push('\n');
        }
    }
    for operation in &system.operations {
        for cut in &operation.flow.cut {
            let place = short(report.sources, cut.span);
            out.push_str(&clean(&format!("{}: not followed: {} ({place})", operation.address, cut.reason)));
            out.push('\n');
        }
    }
    out
}
