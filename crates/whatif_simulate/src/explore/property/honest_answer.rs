//! P4: at rest, a client that was told "done" finds the effect.

use super::super::environment::client;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    if !view.settled() {
        return None;
    }
    view.requests().find_map(|request| {
        if view.state.get(view.code.layout.client, request) != client::OK {
            return None;
        }
        let mut effects = view.code.promises.acknowledged.iter();
        let missing = effects.find(|effect| !view.happened(**effect, request))?;
        Some((Subject::Effect(*missing), Some(request)))
    })
}
