//! Settings: members of objects given as arguments (`{ timeout: 5000 }`), and properties set later.

use super::call::{Argument, taint_of};
use super::library::{Use, find};
use super::state::Interpreter;
use crate::knowledge::{ArgSpec, Does, Form};
use crate::lower::values::{Abs, Kind};
use std::rc::Rc;
use whatif_model::flow::TimeoutKind;

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

    /// A limit set on a request after it was made.
    fn bound_request(&mut self, call: &Use<'a, '_>) {
        let (Some(limit), Some(request)) = (call.argument("timeout"), call.receiver) else { return };
        let limit = self.stated_timeout(&limit.value, TimeoutKind::PerRead, call.span);
        for number in request.from.data() {
            let at = number.checked_sub(self.run.base).and_then(|at| usize::try_from(at).ok());
            if let Some(effect) = at.and_then(|at| self.run.effects.get_mut(at)) {
                effect.policy.timeout = limit.clone();
            }
        }
    }

    /// What a call sets on an object.
    pub(super) fn set_property(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let target = call.argument("onto").map(|onto| onto.value.kind.clone());
        let id = match target {
            Some(Kind::Object(id)) => Some(id),
            Some(_) => None,
            None => call.object(),
        };
        let Some(id) = id else { return call.receiver.cloned().unwrap_or_else(Abs::unknown) };
        let given = |property: &str| call.form.args.get(property).and_then(|spec| find(spec, call.args));
        for (property, text) in call.form.set.iter().filter(|(property, _)| given(property).is_none()) {
            self.store(super::state::Location::Field(id, Rc::from(property.as_str())), Abs::text(text.clone()));
        }
        for property in call.form.args.keys().filter(|property| *property != "onto") {
            if let Some(arg) = given(property) {
                self.store(super::state::Location::Field(id, Rc::from(property.as_str())), arg.value.clone());
            }
        }
        if call.set("bounds").is_some() {
            self.bound_request(call);
        }
        let given: Vec<Argument<'a>> = call.args.iter().filter(|arg| self.is_option(&arg.value)).cloned().collect();
        if !given.is_empty() {
            let mut fields = self.object(id).fields.clone();
            self.merge_options(&mut fields, &given);
            self.heap[id.0 as usize].fields = fields;
        }
        if call.form.does == Does::SetHeader {
            self.outgoing_header(id, call);
        }
        call.receiver.cloned().unwrap_or_else(Abs::unknown).with(&taint_of(call.args))
    }
}
