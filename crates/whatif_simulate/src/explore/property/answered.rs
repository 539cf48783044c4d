//! P20: where everything is in time, nobody gives up waiting: the operation
//! answers on every path, also when what it calls fails in a way it does not
//! expect.

use super::super::environment::client;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    if !view.settled() || !view.code.bounds.timely {
        return None;
    }
    let unanswered = |request: &usize| view.state.get(view.code.layout.client, *request) == client::GAVE_UP;
    let request = view.requests().find(unanswered)?;
    Some((Subject::Operation(view.code.requests[request]), Some(request)))
}
