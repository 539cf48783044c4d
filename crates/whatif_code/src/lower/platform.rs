//! Entry points that a framework or platform finds by where their files are, by directives and by names.

use crate::ir::{ExprKind, Function, Stmt, StmtKind};
use crate::language::Convention;
use crate::lower::entries::registers;
use crate::lower::interpret::{Handler, Interpreter};
use crate::lower::values::{Abs, Kind, Origin, Taint};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{Peer, PeerRole};
use whatif_model::{Fact, Range, Span, Value};

/// What the first parameter of a function that a platform calls is named
/// (<https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html>).
const EVENTS: [&str; 2] = ["event", "_event"];

/// The same of the second one.
const CONTEXTS: [&str; 2] = ["context", "_context"];

impl<'a> Interpreter<'a> {
    /// Handlers that a framework finds by the place of their files.
    pub(super) fn register_conventions(&mut self) {
        let dialect = crate::language::dialect(self.program.language);
        for (module, ir) in self.program.modules.iter().enumerate() {
            for convention in dialect.conventions(&ir.path) {
                if convention.page_of.is_empty() {
                    self.register_convention(module, convention);
                } else if self.uses_package(convention.page_of) {
                    self.register_page(module, convention);
                }
            }
        }
    }

    fn register_convention(&mut self, module: usize, convention: Convention) {
        let Some(handler) = self.handed_out(module, convention.name) else { return };
        let at = self.handler_name(&handler).map(|(_, span)| span);
        let span = at.unwrap_or_else(|| self.program.span(module, Range::new(0, 0)));
        let trigger = Trigger::Http { method: convention.method.to_owned(), path: convention.route };
        let given = convention.given.iter().map(|class| {
            let from = Taint::one(Origin::Request(Rc::from("request")));
            self.library_object(class, Some(span)).with(&from)
        });
        let given: Vec<Abs<'a>> = given.collect();
        self.register(trigger, handler, span);
        if let Some(last) = self.registrations.last_mut() {
            last.given = given;
        }
    }

    /// A page is served, whatever it shows. What it does on the server is looked at, what browsers do is not.
    fn register_page(&mut self, module: usize, convention: Convention) {
        let is_for_browsers = directive(&self.program.modules[module].top) == Some("use client");
        let handler = if is_for_browsers { None } else { self.handed_out(module, convention.name) };
        if handler.is_some() {
            return self.register_convention(module, convention);
        }
        let span = self.program.span(module, Range::new(0, 0));
        let trigger = Trigger::Http { method: convention.method.to_owned(), path: convention.route };
        let frame = self.globals[self.program.package_of[module]];
        let nothing = Handler::Body { body: &[], targets: Vec::new(), frame, module, name: String::new() };
        self.register(trigger, Abs::unknown(), span);
        if let Some(last) = self.registrations.last_mut().filter(|last| last.span == span) {
            last.handler = nothing;
        }
    }

    /// Server actions (<https://react.dev/reference/rsc/use-server>), and functions that a platform calls with an event.
    pub(super) fn register_functions(&mut self) {
        let words = self.knowledge.words(self.program.language);
        let is_hosted = words.function_packages.iter().any(|package| self.uses_package(package));
        for (at, ir) in self.program.modules.iter().enumerate() {
            if ir.is_test || ir.is_generated || self.program.borrowed.contains(&at) {
                continue;
            }
            let is_action_file = directive(&ir.top) == Some("use server");
            for function in ir.functions.iter().filter(|function| function.owner.is_none()) {
                let is_action = is_action_file && function.is_async || directive(&function.body) == Some("use server");
                let trigger = match (is_action, is_hosted && takes_event(function)) {
                    (true, _) => Trigger::Rpc { service: "actions".to_owned(), method: function.name.clone() },
                    (_, true) => self.event_trigger(function, &ir.path),
                    _ => continue,
                };
                let span = self.program.span(at, function.name_range);
                if let Some(handler) = self.declared_at(at, &function.name) {
                    self.register_event(trigger, handler, span);
                }
            }
            if is_hosted {
                self.register_exports(at, &ir.path);
            }
        }
    }

    /// `exports.handler = async (event) => ...`.
    fn register_exports(&mut self, module: usize, path: &str) {
        let frame = self.globals[self.program.package_of[module]];
        let closures: Vec<(&'a Function, Abs<'a>)> = self.frames[frame.0 as usize]
            .names
            .values()
            .filter_map(|value| match &value.kind {
                Kind::Closure(closure) if takes_event(closure.function) => Some((closure.function, value.clone())),
                _ => None,
            })
            .collect();
        for (function, handler) in closures {
            let span = self.program.span(module, function.name_range);
            let trigger = self.event_trigger(function, path);
            self.register_event(trigger, handler, span);
        }
    }

