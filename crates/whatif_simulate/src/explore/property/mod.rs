//! The promises checked on every state, one file each.

mod all_or_compensated;
mod answered;
mod at_most_once;
mod compensated_once;
mod convergence;
mod current_cache;
mod fenced_writes;
mod honest_answer;
mod no_lost_event;
mod no_lost_update;
mod no_phantom_event;
mod no_unseen_removal;
mod nothing_stuck;
mod spent_once;
mod stated;

use super::code::Code;
use super::program::{EffectId, Slice, StepKind};
use super::state::{Phase, State};
use super::trace::Subject;

/// A promise of the semantics (P1 to P10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// P1: the effects of a saga happen all or not at all.
    AllOrCompensated,
    /// P2: a committed cause has its outcome in the end.
    NoLostEvent,
    /// P3: no outcome without a committed cause.
    NoPhantomEvent,
    /// P4: a client told "done" finds the effect in the end.
    HonestAnswer,
    /// P5: no lock, saga, key or thread is left over at rest.
    NothingStuck,
    /// P6: no effect is applied twice for one request.
    AtMostOnce,
    /// P7: nothing is taken back that was not done.
    CompensatedOnce,
    /// P8: no committed update is overwritten unseen.
    NoLostUpdate,
    /// P9: no write with a token older than one already applied.
    FencedWrites,
    /// P10: copies end with the newest version published.
    Convergence,
    /// P11: a cache ends empty or with what its source holds.
    CurrentCache,
    /// P20: whoever asks gets an answer while everything is in time.
    Answered,
    /// P18: what was read once is used up once.
    SpentOnce,
    /// P21: what the users promise always.
    StatedAlways,
    /// P22: what the users promise for the end.
    StatedInTheEnd,
    /// P19: nothing is removed that was changed since it was read.
    NoUnseenRemoval,
}

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which promise.
    pub property: Property,
    /// What it is about.
    pub subject: Subject,
    /// For which request, if for one.
    pub request: Option<u8>,
}

/// What a property may look at.
pub(super) struct View<'a> {
    pub(super) code: &'a Code,
    pub(super) state: &'a State,
    /// Whether nothing can happen any more without a fault.
    pub(super) quiescent: bool,
}

pub(super) use stated::{counted, counts_updates};

type Broken = Option<(Subject, Option<usize>)>;

impl Property {
    /// The number used in the semantics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Property::AllOrCompensated => "P1",
            Property::NoLostEvent => "P2",
            Property::NoPhantomEvent => "P3",
            Property::HonestAnswer => "P4",
            Property::NothingStuck => "P5",
            Property::AtMostOnce => "P6",
            Property::CompensatedOnce => "P7",
            Property::NoLostUpdate => "P8",
            Property::FencedWrites => "P9",
            Property::Convergence => "P10",
            Property::CurrentCache => "P11",
            Property::Answered => "P20",
            Property::StatedAlways => "P21",
            Property::StatedInTheEnd => "P22",
            Property::SpentOnce => "P18",
            Property::NoUnseenRemoval => "P19",
        }
    }

    /// Whether it looks at what clients are told.
    pub(super) fn is_about_answers(self) -> bool {
        matches!(self, Property::HonestAnswer | Property::Answered | Property::StatedInTheEnd)
    }

    /// Whether it looks only at states in which nothing more happens.
    pub(super) fn is_about_the_end(self) -> bool {
        !matches!(
            self,
            Property::NoPhantomEvent
                | Property::AtMostOnce
                | Property::CompensatedOnce
                | Property::NoLostUpdate
                | Property::FencedWrites
                | Property::SpentOnce
                | Property::NoUnseenRemoval
                | Property::StatedAlways
        )
    }

    /// Whether the others of its question ask what is left in the end.
    pub(super) fn is_about_rest(self) -> bool {
        matches!(self, Property::AllOrCompensated | Property::HonestAnswer | Property::Answered)
    }

    fn broken(self, view: &View) -> Broken {
        match self {
            Property::AllOrCompensated => all_or_compensated::broken(view),
            Property::NoLostEvent => no_lost_event::broken(view),
            Property::NoPhantomEvent => no_phantom_event::broken(view),
            Property::HonestAnswer => honest_answer::broken(view),
            Property::NothingStuck => nothing_stuck::broken(view),
            Property::AtMostOnce => at_most_once::broken(view),
            Property::CompensatedOnce => compensated_once::broken(view),
            Property::NoLostUpdate => no_lost_update::broken(view),
            Property::FencedWrites => fenced_writes::broken(view),
            Property::Convergence => convergence::broken(view),
            Property::CurrentCache => current_cache::broken(view),
            Property::Answered => answered::broken(view),
            Property::SpentOnce => spent_once::broken(view),
            Property::StatedAlways => stated::broken_now(view),
            Property::StatedInTheEnd => stated::broken_in_the_end(view),
            Property::NoUnseenRemoval => no_unseen_removal::broken(view),
        }
    }
}

