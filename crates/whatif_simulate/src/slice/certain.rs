//! What an operation has certainly done when it answers that it worked.

use crate::explore::{EffectId, Label, Operation, Step, StepKind};
use std::cell::RefCell;

/// The first effect on every way to a successful answer. One of two stores behind a switch is on no such way.
pub(super) fn effect(operation: &Operation) -> Option<EffectId> {
    let steps = operation.steps.iter().enumerate().filter(|(_, step)| step.only_if.is_none());
    let mut effects = steps.filter_map(|(at, step)| match step.kind {
        StepKind::Write { effect: Some(applies), .. } => Some((at, applies.effect)),
        _ => None,
    });
    effects.find(|(at, _)| !answers_without(&operation.steps, *at)).map(|(_, effect)| effect)
}

/// Whether some way to a successful answer goes around a step.
fn answers_without(steps: &[Step], around: usize) -> bool {
    let mut seen = vec![false; steps.len()];
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        let Some(step) = steps.get(at).filter(|_| at != around && !std::mem::replace(&mut seen[at], true)) else {
            continue;
        };
        match step.kind {
            StepKind::Respond { ok: true } => return true,
            StepKind::Respond { ok: false } | StepKind::End => continue,
            _ => {}
        }
        open.extend(labels(*step).into_iter().map(Label::index));
        if !matches!(step.kind, StepKind::Goto { .. }) {
            open.push(at + 1);
        }
    }
    false
}

fn labels(step: Step) -> Vec<Label> {
    let found = RefCell::new(Vec::new());
    let _ = step.map_labels(|label| {
        found.borrow_mut().push(label);
        label
    });
    found.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Applies, Exit, Guard, ServiceId, WriteKind};

    fn operation(kinds: &[StepKind]) -> Operation {
        let steps = kinds.iter().map(|kind| Step::new(*kind, 0)).collect();
        Operation { name: "add".to_owned(), service: ServiceId(0), steps, resumes: false }
    }

    fn apply(effect: u8) -> StepKind {
        StepKind::Write {
            item: None,
            kind: WriteKind::Set(1),
            guard: Guard::None,
            token: None,
            effect: Some(Applies { effect: EffectId(effect), undo: false }),
            on_conflict: Exit::Next,
        }
    }

    const OK: StepKind = StepKind::Respond { ok: true };
    const END: StepKind = StepKind::End;

    fn branch(label: u16) -> StepKind {
        StepKind::Branch { to: Exit::Goto(Label(label)) }
    }

    #[test]
    fn a_straight_way_applies_its_first_effect() {
        assert_eq!(effect(&operation(&[apply(0), apply(1), OK, END])), Some(EffectId(0)));
    }

    #[test]
    fn one_of_two_arms_is_not_certain_but_what_follows_is() {
        let switch = [branch(3), apply(0), StepKind::Goto { to: Label(4) }, apply(1)];
        assert_eq!(effect(&operation(&[&switch[..], &[OK, END]].concat())), None);
        assert_eq!(effect(&operation(&[&switch[..], &[apply(2), OK, END]].concat())), Some(EffectId(2)));
    }

    #[test]
    fn a_way_that_fails_does_not_count() {
        let steps = [branch(4), apply(0), OK, END, StepKind::Respond { ok: false }, END];
        assert_eq!(effect(&operation(&steps)), Some(EffectId(0)));
    }
}
