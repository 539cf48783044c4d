//! Registrations: routes, RPC services, consumers, schedules, tasks; and functions handed to libraries.

use super::call::Argument;
use super::inline::Callee;
use super::library::{Use, find};
use super::state::{Class, Handler, Interpreter, Registration};
use crate::ir::{Expr, ExprKind};
use crate::knowledge::{Does, Found, Pattern};
use crate::lower::values::{Abs, Context, ContextOrigin, Kind, ObjectId, Origin, Taint};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{Attempts, Backoff, Bound, LoopKind, PeerRole, Retry, Step};
use whatif_model::{Evidence, Fact, Range, Span, Stage, Value};

/// Something a decorator puts around a function.
pub(super) enum Wrap {
    Retry(Retry, Span),
    Transaction(Span),
    Breaker,
}

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
                    let joined = join_routes(&prefix, &path);
                    self.heap[id.0 as usize].fields.insert(Rc::from("prefix"), Abs::text(joined));
                }
                if let Some(function) = call.argument("function").map(|arg| arg.value.clone()) {
                    self.call_value(&function, &[Argument::of(value.clone())], call.range);
                }
                value
            }
            Does::Mount => self.mount(call),
            Does::Handler => call.argument("handler").map_or_else(Abs::unknown, |arg| arg.value.clone()),
            Does::RpcRegister => Abs::unknown(),
            _ => self.serve(call),
        }
    }

    fn prefix(&self, call: &Use<'a, '_>) -> String {
        let own = call.object().and_then(|id| self.object(id).fields.get("prefix")).map(|prefix| prefix.as_value().display());
        own.unwrap_or_default()
    }

    fn route(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let path = self.property(call, "path").map(|path| path.as_value()).unwrap_or_default();
        let text = normal_path(&path);
        let (fixed, text) = split_pattern(&text);
        let path = join_routes(&self.prefix(call), &text);
        let methods = match fixed {
            Some(method) => vec![method],
            None => self.methods(call),
        };
        let handler = call.argument("handler").map(|arg| arg.value.clone());
        let router = call.object();
        match handler {
            Some(handler) => {
                let id = self.register_route(methods, path, handler, router, call.span);
                self.route_handle(call, id)
            }
            None => self.route_decorator(call, methods, path),
        }
    }

    /// `.Methods("POST")` after a route narrows it: the route's handle remembers which registrations it made.
    fn route_handle(&mut self, call: &Use<'a, '_>, first: usize) -> Abs<'a> {
        let value = self.make(call);
        if let Kind::Object(id) = value.kind {
            self.heap[id.0 as usize].fields.insert(Rc::from("registration"), Kind::Number(first as f64).into());
        }
        value
    }

    fn register_route(&mut self, methods: Vec<String>, path: String, handler: Abs<'a>, router: Option<ObjectId>, span: Span) -> usize {
        let first = self.registrations.len();
        let _ = router;
        for method in methods {
            let trigger = Trigger::Http { method, path: path.clone() };
            self.register(trigger, handler.clone(), span);
        }
        first
    }

    /// Adds a registration unless it is there.
    pub(super) fn register(&mut self, trigger: Trigger, handler: Abs<'a>, span: Span) {
        let known = self.registrations.iter().any(|known| known.span == span && known.trigger == trigger);
        if !known {
            self.registrations.push(Registration { trigger, handler: Handler::Value(handler), span });
        }
    }

    fn methods(&mut self, call: &Use<'a, '_>) -> Vec<String> {
        let Some(value) = self.property(call, "method") else { return vec![String::new()] };
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
        if methods.is_empty() { vec![String::new()] } else { methods.iter().map(|method| method.to_uppercase()).collect() }
    }

    /// Narrowing of a route that was registered before.
    pub(super) fn narrow(&mut self, call: &Use<'a, '_>) -> Option<()> {
        let id = call.object()?;
        let first = self.object(id).fields.get("registration")?.as_number()? as usize;
        let methods: Vec<String> = call.args.iter().filter_map(|arg| arg.value.as_text()).map(|method| method.to_uppercase()).collect();
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
        if let Some(path) = self.property(call, "path") {
            prefix = join_routes(&prefix, &normal_path(&path.as_value()));
        }
        let Some(mounted) = call.argument("handler").map(|arg| arg.value.clone()) else { return Abs::unknown() };
        if let Kind::Object(id) = mounted.kind {
            self.mounts.push((id, prefix));
        }
        Abs::unknown()
    }

    fn serve(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if call.set("bounded").is_some() {
            return Abs::unknown();
        }
        let object = call.object();
        let names = ["read_timeout", "write_timeout", "idle_timeout", "header_timeout"];
        let bounds: Vec<u64> = object
            .map(|id| names.iter().filter_map(|name| self.object(id).fields.get(*name).and_then(|value| value.as_millis(1e-6))).collect())
            .unwrap_or_default();
        let set = object.is_some_and(|id| names.iter().any(|name| self.object(id).fields.contains_key(*name)));
        let at = object.and_then(|id| self.object(id).made).unwrap_or(call.span);
        let fact = match (bounds.iter().max(), set) {
            (Some(bound), _) => Fact::known(Bound::Millis(*bound), Evidence::stated(Stage::Code, at, "the server bounds its connections")),
            (None, true) => Fact::Unknown,
            (None, false) if object.is_some_and(|id| self.object(id).made.is_none()) => Fact::Unknown,
            (None, false) => Fact::absent(Evidence::stated(Stage::Code, at, "the server sets no timeout on its connections")),
        };
        if self.facts.server_timeout.is_unknown() {
            self.facts.server_timeout = fact;
        }
        let number = if self.is_go() { Taint::default() } else { Taint::default() };
        Abs::tainted(number)
    }

    /// Evaluates the decorators of a function; those that register do so.
    pub(super) fn decorate(&mut self, decorators: &'a [Expr], function: &Abs<'a>, module: usize, name: Range) {
        for decorator in decorators {
            let value = self.eval(decorator);
            self.diverged = None;
            let span = self.program.span(module, name);
            self.apply_decorator(decorator, &value, function, span);
        }
    }

    fn apply_decorator(&mut self, decorator: &'a Expr, value: &Abs<'a>, function: &Abs<'a>, span: Span) {
        match &value.kind {
            Kind::Object(id) => {
                let text = |this: &Self, key: &str| this.object(*id).fields.get(key).and_then(Abs::as_text);
                match text(self, "decorates").as_deref() {
                    Some("route") => {
                        let methods = match self.object(*id).fields.get("methods").map(|methods| methods.kind.clone()) {
                            Some(Kind::List(items)) => items.iter().filter_map(Abs::as_text).collect(),
                            _ => vec![String::new()],
                        };
                        let path = text(self, "path").unwrap_or_default();
                        let span = self.span(decorator.range);
                        for method in methods {
                            let trigger = Trigger::Http { method, path: path.clone() };
                            self.register(trigger, function.clone(), span);
                            if let Some(Kind::Object(router)) = self.object(*id).fields.get("router").map(|router| router.kind.clone()) {
                                let at = self.registrations.len() - 1;
                                self.routed.push((at, router));
                            }
                        }
                    }
                    Some("task") => self.register_task(*id, function, span),
                    _ => {}
                }
            }
            // A bare decorator: `@shared_task`, `@app.task`.
            Kind::Library(_) | Kind::Method(..) => {
                let symbol = match &value.kind {
                    Kind::Method(base, name) => self.method_symbol(base, name),
                    Kind::Library(symbol) => symbol.to_string(),
                    _ => String::new(),
                };
                if self.does(&symbol) == Some(Does::Task) {
                    let topic = self.task_name(function);
                    self.register_message(topic, function.clone(), span);
                }
            }
            _ => {}
        }
    }

    /// The canonical name of a library object's method.
    fn method_symbol(&self, base: &Abs<'a>, name: &str) -> String {
        let Kind::Object(id) = base.kind else { return String::new() };
        match &self.object(id).class {
            Class::Library(class) => format!("{class}.{name}"),
            _ => String::new(),
        }
    }

    fn register_task(&mut self, id: ObjectId, function: &Abs<'a>, span: Span) {
        let schedule = self.object(id).fields.get("schedule").map(Abs::as_value);
        if let Some(when) = schedule {
            return self.register(Trigger::Schedule(when), function.clone(), span);
        }
        let named = self.object(id).fields.get("topic").map(super::effects::first_text);
        let topic = match named {
            Some(name) if !name.is_unknown() => name.display(),
            _ => self.task_name(function),
        };
        self.register_message(topic, function.clone(), span);
    }

    fn register_message(&mut self, topic: String, function: Abs<'a>, span: Span) {
        let peer = whatif_model::flow::Peer { role: PeerRole::Topic, address: Value::default(), name: Value::text(topic), technology: "celery".to_owned() };
        self.register(Trigger::Message { topic: peer, auto_ack: Fact::Unknown }, function, span);
    }

    fn task_name(&self, function: &Abs<'a>) -> String {
        match &function.kind {
            Kind::Function(id, _) => self.program.function(*id).ir.name.clone(),
            Kind::Closure(closure) => closure.function.name.clone(),
            _ => String::new(),
        }
    }

    /// `task.delay(...)`.
    pub(super) fn task_call(&mut self, task: &Abs<'a>, name: &str, args: &[Argument<'a>], range: Range) -> Option<Abs<'a>> {
        let symbol = format!("task.{name}");
        let found = self.knowledge.form(self.program.language, &symbol)?;
        let span = self.span(range);
        let topic = self.task_name(task);
        let call = Use { library: found.library, form: found.form, receiver: None, args, name: "", range, span, receiver_expr: None };
        let peer = whatif_model::flow::Peer { role: PeerRole::Topic, address: Value::default(), name: Value::text(topic), technology: "celery".to_owned() };
        Some(self.partner_effect(&call, whatif_model::flow::EffectKind::Publish { outbox: false }, peer))
    }

    /// What decorators put around a function whenever it is called.
    pub(super) fn decorated(&mut self, callee: Callee<'a>) -> Vec<Wrap> {
        let mut wraps = Vec::new();
        if self.is_go() {
            return wraps;
        }
        for decorator in &callee.function.decorators {
            let (target, args): (&'a Expr, &'a [crate::ir::Arg]) = match &decorator.kind {
                ExprKind::Call(call) => (&call.callee, &call.args),
                _ => (decorator, &[]),
            };
            let Some(symbol) = self.decorator_symbol(target, callee.module) else { continue };
            let Some(found) = self.knowledge.form(self.program.language, &symbol) else { continue };
            let span = self.program.span(callee.module, decorator.range);
            match found.form.does {
                Does::Retry => {
                    let args: Vec<Argument<'a>> = args
                        .iter()
                        .map(|arg| Argument { name: &arg.name, value: self.eval(&arg.value), spread: false, place: None, expr: Some(&arg.value) })
                        .collect();
                    wraps.push(Wrap::Retry(self.library_retry(found, &args, span), span));
                }
                Does::Transaction => wraps.push(Wrap::Transaction(span)),
                Does::Breaker => wraps.push(Wrap::Breaker),
                _ => {}
            }
        }
        wraps
    }

    fn decorator_symbol(&mut self, target: &'a Expr, module: usize) -> Option<String> {
        let dotted = target.dotted()?;
        let (head, rest) = dotted.split_once('.').map_or((dotted.as_str(), ""), |(head, rest)| (head, rest));
        let path = self.program.import(module, head)?;
        match self.program.resolve(module, path) {
            crate::lower::program::Imported::Library(path) if rest.is_empty() => Some(path),
            crate::lower::program::Imported::Library(path) => Some(format!("{path}.{rest}")),
            crate::lower::program::Imported::Own(..) => None,
        }
    }

    pub(super) fn wrap_decorated(&mut self, mut steps: Vec<Step>, wraps: Vec<Wrap>, first: u32) {
        if steps.is_empty() {
            return;
        }
        for wrap in wraps.into_iter().rev() {
            steps = match wrap {
                Wrap::Retry(retry, span) => {
                    self.fresh_per_attempt(first);
                    vec![Self::loop_step(steps, LoopKind::Retry(retry), span)]
                }
                Wrap::Transaction(span) => vec![Step::Transaction { body: steps, store: None, span }],
                Wrap::Breaker => steps,
            };
        }
        self.push_steps(steps);
    }

    /// What a retry library does with these settings.
    pub(super) fn library_retry(&mut self, found: Found<'a>, args: &[Argument<'a>], span: Span) -> Retry {
        let default = found.library.default_of("retry", self.versions);
        let how = default.map(|default| Evidence {
            span,
            stage: Stage::Code,
            how: whatif_model::How::Default { of: found.library.name.clone(), link: default.link.clone() },
            label: default.note.clone(),
        });
        let property = |key: &str| found.form.args.get(key).and_then(|spec| find(spec, args)).map(|arg| arg.value.clone());
        let options = self.retry_options(args);
        let option = |key: &str| property(key).or_else(|| options.iter().find(|(name, _)| &**name == key).map(|(_, value)| value.clone()));
        let fixed = found.form.set.get("attempts").map(|text| Abs::text(text.clone()));
        let counted = if found.form.set.get("retry_counts").is_some_and(|counts| counts == "retries") { 1.0 } else { 0.0 };
        let attempts = match option("attempts").or(fixed) {
            Some(value) => match value.as_number() {
                Some(count) => Fact::known(Attempts::Limited((count + counted).clamp(0.0, 1e9) as u32), Evidence::stated(Stage::Code, span, "attempts are limited")),
                None => Fact::Unknown,
            },
            None => match (&how, default) {
                (Some(how), Some(default)) if default.attempts > 0 => Fact::known(Attempts::Limited(default.attempts), how.clone()),
                (Some(how), Some(_)) if option("stop").is_none() => Fact::known(Attempts::Unlimited, how.clone()),
                _ => Fact::Unknown,
            },
        };
        let stated = Evidence::stated(Stage::Code, span, "set here");
        let pause = |value: &Abs<'a>| value.as_millis(1e3).unwrap_or(0);
        let backoff = match (option("exponential"), option("pause")) {
            (Some(value), _) => Fact::known(Backoff::Exponential(pause(&value)), stated.labelled("the pause grows")),
            (None, Some(value)) => Fact::known(Backoff::Fixed(pause(&value)), stated.labelled("the same pause each time")),
            (None, None) => match (&how, default) {
                (Some(how), Some(default)) if default.exponential => Fact::known(Backoff::Exponential(default.backoff), how.clone()),
                (Some(how), Some(default)) if default.backoff > 0 => Fact::known(Backoff::Fixed(default.backoff), how.clone()),
                (Some(how), Some(_)) => Fact::known(Backoff::None, how.clone()),
                _ => Fact::Unknown,
            },
        };
        let jitter = match (option("jitter"), &how, default) {
            (Some(_), ..) => Fact::known(true, stated.labelled("the pause is randomised")),
            (None, Some(how), Some(default)) if default.jitter => Fact::known(true, how.clone()),
            (None, ..) => Fact::absent(stated.labelled("the pause is not randomised")),
        };
        Retry { attempts, backoff, jitter }
    }

    /// Properties of option objects among arguments (`stop=stop_after_attempt(3)`).
    fn retry_options(&self, args: &[Argument<'a>]) -> Vec<(Rc<str>, Abs<'a>)> {
        let objects = args.iter().filter_map(|arg| if let Kind::Object(id) = arg.value.kind { Some(id) } else { None });
        objects.flat_map(|id| self.object(id).fields.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()).collect()
    }

    /// Functions given to a library that runs them.
    pub(super) fn run_function(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let Some(function) = self.property(call, "function") else { return self.retry_property(call) };
        if !matches!(function.kind, Kind::Function(..) | Kind::Closure(_) | Kind::Method(..) | Kind::Library(_) | Kind::Choice(_)) {
            return self.retry_property(call);
        }
        let args = self.passed_on(call);
        let first = self.next_effect();
        self.open_block();
        if call.form.does == Does::Breaker {
            self.breakers.push((call.library.name.clone(), call.span));
        }
        let result = self.call_value(&function, &args, call.range);
        self.diverged = None;
        if call.form.does == Does::Breaker {
            self.breakers.pop();
        }
        let steps = self.close_block();
        match call.form.does {
            Does::Spawn => {
                self.discard(&result);
                self.push_spawn(steps, call.span);
            }
            Does::Retry if !steps.is_empty() => {
                let found = Found { library: call.library, form: call.form };
                let retry = self.library_retry(found, call.args, call.span);
                self.fresh_per_attempt(first);
                let retry = Self::loop_step(steps, LoopKind::Retry(retry), call.span);
                self.push_step(retry);
            }
            _ => self.push_steps(steps),
        }
        result
    }

    /// A retry that is configured rather than run: an object with the settings.
    fn retry_property(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        self.make(call)
    }

    fn passed_on(&self, call: &Use<'a, '_>) -> Vec<Argument<'a>> {
        let Some(spec) = call.form.args.get("arguments") else { return Vec::new() };
        match spec.place {
            Some(crate::knowledge::Place::From(from)) => {
                let named = call.args.iter().filter(|arg| !arg.name.is_empty());
                call.args.iter().filter(|arg| arg.name.is_empty()).skip(from).chain(named).cloned().collect()
            }
            _ => match find(spec, call.args).map(|arg| arg.value.kind.clone()) {
                Some(Kind::List(items) | Kind::Tuple(items)) => items.iter().cloned().map(Argument::of).collect(),
                _ => Vec::new(),
            },
        }
    }

    /// Consumers, tickers, schedules, tasks.
    pub(super) fn subscription(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Ticker => {
                let value = self.make(call);
                if let Kind::Object(id) = value.kind {
                    self.heap[id.0 as usize].fields.insert(Rc::from("trigger"), Abs::text("schedule"));
                }
                value
            }
            Does::Schedule => {
                let when = self.property(call, "schedule").map(|when| schedule_text(&when)).unwrap_or_else(Value::unknown);
                match call.argument("handler") {
                    Some(handler) => {
                        let handler = handler.value.clone();
                        self.register(Trigger::Schedule(when), handler, call.span);
                        Abs::unknown()
                    }
                    None => self.task_decorator(call, Some(when)),
                }
            }
            Does::Task => self.task_decorator(call, None),
            Does::Receive => self.receive(call),
            _ => self.consume(call),
        }
    }

    fn task_decorator(&mut self, call: &Use<'a, '_>, when: Option<Value>) -> Abs<'a> {
        let value = self.make(call);
        if let Kind::Object(id) = value.kind {
            let fields = &mut self.heap[id.0 as usize].fields;
            fields.insert(Rc::from("decorates"), Abs::text("task"));
            if let Some(when) = when {
                fields.insert(Rc::from("schedule"), Abs::value(when));
            }
        }
        value
    }

    /// A subscription: with a handler it is an entry point, without it a channel of messages.
    fn consume(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let value = self.make(call);
        let Kind::Object(id) = value.kind else { return value };
        self.heap[id.0 as usize].fields.insert(Rc::from("trigger"), Abs::text("message"));
        if let Some(at) = call.form.args.get("topic").and_then(|spec| find(spec, call.args)) {
            let name = super::effects::first_text(&at.value);
            self.heap[id.0 as usize].fields.insert(Rc::from("topic"), Abs::value(name));
        }
        if let Some(handler) = call.argument("handler").map(|arg| arg.value.clone()) {
            let handler = match (call.set("method"), &handler.kind) {
                (Some(method), Kind::Object(_)) => self.method_value(&handler, method),
                _ => handler,
            };
            if let Some(trigger) = self.trigger_of(id) {
                self.register(trigger, handler, call.span);
            }
        }
        value
    }

    /// The method of an object a library calls.
    fn method_value(&self, object: &Abs<'a>, name: &str) -> Abs<'a> {
        let Kind::Object(id) = object.kind else { return Abs::unknown() };
        let Class::Own(ty) = self.object(id).class else { return Abs::unknown() };
        match self.program.method(ty, name) {
            Some(method) => Kind::Function(method, Some(Rc::new(object.clone()))).into(),
            None => Abs::unknown(),
        }
    }

    /// Taking the next message: in a loop of start-up the loop is the consumer.
    fn receive(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let in_handler = matches!(self.run.trigger, Some(Trigger::Message { .. }));
        if let (Some(id), false) = (call.object(), in_handler) {
            let fields = &mut self.heap[id.0 as usize].fields;
            fields.insert(Rc::from("trigger"), Abs::text("message"));
            if let Some(auto_ack) = call.set("auto_ack") {
                fields.insert(Rc::from("auto_ack"), Abs::text(auto_ack));
            }
            let trigger = self.trigger_of(id);
            if let Some(watch) = self.loops.last_mut() {
                watch.received = trigger;
            }
        }
        let message = self.library_object("message", Some(call.span));
        message.with(&Taint::one(Origin::Request(Rc::from("message"))))
    }

    /// Whether the broker forgets messages before they are handled.
    pub(super) fn auto_ack(&self, id: ObjectId) -> Fact<bool> {
        let object = self.object(id);
        let at = object.made;
        match (object.fields.get("auto_ack").map(|value| value.kind.clone()), at) {
            (Some(Kind::Bool(value)), Some(at)) => {
                let label = if value { "the broker forgets a message as it is sent" } else { "messages are acknowledged by hand" };
                Fact::known(value, Evidence::stated(Stage::Code, at, label))
            }
            (Some(Kind::Text(text)), Some(at)) => match text.as_text().as_deref() {
                Some("default-true") => Fact::known(true, Evidence::stated(Stage::Code, at, "acknowledged automatically unless switched off")),
                Some("default-false") => Fact::known(false, Evidence::stated(Stage::Code, at, "acknowledged by hand unless switched on")),
                _ => Fact::Unknown,
            },
            _ => Fact::Unknown,
        }
    }

    /// What a framework gives a handler for a parameter.
    pub(super) fn given(&mut self, module: usize, name: &str, ty: &str) -> Abs<'a> {
        if ty.ends_with("context.Context") || ty == "Context" && self.is_go() {
            let origin = if self.run.trigger.is_some() { ContextOrigin::Inbound } else { ContextOrigin::Unknown };
            if self.program.library_type(module, ty).as_deref() == Some("context.Context") {
                return Kind::Context(Rc::new(Context { origin, deadline: None })).into();
            }
        }
        let typed = self.typed(module, ty);
        if self.run.trigger.is_none() {
            return typed;
        }
        let from = Taint::one(Origin::Request(Rc::from(name)));
        typed.with(&from)
    }

    /// A call of a function in generated code, by its name.
    pub(super) fn generated_call(&mut self, name: &str, module: usize, args: &[Argument<'a>], range: Range) -> Option<Abs<'a>> {
        let package = &self.program.modules[module].package;
        let _ = package;
        self.generated_pattern(name, args, range)
    }

    /// A call whose name fits a generated one: stubs and service registrations.
    pub(super) fn generated_pattern(&mut self, symbol: &str, args: &[Argument<'a>], range: Range) -> Option<Abs<'a>> {
        let name = symbol.rsplit('.').next().unwrap_or(symbol);
        let (pattern, service) = self.knowledge.pattern(self.program.language, name)?;
        let service = service.to_owned();
        if !self.fits(pattern, args) {
            return None;
        }
        let span = self.span(range);
        match pattern.does {
            Does::RpcRegister if self.knowledge.words(self.program.language).platform_services.contains(&service) => Some(Abs::unknown()),
            Does::RpcRegister => {
                let implementation = find(pattern.args.get("handler")?, args)?.value.clone();
                self.register_service(&service, &implementation, span);
                Some(Abs::unknown())
            }
            _ => Some(self.stub(pattern, &service, args, span)),
        }
    }

    fn fits(&self, pattern: &Pattern, args: &[Argument<'a>]) -> bool {
        pattern.requires.iter().all(|(property, prefix)| {
            let Some(arg) = pattern.args.get(property).and_then(|spec| find(spec, args)) else { return false };
            arg.value.alternatives().iter().all(|option| match &option.kind {
                Kind::Object(id) => match &self.object(*id).class {
                    Class::Library(class) => class.starts_with(prefix.as_str()),
                    _ => true,
                },
                Kind::Unknown | Kind::Nil => args.len() == 1 || pattern.does == Does::RpcRegister,
                _ => false,
            })
        })
    }

    fn stub(&mut self, pattern: &'a Pattern, service: &str, args: &[Argument<'a>], span: Span) -> Abs<'a> {
        let connection = pattern.args.get("inherit").and_then(|spec| find(spec, args)).map(|arg| arg.value.clone());
        let mut stubs: Vec<Abs<'a>> = Vec::new();
        let options = connection.map_or_else(Vec::new, |connection| connection.alternatives().to_vec());
        for option in options {
            let Kind::Object(connection) = option.kind else { continue };
            let fields = self.object(connection).fields.clone();
            let made = self.object(connection).made;
            let stub = self.new_object(Class::Library(Rc::from(pattern.gives.as_str())), made);
            self.heap[stub.0 as usize].fields = fields;
            stubs.push(Kind::Object(stub).into());
        }
        if stubs.is_empty() {
            stubs.push(self.library_object(&pattern.gives, None));
        }
        for stub in &stubs {
            if let Kind::Object(id) = stub.kind {
                self.heap[id.0 as usize].fields.insert(Rc::from("service"), Abs::text(service));
                let peer = self.peer_of(id, PeerRole::Service);
                let evidence = Evidence::stated(Stage::Code, span, format!("client of {service}"));
                let peer = whatif_model::flow::Peer { technology: "grpc".to_owned(), ..peer };
                if !self.facts.peers.iter().any(|(seen, _)| *seen == peer) {
                    self.facts.peers.push((peer, evidence));
                }
            }
        }
        stubs.into_iter().reduce(Abs::join).unwrap_or_else(Abs::unknown)
    }

    /// Registers every method of an implementation that can be one of the service.
    fn register_service(&mut self, service: &str, implementation: &Abs<'a>, span: Span) {
        if !self.facts.serves.iter().any(|(seen, _)| seen == service) {
            self.facts.serves.push((service.to_owned(), span));
        }
        for option in implementation.alternatives() {
            let Kind::Object(id) = option.kind else { continue };
            let Class::Own(ty) = self.object(id).class else { continue };
            let mut methods: Vec<(&'a str, crate::lower::program::FunctionId)> = Vec::new();
            for ty in self.program.lineage(ty) {
                if self.program.modules[self.program.ty(ty).module].is_generated {
                    continue;
                }
                for (name, method) in &self.program.ty(ty).methods {
                    if !methods.iter().any(|(seen, _)| seen == name) {
                        methods.push((name, *method));
                    }
                }
            }
            let known = self.service_methods(service);
            for (name, method) in methods {
                let declared = self.program.function(method).ir;
                let fits = match &known {
                    Some(known) => known.contains(&name),
                    None => name.starts_with(char::is_uppercase) && declared.params.len() >= 2,
                };
                if fits {
                    let trigger = Trigger::Rpc { service: service.to_owned(), method: name.to_owned() };
                    let handler: Abs<'a> = Kind::Function(method, Some(Rc::new(option.clone()))).into();
                    let span = self.program.span(self.program.function(method).module, declared.name_range);
                    self.register(trigger, handler, span);
                }
            }
        }
    }

    /// The methods of a service, when the generated code is in the program.
    fn service_methods(&self, service: &str) -> Option<Vec<&'a str>> {
        let names = [format!("{service}Server"), format!("{service}Servicer")];
        let found = self.program.types.iter().find(|ty| names.contains(&ty.ir.name))?;
        let mut methods: Vec<&'a str> = found.ir.interface_methods.iter().map(String::as_str).collect();
        methods.extend(found.methods.keys().copied());
        (!methods.is_empty()).then_some(methods)
    }

    /// The name of a handler inside wrappers.
    pub(super) fn handler_name(&self, value: &Abs<'a>) -> Option<(String, Span)> {
        match &value.kind {
            Kind::Function(id, _) => {
                let declared = self.program.function(*id);
                Some((declared.ir.name.clone(), self.program.span(declared.module, declared.ir.name_range)))
            }
            Kind::Closure(closure) => closure.wraps.clone(),
            _ => None,
        }
    }
}

fn schedule_text(when: &Abs<'_>) -> Value {
    match when.kind {
        Kind::Millis(ms) => Value::text(format!("every {} s", ms / 1000.0)),
        _ => when.as_value(),
    }
}

/// Go 1.22: `"POST /orders"`.
fn split_pattern(path: &str) -> (Option<String>, String) {
    match path.split_once(' ') {
        Some((method, rest)) if method.chars().all(|c| c.is_ascii_uppercase()) => (Some(method.to_owned()), rest.trim().to_owned()),
        _ => (None, path.to_owned()),
    }
}

/// A route as a template: `:id`, `<int:id>`, `{id:[0-9]+}` are `{id}`; a prefix decided by a variable is dropped.
fn normal_path(path: &Value) -> String {
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
