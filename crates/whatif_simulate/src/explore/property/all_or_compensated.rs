//! P1: at rest, the effects of a saga have all happened or none has.

use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    if !view.settled() {
        return None;
    }
    view.requests().find_map(|request| {
        let sagas = &view.code.promises.sagas;
        sagas.iter().find_map(|saga| {
            let missing = saga.iter().find(|effect| !view.happened(**effect, request));
            let some = saga.iter().any(|effect| view.happened(*effect, request));
            let missing = missing.filter(|_| some)?;
            Some((Subject::Effect(*missing), Some(request)))
        })
    })
}
