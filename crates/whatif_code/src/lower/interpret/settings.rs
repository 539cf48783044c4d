//! Members of objects given as arguments: `{ timeout: 5000 }`.

use super::call::Argument;
use super::library::find;
use super::state::Interpreter;
use crate::knowledge::{ArgSpec, Form};
use crate::lower::values::{Abs, Kind};

impl<'a> Interpreter<'a> {
    /// Arguments, and the members of them that a form asks for.
    pub(super) fn with_members(&self, form: &'a Form, args: &[Argument<'a>]) -> Vec<Argument<'a>> {
        let mut all = args.to_vec();
        for member in form.args.values().flat_map(|spec| &spec.members) {
            let spec = ArgSpec { place: Some(member.place), keywords: Vec::new(), members: Vec::new() };
            let Some(arg) = find(&spec, args) else { continue };
            if let Some(value) = self.member_of(&arg.value, &member.path) {
                all.push(Argument { name: &member.text, value, spread: false, place: None, expr: arg.expr });
            }
        }
        all
    }

    /// A member of an object; unknown when the object may have it, `None` when it does not.
    fn member_of(&self, value: &Abs<'a>, path: &[String]) -> Option<Abs<'a>> {
        let mut value = value.clone();
        for name in path {
            let id = match &value.kind {
                Kind::Object(id) => *id,
                Kind::Unknown | Kind::Choice(_) => return Some(Abs::tainted(value.from)),
                _ => return None,
            };
            let fields = &self.object(id).fields;
            value = match fields.get(name.as_str()) {
                Some(found) => found.clone(),
                None if fields.contains_key(super::construct::REST) => return Some(Abs::unknown()),
                None => return None,
            };
        }
        Some(value)
    }
}
