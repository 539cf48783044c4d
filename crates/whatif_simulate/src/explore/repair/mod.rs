//! The smallest change of practice that turns a broken answer clean, found by
//! switching absent practices on and asking again: one at a time, then two.

mod compensation;
mod concurrency;
mod edit;
mod keys;
mod messages;
mod saga_log;
mod shortcut;
mod versions;

pub use shortcut::Shortcut;

use super::program::Slice;
use super::trace::Trace;
use super::{Options, Question, Verdict, check};

/// A practice that can be switched on in a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Practice {
    /// The client keeps one key, calls pass it on, and each effect records it
    /// under a unique constraint in its own transaction.
    AtomicKey,
    /// The same for message handlers, with the id of the message.
    Inbox,
    /// The message is acknowledged after the last write.
    AckAfterCommit,
    /// The message is stored in the transaction of the write it announces.
    Outbox,
    /// A value read before is written back only if it has not changed.
    CompareAndSet,
    /// Copies and caches take a version only over an older one, and a writer
    /// leaves its version in the cache instead of emptying it.
    VersionCheck,
    /// Cache entries have a time to live.
    ExpiringCache,
    /// The caller is answered after the last write.
    AnswerLast,
    /// An error of a callee is handled like a timeout.
    HandleErrors,
    /// What is used up is taken away before it is acted upon, and only if it
    /// is still what was read.
    ClaimFirst,
    /// Writes carry the token of the lock and the store refuses old ones.
    Fencing,
    /// Failed calls are cancelled, also those whose outcome is unknown: the
    /// cancellation is retried, keyed, and leaves a tombstone that refuses a
    /// late execution.
    Compensation,
    /// The saga is logged ahead of each stage and resumed after a crash.
    SagaLog,
}

/// A repair that holds within the same bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// What to switch on: one practice, or two that hold only together.
    pub practices: Vec<Practice>,
    /// Distinct states of the clean exploration.
    pub states: usize,
    /// A practice that looks right and is not enough, with the trace it still
    /// allows.
    pub not_enough: Option<(Practice, Box<Trace>)>,
    /// The same for what is often done instead of one of the practices.
    pub shortcut: Option<(Shortcut, Box<Trace>)>,
}

impl Practice {
    /// Every practice, in the order in which they are tried.
    pub const ALL: [Practice; 13] = [
        Practice::AtomicKey,
        Practice::Inbox,
        Practice::AckAfterCommit,
        Practice::Outbox,
        Practice::CompareAndSet,
        Practice::VersionCheck,
        Practice::ExpiringCache,
        Practice::AnswerLast,
        Practice::HandleErrors,
        Practice::ClaimFirst,
        Practice::Fencing,
        Practice::Compensation,
        Practice::SagaLog,
    ];

    /// The slice with the practice switched on; none if it has no place there
    /// or is there already.
    #[must_use]
    pub fn applied(self, slice: &Slice) -> Option<Slice> {
        let mut changed = slice.clone();
        match self {
            Practice::AtomicKey => keys::record_keys(&mut changed)?,
            Practice::Inbox => keys::record_messages(&mut changed)?,
            Practice::AckAfterCommit => messages::acknowledge_late(&mut changed),
            Practice::Outbox => messages::store_messages(&mut changed)?,
            Practice::CompareAndSet => concurrency::compare_and_set(&mut changed),
            Practice::VersionCheck => versions::check_versions(&mut changed),
            Practice::ExpiringCache => versions::expire(&mut changed),
            Practice::AnswerLast => messages::answer_last(&mut changed),
            Practice::HandleErrors => messages::handle_errors(&mut changed),
            Practice::ClaimFirst => concurrency::claim_first(&mut changed)?,
            Practice::Fencing => concurrency::fence(&mut changed),
            Practice::Compensation => compensation::compensate(&mut changed)?,
            Practice::SagaLog => saga_log::log_and_resume(&mut changed)?,
        }
        (changed != *slice).then_some(changed)
    }
}

/// The smallest set of absent practices under which the question's promises
/// hold, if one or two suffice.
#[must_use]
pub fn repair(slice: &Slice, question: Question, options: &Options) -> Option<Repair> {
    let mut not_enough = None;
    let mut left = options.total_states;
    for practice in Practice::ALL {
        let Some(changed) = practice.applied(slice) else {
            continue;
        };
        match within(&changed, question, options, &mut left) {
            Verdict::Holds { states, .. } => {
                let practices = vec![practice];
                let shortcut = shortcut::still_broken(slice, &practices, question, options, &mut left);
                return Some(Repair { practices, states, not_enough, shortcut });
            }
            Verdict::Violated(trace) => {
                not_enough = not_enough.or(Some((practice, trace)));
            }
            Verdict::Depends { .. } | Verdict::Incomplete { .. } => {}
        }
    }
    let (practices, states) = pair(slice, question, options, &mut left)?;
    let shortcut = shortcut::still_broken(slice, &practices, question, options, &mut left);
    Some(Repair { practices, states, not_enough, shortcut })
}

/// Asks with what is left of the states, and counts them.
fn within(slice: &Slice, question: Question, options: &Options, left: &mut usize) -> Verdict {
    let answer = check(slice, question, &Options { total_states: *left, ..*options });
    *left = left.saturating_sub(answer.states);
    answer.verdict
}

fn pair(slice: &Slice, question: Question, options: &Options, left: &mut usize) -> Option<(Vec<Practice>, usize)> {
    for (index, first) in Practice::ALL.into_iter().enumerate() {
        let Some(changed) = first.applied(slice) else {
            continue;
        };
        for second in Practice::ALL.into_iter().skip(index + 1) {
            let Some(changed) = second.applied(&changed) else {
                continue;
            };
            if *left == 0 {
                return None;
            }
            if let Verdict::Holds { states, .. } = within(&changed, question, options, left) {
                return Some((vec![first, second], states));
            }
        }
    }
    None
}
