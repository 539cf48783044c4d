//! Middleware: what a router runs before a handler, and how a handler is reached from it.

use super::call::Argument;
use super::library::Use;
use super::state::{Class, Interpreter};
use crate::knowledge::Does;
use crate::lower::values::{Abs, Kind, ObjectId, Origin, Taint};
use std::rc::Rc;

/// Most functions that are run before one handler.
const CHAIN_MAX: usize = 12;

/// How often what comes next is run, at most: once for each path on which a middleware goes on.
const RUNS_MAX: usize = 4;

/// Most routers around one route.
pub(super) const ROUTERS_MAX: usize = 16;

/// What is left to be run for a request, last first, and what each of them is given.
#[derive(Default)]
pub(crate) struct Chain<'a> {
    left: Vec<Abs<'a>>,
    given: Vec<Abs<'a>>,
    runs: usize,
}

impl<'a> Interpreter<'a> {
    /// `app.use(...)`, `next()`.
    pub(super) fn middleware(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if call.form.does == Does::Next {
            return self.next_in_chain(call);
        }
        let Some(router) = call.object() else { return Abs::unknown() };
        let mut prefix = self.router_prefix(router);
        let mut before = self.middleware_of(router);
        for arg in call.args {
            match &arg.value.kind {
                Kind::Text(path) => prefix = super::join_routes(&prefix, &super::routes::normal_path(path)),
                Kind::List(items) => {
                    for item in items.iter() {
                        self.use_one(router, item, &prefix, &mut before);
                    }
                }
                _ => self.use_one(router, &arg.value, &prefix, &mut before),
            }
        }
        // A path limits middleware to the routes below it, which are not told apart here.
        let limited = call.args.iter().any(|arg| matches!(arg.value.kind, Kind::Text(_)));
        if !limited {
            let list = Kind::List(Rc::new(before)).into();
            self.heap[router.0 as usize].fields.insert(Rc::from("before"), list);
        }
        call.receiver.cloned().unwrap_or_else(Abs::unknown)
    }

    /// A router is mounted behind what came before it, a function comes before what follows.
    fn use_one(&mut self, router: ObjectId, value: &Abs<'a>, prefix: &str, before: &mut Vec<Abs<'a>>) {
        match &value.kind {
            Kind::Object(id) if *id != router && matches!(self.object(*id).class, Class::Library(_)) => {
                self.mounts.push((*id, prefix.to_owned(), Some(router)));
                self.mounted_before.entry(id.0).or_insert_with(|| (router, before.clone()));
            }
            Kind::Function(..) | Kind::Closure(_) if before.len() < CHAIN_MAX && !self.handles_errors(value) => {
                before.push(value.clone());
            }
            Kind::Choice(options) => {
                for option in options.iter() {
                    self.use_one(router, option, prefix, before);
                }
            }
            _ => {}
        }
    }

    /// Express tells middleware for errors by its four parameters
    /// (<https://expressjs.com/en/guide/error-handling.html>).
    fn handles_errors(&self, value: &Abs<'a>) -> bool {
        let params = match &value.kind {
            Kind::Function(id, _) => &self.program.function(*id).ir.params,
            Kind::Closure(closure) => &closure.function.params,
            _ => return false,
        };
        params.len() >= 4
    }

    fn router_prefix(&self, router: ObjectId) -> String {
        let own = self.object(router).fields.get("prefix").map(|prefix| prefix.as_value().display());
        own.unwrap_or_default()
    }

    /// What runs before the handlers a router registers from here on.
    pub(super) fn middleware_of(&self, router: ObjectId) -> Vec<Abs<'a>> {
        match self.object(router).fields.get("before").map(|before| &before.kind) {
            Some(Kind::List(items)) => items.to_vec(),
            _ => Vec::new(),
        }
    }

    /// What runs before a handler of a route: what its router had so far, and what the route names.
    pub(super) fn before_handler(&self, call: &Use<'a, '_>) -> Vec<Abs<'a>> {
        let Some(spec) = call.form.args.get("before") else { return Vec::new() };
        let mut before = call.object().map(|router| self.middleware_of(router)).unwrap_or_default();
        let Some(crate::knowledge::Place::From(from)) = spec.place else { return before };
        let positional: Vec<&Argument<'a>> = call.args.iter().filter(|arg| arg.name.is_empty()).collect();
        let named = positional.get(from..positional.len().saturating_sub(1)).unwrap_or(&[]);
        for arg in named {
            let items = match &arg.value.kind {
                Kind::List(items) => items.to_vec(),
                _ => vec![arg.value.clone()],
            };
            before.extend(items.into_iter().filter(|item| matches!(item.kind, Kind::Function(..) | Kind::Closure(_))));
        }
        before.truncate(CHAIN_MAX);
        before
    }

    /// What runs before everything a router is mounted with.
    pub(crate) fn before_router(&self, router: ObjectId) -> Vec<Abs<'a>> {
        let mut before = Vec::new();
        let mut current = router;
        for _ in 0..ROUTERS_MAX {
            let Some((around, own)) = self.mounted_before.get(&current.0) else { break };
            let mut own = own.clone();
            own.append(&mut before);
            before = own;
            current = *around;
        }
        before.truncate(CHAIN_MAX);
        before
    }

    /// The arguments a framework hands to its handlers, by the types the form names.
    pub(super) fn handed(&mut self, call: &Use<'a, '_>) -> Vec<Abs<'a>> {
        let Some(types) = call.set("hands") else { return Vec::new() };
        let mut handed = Vec::new();
        for name in types.split(',').map(str::trim) {
            let class = crate::knowledge::symbol(&call.library.prefix, name);
            let inbound = self.knowledge.type_form(self.program.language, &class).is_some_and(|(_, form)| form.inbound);
            let object = self.library_object(&class, Some(call.span));
            let from = if inbound { Taint::one(Origin::Request(Rc::from(name))) } else { Taint::default() };
            handed.push(object.with(&from));
        }
        handed
    }

    /// Begins with the first function of a chain; the others are reached by `next`.
    pub(crate) fn begin_chain(&mut self, before: Vec<Abs<'a>>, handler: Abs<'a>, given: &[Abs<'a>]) -> Abs<'a> {
        let mut left: Vec<Abs<'a>> = before.into_iter().chain([handler]).collect();
        left.reverse();
        let first = left.pop().unwrap_or_else(Abs::unknown);
        self.chain = Chain { left, given: given.to_vec(), runs: 0 };
        first
    }

    /// What is left of a chain, to go on from there on another path.
    pub(super) fn chain_left(&self) -> Vec<Abs<'a>> {
        self.chain.left.clone()
    }

    /// Goes back to where a chain was before a path.
    pub(super) fn rewind_chain(&mut self, left: Vec<Abs<'a>>) {
        if self.chain.runs < RUNS_MAX {
            self.chain.left = left;
        }
    }

    /// `next()` runs what comes next; `next(error)` ends the request with a failure.
    fn next_in_chain(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if call.args.iter().any(|arg| !matches!(arg.value.kind, Kind::Nil)) {
            let exit = self.raise(call.range);
            self.diverged = Some(exit);
            return Abs::unknown();
        }
        let Some(next) = self.chain.left.pop() else { return Abs::unknown() };
        self.chain.runs += 1;
        let given: Vec<Argument<'a>> = self.chain.given.iter().cloned().map(Argument::of).collect();
        // A handler is as deep as it is without what runs before it.
        let depth = std::mem::replace(&mut self.depth_base, self.active.len());
        let value = self.call_value(&next, &given, call.range);
        self.depth_base = depth;
        value
    }
}
