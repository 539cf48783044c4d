//! Entry points that get their names elsewhere, routers known by name only, and commands that say what a client does.

use super::call::{Argument, Site};
use super::library::Use;
use super::state::{Class, Interpreter};
use crate::ir::ExprKind;
use crate::knowledge::Does;
use crate::lower::values::{Abs, Kind, ObjectId};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;

/// Deepest nesting of objects of procedures.
const NESTING_MAX: usize = 8;

/// The field of a router that lists the registrations of its procedures.
const PROCEDURES: &str = "procedures";

impl<'a> Interpreter<'a> {
    /// `client.send(command)`: does what the client's form of the command's name does, with the command as argument.
    pub(super) fn execute(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let command = call.args.first().and_then(|arg| match arg.value.kind {
            Kind::Object(id) => Some(id),
            _ => None,
        });
        let Some(command) = command else { return Abs::tainted(call.taint()) };
        let object = self.object(command);
        let known = |key: &str| object.fields.get(key).is_some_and(|value| !matches!(value.kind, Kind::Nil));
        let effect = object.fields.get("effect").and_then(Abs::as_text).unwrap_or_else(|| "call".to_owned());
        let effect = if known("condition") && effect != "read" { "guarded".to_owned() } else { effect };
        let name = match &object.class {
            Class::Library(class) => class.rsplit('.').next().unwrap_or("").trim_end_matches("Command").to_owned(),
            _ => String::new(),
        };
        let client = call.form.call.first().and_then(|name| name.split('.').next()).unwrap_or("");
        let wanted = format!("{client}.{effect}");
        let form = call.library.form.iter().find(|form| form.call.contains(&wanted) && form.does != Does::Execute);
        let Some(form) = form else { return Abs::tainted(call.taint()) };
        let args = self.with_members(form, call.args);
        let inner = Use {
            library: call.library,
            form,
            receiver: call.receiver,
            args: &args,
            name: &name,
            range: call.range,
            span: call.span,
            receiver_expr: call.receiver_expr,
        };
        self.apply(&inner)
    }

    /// `router({ create: procedure, post: otherRouter })`: procedures are called by where they are put.
    pub(super) fn procedures(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let value = self.make(call);
        if let Some(resolvers) = call.argument("resolvers").map(|arg| arg.value.clone()) {
            self.resolvers(call, &resolvers);
            return value;
        }
        let mut found = Vec::new();
        if let Some(Kind::Object(id)) = call.args.first().map(|arg| arg.value.kind.clone()) {
            self.name_procedures(id, "", NESTING_MAX, &mut found);
        }
        if let Kind::Object(id) = value.kind {
            let numbers = found.into_iter().map(|at| Kind::Number(at as f64).into()).collect();
            self.heap[id.0 as usize].fields.insert(Rc::from(PROCEDURES), Kind::List(Rc::new(numbers)).into());
        }
        value
    }

    fn name_procedures(&mut self, id: ObjectId, prefix: &str, depth: usize, found: &mut Vec<usize>) {
        if depth == 0 {
            return;
        }
        for (key, value) in self.object(id).fields.clone() {
            let Kind::Object(inner) = value.kind else { continue };
            let fields = &self.object(inner).fields;
            if let Some(at) = fields.get("registration").and_then(Abs::as_number) {
                self.call_procedure(at as usize, prefix, &key);
                found.push(at as usize);
            } else if let Some(Kind::List(numbers)) = fields.get(PROCEDURES).map(|list| list.kind.clone()) {
                let below = joined(prefix, &key);
                for at in numbers.iter().filter_map(Abs::as_number).map(|at| at as usize) {
                    self.move_procedure(at, &below);
                    found.push(at);
                }
            } else if self.object(inner).class == Class::Dict {
                self.name_procedures(inner, &joined(prefix, &key), depth - 1, found);
            }
        }
    }

