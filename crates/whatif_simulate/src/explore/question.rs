//! The mindset questions: which faults, how many requests, which properties.

use super::{Budget, Fault, Property};

/// A mindset question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// What if it fails halfway?
    Halfway,
    /// What if it is delivered twice?
    Twice,
    /// What if two run at the same time?
    Together,
    /// What if the network is cut?
    Partition,
    /// What if it is slow? Answered by arithmetic, not by states.
    Slow,
}

/// Bounds of one exploration; they are part of every answer that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Logical requests.
    pub requests: u8,
    /// Sends per request, at most what the client does.
    pub client_attempts: u8,
    /// Tries per call, at most what the caller does.
    pub call_attempts: u8,
    /// Deliveries per message, at most 3.
    pub deliveries: u8,
    /// Faults.
    pub faults: Budget,
    /// Whether answers are in time: nobody stops waiting for one that can
    /// still come.
    pub timely: bool,
}

impl Question {
    /// The questions with an explorer behind them.
    pub const EXPLORED: [Question; 4] = [Question::Halfway, Question::Twice, Question::Together, Question::Partition];

    /// Default bounds (two of everything, two faults; see the semantics in
    /// `ARCHITECTURE.md`).
    #[must_use]
    pub fn bounds(self) -> Bounds {
        let (requests, client_attempts, faults) = match self {
            Question::Halfway => (1, 2, Budget::one_of_each(&[Fault::Crash, Fault::Lose], 2)),
            // No losses: a message that is late for ever is as good as lost,
            // and these promises are broken by what happens, never by rest.
            Question::Twice => (1, 2, Budget::one_of_each(&[Fault::Crash, Fault::Duplicate], 2)),
            Question::Together => (2, 1, Budget::one_of_each(&[Fault::Expire, Fault::Stale], 1)),
            Question::Partition => (1, 2, Budget::one_of_each(&[Fault::Partition], 1)),
            Question::Slow => (1, 1, Budget::NONE),
        };
        // What is late is asked by the other questions; here only what is cut.
        let timely = self == Question::Partition;
        Bounds { requests, client_attempts, call_attempts: 2, deliveries: 3, faults, timely }
    }

    /// What must hold, most telling first.
    #[must_use]
    pub fn properties(self) -> &'static [Property] {
        match self {
            Question::Halfway => &[
                Property::StatedInTheEnd,
                Property::AllOrCompensated,
                Property::NoPhantomEvent,
                Property::NoLostEvent,
                Property::HonestAnswer,
                Property::NothingStuck,
            ],
            Question::Twice => &[Property::StatedAlways, Property::AtMostOnce, Property::CompensatedOnce],
            Question::Together => &[
                Property::StatedAlways,
                Property::NoLostUpdate,
                Property::SpentOnce,
                Property::NoUnseenRemoval,
                Property::FencedWrites,
                Property::Convergence,
                Property::CurrentCache,
            ],
            Question::Partition => &[
                Property::StatedAlways,
                Property::StatedInTheEnd,
                Property::AtMostOnce,
                Property::AllOrCompensated,
                Property::NoPhantomEvent,
                Property::NoLostEvent,
                Property::HonestAnswer,
                Property::CompensatedOnce,
                Property::NothingStuck,
                Property::Answered,
            ],
            Question::Slow => &[],
        }
    }
}