    /// Functions without a name that a module hands out and nobody was seen to call, although they register entry
    /// points: `module.exports = (app) => { app.get(...) }`.
    pub(super) fn run_exported(&mut self) {
        let names = self.registering_names();
        for module in self.program.packages.iter().filter_map(|package| package.modules.first().copied()) {
            let ir = self.program.modules[module];
            if ir.is_test || ir.is_generated {
                continue;
            }
            let frame = self.globals[self.program.package_of[module]];
            let handed =
                ["module.exports", "default"].map(|name| self.frames[frame.0 as usize].names.get(name).cloned());
            for value in handed.into_iter().flatten() {
                let Kind::Closure(closure) = &value.kind else { continue };
                let file = self.program.files[module];
                let range = closure.function.range;
                let inside =
                    |span: Span| span.file == file && range.start <= span.range.start && span.range.end <= range.end;
                let known = self.registrations.iter().any(|registration| inside(registration.span));
                if !known && registers(&closure.function.body, &names) {
                    let closure = closure.clone();
                    self.enter_closure(&closure, &[]);
                }
            }
        }
    }

    fn register_event(&mut self, trigger: Trigger, handler: Abs<'a>, span: Span) {
        // Who routes its requests itself has one function for all of them.
        let before = self.registrations.len();
        let answer = self.library_object("aws-lambda.callback", None);
        self.register(trigger, handler, span);
        if self.registrations.len() > before
            && let Some(last) = self.registrations.last_mut()
        {
            let event = Abs::tainted(Taint::one(Origin::Request(Rc::from("event"))));
            last.given = vec![event, Abs::unknown(), answer];
        }
    }

    fn declared_at(&mut self, module: usize, name: &str) -> Option<Abs<'a>> {
        let found = self.program.find_function(self.program.package_of[module], name)?;
        Some(Kind::Function(found, None).into())
    }

    fn event_trigger(&self, function: &Function, path: &str) -> Trigger {
        let events = &self.knowledge.words(self.program.language).function_events;
        let ty = function.params.first().map(|param| crate::ir::bare(&param.ty)).unwrap_or_default();
        match events.get(ty.rsplit('.').next().unwrap_or(ty)).map(String::as_str) {
            Some("schedule") => Trigger::Schedule(Value::unknown()),
            Some(_) => {
                let technology = ty.split("Event").next().unwrap_or("").to_lowercase();
                let (address, name) = (Value::unknown(), Value::unknown());
                let topic = Peer { role: PeerRole::Topic, address, name, technology };
                Trigger::Message { topic, auto_ack: Fact::Unknown }
            }
            None => Trigger::Rpc { service: "functions".to_owned(), method: called(&function.name, path) },
        }
    }

    fn uses_package(&self, name: &str) -> bool {
        let mut imports = self.program.modules.iter().flat_map(|module| &module.imports);
        let is_of =
            |path: &str| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']));
        self.versions.of(name).is_some() || imports.any(|import| is_of(&import.path))
    }
}

/// A function named like every other one is called as its file or folder.
fn called(name: &str, path: &str) -> String {
    const PLAIN: [&str; 4] = ["handler", "main", "index", "default"];
    if !PLAIN.contains(&name) {
        return name.to_owned();
    }
    let mut parts = path.rsplit('/').map(|part| part.split('.').next().unwrap_or(part));
    parts.find(|part| !PLAIN.contains(part) && !part.is_empty()).unwrap_or(name).to_owned()
}

/// Whether a function takes what platforms hand to functions.
fn takes_event(function: &Function) -> bool {
    let named =
        |at: usize, names: &[&str]| function.params.get(at).is_some_and(|param| names.contains(&param.name.as_str()));
    let is_handler = function.name == "handler" && function.params.len() == 1;
    named(0, &EVENTS) && (named(1, &CONTEXTS) || is_handler || function.params.first().is_some_and(is_platform_event))
}

/// `APIGatewayProxyEvent`, and the like of it; browsers have events, too.
fn is_platform_event(param: &crate::ir::Param) -> bool {
    const BEGIN: [&str; 9] = [
        "APIGateway",
        "LambdaFunctionURL",
        "ALB",
        "SQS",
        "SNS",
        "Kinesis",
        "DynamoDBStream",
        "Scheduled",
        "EventBridge",
    ];
    let ty = crate::ir::bare(&param.ty);
    let ty = ty.rsplit('.').next().unwrap_or(ty);
    ty.ends_with("Event") && BEGIN.iter().any(|begin| ty.starts_with(begin))
}

/// The directive statements begin with: `"use server"`.
fn directive(body: &[Stmt]) -> Option<&str> {
    match body.first().map(|stmt| &stmt.kind) {
        Some(StmtKind::Expr(expr)) => match &expr.kind {
            ExprKind::Str(text) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    }
}