/// The first of the properties that the state breaks.
pub(super) fn first_broken(properties: &[Property], view: &View) -> Option<Breach> {
    properties.iter().find_map(|property| {
        let (subject, request) = property.broken(view)?;
        Some(Breach { property: *property, subject, request: request.and_then(|request| u8::try_from(request).ok()) })
    })
}

/// Which effects the properties look at.
pub(super) fn relevant_effects(slice: &Slice, properties: &[Property]) -> Vec<bool> {
    let promises = &slice.promises;
    let mut relevant = vec![false; slice.program.effects.len()];
    let mut mark = |effect: EffectId| {
        if let Some(entry) = relevant.get_mut(effect.index()) {
            *entry = true;
        }
    };
    for property in properties {
        match property {
            Property::AllOrCompensated => promises.sagas.iter().flatten().copied().for_each(&mut mark),
            Property::NoLostEvent | Property::NoPhantomEvent => {
                promises.events.iter().flat_map(|event| [event.cause, event.outcome]).for_each(&mut mark)
            }
            Property::HonestAnswer => promises.acknowledged.iter().copied().for_each(&mut mark),
            Property::AtMostOnce => all_effects(slice)
                .filter(|effect| !slice.program.effects[effect.index()].idempotent)
                .for_each(&mut mark),
            Property::CompensatedOnce => undone_effects(slice).into_iter().for_each(&mut mark),
            Property::StatedAlways => promises.stated.iter().flat_map(stated::counted).copied().for_each(&mut mark),
            Property::StatedInTheEnd => promises.stated.iter().flat_map(stated::outcomes).copied().for_each(&mut mark),
            Property::SpentOnce => promises.spends.iter().map(|spend| spend.effect).for_each(&mut mark),
            Property::NothingStuck
            | Property::NoLostUpdate
            | Property::CurrentCache
            | Property::Answered
            | Property::NoUnseenRemoval
            | Property::FencedWrites
            | Property::Convergence => {}
        }
    }
    relevant
}

fn all_effects(slice: &Slice) -> impl Iterator<Item = EffectId> {
    let count = slice.program.effects.len();
    (0..=u8::MAX).take(count).map(EffectId)
}

fn undone_effects(slice: &Slice) -> Vec<EffectId> {
    let operations = slice.program.operations.iter();
    operations
        .flat_map(|operation| &operation.steps)
        .filter_map(|step| match step.kind {
            StepKind::Write { effect: Some(applies), .. } if applies.undo => Some(applies.effect),
            _ => None,
        })
        .collect()
}

impl View<'_> {
    fn requests(&self) -> std::ops::Range<usize> {
        0..self.code.requests.len()
    }

    /// Times applied and times undone; zero for effects not counted.
    fn counts(&self, effect: EffectId, request: usize) -> (u64, u64) {
        self.code.layout.effects[effect.index()].map_or((0, 0), |fields| {
            let applied = self.state.get(fields.applied, request);
            let undone = self.state.get(fields.undone, request);
            (applied, undone)
        })
    }

    /// Whether the effect is there, all in all.
    fn happened(&self, effect: EffectId, request: usize) -> bool {
        let (applied, undone) = self.counts(effect, request);
        applied > undone
    }

    /// Whether everything sent has been dealt with. A message that used up
    /// its deliveries is a bound of the exploration, not an outcome.
    pub(super) fn settled(&self) -> bool {
        self.quiescent && !self.state.slots().any(|slot| slot.phase() == Phase::Queued)
    }
}
