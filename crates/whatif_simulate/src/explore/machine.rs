//! The transition relation: from one state, every next state and why.

use super::code::Code;
use super::fault::Fault;
use super::layout::Layout;
use super::limits::MAX_VALUE;
use super::state::{Phase, Slot, State};
use super::step::Forks;

/// What a transition does; `place` says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActionKind {
    /// A client sends its first attempt.
    Send,
    /// A client stops waiting and sends again.
    Resend,
    /// A client is told that it failed and sends again.
    Retry,
    /// A client stops waiting.
    GiveUp,
    /// A client gets its answer.
    ClientReceives,
    /// A request or message starts a thread (place: its first step).
    Deliver,
    /// A thread goes on (place: its step).
    Step,
    /// A caller gets a reply (place: its call).
    Receive,
    /// A caller stops waiting (place: its call).
    Timeout,
    /// A caller stops waiting and calls again (place: its call).
    CallAgain,
    /// A reply nobody waits for disappears.
    Discard,
    /// The relay of an outbox publishes (place: topic).
    RelayPublish,
    /// The relay marks a message sent (place: topic).
    RelayMark,
    /// An operation is resumed from its log (place: step).
    Resume,
    /// The lease of a dead holder runs out (place: lock).
    LeaseEnds,
    /// An item forgets its value (place: item).
    Expires,
    /// Fault (place: service).
    Crash,
    /// Fault (place: first step of the callee).
    LoseRequest,
    /// Fault (place: first step of the callee).
    LoseReply,
    /// Fault (place: first step of the receiver).
    Duplicate,
    /// Fault (place: lock).
    Expire,
    /// Fault (place: cut).
    Cut,
    /// A cut heals (place: cut).
    Heal,
    /// A request is lost in a cut (place: first step of the callee).
    RequestCut,
    /// A step cannot reach what it needs (place: the step).
    Unreachable,
}

/// A transition, for the trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Action {
    pub(super) kind: ActionKind,
    pub(super) place: u16,
    pub(super) request: u8,
    pub(super) fault: Option<Fault>,
}

/// A next state.
pub(super) struct Successor {
    pub(super) state: State,
    pub(super) action: Action,
    /// The steps taken, when recorded.
    pub(super) steps: Vec<u16>,
}

/// A buffer for next states, reused from state to state.
#[derive(Default)]
pub(super) struct Successors {
    pub(super) list: Vec<Successor>,
    /// Set when a state did not fit; the exploration is then not exhaustive.
    pub(super) truncated: bool,
    /// Whether the steps of each transition are kept.
    pub(super) recording: bool,
    /// Room for the branches of one transition.
    pub(super) forks: Forks,
}

impl Successors {
    pub(super) fn emit(&mut self, state: State, action: Action, steps: Vec<u16>) {
        self.list.push(Successor { state, action, steps });
        if let Some(successor) = self.list.last_mut() {
            successor.state.compact();
        }
    }
}

/// The transition relation of one program.
pub(super) struct Machine<'a> {
    pub(super) code: &'a Code,
    pub(super) layout: &'a Layout,
}

impl<'a> Machine<'a> {
    pub(super) fn new(code: &'a Code) -> Self {
        Machine { code, layout: &code.layout }
    }

    /// Nothing has happened.
    pub(super) fn initial(&self) -> State {
        let mut state = State::new(self.layout.fixed_words);
        for (item, fields) in self.code.program.items.iter().zip(&self.layout.items) {
            for field in [fields.value, fields.commits].into_iter().flatten() {
                for request in 0..self.code.requests.len() {
                    state.set(field, request, u64::from(item.starts).min(MAX_VALUE));
                }
            }
        }
        state
    }

    /// Everything that may happen without a fault.
    pub(super) fn step(&self, state: &State, out: &mut Successors) {
        for index in 0..state.slot_count() {
            self.slot_steps(state, index, out);
        }
        self.client_steps(state, out);
        self.relay_steps(state, out);
        self.resume_steps(state, out);
        self.lease_steps(state, out);
        self.cut_steps(state, out);
        self.expiry_steps(state, out);
    }

    fn slot_steps(&self, state: &State, index: usize, out: &mut Successors) {
        let slot = state.slot(index);
        match slot.phase() {
            Phase::Requested | Phase::Queued => self.deliver(state, index, false, out),
            Phase::Running => self.thread_step(state, index, false, out),
            Phase::Waiting => self.waiting_steps(state, index, out),
            Phase::Reply if slot.link() == 0 => self.discard(state, index, out),
            Phase::Reply | Phase::Empty => {}
        }
    }

    fn discard(&self, state: &State, index: usize, out: &mut Successors) {
        let mut next = *state;
        next.put(index, Slot::default());
        let slot = state.slot(index);
        out.emit(next, self.action(ActionKind::Discard, slot), Vec::new());
    }

    pub(super) fn action(&self, kind: ActionKind, slot: Slot) -> Action {
        Action {
            kind,
            place: u16::try_from(slot.pc()).unwrap_or(0),
            request: u8::try_from(slot.request()).unwrap_or(0),
            fault: None,
        }
    }

    /// Cuts what hangs on a link loose: late work goes on with nobody
    /// waiting, late replies disappear.
    pub(super) fn disown(&self, state: &mut State, link: u64) {
        if link == 0 {
            return;
        }
        for index in 0..state.slot_count() {
            let slot = state.slot(index);
            if slot.link() != link {
                continue;
            }
            let loose = if slot.phase() == Phase::Reply && self.code.reductions.anonymise {
                Slot::default()
            } else {
                slot.with_link(0)
            };
            state.put(index, loose);
        }
    }

    /// Adds a slot, or notes that it did not fit.
    pub(super) fn add(&self, state: &mut State, slot: Slot, out: &mut Successors) -> bool {
        let added = state.push(slot);
        out.truncated |= !added;
        added
    }

    /// Whether that fault may still happen.
    pub(super) fn may(&self, state: &State, fault: Fault) -> bool {
        state.get(self.layout.used[fault.index()], 0) < u64::from(self.code.bounds.faults.allows(fault))
    }

    /// Whether that fault may still happen; counts it.
    pub(super) fn spend(&self, state: &mut State, fault: Fault) -> bool {
        let may = self.may(state, fault);
        if may {
            state.bump(self.layout.used[fault.index()], 0);
        }
        may
    }
}
