//! Runs a unit: start-up first, then every entry point it registered.

use crate::ir::{Expr, ExprKind, Stmt};
use crate::knowledge::{Does, Knowledge, Versions};
use crate::lower::interpret::{Argument, Handler, Interpreter};
use crate::lower::program::{FunctionId, Program};
use crate::lower::syntax;
use crate::lower::values::{Abs, Kind, ObjectId, Origin, Taint};
use std::collections::BTreeSet;
use std::rc::Rc;
use whatif_model::facts::code::{Entry, Trigger};
use whatif_model::flow::{Bound, Flow, OnError, Peer};
use whatif_model::{Evidence, Fact, Span};

/// Most entry points of one unit.
const ENTRIES_MAX: usize = 2_000;

/// Fuel a function start-up never reached gets once the common fuel is used up.
const UNREACHED_FUEL: usize = 2_000;

/// Deepest nesting of routers.
const ROUTERS_MAX: usize = 16;

/// What running a unit found.
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    pub(crate) background: Vec<Entry>,
    pub(crate) unreached: Vec<Entry>,
    pub(crate) reached: Vec<Span>,
    pub(crate) serves: Vec<(String, Span)>,
    pub(crate) peers: Vec<(Peer, Evidence)>,
    pub(crate) server_timeout: Fact<Bound>,
    pub(crate) unused_deadlines: Vec<(Option<u64>, Span)>,
    pub(crate) handles: Vec<(String, Span)>,
    pub(crate) graceful: Fact<bool>,
    pub(crate) tracing: Fact<String>,
    pub(crate) listens: Vec<Span>,
}

impl Found {
    /// Without a `main` nothing starts: what is registered here serves in whatever program imports it.
    pub(crate) fn belongs_to_others(&mut self) {
        let mut own = std::mem::take(&mut self.entries);
        own.append(&mut self.background);
        own.append(&mut self.unreached);
        self.unreached = own;
        self.serves.clear();
    }
}

/// Runs a program.
pub(crate) fn run(
    program: &Program<'_>,
    knowledge: &Knowledge,
    versions: &Versions,
    main: Option<FunctionId>,
) -> Found {
    let mut interpreter = Interpreter::new(program, knowledge, versions);
    let start = interpreter.start_up(main);
    let mut background = interpreter.background(start, main);
    let registered = interpreter.run_registrations();
    let (started, entries): (Vec<Entry>, Vec<Entry>) =
        registered.into_iter().partition(|entry| matches!(entry.trigger, Trigger::Start));
    background.extend(started.into_iter().filter(|entry| !entry.flow.effects.is_empty()));
    let reached = interpreter.reached();
    let unreached = interpreter.run_rest();
    let facts = std::mem::take(&mut interpreter.facts);
    let mut found = Found {
        entries,
        background,
        unreached,
        reached,
        serves: facts.serves,
        peers: facts.peers,
        server_timeout: facts.server_timeout,
        handles: facts.handles,
        unused_deadlines: facts.unused_deadlines.into_iter().map(|(at, limit)| (limit, at)).collect(),
        graceful: facts.graceful,
        tracing: facts.tracing,
        listens: facts.listens.into_iter().collect(),
    };
    found.serves.sort();
    found.entries.sort_by_cached_key(|entry| (entry.span, entry.trigger.display()));
    found
}

impl<'a> Interpreter<'a> {
    /// Runs everything that happens before the first request.
    fn start_up(&mut self, main: Option<FunctionId>) -> Flow {
        self.starting = true;
        self.begin_run(None);
        if self.manners.starts_in_main {
            self.start_in_main(main);
        } else {
            self.load_modules();
            self.register_conventions();
            self.register_functions();
        }
        self.register_components();
        let flow = self.finish_run(OnError::Unknown);
        // What these functions do besides registering is not what the program does at its start.
        self.begin_run(None);
        self.run_unreached();
        self.run_exported();
        let _ = self.finish_run(OnError::Unknown);
        self.apply_mounts();
        self.starting = false;
        self.made_at_start = self.heap.len();
        flow
    }