    /// `{ Query: { order: f }, Mutation: { place: g } }` (<https://www.apollographql.com/docs/apollo-server/data/resolvers>).
    fn resolvers(&mut self, call: &Use<'a, '_>, resolvers: &Abs<'a>) {
        let listed: Vec<Abs<'a>> = match &resolvers.kind {
            Kind::List(items) => items.to_vec(),
            _ => resolvers.alternatives().to_vec(),
        };
        for option in listed {
            let Kind::Object(id) = option.kind else { continue };
            for kind in ["Query", "Mutation"] {
                let Some(Kind::Object(own)) = self.object(id).fields.get(kind).map(|own| own.kind.clone()) else {
                    continue;
                };
                for (name, handler) in self.object(own).fields.clone() {
                    if !matches!(handler.kind, Kind::Function(..) | Kind::Closure(_)) {
                        continue;
                    }
                    let span = self.handler_name(&handler).map_or(call.span, |(_, span)| span);
                    let trigger = Trigger::Rpc { service: kind.to_owned(), method: name.to_string() };
                    let given = self.handed(call);
                    self.register(trigger, handler, span);
                    if let Some(last) = self.registrations.last_mut().filter(|last| last.span == span) {
                        last.given = given;
                    }
                }
            }
        }
    }

    fn call_procedure(&mut self, at: usize, service: &str, method: &str) {
        if let Some(registration) = self.registrations.get_mut(at) {
            registration.trigger = Trigger::Rpc { service: service.to_owned(), method: method.to_owned() };
        }
    }

    fn move_procedure(&mut self, at: usize, prefix: &str) {
        if let Some(registration) = self.registrations.get_mut(at)
            && let Trigger::Rpc { service, .. } = &mut registration.trigger
        {
            *service = joined(prefix, service);
        }
    }

    /// The status an answer has; functions answer with an object that holds it
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).
    pub(super) fn status_field(&self, id: ObjectId) -> Option<&Abs<'a>> {
        let fields = &self.object(id).fields;
        fields.get("status").or_else(|| fields.get("statusCode"))
    }

    /// The trigger of a procedure nobody has put into a router yet: it is called as its file is.
    pub(super) fn procedure(&self) -> Trigger {
        let path = self.program.modules[self.module()].path.as_str();
        let file = path.rsplit('/').next().unwrap_or(path);
        let name = file.split('.').next().unwrap_or(file);
        Trigger::Rpc { service: String::new(), method: name.to_owned() }
    }

    /// `app.post("/orders", (req, res) => ...)` where nobody saw what `app` is: a path, a handler, the name of a router,
    /// and a framework the program depends on are enough.
    pub(super) fn route_by_name(&mut self, name: &str, args: &[Argument<'a>], site: Site<'a>) -> Option<Abs<'a>> {
        let words = self.knowledge.words(self.program.language);
        let path = args.first().filter(|_| !words.routers.is_empty())?.value.as_text()?;
        let is_handler = matches!(args.last()?.value.kind, Kind::Function(..) | Kind::Closure(_));
        let receiver = match &site.receiver_expr?.kind {
            ExprKind::Name(name) | ExprKind::Field(_, name) => name,
            _ => return None,
        };
        if !path.starts_with('/') || args.len() < 2 || !is_handler || !words.routers.iter().any(|it| it == receiver) {
            return None;
        }
        let class = words.router_types.iter().find(|class| self.depends_on(class))?;
        let symbol = format!("{class}.{name}");
        let is_route = |found: crate::knowledge::Found<'_>| found.form.does == Does::Route;
        self.knowledge.form(self.program.language, &symbol).filter(|found| is_route(*found))?;
        let router = self.library_object(class, None);
        Some(self.library_call(&symbol, Some(&router), args, site))
    }

    /// Whether the program depends on the library of a type.
    fn depends_on(&self, class: &str) -> bool {
        let Some((library, _)) = self.knowledge.type_form(self.program.language, class) else { return false };
        let imports = || self.program.modules.iter().flat_map(|module| &module.imports);
        self.versions.of(&library.package).is_some()
            || imports()
                .any(|import| import.path == library.prefix || import.path == format!("{}.default", library.prefix))
    }
}

fn joined(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, name) => format!("{prefix}.{name}"),
    }
}
