//! The part of "partition" that needs two requests: a lease that runs out while its holder is cut off.

use super::build::Built;
use super::words;
use crate::explore::{self, Answer, Options, Question, Verdict as Explored};
use whatif_model::verdict::{Bounds, Verdict};

/// What holds for one request holds, unless a holder that is cut off from the lock goes on writing.
pub(super) fn leases(built: &Built<'_>, options: &Options, bounds: Bounds) -> Verdict {
    if !built.slice.program.locks.iter().any(|lock| lock.lease) {
        return Verdict::Holds(bounds);
    }
    let answer = explore::check(&built.slice, Question::Together, options);
    match answer.verdict {
        // Without a fault it is not about partitions, and "together" says so.
        Explored::Violated(trace) if trace.faults > 0 => {
            let answer = Answer { verdict: Explored::Violated(trace), ..answer };
            words::verdict(built, Question::Together, options, answer)
        }
        _ => Verdict::Holds(bounds),
    }
}
