//! P11: at rest, a cache is empty or holds what its source holds. A stale
//! entry without a time to live is read for ever.

use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    if !view.settled() {
        return None;
    }
    view.requests().find_map(|request| {
        let mut caches = view.code.promises.caches.iter();
        let stale = caches.find(|promise| {
            let value =
                |item: usize| view.code.layout.items[item].value.map_or(0, |field| view.state.get(field, request));
            let cached = value(promise.cache.index());
            cached != 0 && cached != value(promise.source.index())
        })?;
        Some((Subject::Item(stale.cache), None))
    })
}
