//! What a cut in the network does.
//!
//! While a cut is on, nothing crosses it: requests and replies wait, or are
//! lost when their caller stops waiting; a step that needs the other side
//! fails; the broker and a cut consumer do not hear each other. A cut always
//! heals.

use super::code::Cut;
use super::fault::Fault;
use super::machine::{Action, ActionKind, Machine, Successors};
use super::program::{Peer, ServiceId, StepKind};
use super::state::{Phase, Slot, State};

impl Machine<'_> {
    /// The cut that is on.
    pub(super) fn cut(&self, state: &State) -> Option<Cut> {
        let field = self.layout.cut?;
        let number = usize::try_from(state.get(field, 0)).unwrap_or(0);
        self.code.cuts.get(number.checked_sub(1)?).copied()
    }

    /// Whether the step cannot reach what it needs.
    pub(super) fn is_unreachable(&self, state: &State, pc: usize) -> bool {
        let Some(need) = self.code.needs[pc] else { return false };
        self.cut(state) == Some(Cut::from(self.service(pc), need.peer))
    }

    /// Whether a service does not hear the broker.
    pub(super) fn is_unheard(&self, state: &State, service: ServiceId) -> bool {
        self.cut(state) == Some(Cut::from(service, Peer::Broker))
    }

    /// Whether a request or reply would have to cross the cut.
    pub(super) fn crosses(&self, state: &State, slot: Slot) -> bool {
        let Some(Cut::Services(a, b)) = self.cut(state) else { return false };
        let here = self.service(slot.at());
        let link = slot.link();
        if link == 0 {
            // Nobody waits; it came from whoever calls the operation.
            return (here == a && self.calls(b, slot)) || (here == b && self.calls(a, slot));
        }
        let caller = state.slots().find(|caller| caller.phase() == Phase::Waiting && caller.child() == link);
        caller.is_some_and(|caller| Cut::between(self.service(caller.at()), here) == Cut::Services(a, b))
    }

    /// Whether the callee of a waiting thread is on the other side.
    pub(super) fn waits_across(&self, state: &State, caller: Slot) -> bool {
        let StepKind::Call { operation, .. } = self.code.steps[caller.at()] else { return false };
        let callee = self.code.program.operations[operation.index()].service;
        let own = self.service(caller.at());
        own != callee && self.cut(state) == Some(Cut::between(own, callee))
    }

    /// A cut begins.
    pub(super) fn partitions(&self, state: &State, out: &mut Successors) {
        let Some(field) = self.layout.cut else { return };
        if state.get(field, 0) != 0 {
            return;
        }
        for number in 1..=self.code.cuts.len() {
            let mut next = *state;
            if self.spend(&mut next, Fault::Partition) {
                next.set(field, 0, number as u64);
                if self.code.reductions.fuse {
                    self.note_arrivals(&mut next);
                }
                let fault = Some(Fault::Partition);
                out.emit(next, Action { fault, ..of_cut(ActionKind::Cut, number - 1) }, Vec::new());
            }
        }
    }

    /// A request or message whose delivery is fused with the first step may
    /// have been delivered already.
    fn note_arrivals(&self, state: &mut State) {
        for index in 0..state.slot_count() {
            let slot = state.slot(index);
            let held_up = match slot.phase() {
                Phase::Requested => self.crosses(state, slot),
                Phase::Queued => self.is_unheard(state, self.service(slot.at())),
                _ => false,
            };
            if held_up {
                state.put(index, slot.with_arrived(1));
            }
        }
    }

    /// What a cut makes happen, and its end.
    pub(super) fn cut_steps(&self, state: &State, out: &mut Successors) {
        let Some(field) = self.layout.cut else { return };
        let on = state.get(field, 0);
        if on == 0 {
            return;
        }
        let mut healed = *state;
        healed.set(field, 0, 0);
        for index in 0..healed.slot_count() {
            healed.put(index, healed.slot(index).with_arrived(0));
        }
        out.emit(healed, of_cut(ActionKind::Heal, usize::try_from(on - 1).unwrap_or(0)), Vec::new());
        for index in 0..state.slot_count() {
            let slot = state.slot(index);
            match slot.phase() {
                Phase::Requested if slot.link() == 0 && self.crosses(state, slot) => {
                    let mut next = *state;
                    self.feel(&mut next);
                    next.put(index, Slot::default());
                    out.emit(next, self.action(ActionKind::RequestCut, slot), Vec::new());
                }
                Phase::Running if self.is_unreachable(state, slot.at()) => self.fail(state, index, out),
                _ => {}
            }
        }
    }

    /// A step that cannot reach what it needs.
    fn fail(&self, state: &State, index: usize, out: &mut Successors) {
        let slot = state.slot(index);
        let Some(need) = self.code.needs[slot.at()] else { return };
        let mut next = *state;
        self.feel(&mut next);
        let target = self.code.target(slot.at(), need.or_else);
        next.put(index, self.moved(slot, target));
        self.settle(next, index, self.action(ActionKind::Unreachable, slot), out);
    }

    /// Something fails because of a cut.
    pub(super) fn feel(&self, state: &mut State) {
        if let Some(field) = self.layout.felt {
            state.set(field, 0, 1);
        }
    }

    /// The caller stops waiting across a cut; a request that did not arrive
    /// goes with the connection.
    pub(super) fn hang_up(&self, state: &mut State, caller: Slot) {
        if self.layout.cut.is_none() {
            return;
        }
        self.feel(state);
        for index in 0..state.slot_count() {
            let slot = state.slot(index);
            let under_way = slot.phase() == Phase::Requested && slot.link() == caller.child() && slot.arrived() == 0;
            if under_way && self.crosses(state, slot) {
                state.put(index, Slot::default());
            }
        }
    }

    fn service(&self, pc: usize) -> ServiceId {
        ServiceId(self.code.service_of(pc))
    }

    /// Whether some step of the service calls the operation of a slot.
    fn calls(&self, service: ServiceId, callee: Slot) -> bool {
        let callee = self.code.operation_of[callee.at()];
        let mut operations = self.code.program.operations.iter();
        operations.any(|operation| {
            let mut steps = operation.steps.iter();
            operation.service == service
                && steps
                    .any(|step| matches!(step.kind, StepKind::Call { operation, .. } if operation.index() == callee))
        })
    }
}

fn of_cut(kind: ActionKind, cut: usize) -> Action {
    Action { kind, place: u16::try_from(cut).unwrap_or(0), request: 0, fault: None }
}
