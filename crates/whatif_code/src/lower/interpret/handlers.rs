//! Handlers that come with their verbs: method routers, annotated functions, and what all handlers share.

use super::library::Use;
use super::routes::join_routes;
use super::state::{Class, Interpreter};
use crate::lower::program::FunctionId;
use crate::lower::values::{Abs, Kind, ObjectId};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;

/// Verbs under which a method router keeps its handlers.
const VERBS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "ANY"];

impl<'a> Interpreter<'a> {
    /// The handlers of a method router, each with its verb; `None` for anything else.
    pub(super) fn verbs_of(&self, handler: &Abs<'a>) -> Vec<(String, Abs<'a>)> {
        let Kind::Object(id) = handler.kind else { return vec![(String::new(), handler.clone())] };
        let fields = &self.object(id).fields;
        if let Some(endpoint) = fields.get("endpoint") {
            let verb = fields.get("verb").and_then(Abs::as_text).unwrap_or_default();
            return vec![(verb.to_uppercase(), endpoint.clone())];
        }
        let verbs = VERBS.iter().filter_map(|verb| fields.get(*verb).map(|handler| (*verb, handler.clone())));
        verbs.map(|(verb, handler)| (if verb == "ANY" { String::new() } else { verb.to_owned() }, handler)).collect()
    }

    /// Registers every handler of a method router under a path.
    pub(super) fn route_verbs(&mut self, call: &Use<'a, '_>, path: &str, handler: &Abs<'a>) {
        for (method, handler) in self.verbs_of(handler) {
            let trigger = Trigger::Http { method, path: path.to_owned() };
            self.register(trigger, handler, call.span);
            if let Some(router) = call.object() {
                self.routed.push((self.registrations.len().saturating_sub(1), router));
            }
        }
    }

    /// Functions that say in an attribute which route they are for, mounted at a router.
    pub(super) fn mount_function(&mut self, id: FunctionId, prefix: &str, router: Option<ObjectId>) {
        let declared = self.program.function(id);
        let handler: Abs<'a> = Kind::Function(id, None).into();
        for decorator in &declared.ir.decorators {
            self.push_activation(None, declared.module, self.globals[self.program.package_of[declared.module]], None);
            let value = self.eval(decorator);
            self.diverged = None;
            self.active.pop();
            let Kind::Object(object) = value.kind else { continue };
            let fields = &self.object(object).fields;
            if fields.get("decorates").and_then(Abs::as_text).as_deref() != Some("route") {
                continue;
            }
            let path = fields.get("path").and_then(Abs::as_text).unwrap_or_default();
            let methods: Vec<String> = match fields.get("methods").map(|methods| methods.kind.clone()) {
                Some(Kind::List(items)) => items.iter().filter_map(Abs::as_text).collect(),
                _ => vec![String::new()],
            };
            let span = self.program.span(declared.module, decorator.range);
            for method in methods {
                let trigger = Trigger::Http { method, path: join_routes(prefix, &path) };
                self.register(trigger, handler.clone(), span);
                if let Some(router) = router {
                    self.routed.push((self.registrations.len().saturating_sub(1), router));
                }
            }
        }
    }

    /// A value of a declared type that every request shares: one that was made at the start.
    pub(super) fn shared(&self, typed: &Abs<'a>) -> Option<Abs<'a>> {
        let Kind::Object(id) = typed.kind else { return None };
        match &self.object(id).class {
            Class::Own(ty) => self.made.contains(&ty.0).then(|| typed.clone()),
            Class::Library(class) => {
                let class: Rc<str> = class.clone();
                let same = |object: &super::state::Object<'a>| {
                    object.made.is_some() && matches!(&object.class, Class::Library(own) if *own == class)
                };
                let mut made = self.heap.iter().enumerate().filter(|(_, object)| same(object));
                let (at, first) = made.next()?;
                let id = ObjectId(u32::try_from(at).unwrap_or(u32::MAX));
                made.all(|(_, other)| other.made == first.made).then(|| Kind::Object(id).into())
            }
            Class::Dict => None,
        }
    }
}
