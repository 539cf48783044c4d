//! P6: an effect is there at most once per request. Effects that are
//! naturally idempotent are not asked about.

use super::super::program::EffectId;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    let mut effects = (0u8..).zip(&view.code.program.effects);
    effects.find_map(|(effect, spec)| {
        let effect = EffectId(effect);
        let twice = |request: &usize| {
            let (applied, undone) = view.counts(effect, *request);
            applied > undone + 1
        };
        let request = view.requests().find(twice).filter(|_| !spec.idempotent)?;
        Some((Subject::Effect(effect), Some(request)))
    })
}
