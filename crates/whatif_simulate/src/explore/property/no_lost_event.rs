//! P2: at rest, a committed cause has had its outcome.

use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    if !view.settled() {
        return None;
    }
    view.requests().find_map(|request| {
        let mut events = view.code.promises.events.iter();
        let lost =
            events.find(|event| view.happened(event.cause, request) && view.counts(event.outcome, request).0 == 0)?;
        Some((Subject::Effect(lost.outcome), Some(request)))
    })
}
