//! What is written for a while: keys with a time to live.

use super::library::Use;
use super::state::Interpreter;
use crate::lower::values::{Abs, Kind};
use whatif_model::flow::EffectKind;

impl<'a> Interpreter<'a> {
    /// Whether what a call writes ends by itself: its name says so, or one of its options.
    pub(super) fn expires(&self, call: &Use<'a, '_>) -> bool {
        if call.set("expires").is_some() {
            return true;
        }
        let given = self.property(call, "expiry").is_some_and(|given| !matches!(given.kind, Kind::Nil));
        let Some(options) = call.set("expiring") else { return given };
        let named = |word: &str| options.split(',').any(|option| option == word);
        given
            || call.args.iter().any(|arg| match &arg.value.kind {
                Kind::Object(id) => self.object(*id).fields.keys().any(|key| named(key)),
                _ => arg.value.as_text().is_some_and(|text| named(&text)),
            })
    }

    /// `EXPIRE key`: what was written under that name just before ends by itself.
    pub(super) fn expire(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let wanted = self.item(call);
        for effect in self.run.effects.iter_mut().rev() {
            if let EffectKind::Write { item, .. } = &effect.kind
                && *item == wanted
            {
                effect.expires = true;
                break;
            }
        }
        Abs::tainted(call.taint())
    }
}
