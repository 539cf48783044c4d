//! HTTP routes, routers and servers.

use super::call::Argument;
use super::library::Use;
use super::state::{Handler, Interpreter, Registration};
use crate::knowledge::Does;
use crate::lower::values::{Abs, Context, ContextOrigin, Kind, ObjectId, Origin, Taint};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;
use whatif_model::flow::Bound;
use whatif_model::{Evidence, Fact, Span, Stage, Value};

impl<'a> Interpreter<'a> {
    /// Routes, groups, servers.
    pub(super) fn routing(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Route => self.route(call),
            Does::Group => {
                let prefix = self.prefix(call);
                let value = self.make(call);
                if let Kind::Object(id) = value.kind {
                    let path = self.property(call, "path").map(|path| path.as_value().display()).unwrap_or_default();
                    // A route that gets its handlers later carries its path itself.
                    let joined = if call.set("path_stays").is_some() { prefix } else { join_routes(&prefix, &path) };
                    let fields = &mut self.heap[id.0 as usize].fields;
                    fields.insert(Rc::from("prefix"), Abs::text(joined));
                    if let Some(around) = call.object() {
                        fields.insert(Rc::from("within"), Kind::Object(around).into());
                    }
                }
                if let Some(function) = call.argument("function").map(|arg| arg.value.clone()) {
                    self.call_value(&function, &[Argument::of(value.clone())], call.range);
                }
                if call.set("returns") == Some("receiver") {
                    return call.receiver.cloned().unwrap_or(value);
                }
                value
            }
            Does::Mount => self.mount(call),
            Does::Handler => call.argument("handler").map_or_else(Abs::unknown, |arg| arg.value.clone()),
            Does::RpcRegister if call.form.args.get("handler").is_some_and(|spec| spec.place.is_none()) => {
                self.register_class(call)
            }
            Does::RpcRegister => {
                self.register_operations(call);
                Abs::unknown()
            }
            _ => self.serve(call),
        }
    }

    fn prefix(&self, call: &Use<'a, '_>) -> String {
        let own =
            call.object().and_then(|id| self.object(id).fields.get("prefix")).map(|prefix| prefix.as_value().display());
        own.unwrap_or_default()
    }

    fn route(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let path = self.property(call, "path").or_else(|| self.carried(call, "path"));
        let path = path.map(|path| path.as_value()).unwrap_or_default();
        let text = normal_path(&path);
        let (fixed, text) = split_pattern(&text);
        let path = join_routes(&self.prefix(call), &text);
        let methods = match fixed {
            Some(method) => vec![method],
            None => self.methods(call),
        };
        let handler = call.argument("handler").map(|arg| arg.value.clone()).or_else(|| self.forwarding(call));
        if let (Some(handler), Some("handler")) = (&handler, call.set("verbs")) {
            self.route_verbs(call, &path, handler);
            return call.receiver.cloned().unwrap_or_else(Abs::unknown);
        }
        match handler {
            Some(_) if call.set("procedure").is_some() && self.program.borrowed.contains(&self.module()) => {
                Abs::unknown()
            }
            Some(handler) if call.set("procedure").is_some() => {
                let id = self.registrations.len();
                let given = self.handed(call);
                self.registrations.push(Registration {
                    given,
                    ..Registration::new(self.procedure(), Handler::Value(handler), call.span)
                });
                self.route_handle(call, id)
            }
            Some(handler) => {
                let id = self.register_route(methods, path, handler, call.object(), call.span);
                let (before, given) = (self.before_handler(call), self.handed(call));
                for registration in self.registrations.iter_mut().skip(id).filter(|known| known.span == call.span) {
                    registration.before.clone_from(&before);
                    registration.given.clone_from(&given);
                }
                self.route_handle(call, id)
            }
            None => self.route_decorator(call, methods, path),
        }
    }

    /// A route of a gateway hands its requests on: its handler is the one call of the object it is.
    fn forwarding(&mut self, call: &Use<'a, '_>) -> Option<Abs<'a>> {
        let address = call.argument("forward").map(|arg| arg.value.clone())?;
        let value = self.make(call);
        let Kind::Object(id) = value.kind else { return None };
        let mut url = address.as_value();
        if let Some(path) = self.object(id).fields.get("path").map(Abs::as_value) {
            url.push(path);
        }
        self.heap[id.0 as usize].fields.insert(Rc::from("url"), Abs::value(url));
        Some(Kind::Method(Rc::new(value), "forward").into())
    }

    /// `.Methods("POST")` after a route narrows it: the route's handle remembers which registrations it made.
    fn route_handle(&mut self, call: &Use<'a, '_>, first: usize) -> Abs<'a> {
        let value = self.make(call);
        if let Kind::Object(id) = value.kind {
            self.heap[id.0 as usize].fields.insert(Rc::from("registration"), Kind::Number(first as f64).into());
        }
        value
    }

    fn register_route(
        &mut self,
        methods: Vec<String>,
        path: String,
        handler: Abs<'a>,
        router: Option<ObjectId>,
        span: Span,
    ) -> usize {
        let first = self.registrations.len();
        for method in self.verbs(methods, &handler) {
            let trigger = Trigger::Http { method, path: path.clone() };
            self.register(trigger, handler.clone(), span);
            if let Some(router) = router {
                self.routed.push((self.registrations.len().saturating_sub(1), router));
            }
        }
        first
    }

    /// A class that handles requests has one method per verb.
    fn verbs(&self, methods: Vec<String>, handler: &Abs<'a>) -> Vec<String> {
        let Kind::Type(ty) = handler.kind else { return methods };
        if methods.iter().any(|method| !method.is_empty()) {
            return methods;
        }
        let verbs = ["get", "post", "put", "patch", "delete"].into_iter();
        let own: Vec<String> =
            verbs.filter(|verb| self.program.method(ty, verb).is_some()).map(str::to_uppercase).collect();
        if own.is_empty() { methods } else { own }
    }

    /// Adds a registration unless it is there.
    pub(crate) fn register(&mut self, trigger: Trigger, handler: Abs<'a>, span: Span) {
        let known = self.registrations.iter().any(|known| known.span == span && known.trigger == trigger);
        if !known {
            self.registrations.push(Registration::new(trigger, Handler::Value(handler), span));
        }
    }

    fn methods(&mut self, call: &Use<'a, '_>) -> Vec<String> {
        let value = self.property(call, "method").or_else(|| self.carried(call, "method"));
        let Some(value) = value else { return vec![String::new()] };
        let mut methods: Vec<String> = match &value.kind {
            Kind::List(items) | Kind::Tuple(items) => items.iter().filter_map(Abs::as_text).collect(),
            _ => value.as_text().into_iter().collect(),
        };
        if let Some(rest) = call.form.args.get("methods") {
            let positional = call.args.iter().filter(|arg| arg.name.is_empty());
            if let Some(crate::knowledge::Place::From(from)) = rest.place {
                methods = positional.skip(from).filter_map(|arg| arg.value.as_text()).collect();
            }
        }
        if methods.is_empty() {
            vec![String::new()]
        } else {
            methods.iter().map(|method| method.to_uppercase()).collect()
        }
    }

    /// Narrowing of a route that was registered before.
    pub(super) fn narrow(&mut self, call: &Use<'a, '_>) -> Option<()> {
        let id = call.object()?;
        let first = self.object(id).fields.get("registration")?.as_number()? as usize;
        let methods: Vec<String> =
            call.args.iter().filter_map(|arg| arg.value.as_text()).map(|method| method.to_uppercase()).collect();
        let registration = self.registrations.get(first)?;
        let Trigger::Http { path, .. } = registration.trigger.clone() else { return None };
        let mut methods = methods;
        if methods.iter().any(|method| method == "GET") {
            // HEAD is GET without the body.
            methods.retain(|method| method != "HEAD" && method != "OPTIONS");
        }
        let Handler::Value(handler) = &registration.handler else { return None };
        let (handler, span) = (handler.clone(), registration.span);
        let mut methods = methods.into_iter();
        self.registrations[first].trigger = Trigger::Http { method: methods.next()?, path: path.clone() };
        for method in methods {
            self.register(Trigger::Http { method, path: path.clone() }, handler.clone(), span);
        }
        Some(())
    }

    /// A decorator call that waits for its function.
    fn route_decorator(&mut self, call: &Use<'a, '_>, methods: Vec<String>, path: String) -> Abs<'a> {
        let value = self.make(call);
        if let Kind::Object(id) = value.kind {
            let methods = methods.into_iter().map(Abs::text).collect();
            let fields = &mut self.heap[id.0 as usize].fields;
            fields.insert(Rc::from("decorates"), Abs::text("route"));
            fields.insert(Rc::from("methods"), Kind::List(Rc::new(methods)).into());
            fields.insert(Rc::from("path"), Abs::text(path));
            if let Some(router) = call.object() {
                fields.insert(Rc::from("router"), Kind::Object(router).into());
            }
        }
        value
    }

    /// A router or blueprint below a prefix: what it registered, and will register, moves there.
    fn mount(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if call.set("narrows").is_some() {
            self.narrow(call);
            return call.receiver.cloned().unwrap_or_else(Abs::unknown);
        }
        let mut prefix = self.prefix(call);
        if let Some(path) = call.argument("path") {
            prefix = join_routes(&prefix, &normal_path(&path.value.as_value()));
        }
        let Some(mounted) = call.argument("handler").map(|arg| arg.value.clone()) else { return Abs::unknown() };
        let listed: Vec<Abs<'a>> = match &mounted.kind {
            Kind::List(items) => items.to_vec(),
            _ => mounted.alternatives().to_vec(),
        };
        for option in listed {
            match option.kind {
                Kind::Object(id) => self.mounts.push((id, prefix.clone(), call.object())),
                Kind::Function(id, _) => self.mount_function(id, &prefix, call.object()),
                _ => {}
            }
        }
        match call.receiver {
            Some(receiver) if self.is_fluent(receiver) => receiver.clone(),
            _ => Abs::unknown(),
        }
    }

    fn serve(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        self.facts.listens.insert(call.span);
        if call.set("bounded").is_some() {
            return Abs::unknown();
        }
        let object = call.object();
        let names = ["read_timeout", "write_timeout", "idle_timeout", "header_timeout"];
        let bounds: Vec<u64> = object
            .map(|id| {
                names
                    .iter()
                    .filter_map(|name| self.object(id).fields.get(*name).and_then(|value| value.as_millis(1e-6)))
                    .collect()
            })
            .unwrap_or_default();
        let set = object.is_some_and(|id| names.iter().any(|name| self.object(id).fields.contains_key(*name)));
        let at = object.and_then(|id| self.object(id).made).unwrap_or(call.span);
        let fact = match (bounds.iter().max(), set) {
            (Some(bound), _) => Fact::known(
                Bound::Millis(*bound),
                Evidence::stated(Stage::Code, at, "the server bounds its connections"),
            ),
            (None, true) => Fact::Unknown,
            (None, false) if object.is_some_and(|id| self.object(id).made.is_none()) => Fact::Unknown,
            (None, false) => {
                Fact::absent(Evidence::stated(Stage::Code, at, "the server sets no timeout on its connections"))
            }
        };
        if self.facts.server_timeout.is_unknown() {
            self.facts.server_timeout = fact;
        }
        Abs::unknown()
    }

    /// What a framework gives a handler for a parameter.
    pub(super) fn given(&mut self, module: usize, name: &str, ty: &str) -> Abs<'a> {
        if ty.ends_with("context.Context") || ty == "Context" && self.is_go() {
            let origin = if self.run.trigger.is_some() { ContextOrigin::Inbound } else { ContextOrigin::Unknown };
            if self.program.library_type(module, ty).as_deref() == Some("context.Context") {
                return Kind::Context(Rc::new(Context { origin, deadline: None })).into();
            }
        }
        if self.is_token(ty) {
            self.run.token = true;
            let origin = if self.run.trigger.is_some() { ContextOrigin::Inbound } else { ContextOrigin::Unknown };
            return Kind::Context(Rc::new(Context { origin, deadline: None })).into();
        }
        let typed = self.typed(module, ty);
        if self.run.trigger.is_none() {
            return typed;
        }
        if self.manners.shares_state
            && let Some(shared) = self.shared(&typed)
        {
            return shared;
        }
        if self.is_service(&typed) {
            return typed;
        }
        let from = Taint::one(Origin::Request(Rc::from(name)));
        typed.with(&from)
    }

    /// Whether a type is what tells a handler that its caller has given up.
    pub(super) fn is_token(&self, ty: &str) -> bool {
        let form = self.knowledge.type_form(self.program.language, crate::ir::bare(ty));
        form.is_some_and(|(_, form)| form.set.get("role").is_some_and(|role| role == "token"))
    }

    /// The name of a handler inside wrappers.
    pub(crate) fn handler_name(&self, value: &Abs<'a>) -> Option<(String, Span)> {
        match &value.kind {
            Kind::Function(id, _) => {
                let declared = self.program.function(*id);
                Some((declared.ir.name.clone(), self.program.span(declared.module, declared.ir.name_range)))
            }
            Kind::Closure(closure) if self.manners.callbacks => {
                let own =
                    (closure.function.name.clone(), self.program.span(closure.module, closure.function.name_range));
                Some(closure.wraps.clone().unwrap_or(own))
            }
            Kind::Closure(closure) => closure.wraps.clone(),
            _ => None,
        }
    }
}

