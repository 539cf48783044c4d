//! What a container hands out: objects by the type somebody asks for.
//!
//! A parameter or field typed as a class of the program is that class, constructed with what its own parameters are
//! typed as. An interface is what was registered for it, else what implements it. A library's type is the object the
//! program configured for it, else one of which only the type is known.

use super::call::Argument;
use super::library::Use;
use super::state::{Class, Interpreter, Registration};
use crate::knowledge::Does;
use crate::lower::interpret::Handler;
use crate::lower::program::TypeId;
use crate::lower::values::{Abs, Kind, ObjectId, Origin};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use whatif_model::Span;
use whatif_model::facts::code::Trigger;

/// Deepest chain of classes that are constructed for each other's constructors.
const CONSTRUCT_DEPTH_MAX: usize = 24;

/// The property of a class under which the section of the configuration is kept that fills its fields.
pub(super) const SECTION: &str = "<section>";

/// What was registered.
#[derive(Default)]
pub(crate) struct Container<'a> {
    /// Implementations by the number of the type they were registered for.
    pub(super) bound: BTreeMap<u32, Vec<TypeId>>,
    /// Objects of library types by canonical name, and named ones by `class:name`.
    pub(super) given: BTreeMap<String, Abs<'a>>,
    /// What every object of a library's class begins with, by class.
    defaults: BTreeMap<String, ObjectId>,
    /// Types that are services rather than data.
    services: BTreeSet<u32>,
    constructed: BTreeSet<u32>,
    depth: usize,
    /// Classes that wrap every message a mediator hands on, outermost first.
    pub(super) behaviours: Vec<TypeId>,
    /// What the type parameters of generic classes stand for, where somebody registered or made one.
    pub(super) closed: BTreeMap<u32, Vec<Abs<'a>>>,
    /// Handlers registered under the type of the message they are for.
    pub(super) keyed: Vec<Keyed>,
    /// Whether a consumer was seen that looks handlers up.
    pub(super) consumed: bool,
    /// The handler the message that is being handled is for.
    pub(crate) in_hand: Option<Abs<'a>>,
    /// Messages made in this run that a mediator may be told of later.
    pub(super) notices: Vec<Abs<'a>>,
}

/// A handler registered under the type of its message.
#[derive(Clone, Copy)]
pub(super) struct Keyed {
    pub(super) message: TypeId,
    pub(super) handler: TypeId,
    pub(super) at: Span,
}

