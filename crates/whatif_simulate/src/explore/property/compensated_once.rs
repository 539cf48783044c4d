//! P7: an effect is never taken back more often than it was applied.

use super::super::program::EffectId;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    let effects = (0u8..).zip(&view.code.program.effects);
    effects.into_iter().find_map(|(effect, _)| {
        let effect = EffectId(effect);
        let request = view.requests().find(|request| {
            let (applied, undone) = view.counts(effect, *request);
            undone > applied
        })?;
        Some((Subject::Effect(effect), Some(request)))
    })
}