    /// Runs the top level of every module, in path order and imported ones first.
    fn load_modules(&mut self) {
        let scripts = self.side_scripts();
        for package in 0..self.program.packages.len() {
            let skipped = |module: &usize| self.program.modules[*module].is_test || scripts.contains(module);
            if !self.program.packages[package].modules.iter().any(skipped) {
                self.load(package);
            }
        }
    }

    /// Python: modules that can be run by themselves beside the one that serves (test clients, one-off jobs).
    fn side_scripts(&self) -> BTreeSet<usize> {
        let names = self.registering_names();
        let modules = self.program.modules.iter().enumerate();
        let scripts: Vec<(usize, bool)> = modules
            .filter(|(_, module)| module.top.iter().any(is_main_guard))
            .map(|(at, module)| {
                let serves = registers(&module.top, &names)
                    || module
                        .functions
                        .iter()
                        .any(|function| !function.decorators.is_empty() || registers(&function.body, &names));
                (at, serves)
            })
            .collect();
        if scripts.len() < 2 || !scripts.iter().any(|(_, serves)| *serves) {
            return BTreeSet::new();
        }
        scripts.into_iter().filter(|(_, serves)| !serves).map(|(at, _)| at).collect()
    }

    /// Package variables (twice, because packages refer to each other), `init` functions, `main`.
    fn start_in_main(&mut self, main: Option<FunctionId>) {
        for round in 0..2 {
            for (module, ir) in self.program.modules.iter().enumerate() {
                if ir.is_test || ir.is_generated {
                    continue;
                }
                let frame = self.globals[self.program.package_of[module]];
                self.top_level(module, frame, &ir.top);
            }
            if round == 0 {
                let _ = self.finish_run(OnError::Unknown);
                self.begin_run(None);
            }
        }
        let inits = self.program.functions.iter().enumerate().filter(|(_, declared)| {
            let module = self.program.modules[declared.module];
            declared.ir.owner.is_none() && declared.ir.name == "init" && !module.is_test && !module.is_generated
        });
        let inits: Vec<u32> = inits.map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        for init in inits {
            self.run_function_id(FunctionId(init));
        }
        if let Some(main) = main {
            self.run_function_id(main);
        }
    }

    /// Functions start-up never reached although they register entry points: dependency injection,
    /// command-line frameworks, application factories.
    fn run_unreached(&mut self) {
        let names = self.registering_names();
        for at in 0..self.program.functions.len() {
            let id = FunctionId(u32::try_from(at).unwrap_or(u32::MAX));
            let declared = self.program.function(id);
            let module = self.program.modules[declared.module];
            if module.is_test || module.is_generated || self.visited.contains(&id.0) {
                continue;
            }
            if registers(&declared.ir.body, &names) {
                self.run.fuel = self.run.fuel.max(UNREACHED_FUEL);
                let (visits, registered) = (self.visits.len(), self.registrations.len());
                self.run_function_id(id);
                if self.registrations.len() == registered {
                    // Its names only looked like registering; it may still be reached, or be looked at by itself.
                    self.forget_visits(visits);
                }
            }
        }
    }