impl<'a> Interpreter<'a> {
    /// Registrations and what is asked of the container.
    pub(super) fn injection(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Register => self.bind_service(call),
            Does::Provide => self.provide(call),
            Does::Resolve => {
                let value = self.resolve_service(call);
                self.note_made(&value);
                value
            }
            _ => self.dispatch(call),
        }
    }

    /// `AddScoped<IOrders, Orders>()`.
    fn bind_service(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let value = |name: &str| call.argument(name).map(|arg| arg.value.clone());
        let implementation = match value("implementation").map(|value| value.kind) {
            Some(Kind::Type(ty)) => Some(ty),
            _ => None,
        };
        let made = value("factory").and_then(|factory| self.made_by(&factory, call));
        let ty = implementation.or(match made.as_ref().map(|made| &made.kind) {
            Some(Kind::Object(id)) => self.own_class(*id),
            _ => None,
        });
        if let (Some(Kind::Type(key)), Some(handler)) = (value("key").map(|key| key.kind), ty) {
            self.container.keyed.push(Keyed { message: key, handler, at: call.span });
        }
        self.container.services.extend(ty.map(|ty| ty.0));
        match value("service").map(|service| service.kind) {
            Some(Kind::Type(service)) => {
                self.container.services.insert(service.0);
                if let Some(ty) = ty.filter(|ty| *ty != service) {
                    let bound = self.container.bound.entry(service.0).or_default();
                    if !bound.contains(&ty) {
                        bound.push(ty);
                    }
                }
                let hosted = call.set("role") == Some("hosted");
                if hosted {
                    self.host(ty.unwrap_or(service), call.span);
                }
            }
            Some(Kind::Library(symbol)) => {
                let role = self.knowledge.type_form(self.program.language, &symbol);
                let role = role.and_then(|(_, form)| form.set.get("role")).map(String::as_str);
                let role = role.or(call.set("role"));
                match (role, ty, made) {
                    (Some("hosted"), Some(ty), _) => self.host(ty, call.span),
                    (Some("behaviour"), Some(ty), _) => self.container.behaviours.push(ty),
                    (_, None, Some(made)) => {
                        self.container.given.insert(symbol.to_string(), made);
                    }
                    _ => {}
                }
            }
            _ => {
                if let (Some("behaviour"), Some(ty)) = (call.set("role"), ty) {
                    self.container.behaviours.push(ty);
                }
            }
        }
        call.receiver.cloned().unwrap_or_else(Abs::unknown)
    }

    /// What a factory makes, or the object itself; what an own one holds is known of its class from now on.
    fn made_by(&mut self, factory: &Abs<'a>, call: &Use<'a, '_>) -> Option<Abs<'a>> {
        let made = match &factory.kind {
            Kind::Function(..) | Kind::Closure(_) => {
                let provider = self.library_object("IServiceProvider", Some(call.span));
                let made = self.call_value(factory, &[Argument::of(provider)], call.range);
                self.diverged = None;
                made
            }
            Kind::Object(_) => factory.clone(),
            _ => return None,
        };
        if let Kind::Object(id) = made.kind
            && let Some(ty) = self.own_class(id)
        {
            let summary = self.class_object(ty);
            if summary != id {
                let fields = self.object(id).fields.clone();
                self.heap[summary.0 as usize].fields.extend(fields);
            }
        }
        Some(made)
    }

    /// A class that runs as long as the program.
    fn host(&mut self, ty: TypeId, at: Span) {
        self.container.services.insert(ty.0);
        let methods = self.knowledge.words(self.program.language).hosted_methods.iter();
        let Some(method) = methods.filter_map(|name| self.program.method(ty, name)).next() else { return };
        let receiver: Abs<'a> = Kind::Object(self.class_object(ty)).into();
        let handler = Kind::Function(method, Some(Rc::new(receiver))).into();
        self.register(Trigger::Start, handler, at);
    }

    /// An object configured for a type: a client for a class, a connection for a context.
    fn provide(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let service = call.argument("implementation").or_else(|| call.argument("service"));
        let service = service.map(|arg| arg.value.kind.clone());
        let service = service.or_else(|| call.set("provides").map(|symbol| Kind::Library(Rc::from(symbol))));
        if let (Some(Kind::Type(ty)), Some("class")) = (&service, call.set("onto")) {
            let id = self.class_object(*ty);
            self.container.services.insert(ty.0);
            self.configure_class(id, call);
            return call.receiver.cloned().unwrap_or_else(Abs::unknown);
        }
        let configured = self.make(call);
        let Kind::Object(id) = configured.kind else { return configured };
        self.begin_with_defaults(id, call.set("defaults"));
        self.configure(call, &configured);
        self.note_client(id, call.span);
        let class = match &self.object(id).class {
            Class::Library(class) => class.to_string(),
            _ => return configured,
        };
        match service {
            Some(Kind::Type(ty)) => {
                if let Some(Kind::Type(abstraction)) = call.argument("service").map(|arg| arg.value.kind.clone())
                    && abstraction != ty
                {
                    self.container.bound.entry(abstraction.0).or_default().push(ty);
                }
                self.container.services.insert(ty.0);
                self.construct_with(ty, &class, &configured);
            }
            Some(Kind::Library(symbol)) => {
                if let Some((_, service)) = self.knowledge.pattern(self.program.language, &symbol) {
                    let service = service.to_owned();
                    self.heap[id.0 as usize].fields.insert(Rc::from("service"), Abs::text(service));
                }
                self.container.given.insert(symbol.to_string(), configured.clone());
            }
            _ if call.set("onto") == Some("defaults") => {
                self.container.defaults.insert(class, id);
            }
            _ => {
                if let Some(name) = call.argument("name").and_then(|arg| arg.value.as_text()) {
                    self.container.given.insert(format!("{class}:{name}"), configured.clone());
                }
            }
        }
        configured
    }

    /// The partner a client was configured for.
    fn note_client(&mut self, id: ObjectId, at: Span) {
        let fields = &self.object(id).fields;
        let Some(address) = fields.get("base").or_else(|| fields.get("address")).map(Abs::as_value) else { return };
        if address.is_unknown() || fields.contains_key("connection") {
            return;
        }
        let technology = if fields.contains_key("base") { "http" } else { "grpc" }.to_owned();
        let name = whatif_model::Value::default();
        let peer = whatif_model::flow::Peer { role: whatif_model::flow::PeerRole::Service, address, name, technology };
        let evidence = whatif_model::Evidence::stated(whatif_model::Stage::Code, at, "client made here");
        if !self.facts.peers.iter().any(|(seen, _)| *seen == peer) {
            self.facts.peers.push((peer, evidence));
        }
    }

    /// What holds for every object of its class.
    fn begin_with_defaults(&mut self, id: ObjectId, defaults_of: Option<&str>) {
        let Class::Library(class) = &self.object(id).class else { return };
        let class = defaults_of.unwrap_or(class);
        let Some(defaults) = self.container.defaults.get(class).copied() else { return };
        for (key, value) in self.object(defaults).fields.clone() {
            self.heap[id.0 as usize].fields.entry(key).or_insert(value);
        }
    }

    /// Runs a function that sets up an object; where it has two parameters the second is the object.
    fn configure(&mut self, call: &Use<'a, '_>, configured: &Abs<'a>) {
        let closures = call.args.iter().filter_map(|arg| match &arg.value.kind {
            Kind::Closure(closure) => Some((arg.value.clone(), closure.function.params.len())),
            Kind::Function(id, _) => Some((arg.value.clone(), self.program.function(*id).ir.params.len())),
            _ => None,
        });
        for (closure, count) in closures.collect::<Vec<_>>() {
            let mut args = vec![Argument::of(configured.clone())];
            if count > 1 {
                let provider = self.library_object("IServiceProvider", Some(call.span));
                args.insert(0, Argument::of(provider));
            }
            let result = self.call_value(&closure, &args, call.range);
            self.diverged = None;
            // A function that returns an object of the class makes it instead of setting it up.
            if let (Kind::Object(result), Kind::Object(id)) = (result.kind, &configured.kind)
                && result != *id
                && self.object(result).class == self.object(*id).class
            {
                let fields = self.object(result).fields.clone();
                self.heap[id.0 as usize].fields.extend(fields);
            }
        }
    }

    /// Properties of every object of a class: where its store is, which section fills it.
    fn configure_class(&mut self, id: ObjectId, call: &Use<'a, '_>) {
        let configured = self.make(call);
        let Kind::Object(made) = configured.kind else { return };
        let own = call.set("itself").is_some();
        let itself: Abs<'a> = Kind::Object(id).into();
        self.configure(call, if own { &itself } else { &configured });
        let mut fields = self.object(made).fields.clone();
        if let Some(Kind::Object(section)) = call.argument("section").map(|arg| arg.value.kind.clone())
            && let Some(section) = self.object(section).fields.get("section").cloned()
        {
            fields.insert(Rc::from(SECTION), section);
        }
        self.heap[id.0 as usize].fields.extend(fields);
        if !own {
            self.heap[id.0 as usize].made = Some(call.span);
        }
    }

    /// `GetRequiredService<T>()`, `CreateClient("name")`.
    fn resolve_service(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if call.set("keyed").is_some()
            && let Some(handler) = self.container.in_hand.clone()
        {
            let all = call.set("keyed") == Some("all");
            return if all { Kind::List(Rc::new(vec![handler])).into() } else { handler };
        }
        if let Some(class) = call.set("class") {
            let name = call.argument("name").and_then(|arg| arg.value.as_text()).unwrap_or_default();
            if let Some(given) = self.container.given.get(&format!("{class}:{name}")) {
                return given.clone();
            }
            let value = self.make(call);
            if let Kind::Object(id) = value.kind {
                self.begin_with_defaults(id, None);
            }
            return value;
        }
        match call.argument("service").map(|arg| arg.value.kind.clone()) {
            Some(Kind::Type(ty)) => self.instance_of(ty),
            Some(Kind::Library(symbol)) => self.typed_library(&symbol),
            _ => Abs::unknown(),
        }
    }

    /// What a container hands out for a type of the program.
    pub(super) fn instance_of(&mut self, ty: TypeId) -> Abs<'a> {
        let bound = self.container.bound.get(&ty.0).filter(|bound| bound.len() == 1).and_then(|bound| bound.first());
        let ty = bound.copied().unwrap_or(ty);
        Kind::Object(self.class_object(ty)).into()
    }

    /// Constructs what a container would hand out for a class: once, and nothing of it is part of the operation.
    pub(super) fn construct(&mut self, ty: TypeId, id: ObjectId) {
        if !self.manners.injects || self.container.depth >= CONSTRUCT_DEPTH_MAX || self.program.modules.is_empty() {
            return;
        }
        if !self.container.constructed.insert(ty.0) {
            return;
        }
        self.run_constructor(ty, id);
    }

    fn run_constructor(&mut self, ty: TypeId, id: ObjectId) {
        let Some(first) = self.program.method(ty, crate::ir::CONSTRUCTOR) else { return };
        // Containers take the constructor with the most parameters they can fill.
        let most = self.program.overloads(first).max_by_key(|id| self.program.function(*id).ir.params.len());
        let constructor = most.unwrap_or(first);
        let declared = self.program.function(constructor);
        let running = |active: &super::state::Activation<'a>| {
            active.function.is_some_and(|function| std::ptr::eq(function, declared.ir))
        };
        if self.active.iter().any(running) || declared.ir.params.is_empty() && declared.ir.body.is_empty() {
            return;
        }
        self.container.depth += 1;
        let (effects, objects) = (self.run.effects.len(), self.heap.len());
        let active = std::mem::take(&mut self.active);
        let loops = std::mem::take(&mut self.loops);
        let notices = std::mem::take(&mut self.container.notices);
        let (watch, diverged, trigger) = (self.watch, self.diverged.take(), self.run.trigger.take());
        self.push_activation(None, declared.module, self.globals[self.program.package_of[declared.module]], None);
        self.open_block();
        self.visited.insert(constructor.0);
        let callee = super::inline::Callee { function: declared.ir, module: declared.module, parent: None };
        self.inline(callee, Some(Kind::Object(id).into()), &[], declared.ir.name_range);
        drop(self.close_block());
        self.active = active;
        self.loops = loops;
        self.container.notices = notices;
        self.watch = watch;
        self.diverged = diverged;
        self.run.trigger = trigger;
        self.container.depth -= 1;
        // What it did is not part of what is run now, so nothing may refer to it.
        self.run.effects.truncate(effects);
        self.run.decided.truncate(effects);
        let first = self.run.base + u32::try_from(effects).unwrap_or(u32::MAX);
        let made = self.heap.len();
        for object in (objects..made).chain([id.0 as usize]) {
            for value in self.heap[object].fields.values_mut() {
                value.from = value.from.retain(|origin| match origin {
                    Origin::Data(number) | Origin::Failure(number) | Origin::Fresh(number) => *number < first,
                    _ => true,
                });
            }
        }
    }

    /// Constructs a class whose parameter of a library's type is this object.
    fn construct_with(&mut self, ty: TypeId, class: &str, object: &Abs<'a>) {
        let before = self.container.given.insert(class.to_owned(), object.clone());
        let id = self.class_object(ty);
        self.container.constructed.insert(ty.0);
        self.heap[id.0 as usize].fields.clear();
        let body = &self.program.ty(ty).ir.body;
        self.run_class_body(id, self.program.ty(ty).module, body);
        self.run_constructor(ty, id);
        match before {
            Some(before) => self.container.given.insert(class.to_owned(), before),
            None => self.container.given.remove(class),
        };
    }

    /// Whether a value that a handler is given comes from the container rather than from the request.
    pub(super) fn is_service(&self, value: &Abs<'a>) -> bool {
        if !self.manners.injects {
            return false;
        }
        let Kind::Object(id) = value.kind else { return false };
        match &self.object(id).class {
            Class::Own(ty) => self.is_service_class(*ty, true),
            Class::Library(class) => {
                let form = self.knowledge.type_form(self.program.language, class);
                form.is_some_and(|(_, form)| !form.inbound)
            }
            Class::Dict => false,
        }
    }

    fn is_service_class(&self, ty: TypeId, look_inside: bool) -> bool {
        let declared = self.program.ty(ty);
        let language = self.program.language;
        let known_base =
            || self.program.library_bases(ty).iter().any(|base| self.knowledge.type_form(language, base).is_some());
        if self.container.services.contains(&ty.0)
            || declared.ir.kind == crate::ir::TypeKind::Interface
            || self.container.bound.values().any(|bound| bound.contains(&ty))
            || known_base()
        {
            return true;
        }
        let Some(constructor) = self.program.method(ty, crate::ir::CONSTRUCTOR).filter(|_| look_inside) else {
            return false;
        };
        let constructor = self.program.function(constructor);
        constructor.ir.params.iter().any(|param| match self.program.named_type(constructor.module, &param.ty) {
            Some(inner) => self.is_service_class(inner, false),
            None => self
                .program
                .library_type(constructor.module, &param.ty)
                .is_some_and(|symbol| self.knowledge.type_form(language, &symbol).is_some_and(|(_, it)| !it.inbound)),
        })
    }

    /// Registers handlers that are bound under the type of their message, each behind the consumer that looks them up.
    pub(crate) fn register_keyed(&mut self, consumer: Option<(&Trigger, &Abs<'a>)>) {
        self.container.consumed |= consumer.is_some();
        for keyed in std::mem::take(&mut self.container.keyed) {
            let name = self.program.ty(keyed.message).ir.name.clone();
            let (mut peer, auto_ack) = match consumer {
                Some((Trigger::Message { topic, auto_ack }, _)) => (topic.clone(), auto_ack.clone()),
                _ => (self.broker(), whatif_model::Fact::Unknown),
            };
            peer.name = whatif_model::Value::text(name);
            let trigger = Trigger::Message { topic: peer, auto_ack };
            let own: Abs<'a> = Kind::Object(self.class_object(keyed.handler)).into();
            let handler = match consumer {
                Some((_, callback)) => callback.clone(),
                None => own.clone(),
            };
            let known = self.registrations.iter().any(|known| known.span == keyed.at && known.trigger == trigger);
            if !known {
                self.registrations.push(Registration {
                    in_hand: Some(own),
                    ..Registration::new(trigger, Handler::Value(handler), keyed.at)
                });
            }
        }
    }

    /// The handler a message is for: its name, and where it is declared.
    pub(crate) fn handler_in_hand(&self) -> Option<(String, Span)> {
        let Kind::Object(id) = self.container.in_hand.as_ref()?.kind else { return None };
        let ty = self.own_class(id)?;
        let declared = self.program.ty(ty);
        Some((declared.ir.name.clone(), self.program.span(declared.module, declared.ir.range)))
    }

    /// The broker the program has a connection to.
    pub(super) fn broker(&self) -> whatif_model::flow::Peer {
        let role = whatif_model::flow::PeerRole::Topic;
        let known = self.facts.peers.iter().map(|(peer, _)| peer).find(|peer| peer.role == role);
        known.cloned().unwrap_or_else(|| whatif_model::flow::Peer {
            role,
            address: whatif_model::Value::default(),
            name: whatif_model::Value::default(),
            technology: String::new(),
        })
    }
}
