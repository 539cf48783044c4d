//! What one thread does in one transition.
//!
//! A transition runs a thread from just before one visible step to just
//! before the next: the local steps in between cannot be seen by anybody, so
//! no interleaving is lost, and a crash before each visible effect is still
//! explored. A collapsed transaction counts as one visible step.

mod control;
mod data;
mod inject;
mod message;
mod transaction;

pub(super) use data::IN_FLIGHT;

use super::code::NOWHERE;
use super::fault::Fault;
use super::limits::MAX_FUSED_STEPS;
use super::machine::{Action, ActionKind, Machine, Successors};
use super::program::StepKind;
use super::state::{Phase, Slot, State, fingerprint_of_rest, with_first};

/// How a thread went through a step.
enum Flow {
    /// It cannot take the step now.
    Blocked,
    /// It took the step and nobody can tell.
    Local,
    /// It took the step and others can tell.
    Visible,
    /// It took the step; the other branch starts here.
    Fork(u16),
    /// It is gone.
    Ended,
    /// The state did not fit.
    Truncated,
}

/// A thread in the middle of a transition.
struct Frame {
    state: State,
    /// Whether it has taken a visible step.
    visible: bool,
    /// Whether a stale read is still to be made.
    stale: bool,
    taken: u16,
    steps: Vec<u16>,
}

/// The other branches of a transition still to be run.
#[derive(Default)]
pub(super) struct Forks {
    open: Vec<Frame>,
    /// Fingerprints of the frames that came to a branch, sorted. Where ways
    /// meet again, only the first goes on: ten branches in a row have a
    /// thousand ways and eleven ends.
    seen: Vec<u64>,
}

impl Forks {
    /// Whether a frame like this one has not come to a branch yet.
    fn is_new(&mut self, frame: &Frame) -> bool {
        let flags = u64::from(frame.visible) | u64::from(frame.stale) << 1;
        let key = with_first(fingerprint_of_rest(frame.state.words()) ^ flags, frame.state.words()[0]);
        match self.seen.binary_search(&key) {
            Ok(_) => false,
            Err(at) => {
                self.seen.insert(at, key);
                true
            }
        }
    }
}