    /// Last names of forms that register entry points.
    pub(super) fn registering_names(&self) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        for library in self.knowledge.libraries(self.program.language) {
            for form in &library.form {
                if matches!(
                    form.does,
                    Does::Route | Does::Consume | Does::Schedule | Does::Task | Does::Serve | Does::Receive
                ) {
                    names.extend(form.call.iter().map(|call| call.rsplit('.').next().unwrap_or(call)));
                }
            }
        }
        names
    }

    pub(super) fn run_function_id(&mut self, id: FunctionId) {
        let declared = self.program.function(id);
        let receiver = declared.ir.owner.as_ref().and_then(|owner| self.program.named_type(declared.module, owner));
        let receiver = receiver.map(|ty| Kind::Object(self.class_object(ty)).into());
        let range = declared.ir.name_range;
        self.run_root(id, receiver, range);
    }

    fn run_root(&mut self, id: FunctionId, receiver: Option<Abs<'a>>, range: whatif_model::Range) {
        self.active.clear();
        let _ = range;
        self.enter_root(id, receiver, &[]);
        self.diverged = None;
    }

    /// Registrations that came through a router move below the prefix it was mounted at.
    fn apply_mounts(&mut self) {
        let routed = std::mem::take(&mut self.routed);
        for (at, router) in routed {
            let layer = self.keyed_layer(router);
            if let Some(registration) = self.registrations.get_mut(at) {
                registration.layer = layer;
            }
            let Some(prefix) = self.mounted_at(router) else { continue };
            let mut before = self.before_router(router);
            if let Some(registration) = self.registrations.get_mut(at)
                && let Trigger::Http { path, .. } = &mut registration.trigger
            {
                *path = crate::lower::interpret::join_routes(&prefix, path);
                before.append(&mut registration.before);
                registration.before = before;
            }
        }
    }

    /// The prefix of the router that a router is or lies within.
    fn mounted_at(&self, router: ObjectId) -> Option<String> {
        let mut current = router;
        let mut path: Option<String> = None;
        for _ in 0..ROUTERS_MAX {
            if let Some((_, prefix, around)) = self.mounts.iter().find(|(mounted, ..)| *mounted == current) {
                let inner = path.take().unwrap_or_default();
                path = Some(crate::lower::interpret::join_routes(prefix, &inner));
                match around {
                    Some(around) if *around != current => current = *around,
                    _ => return path,
                }
                continue;
            }
            match self.object(current).fields.get("within").map(|within| within.kind.clone()) {
                Some(Kind::Object(around)) if path.is_none() => current = around,
                _ => return path,
            }
        }
        path
    }

    /// The start-up flow, when it does something.
    fn background(&mut self, flow: Flow, main: Option<FunctionId>) -> Vec<Entry> {
        if flow.effects.iter().all(|effect| matches!(effect.kind, whatif_model::flow::EffectKind::ClockRead)) {
            return Vec::new();
        }
        let span = match main {
            Some(main) => {
                let declared = self.program.function(main);
                self.program.span(declared.module, declared.ir.name_range)
            }
            None => flow.effects[0].span,
        };
        vec![Entry { name: "main".to_owned(), trigger: Trigger::Start, span, flow }]
    }

    /// Runs every registered handler; handlers may register more.
    fn run_registrations(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut next = 0;
        while next < self.registrations.len().min(ENTRIES_MAX) {
            let registration = &mut self.registrations[next];
            let handler = std::mem::replace(&mut registration.handler, Handler::Value(Abs::unknown()));
            let (trigger, span) = (registration.trigger.clone(), registration.span);
            let given = std::mem::take(&mut registration.given);
            let before = std::mem::take(&mut registration.before);
            let layer = registration.layer;
            self.container.in_hand = registration.in_hand.take();
            let remembers = registration.remembers.take();
            next += 1;
            let (handler, named) = match handler {
                Handler::Value(value) => {
                    let named = if before.is_empty() { None } else { self.handler_name(&value) };
                    (Handler::Value(self.begin_chain(before, value, &given)), named)
                }
                handler => (handler, None),
            };
            let mut entry = self.run_handler(trigger, handler, &given, remembers, span);
            if let (Some(entry), Some(span)) = (&mut entry, layer) {
                let reason = "a layer around the handler reads the key".to_owned();
                entry.flow.cut.push(whatif_model::flow::Cut { span, reason });
            }
            entries.extend(entry.map(|entry| {
                let (name, span) = named.unwrap_or_else(|| (entry.name.clone(), entry.span));
                let name = if says_nothing(&name) { entry.trigger.display() } else { name };
                Entry { name, span, ..entry }
            }));
            if next == self.registrations.len() {
                // No consumer was seen that looks them up.
                self.register_keyed(None);
            }
        }
        entries
    }

    fn run_handler(
        &mut self,
        trigger: Trigger,
        handler: Handler<'a>,
        given: &[Abs<'a>],
        remembers: Option<String>,
        span: Span,
    ) -> Option<Entry> {
        self.begin_run(Some(trigger.clone()));
        let remembered = remembers.map(|store| self.begin_remembering(&store, span));
        let assumed = if self.manners.errors_are_values { OnError::Unknown } else { OnError::Propagate };
        match handler {
            Handler::Value(value) => {
                let ran = self.run_value(&value, &trigger, given);
                if remembered.is_some() {
                    self.end_remembering();
                }
                let (name, declared) = ran?;
                let (name, declared) = match self.handler_in_hand() {
                    Some((name, at)) => (name, Some(at)),
                    None => (name, declared),
                };
                let mut flow = self.finish_run(assumed);
                flow.idle = self.idle_handler(&value);
                Some(Entry { name, trigger, span: declared.unwrap_or(span), flow })
            }
            Handler::Body { body, targets, frame, module, name } => {
                self.push_activation(None, module, frame, None);
                let message = self.library_object("message", Some(span));
                let message = message.with(&Taint::one(Origin::Request(Rc::from("message"))));
                for target in targets {
                    self.assign(target, message.clone());
                }
                self.loops.push(Default::default());
                self.exec(body);
                self.loops.pop();
                self.active.pop();
                let mut flow = self.finish_run(assumed);
                flow.round = Some(span).filter(|_| !self.manners.errors_are_values);
                Some(Entry { name, trigger, span, flow })
            }
        }
    }

    /// The handler of a message, when nothing in it is a call or an assignment.
    fn idle_handler(&self, value: &Abs<'a>) -> Option<Span> {
        let function = match (&value.kind, self.container.in_hand.as_ref().map(|it| &it.kind)) {
            (_, Some(Kind::Object(id))) => {
                let ty = self.own_class(*id)?;
                let declared = self.program.ty(ty).methods.iter();
                let methods: Vec<_> = declared.filter(|(name, _)| ***name != *crate::ir::CONSTRUCTOR).collect();
                let [(_, only)] = methods.as_slice() else { return None };
                self.program.function(**only)
            }
            (Kind::Function(id, _), None) => self.program.function(*id),
            _ => return None,
        };
        let is_abstract = function.ir.is_abstract || !syntax::does_nothing(&function.ir.body);
        (!is_abstract).then(|| self.program.span(function.module, function.ir.name_range))
    }

    /// Runs a handler value; tells its name and where it is declared.
    fn run_value(&mut self, value: &Abs<'a>, trigger: &Trigger, given: &[Abs<'a>]) -> Option<(String, Option<Span>)> {
        match &value.kind {
            Kind::Function(id, receiver) => {
                let declared = self.program.function(*id);
                let span = self.program.span(declared.module, declared.ir.name_range);
                if let (Trigger::Message { .. }, Some(param)) = (trigger, declared.ir.params.first()) {
                    // What an envelope holds: `CommandMessage<CreateTicket>`.
                    let held = crate::ir::type_arguments(&param.ty).last().copied().unwrap_or(&param.ty);
                    self.facts.handles.push((crate::ir::bare(held).to_owned(), span));
                }
                self.enter_root(*id, receiver.as_ref().map(|receiver| (**receiver).clone()), &arguments(given));
                Some((declared.ir.name.clone(), Some(span)))
            }
            Kind::Closure(closure) => {
                let span = self.program.span(closure.module, closure.function.name_range);
                let name = closure.wraps.clone();
                let closure = closure.clone();
                self.enter_closure(&closure, &arguments(given));
                let own =
                    if closure.function.name.is_empty() { trigger.display() } else { closure.function.name.clone() };
                let (name, at) = match name {
                    Some((name, at)) => (if name.is_empty() { own } else { name }, at),
                    None => (own, span),
                };
                Some((name, Some(at)))
            }
            Kind::Object(id) => self.run_object(value, *id, trigger),
            Kind::Choice(options) => {
                let first = options.first()?.clone();
                self.run_value(&first, trigger, given)
            }
            Kind::Type(ty) => self.run_class(*ty, trigger),
            Kind::Method(..) | Kind::Library(_) => {
                let range = whatif_model::Range::default();
                self.push_activation(None, 0, self.globals[0], None);
                let forwards = matches!(&value.kind, Kind::Method(_, "forward"));
                self.call_value(value, &[], range);
                self.active.pop();
                forwards.then(|| (trigger.display(), None))
            }
            _ => None,
        }
    }

    /// An object with the method its kind of registration calls.
    fn run_object(&mut self, value: &Abs<'a>, id: ObjectId, trigger: &Trigger) -> Option<(String, Option<Span>)> {
        let ty = self.own_class(id)?;
        let wanted = self.handler_methods(trigger);
        let method = wanted.iter().find_map(|name| self.program.method(ty, name))?;
        let declared = self.program.function(method);
        let span = self.program.span(declared.module, declared.ir.name_range);
        self.enter_root(method, Some(value.clone()), &[]);
        Some((self.program.ty(ty).ir.name.clone(), Some(span)))
    }

    /// A class-based view.
    fn run_class(&mut self, ty: crate::lower::program::TypeId, trigger: &Trigger) -> Option<(String, Option<Span>)> {
        let object: Abs<'a> = Kind::Object(self.class_object(ty)).into();
        let Kind::Object(id) = object.kind else { return None };
        self.run_object(&object, id, trigger)
    }

    fn handler_methods(&self, trigger: &Trigger) -> Vec<String> {
        match trigger {
            Trigger::Http { method, .. } => {
                let mut names = vec!["ServeHTTP".to_owned()];
                names.extend([method.to_lowercase(), "__call__".to_owned(), "get".to_owned(), "post".to_owned()]);
                names
            }
            Trigger::Message { .. } => {
                ["ConsumeClaim", "HandleMessage", "Handle", "Consume", "__call__"].map(str::to_owned).to_vec()
            }
            _ => ["Run", "run", "__call__"].map(str::to_owned).to_vec(),
        }
    }
}

