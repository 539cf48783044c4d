//! P19: nothing is removed that was changed since it was read.

use super::super::program::ItemId;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    view.requests().find_map(|request| {
        let mut items = (0u8..).zip(&view.code.layout.items);
        let (item, _) =
            items.find(|(_, fields)| fields.unseen.is_some_and(|flag| view.state.get(flag, request) == 1))?;
        Some((Subject::Item(ItemId(item)), None))
    })
}