impl Machine<'_> {
    /// Starts the thread of a request or message.
    pub(super) fn deliver(&self, state: &State, index: usize, stale: bool, out: &mut Successors) {
        let slot = state.slot(index);
        let mut started = slot.with_phase(Phase::Running).with_arrived(0);
        if slot.phase() == Phase::Requested && slot.arrived() == 0 && self.crosses(state, slot) {
            return;
        }
        if slot.phase() == Phase::Queued {
            if !self.is_deliverable(state, index) {
                return;
            }
            started =
                started.with_deliveries(slot.deliveries() + 1).with_holds_message(1).with_register(0, slot.payload());
        }
        let mut next = *state;
        next.put(index, started);
        let action = self.action(ActionKind::Deliver, slot);
        if self.code.reductions.fuse {
            self.run(next, index, Start { visible: false, stale }, action, out);
        } else if !stale {
            out.emit(next, action, Vec::new());
        }
    }

    /// One transition of a running thread.
    pub(super) fn thread_step(&self, state: &State, index: usize, stale: bool, out: &mut Successors) {
        let action = self.action(ActionKind::Step, state.slot(index));
        self.run(*state, index, Start { visible: false, stale }, action, out);
    }

    /// The local steps behind a visible one.
    pub(super) fn settle(&self, state: State, index: usize, action: Action, out: &mut Successors) {
        let start = Start { visible: true, stale: false };
        self.run(state, index, start, action, out);
    }

    fn run(&self, state: State, index: usize, start: Start, action: Action, out: &mut Successors) {
        let mut frame = Frame { state, visible: start.visible, stale: start.stale, taken: 0, steps: Vec::new() };
        let mut forks = std::mem::take(&mut out.forks);
        forks.seen.clear();
        self.run_frame(&mut frame, index, action, &mut forks, out);
        while let Some(mut frame) = forks.open.pop() {
            self.run_frame(&mut frame, index, action, &mut forks, out);
        }
        out.forks = forks;
    }

    fn run_frame(&self, frame: &mut Frame, index: usize, mut action: Action, forks: &mut Forks, out: &mut Successors) {
        let wanted_stale = frame.stale;
        loop {
            let slot = frame.state.slot(index);
            if self.must_stop(frame, slot) {
                break;
            }
            if frame.taken == MAX_FUSED_STEPS {
                out.truncated = true;
                return;
            }
            if out.recording {
                frame.steps.push(u16::try_from(slot.at()).unwrap_or(NOWHERE));
            }
            frame.taken += 1;
            match self.execute(&mut frame.state, index, &mut frame.stale, out) {
                Flow::Local => {}
                Flow::Visible => frame.visible = true,
                Flow::Ended => {
                    frame.visible = true;
                    break;
                }
                Flow::Truncated => return,
                Flow::Blocked => {
                    frame.steps.pop();
                    if frame.taken == 1 && action.kind == ActionKind::Step || self.is_collapsed(slot) {
                        return;
                    }
                    break;
                }
                Flow::Fork(pc) => {
                    if !forks.is_new(frame) {
                        return;
                    }
                    let mut other = frame.state;
                    other.put(index, self.moved(slot, pc));
                    forks.open.push(Frame { state: other, steps: frame.steps.clone(), ..*frame });
                    let on = self.moved(slot, next_pc(slot));
                    frame.state.put(index, on);
                }
            }
        }
        if wanted_stale {
            if frame.stale {
                return;
            }
            action.fault = Some(Fault::Stale);
        }
        out.emit(frame.state, action, std::mem::take(&mut frame.steps));
    }

    fn must_stop(&self, frame: &Frame, slot: Slot) -> bool {
        if self.is_collapsed(slot) {
            return false;
        }
        if self.code.reductions.fuse {
            frame.visible && self.is_visible(slot)
        } else {
            frame.visible || frame.taken > 0
        }
    }

    fn is_collapsed(&self, slot: Slot) -> bool {
        slot.in_transaction() == 1 && self.code.collapsed[slot.at()]
    }

    /// Whether others can tell that the thread takes its next step.
    fn is_visible(&self, slot: Slot) -> bool {
        let buffers = slot.in_transaction() == 1;
        if self.code.needs[slot.at()].is_some() {
            return true;
        }
        match self.code.steps[slot.at()] {
            StepKind::Skip | StepKind::Rollback | StepKind::Branch { .. } | StepKind::Goto { .. } | StepKind::End => {
                false
            }
            StepKind::Respond { .. } => slot.link() != 0,
            StepKind::Ack => slot.holds_message() == 1,
            StepKind::Write { .. }
            | StepKind::DedupMark { .. }
            | StepKind::Outbox { .. }
            | StepKind::SagaLog { .. } => !buffers,
            _ => true,
        }
    }

    fn execute(&self, state: &mut State, index: usize, stale: &mut bool, out: &mut Successors) -> Flow {
        let slot = state.slot(index);
        let pc = slot.at();
        if self.is_unreachable(state, pc) {
            return Flow::Blocked;
        }
        match self.code.steps[pc] {
            // What may fail only when cut off is no free choice where all else is in time.
            StepKind::Skip | StepKind::Branch { .. } if self.code.needs[pc].is_some() => {
                self.goes_on(state, index, Flow::Visible)
            }
            StepKind::Skip => self.goes_on(state, index, Flow::Local),
            StepKind::Begin { store, isolation } => self.begin(state, index, store, isolation),
            StepKind::Commit => self.commit(state, index),
            StepKind::Rollback => self.rollback(state, index),
            StepKind::Read { item, into, from } => self.read(state, index, (item, into, from), stale),
            StepKind::Write { .. }
            | StepKind::DedupMark { .. }
            | StepKind::Outbox { .. }
            | StepKind::SagaLog { .. } => self.change(state, index),
            StepKind::DedupCheck { table, scope, on_hit, in_flight } => {
                self.check(state, index, (table, scope), on_hit, in_flight)
            }
            StepKind::Call { mode, .. } => self.call(state, index, mode, out),
            StepKind::Publish { topic, payload, key } => self.publish(state, index, (topic, payload, key), out),
            StepKind::Ack => self.ack(state, index),
            StepKind::Lock { lock, into } => self.lock(state, index, lock, into, out),
            StepKind::Unlock { lock, token } => self.unlock(state, index, lock, token),
            StepKind::Respond { ok } => self.respond(state, index, ok, out),
            StepKind::Branch { to } => Flow::Fork(self.code.target(pc, to)),
            StepKind::Goto { to } => {
                state.put(index, self.moved(slot, to.0));
                Flow::Local
            }
            StepKind::End => self.end(state, index),
        }
    }

    /// The thread at another step. Leaving the steps of a transaction other
    /// than by `Commit` rolls it back.
    pub(super) fn moved(&self, slot: Slot, pc: u16) -> Slot {
        let moved = slot.with_pc(u64::from(pc));
        if slot.in_transaction() == 0 {
            return moved;
        }
        let begin = |pc: usize| match self.code.steps[pc] {
            StepKind::Begin { .. } => u16::try_from(pc).unwrap_or(NOWHERE),
            _ => self.code.begin_of[pc],
        };
        if begin(slot.at()) == self.code.begin_of[usize::from(pc)] {
            moved
        } else {
            moved.with_in_transaction(0).with_buffered(0)
        }
    }

    fn goes_on(&self, state: &mut State, index: usize, flow: Flow) -> Flow {
        let slot = state.slot(index);
        state.put(index, self.moved(slot, next_pc(slot)));
        flow
    }
}

struct Start {
    visible: bool,
    stale: bool,
}

fn next_pc(slot: Slot) -> u16 {
    u16::try_from(slot.pc() + 1).unwrap_or(NOWHERE)
}