/// Names that frameworks ask for tell no operation from another.
fn says_nothing(name: &str) -> bool {
    matches!(name, "" | "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "handler")
}

/// Arguments by position.
fn arguments<'a>(given: &[Abs<'a>]) -> Vec<Argument<'a>> {
    given.iter().cloned().map(Argument::of).collect()
}

/// Whether statements call something that registers an entry point.
pub(super) fn registers(body: &[Stmt], names: &BTreeSet<&str>) -> bool {
    let mut found = false;
    syntax::each_expr(body, &mut |expr: &Expr| {
        if let ExprKind::Call(call) = &expr.kind {
            let name = match &call.callee.kind {
                ExprKind::Field(_, name) | ExprKind::Name(name) => name.as_str(),
                _ => return,
            };
            let generated =
                (name.starts_with("Register") && name.ends_with("Server")) || name.ends_with("Servicer_to_server");
            found |= generated || names.contains(name);
        }
    });
    found
}

/// `if __name__ == "__main__":`.
pub(super) fn is_main_guard(stmt: &Stmt) -> bool {
    let crate::ir::StmtKind::If { cond, .. } = &stmt.kind else { return false };
    matches!(&cond.kind, ExprKind::Binary(op, left, _) if op == "==" && matches!(&left.kind, ExprKind::Name(name) if name == "__name__"))
}
