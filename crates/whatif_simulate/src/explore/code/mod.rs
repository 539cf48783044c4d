//! A slice made ready to run: one flat list of steps with absolute targets,
//! and the layout of its states.

mod cuts;
mod fields;
mod flatten;
mod registers;
mod validate;

pub use cuts::Cut;
pub(super) use registers::used;
pub use validate::Rejected;
pub(super) use validate::exits_of;

use super::layout::Layout;
use super::program::{Client, Exit, KeyPassing, Need, OperationId, Origin, Program, Promises, Slice, StepKind};
use super::{Bounds, Fault, Property, Reductions};

/// No program counter.
pub(super) const NOWHERE: u16 = u16::MAX;

/// A slice made ready to run for some properties within some bounds.
pub(super) struct Code {
    pub(super) program: Program,
    pub(super) promises: Promises,
    pub(super) client: Client,
    /// The operation of each logical request.
    pub(super) requests: Vec<OperationId>,
    pub(super) bounds: Bounds,
    pub(super) reductions: Reductions,
    pub(super) steps: Vec<StepKind>,
    /// What each step needs to reach, where anything can be cut off.
    pub(super) needs: Vec<Option<Need>>,
    /// What can be cut.
    pub(super) cuts: Vec<Cut>,
    pub(super) origins: Vec<Origin>,
    /// The operation each step belongs to.
    pub(super) operation_of: Vec<usize>,
    pub(super) entries: Vec<Entries>,
    /// The `Begin` each step of a transaction belongs to.
    pub(super) begin_of: Vec<u16>,
    /// Whether the transaction of a step is one transition.
    pub(super) collapsed: Vec<bool>,
    /// Whether what clients are told makes no difference: nobody asks, and
    /// they send again whatever they hear.
    pub(super) deaf: bool,
    /// Whether some serialisable transaction is not one transition.
    pub(super) open_exclusive: bool,
    /// Per step, the bits of a slot worth keeping.
    pub(super) keep: Vec<u64>,
    pub(super) layout: Layout,
}

/// Where an operation is entered.
pub(super) struct Entries {
    pub(super) first: u16,
    pub(super) reply_ok: u16,
    pub(super) reply_error: u16,
    /// Where `resume` goes on, per stage of the saga log.
    pub(super) resume: [u16; 16],
}

impl Code {
    pub(super) fn new(
        slice: &Slice,
        requests: &[OperationId],
        properties: &[Property],
        bounds: Bounds,
        reductions: Reductions,
    ) -> Result<Code, Rejected> {
        validate::validate(slice, requests)?;
        let mut flat = flatten::flatten(&slice.program)?;
        let mut found = Vec::new();
        if bounds.faults.allows(Fault::Partition) > 0 {
            found = cuts::cuts(&slice.program)?;
        }
        if !bounds.timely {
            // Whatever is late may as well be out of reach.
            flat.needs.iter_mut().for_each(|need| *need = None);
        }
        let layout = fields::layout(slice, requests.len(), properties, reductions, !found.is_empty())?;
        let transactions = flatten::transactions(&flat.steps, &flat.operation_of, reductions)?;
        let keep = registers::keep(&flat, &transactions.begin_of);
        Ok(Code {
            program: slice.program.clone(),
            promises: slice.promises.clone(),
            client: slice.client.clone(),
            requests: requests.to_vec(),
            bounds,
            reductions,
            steps: flat.steps,
            needs: flat.needs,
            cuts: found,
            origins: flat.origins,
            operation_of: flat.operation_of,
            entries: flat.entries,
            begin_of: transactions.begin_of,
            collapsed: transactions.collapsed,
            deaf: reductions.cone && is_deaf(slice, properties, bounds),
            open_exclusive: transactions.open_exclusive,
            keep,
            layout,
        })
    }

    /// The step an exit of the step at `pc` leads to.
    pub(super) fn target(&self, pc: usize, exit: Exit) -> u16 {
        let entries = &self.entries[self.operation_of[pc]];
        match exit {
            Exit::Next => u16::try_from(pc + 1).unwrap_or(NOWHERE),
            Exit::Goto(label) => label.0,
            Exit::ReplyOk => entries.reply_ok,
            Exit::ReplyError => entries.reply_error,
        }
    }

    /// Whether the step was written by the builder of the slice, not added as
    /// an ending.
    pub(super) fn is_written(&self, pc: usize) -> bool {
        let operation = self.operation_of[pc];
        let first = usize::from(self.entries[operation].first);
        pc - first < self.program.operations[operation].steps.len()
    }

    /// The service a step runs in.
    pub(super) fn service_of(&self, pc: usize) -> u8 {
        self.program.operations[self.operation_of[pc]].service.0
    }

    /// Whether swapping requests changes nothing but their names.
    pub(super) fn is_symmetric(&self) -> bool {
        self.reductions.symmetry && self.requests.len() > 1 && self.requests.iter().all(|op| *op == self.requests[0])
    }

    /// Whether some key is new on each try, so that rows per key are needed.
    pub(super) fn has_fresh_keys(slice: &Slice) -> bool {
        let fresh = |key: KeyPassing| key == KeyPassing::PerTry;
        let steps = slice.program.operations.iter().flat_map(|op| &op.steps);
        fresh(slice.client.key)
            || steps.into_iter().any(|step| match step.kind {
                StepKind::Call { key, .. } | StepKind::Publish { key, .. } => fresh(key),
                _ => false,
            })
    }
}

fn is_deaf(slice: &Slice, properties: &[Property], bounds: Bounds) -> bool {
    let asks = properties.iter().any(|property| property.is_about_answers());
    // A client that could still send would never be at rest.
    let sends_once = slice.client.attempts.min(bounds.client_attempts) <= 1;
    let rests = sends_once || !properties.iter().any(|property| property.is_about_the_end());
    !asks && rests && !bounds.timely && !slice.client.retry_on_error
}
