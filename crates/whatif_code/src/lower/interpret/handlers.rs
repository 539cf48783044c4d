//! Handlers that come with their verbs: method routers, annotated functions, and what all handlers share.

use super::library::Use;
use super::routes::join_routes;
use super::state::{Class, Interpreter};
use crate::ir::ExprKind;
use crate::lower::program::FunctionId;
use crate::lower::syntax;
use crate::lower::values::{Abs, Kind, ObjectId};
use std::rc::Rc;
use whatif_model::Span;
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

    /// `router.layer(x)`: own code around every handler. Whether it reads a request's key is told by the file it
    /// stands in, because what a layer calls is decided by types that are not followed.
    pub(super) fn layer(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let receiver = call.receiver.cloned().unwrap_or_else(Abs::unknown);
        let Kind::Object(router) = receiver.kind else { return receiver };
        for arg in call.args {
            if self.reads_keys(&arg.value, call.range) {
                self.keyed_layers.insert(router.0, call.span);
            }
        }
        receiver
    }

    fn reads_keys(&mut self, layer: &Abs<'a>, range: whatif_model::Range) -> bool {
        let module = match &layer.kind {
            Kind::Function(id, _) => self.program.function(*id).module,
            Kind::Closure(closure) => {
                let closure = closure.clone();
                let made = self.inline_closure(&closure, &[], range);
                self.diverged = None;
                return matches!(made.kind, Kind::Object(_)) && self.reads_keys(&made, range);
            }
            Kind::Object(id) => match self.object(*id).class {
                Class::Own(ty) => self.program.ty(ty).module,
                // A builder of layers that was given one.
                _ => return self.keyed_layers.contains_key(&id.0),
            },
            _ => return false,
        };
        let mut found = false;
        let module = self.program.modules[module];
        let blocks = module.functions.iter().map(|function| function.body.as_slice()).chain([module.top.as_slice()]);
        for block in blocks {
            syntax::each_expr(block, &mut |expr| {
                found |= matches!(&expr.kind, ExprKind::Str(text) if self.is_key(text));
            });
        }
        found
    }

    /// The layer around a router, or around one it is mounted below, that reads keys.
    pub(crate) fn keyed_layer(&self, router: ObjectId) -> Option<Span> {
        let mut current = router;
        for _ in 0..super::middleware::ROUTERS_MAX {
            if let Some(span) = self.keyed_layers.get(&current.0) {
                return Some(*span);
            }
            current = self.mounts.iter().find(|(mounted, ..)| *mounted == current).and_then(|(.., around)| *around)?;
        }
        None
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
