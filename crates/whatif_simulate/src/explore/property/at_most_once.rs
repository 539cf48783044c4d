//! P6: an effect is there at most once per request. Effects that are
//! naturally idempotent are not asked about.

use super::super::program::EffectId;
use super::super::trace::Subject;
use super::{Broken, View};

pub(super) fn broken(view: &View) -> Broken {
    let mut effects = (0u8..).zip(view.code.program.effects.iter().zip(&view.code.layout.effects));
    effects.find_map(|(effect, (spec, fields))| {
        let fields = fields.filter(|_| !spec.idempotent)?;
        let twice =
            |request: &usize| view.state.get(fields.applied, *request) > view.state.get(fields.undone, *request) + 1;
        let request = view.requests().find(twice)?;
        Some((Subject::Effect(EffectId(effect)), Some(request)))
    })
}
