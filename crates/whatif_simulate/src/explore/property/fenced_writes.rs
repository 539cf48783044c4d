//! P9: no write is applied with a token older than one already applied.

use super::super::program::ItemId;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    if view.state.get(view.code.layout.stale_writer, 0) == 0 {
        return None;
    }
    let mut items = (0u8..).zip(&view.code.layout.items);
    let (item, _) = items.find(|(_, fields)| fields.newest_token.is_some())?;
    Some((Subject::Item(ItemId(item)), None))
}
