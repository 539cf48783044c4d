//! What can have happened before what in one run of an operation, and how it can still end.

use std::collections::{BTreeMap, BTreeSet};
use whatif_model::flow::{EffectId, EffectKind, Flow, Outcome, Step};

/// The possible orders of the effects of one flow.
///
/// A loop is followed once: what two of its rounds do to each other is no order of effects.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    before: BTreeMap<EffectId, BTreeSet<EffectId>>,
    ends: BTreeMap<EffectId, Ends>,
}

/// How a run can end after an effect.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    failing: bool,
    otherwise: bool,
}

/// What may have happened so far on some way to a place; `None`: no way leads there.
type SoFar = Option<BTreeSet<EffectId>>;

impl Sequence {
    /// Follows every way through a flow.
    pub(crate) fn of(flow: &Flow) -> Self {
        let mut sequence = Self::default();
        if let Some(all) = sequence.block(flow, &flow.steps, Some(BTreeSet::new())) {
            sequence.end(&all, Outcome::Success);
        }
        sequence
    }

    /// Whether a run exists in which `first` happens and `later` after it.
    pub(crate) fn precedes(&self, first: EffectId, later: EffectId) -> bool {
        self.before.get(&later).is_some_and(|before| before.contains(&first))
    }

    /// Whether a run exists in which both happen.
    pub(crate) fn meets(&self, one: EffectId, other: EffectId) -> bool {
        self.precedes(one, other) || self.precedes(other, one)
    }

    /// Whether every run that gets to this effect tells its caller that it failed.
    pub(crate) fn only_fails_after(&self, effect: EffectId) -> bool {
        self.ends.get(&effect).is_some_and(|ends| ends.failing && !ends.otherwise)
    }

    /// Depth is bounded by construction, see [`whatif_model::limits::DEPTH_MAX`].
    fn block(&mut self, flow: &Flow, steps: &[Step], mut so_far: SoFar) -> SoFar {
        for step in steps {
            so_far = self.step(flow, step, so_far?);
        }
        so_far
    }

    fn step(&mut self, flow: &Flow, step: &Step, so_far: BTreeSet<EffectId>) -> SoFar {
        match step {
            Step::Effect(id) => Some(self.effect(flow, *id, so_far)),
            Step::Return { outcome, .. } => {
                self.end(&so_far, *outcome);
                None
            }
            Step::Branch { arms, .. } => {
                let ways = arms.iter().map(|arm| self.block(flow, arm, Some(so_far.clone())));
                ways.fold(None, joined)
            }
            Step::Loop { body, .. } => {
                let once = self.block(flow, body, Some(so_far.clone()));
                joined(Some(so_far), once)
            }
            // Nobody waits for it: what follows may come before or after.
            Step::Spawn { body, .. } => {
                let started = self.block(flow, body, Some(so_far.clone()));
                joined(Some(so_far), started)
            }
            Step::Try { body, handler, finally, .. } => {
                let begun: BTreeSet<EffectId> = so_far.iter().copied().chain(effects_in(body)).collect();
                let worked = self.block(flow, body, Some(so_far));
                let failed = self.block(flow, handler, Some(begun));
                self.block(flow, finally, joined(worked, failed))
            }
            Step::Transaction { body, .. } | Step::Locked { body, .. } => self.block(flow, body, Some(so_far)),
        }
    }

    fn effect(&mut self, flow: &Flow, id: EffectId, mut so_far: BTreeSet<EffectId>) -> BTreeSet<EffectId> {
        self.before.entry(id).or_default().extend(&so_far);
        if let Some(EffectKind::Respond(outcome)) = flow.effect(id).map(|effect| &effect.kind) {
            self.end(&so_far, *outcome);
        }
        so_far.insert(id);
        so_far
    }

    fn end(&mut self, so_far: &BTreeSet<EffectId>, outcome: Outcome) {
        for effect in so_far {
            let ends = self.ends.entry(*effect).or_default();
            ends.failing |= outcome == Outcome::Failure;
            ends.otherwise |= outcome != Outcome::Failure;
        }
    }
}

fn joined(one: SoFar, other: SoFar) -> SoFar {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.union(&other).copied().collect()),
        (one, other) => one.or(other),
    }
}

fn effects_in(steps: &[Step]) -> Vec<EffectId> {
    let inner = |step: &Step| match step {
        Step::Effect(id) => vec![*id],
        other => other.blocks().into_iter().flat_map(effects_in).collect(),
    };
    steps.iter().flat_map(inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatif_model::text::{FileId, Range, Span};

    fn span() -> Span {
        Range::new(0, 1).in_file(FileId::of("a"))
    }

    fn steps(numbers: &[u32]) -> Vec<Step> {
        numbers.iter().map(|number| Step::Effect(EffectId(*number))).collect()
    }

    fn failing() -> Step {
        Step::Return { outcome: Outcome::Failure, span: span() }
    }

    fn sequence(steps: Vec<Step>) -> Sequence {
        Sequence::of(&Flow { steps, ..Flow::default() })
    }

    #[test]
    fn arms_exclude_each_other_and_what_returned_comes_before_nothing() {
        let gives_up = [steps(&[1]), vec![failing()]].concat();
        let arms = vec![gives_up, steps(&[2])];
        let flow = [steps(&[0]), vec![Step::Branch { arms, span: span() }], steps(&[3])].concat();
        let order = sequence(flow);
        let before = |a, b| order.precedes(EffectId(a), EffectId(b));
        assert!(before(0, 1) && before(0, 3) && before(2, 3));
        assert!(!before(1, 2) && !before(1, 3) && !before(3, 0));
        assert!(order.only_fails_after(EffectId(1)) && !order.only_fails_after(EffectId(0)));
    }

    #[test]
    fn a_handler_runs_after_any_part_of_the_body() {
        let guarded = Step::Try { body: steps(&[0, 1]), handler: steps(&[2]), finally: steps(&[3]), span: span() };
        let order = sequence(vec![guarded]);
        let before = |a, b| order.precedes(EffectId(a), EffectId(b));
        assert!(before(0, 2) && before(1, 2) && before(2, 3) && before(1, 3));
        assert!(!order.precedes(EffectId(2), EffectId(1)));
    }
}
