//! Which registers still matter at each step; the others are zeroed, so that
//! threads that differ only in dead values are the same state.

use super::super::limits::MAX_REGISTERS;
use super::super::program::{Exit, Guard, Register, StepKind, WriteKind};
use super::super::state::Slot;
use super::NOWHERE;
use super::flatten::Flat;
use super::validate::exits_of;

/// Per step, a mask over the bits of a slot.
pub(super) fn keep(flat: &Flat, begin_of: &[u16]) -> Vec<u64> {
    let live = live(flat, begin_of);
    live.iter().map(|live| mask(*live)).collect()
}

fn live(flat: &Flat, begin_of: &[u16]) -> Vec<u8> {
    let steps = &flat.steps;
    let mut live = vec![0u8; steps.len()];
    loop {
        let mut changed = false;
        for pc in (0..steps.len()).rev() {
            let after = successors(steps[pc], pc).filter_map(|next| live.get(next)).fold(0, |all, next| all | next);
            let now = (after & !defined(steps[pc])) | buffered_uses(steps, begin_of, pc);
            changed |= now != live[pc];
            live[pc] = now;
        }
        if !changed {
            return live;
        }
    }
}

/// What the step uses; inside a transaction, also what its buffered writes
/// will use at `Commit`.
fn buffered_uses(steps: &[StepKind], begin_of: &[u16], pc: usize) -> u8 {
    let begin = begin_of[pc];
    if begin == NOWHERE {
        return used(steps[pc]);
    }
    let inside = steps.iter().zip(begin_of);
    inside.filter(|(_, of)| **of == begin).fold(0, |all, (step, _)| all | used(*step))
}

fn successors(step: StepKind, pc: usize) -> impl Iterator<Item = usize> {
    let falls_through = !matches!(step, StepKind::Goto { .. } | StepKind::End);
    exits_of(step)
        .map(move |exit| match exit {
            Exit::Goto(label) => label.index(),
            _ => pc + 1,
        })
        .chain(falls_through.then_some(pc + 1))
}

fn bit(register: Register) -> u8 {
    1 << register.0
}

fn defined(step: StepKind) -> u8 {
    match step {
        StepKind::Read { into, .. } | StepKind::Lock { into, .. } => bit(into),
        _ => 0,
    }
}

pub(in super::super) fn used(step: StepKind) -> u8 {
    match step {
        StepKind::Write { kind, guard, token, .. } => {
            let value = match kind {
                WriteKind::PutNext(from) | WriteKind::Put(from) | WriteKind::Clear(from) => bit(from),
                WriteKind::Set(_) | WriteKind::Inc | WriteKind::Dec => 0,
            };
            let guarded = match guard {
                Guard::Cas(from) | Guard::Fence(from) | Guard::Version(from) => bit(from),
                Guard::None => 0,
            };
            value | guarded | token.map_or(0, bit)
        }
        StepKind::Publish { payload, .. } | StepKind::Outbox { payload, .. } => payload.map_or(0, bit),
        StepKind::Unlock { token, .. } => bit(token),
        _ => 0,
    }
}

fn mask(live: u8) -> u64 {
    let mut slot = Slot(u64::MAX);
    for register in 0..MAX_REGISTERS {
        if live & (1 << register) == 0 {
            slot = slot.with_register(register, 0);
        }
    }
    slot.0
}
