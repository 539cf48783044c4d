//! Vector clocks of the steps of a trace (Fidge and Mattern).

use std::collections::BTreeMap;
use whatif_model::verdict::Trace;

/// How many of its own steps each actor has taken, as far as somebody knows.
pub(super) type Clock<'t> = BTreeMap<&'t str, usize>;

/// One clock per step: what the step can know of all others.
pub(super) fn clocks(trace: &Trace) -> Vec<Clock<'_>> {
    let mut clocks: Vec<Clock<'_>> = Vec::new();
    let mut latest: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, step) in trace.steps.iter().enumerate() {
        let mut clock = Clock::new();
        let known = latest.get(step.actor.as_str()).into_iter().chain(&step.after);
        for earlier in known.filter_map(|earlier| clocks.get(*earlier)) {
            for (actor, count) in earlier {
                let own = clock.entry(actor).or_default();
                *own = (*own).max(*count);
            }
        }
        *clock.entry(&step.actor).or_default() += 1;
        clocks.push(clock);
        latest.insert(&step.actor, at);
    }
    clocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatif_model::verdict::TraceStep;

    fn step(actor: &str, after: &[usize]) -> TraceStep {
        TraceStep { actor: actor.to_owned(), after: after.to_vec(), ..TraceStep::default() }
    }

    #[test]
    fn a_step_knows_what_it_waited_for_and_nothing_else() {
        let steps = vec![step("client", &[]), step("orders", &[0]), step("client", &[]), step("orders", &[2])];
        let trace = Trace { steps, ..Trace::default() };
        let clocks = clocks(&trace);
        assert_eq!(clocks[1], Clock::from([("client", 1), ("orders", 1)]));
        assert_eq!(clocks[2], Clock::from([("client", 2)]));
        assert_eq!(clocks[3], Clock::from([("client", 2), ("orders", 2)]));
    }
}
