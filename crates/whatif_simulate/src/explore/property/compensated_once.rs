//! P7: an effect is never taken back more often than it was applied.

use super::super::layout::Field;
use super::super::program::EffectId;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    let mut effects = (0u8..).zip(&view.code.layout.effects);
    effects.find_map(|(effect, fields)| {
        let fields = fields.filter(|fields| fields.undone != Field::NEVER)?;
        let request = view
            .requests()
            .find(|request| view.state.get(fields.undone, *request) > view.state.get(fields.applied, *request))?;
        Some((Subject::Effect(EffectId(effect)), Some(request)))
    })
}