/// Go 1.22: `"POST /orders"`.
fn split_pattern(path: &str) -> (Option<String>, String) {
    match path.split_once(' ') {
        Some((method, rest)) if method.chars().all(|c| c.is_ascii_uppercase()) => {
            (Some(method.to_owned()), rest.trim().to_owned())
        }
        _ => (None, path.to_owned()),
    }
}

/// A route as a template: `:id`, `<int:id>`, `{id:[0-9]+}` are `{id}`; a prefix decided by a variable is dropped.
pub(super) fn normal_path(path: &Value) -> String {
    let mut text = String::new();
    for part in &path.parts {
        match part {
            whatif_model::Part::Text(part) => text.push_str(part),
            whatif_model::Part::Env { default, .. } | whatif_model::Part::Setting { default, .. } => {
                text.push_str(default.as_deref().unwrap_or(""));
            }
            whatif_model::Part::Unknown => text.push_str(if text.is_empty() { "" } else { "{}" }),
        }
    }
    let (method, path) = split_pattern(&text);
    let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    match method {
        Some(method) => format!("{method} {path}"),
        None => path,
    }
}

fn segment(part: &str) -> String {
    if let Some(name) = part.strip_prefix(':').filter(|name| !name.is_empty()) {
        return format!("{{{name}}}");
    }
    if let Some((before, rest)) = part.split_once('<')
        && let Some((inner, after)) = rest.split_once('>')
    {
        let name = inner.rsplit(':').next().unwrap_or(inner);
        return format!("{before}{{{name}}}{after}");
    }
    if let Some((before, rest)) = part.split_once('{')
        && let Some((inner, after)) = rest.rsplit_once('}')
    {
        let name = inner.split(':').next().unwrap_or(inner).trim_end_matches("...");
        return format!("{before}{{{name}}}{after}");
    }
    part.to_owned()
}

/// A prefix and a path with one slash between them.
pub(crate) fn join_routes(prefix: &str, path: &str) -> String {
    let prefix = prefix.trim_end_matches('/');
    match path.trim_start_matches('/') {
        "" if prefix.is_empty() => "/".to_owned(),
        "" if path.is_empty() => prefix.to_owned(),
        "" => format!("{prefix}/"),
        path => format!("{prefix}/{path}"),
    }
}
