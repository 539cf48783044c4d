//! P8: a counted item is never lower than its committed increments.

use super::super::program::ItemId;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    view.requests().find_map(|request| {
        let mut items = (0u8..).zip(&view.code.layout.items);
        let (item, _) = items.find(|(_, fields)| match (fields.value, fields.commits) {
            (Some(value), Some(commits)) => view.state.get(value, request) < view.state.get(commits, request),
            _ => false,
        })?;
        Some((Subject::Item(ItemId(item)), None))
    })
}
