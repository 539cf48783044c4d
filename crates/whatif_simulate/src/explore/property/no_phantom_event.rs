//! P3: no outcome is ever seen whose cause is not committed.

use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    view.requests().find_map(|request| {
        let mut events = view.code.promises.events.iter();
        let phantom = events
            .find(|event| view.counts(event.outcome, request).0 > 0 && view.counts(event.cause, request).0 == 0)?;
        Some((Subject::Effect(phantom.outcome), Some(request)))
    })
}
