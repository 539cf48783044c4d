//! Which columns or fields reads return, writes set, and the store compares by itself.

use super::library::Use;
use super::state::{Class, Interpreter};
use crate::lower::values::{Abs, Kind, ObjectId};
use whatif_model::basis::Basis;
use whatif_model::flow::EffectKind;

/// Most columns one effect keeps.
const COLUMNS_MAX: usize = 64;

/// Where object mappers expect the condition, and where the values.
const CONDITION_NAMES: [&str; 4] = ["where", "filter", "query", "conditions"];
const VALUE_NAMES: [&str; 6] = ["data", "set", "values", "$set", "$inc", "$unset"];

/// A live object that was changed.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    /// The read it came from.
    pub(super) read: u32,
    /// Whether the new value was computed from the old one.
    pub(super) from_read: bool,
    pub(super) fields: Vec<String>,
    /// The constants they are set to.
    pub(super) values: Vec<String>,
    /// What had been found where it was changed.
    pub(super) basis: Basis,
}

impl<'a> Interpreter<'a> {
    /// A live object that gets a new value in one of its fields; written when the unit of work is committed.
    pub(super) fn note_changed(&mut self, read: u32, field: &str, value: &Abs<'a>, from_read: bool) {
        let basis = self.basis(&value.from);
        let before = self.dirty.iter().position(|seen| seen.read == read).map(|at| self.dirty.remove(at));
        let (mut fields, mut values) = before.map(|before| (before.fields, before.values)).unwrap_or_default();
        match fields.iter().position(|known| known == field) {
            // Set to one thing here and to another one there: to no constant.
            Some(at) => values[at].clear(),
            None if fields.len() < COLUMNS_MAX => {
                fields.push(field.to_owned());
                values.push(constant(value));
            }
            None => {}
        }
        self.dirty.push(Changed { read, from_read, fields, values, basis });
    }

    /// Notes the columns of the effects from `first` on.
    pub(super) fn note_columns(&mut self, first: u32, fields: &[String], values: &[String], conditions: &[String]) {
        let from = first.saturating_sub(self.run.base) as usize;
        for effect in self.run.effects.iter_mut().skip(from) {
            let stored = matches!(
                effect.kind,
                EffectKind::Read { .. }
                    | EffectKind::Write { .. }
                    | EffectKind::DedupCheck { .. }
                    | EffectKind::DedupMark { .. }
            );
            if stored && effect.fields.is_empty() && effect.conditions.is_empty() {
                effect.fields = fields.iter().take(COLUMNS_MAX).cloned().collect();
                effect.values = values.iter().take(COLUMNS_MAX).cloned().collect();
                effect.conditions = conditions.iter().take(COLUMNS_MAX).cloned().collect();
            }
        }
    }

    /// The same for a call of an object mapper: its arguments name them.
    pub(super) fn columns_of_call(&mut self, first: u32, call: &Use<'a, '_>) {
        if first == self.next_effect() {
            return;
        }
        let (mut fields, mut conditions) = (Vec::new(), Vec::new());
        let dicts: Vec<(&str, ObjectId)> = call
            .args
            .iter()
            .filter_map(|arg| match arg.value.kind {
                Kind::Object(id) if self.object(id).class == Class::Dict => Some((arg.name, id)),
                _ => None,
            })
            .collect();
        let has_operators = dicts.iter().any(|(_, id)| self.object(*id).fields.keys().any(|key| key.starts_with('$')));
        for (at, (name, id)) in dicts.iter().enumerate() {
            let named = self.parts_of(*id, &mut fields, &mut conditions);
            if named {
                continue;
            }
            // `updateOne(filter, { $set: .. })`: what stands before the operators is the condition.
            let filters = CONDITION_NAMES.contains(name) || (has_operators && at == 0 && dicts.len() > 1);
            let keys = self.object(*id).fields.keys().map(|key| key.to_string());
            if filters { conditions.extend(keys) } else { fields.extend(keys) }
        }
        let keywords = call.args.iter().filter(|arg| !arg.name.is_empty() && !arg.name.starts_with('<'));
        let keywords = keywords.filter(|arg| !matches!(arg.value.kind, Kind::Object(_)));
        fields.extend(keywords.map(|arg| arg.name.to_owned()));
        self.note_columns(first, &fields, &[], &conditions);
    }

    /// The named parts of an options object: `{ where: .., data: .. }`; whether it has any.
    fn parts_of(&self, id: ObjectId, fields: &mut Vec<String>, conditions: &mut Vec<String>) -> bool {
        let mut any = false;
        for (name, value) in &self.object(id).fields {
            let is_condition = CONDITION_NAMES.contains(&&**name);
            if !is_condition && !VALUE_NAMES.contains(&&**name) {
                continue;
            }
            let Kind::Object(inner) = value.kind else { continue };
            any = true;
            let keys = self.object(inner).fields.keys().map(|key| key.to_string());
            if is_condition { conditions.extend(keys) } else { fields.extend(keys) }
        }
        any
    }
}

/// What a field is set to, when it is a constant.
fn constant(value: &Abs<'_>) -> String {
    match &value.kind {
        Kind::Bool(known) => known.to_string(),
        Kind::Nil => "null".to_owned(),
        Kind::Library(symbol) => symbol.rsplit('.').next().unwrap_or(symbol).to_owned(),
        Kind::Text(_) => value.as_text().unwrap_or_default(),
        _ => String::new(),
    }
}
