//! One list of steps for all operations, with an ending for each exit.

use super::super::Reductions;
use super::super::limits;
use super::super::program::{Exit, Isolation, Label, Need, Operation, Origin, Program, StepKind};
use super::{Entries, NOWHERE, Rejected};

pub(super) struct Flat {
    pub(super) steps: Vec<StepKind>,
    pub(super) needs: Vec<Option<Need>>,
    pub(super) origins: Vec<Origin>,
    pub(super) operation_of: Vec<usize>,
    pub(super) entries: Vec<Entries>,
}

pub(super) fn flatten(program: &Program) -> Result<Flat, Rejected> {
    let mut flat = Flat {
        steps: Vec::new(),
        needs: Vec::new(),
        origins: Vec::new(),
        operation_of: Vec::new(),
        entries: Vec::new(),
    };
    for operation in &program.operations {
        flat.append(operation);
        if flat.steps.len() > limits::MAX_STEPS {
            return Err(Rejected::TooManySteps);
        }
    }
    Ok(flat)
}

/// Which steps belong to which transaction.
pub(super) struct Transactions {
    pub(super) begin_of: Vec<u16>,
    pub(super) collapsed: Vec<bool>,
    pub(super) open_exclusive: bool,
}

pub(super) fn transactions(
    steps: &[StepKind],
    operation_of: &[usize],
    reductions: Reductions,
) -> Result<Transactions, Rejected> {
    let mut found = Transactions {
        begin_of: vec![NOWHERE; steps.len()],
        collapsed: vec![false; steps.len()],
        open_exclusive: false,
    };
    for (begin, step) in steps.iter().enumerate() {
        let StepKind::Begin { isolation, .. } = step else {
            continue;
        };
        let inside = steps[begin + 1..]
            .iter()
            .zip(&operation_of[begin + 1..])
            .take_while(|(_, operation)| **operation == operation_of[begin])
            .position(|(step, _)| matches!(step, StepKind::Commit));
        let Some(length) = inside else { continue };
        if length > usize::from(limits::MAX_TRANSACTION_STEPS) {
            return Err(Rejected::TransactionTooLong);
        }
        let body = begin + 1..begin + 2 + length;
        let exclusive = *isolation == Isolation::Serializable;
        let local = steps[body.clone()].iter().all(|step| is_local(*step));
        let reads = steps[body.clone()].iter().any(|step| is_read(*step));
        let collapsed = reductions.collapse && local && (exclusive || !reads);
        found.open_exclusive |= exclusive && !collapsed;
        for pc in body {
            found.begin_of[pc] = pc_of(begin);
            found.collapsed[pc] = collapsed;
        }
        found.collapsed[begin] = collapsed;
    }
    Ok(found)
}

impl Flat {
    fn append(&mut self, operation: &Operation) {
        let index = self.entries.len();
        let base = self.steps.len();
        let end = base + operation.steps.len();
        let mut entries = Entries {
            first: pc_of(base),
            reply_ok: pc_of(end + 1),
            reply_error: pc_of(end + 4),
            resume: [NOWHERE; 16],
        };
        let label = |label: Label| Label(pc_of(base + label.index()));
        let (ok, error) = (entries.reply_ok, entries.reply_error);
        let exit = |exit: Exit| match exit {
            Exit::Goto(to) => Exit::Goto(label(to)),
            Exit::ReplyOk => Exit::Goto(Label(ok)),
            Exit::ReplyError => Exit::Goto(Label(error)),
            Exit::Next => Exit::Next,
        };
        let mut origin = 0;
        for step in &operation.steps {
            origin = step.origin;
            let needs = step.needs.map(|need| Need { or_else: exit(need.or_else), ..need });
            self.push(step.kind.map_exits(exit, label), origin, index);
            if let Some(last) = self.needs.last_mut() {
                *last = needs;
            }
            if let StepKind::SagaLog { stage: Some(stage) } = step.kind {
                let after = pc_of(self.steps.len());
                if let Some(resume) = entries.resume.get_mut(usize::from(stage)) {
                    *resume = after;
                }
            }
        }
        let endings = [
            StepKind::End,
            StepKind::Ack,
            StepKind::Respond { ok: true },
            StepKind::End,
            StepKind::Respond { ok: false },
            StepKind::End,
        ];
        for ending in endings {
            self.push(ending, origin, index);
        }
        self.entries.push(entries);
    }

    fn push(&mut self, step: StepKind, origin: Origin, operation: usize) {
        self.steps.push(step);
        self.needs.push(None);
        self.origins.push(origin);
        self.operation_of.push(operation);
    }
}

fn is_local(step: StepKind) -> bool {
    !matches!(
        step,
        StepKind::Begin { .. }
            | StepKind::Call { .. }
            | StepKind::Publish { .. }
            | StepKind::Ack
            | StepKind::Lock { .. }
            | StepKind::Unlock { .. }
            | StepKind::Respond { .. }
            | StepKind::End
    )
}

fn is_read(step: StepKind) -> bool {
    matches!(step, StepKind::Read { .. } | StepKind::DedupCheck { .. })
}

fn pc_of(position: usize) -> u16 {
    u16::try_from(position).unwrap_or(NOWHERE)
}
