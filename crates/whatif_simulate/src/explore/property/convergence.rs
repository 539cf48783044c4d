//! P10: at rest, a copy has the newest version that was published. Versions
//! never published do not count: that is P2.

use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    if !view.settled() {
        return None;
    }
    let mut copies = view.code.promises.copies.iter();
    let behind = copies.find(|copy| {
        let newest = view.code.layout.newest[copy.topic.index()];
        let value = view.code.layout.items[copy.item.index()].value;
        match (newest, value) {
            (Some(newest), Some(value)) => view.state.get(newest, 0) != view.state.get(value, 0),
            _ => false,
        }
    })?;
    Some((Subject::Item(behind.item), None))
}
