//! Steps with labels that may be used before they are placed.

use crate::explore::{Exit, Label, Origin, Step, StepKind};

/// First number of labels that are not yet placed; real labels stay far below.
const PENDING: u16 = 1 << 15;

/// The steps of one operation under construction.
#[derive(Default)]
pub(super) struct Assembler {
    steps: Vec<Step>,
    places: Vec<Option<u16>>,
}

impl Assembler {
    /// A label to be placed later.
    pub(super) fn label(&mut self) -> Label {
        self.places.push(None);
        Label(PENDING + u16::try_from(self.places.len() - 1).unwrap_or(PENDING - 1))
    }

    /// Puts a label before the next step.
    pub(super) fn place(&mut self, label: Label) {
        let here = u16::try_from(self.steps.len()).unwrap_or(u16::MAX);
        if let Some(place) = self.places.get_mut(usize::from(label.0 - PENDING)) {
            *place = Some(here);
        }
    }

    /// Appends a step.
    pub(super) fn push(&mut self, kind: StepKind, origin: Origin) {
        self.steps.push(Step::new(kind, origin));
    }

    /// Appends a conditional step.
    pub(super) fn push_step(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// What the last step does.
    pub(super) fn last(&self) -> Option<StepKind> {
        self.steps.last().map(|step| step.kind)
    }

    /// How many steps there are.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Takes back the steps from `start` on if they only jump: then every path through them is the same.
    pub(super) fn drop_jumps(&mut self, start: usize) {
        let only_jumps = |step: &Step| matches!(step.kind, StepKind::Branch { .. } | StepKind::Goto { .. });
        let to_inside = |step: &Step| {
            // A jump to a label that is not placed yet leaves the construct.
            let target = match step.kind {
                StepKind::Branch { to: Exit::Goto(label) } | StepKind::Goto { to: label } => label,
                _ => return false,
            };
            target
                .0
                .checked_sub(PENDING)
                .is_some_and(|at| self.places.get(usize::from(at)).is_some_and(Option::is_some))
        };
        if self.steps[start..].iter().all(|step| only_jumps(step) && to_inside(step)) {
            self.steps.truncate(start);
            let here = u16::try_from(start).unwrap_or(u16::MAX);
            for place in self.places.iter_mut().flatten() {
                *place = (*place).min(here);
            }
        }
    }

    /// The steps with every label where it was placed.
    pub(super) fn finish(self) -> Vec<Step> {
        let end = u16::try_from(self.steps.len()).unwrap_or(u16::MAX);
        let places = self.places;
        let map = |label: Label| {
            let place = label.0.checked_sub(PENDING).map(|at| places.get(usize::from(at)).copied().flatten());
            Label(place.map_or(label.0, |place| place.unwrap_or(end)))
        };
        let mut steps = self.steps;
        for step in &mut steps {
            *step = step.map_labels(map);
        }
        // A label behind the last step needs something to stand on.
        steps.push(Step::new(StepKind::End, 0));
        steps
    }
}

/// An exit to a label.
pub(super) fn to(label: Label) -> Exit {
    Exit::Goto(label)
}
