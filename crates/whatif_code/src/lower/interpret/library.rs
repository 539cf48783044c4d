//! What a library call does, by its form.

use super::call::{Argument, Site, taint_of};
use super::expression::either;
use super::state::{Class, Interpreter, RegionKind};
use crate::knowledge::{ArgSpec, Does, Form, Found, Library, Place};
use crate::lower::values::{Abs, Context, ContextOrigin, Kind, ObjectId, Origin, Taint, duration_text};
use std::collections::BTreeMap;
use std::rc::Rc;
use whatif_model::flow::{EffectKind, Target};
use whatif_model::{Range, Span, Value};

/// A call with everything its form needs.
pub(super) struct Use<'a, 'c> {
    pub(super) library: &'a Library,
    pub(super) form: &'a Form,
    pub(super) receiver: Option<&'c Abs<'a>>,
    pub(super) args: &'c [Argument<'a>],
    pub(super) name: &'c str,
    pub(super) range: Range,
    pub(super) span: Span,
    pub(super) receiver_expr: Option<&'a crate::ir::Expr>,
}

impl<'a> Use<'a, '_> {
    /// The receiver when it is an object; what the call goes through instead, when its form says so.
    pub(super) fn object(&self) -> Option<ObjectId> {
        if self.form.args.contains_key("through") {
            return self.argument("through")?.value.alternatives().iter().find_map(object_of);
        }
        self.receiver.and_then(object_of)
    }

    /// The argument that holds a property.
    pub(super) fn argument(&self, property: &str) -> Option<&Argument<'a>> {
        find(self.form.args.get(property)?, self.args)
    }

    /// Everything the call was given.
    pub(super) fn taint(&self) -> Taint {
        taint_of(self.args).union(&self.receiver.map(|receiver| receiver.from.clone()).unwrap_or_default())
    }

    /// A fixed property.
    pub(super) fn set(&self, property: &str) -> Option<&'a str> {
        self.form.set.get(property).map(String::as_str)
    }
}

fn object_of(value: &Abs<'_>) -> Option<ObjectId> {
    if let Kind::Object(id) = value.kind { Some(id) } else { None }
}

/// The argument a specification names.
pub(super) fn find<'v, 'a>(spec: &ArgSpec, args: &'v [Argument<'a>]) -> Option<&'v Argument<'a>> {
    let by_name = spec.keywords.iter().find_map(|keyword| args.iter().find(|arg| arg.name == keyword));
    if by_name.is_some() {
        return by_name;
    }
    let positional: Vec<&Argument<'a>> = args.iter().filter(|arg| arg.name.is_empty()).collect();
    match spec.place? {
        Place::First(at) | Place::From(at) => positional.get(at).copied(),
        Place::Last(back) => positional.len().checked_sub(back + 1).map(|at| positional[at]),
        Place::Receiver => None,
    }
}

impl<'a> Interpreter<'a> {
    /// A call of a library by canonical name.
    pub(super) fn library_call(
        &mut self,
        symbol: &str,
        receiver: Option<&Abs<'a>>,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Abs<'a> {
        let language = self.program.language;
        let span = self.span(site.range);
        let name = symbol.rsplit('.').next().unwrap_or(symbol);
        if let Some(Found { library, form }) = self.knowledge.form(language, symbol) {
            let args = &self.with_members(form, args);
            let call =
                Use { library, form, receiver, args, name, range: site.range, span, receiver_expr: site.receiver_expr };
            let value = self.apply(&call);
            self.fill(&call, &value);
            return self.call_back(&call, value);
        }
        if let Some(value) = self.any_method(receiver, args, name, site, span) {
            return value;
        }
        if let Some(value) = self.generated_pattern(symbol, args, site.range) {
            return value;
        }
        if let Some(receiver) = receiver
            && self.is_fluent(receiver)
        {
            return receiver.clone().with(&taint_of(args));
        }
        if self.log_call(name, site) {
            self.logged.extend(taint_of(args).data());
            return receiver.cloned().unwrap_or_else(Abs::unknown);
        }
        if self.is_conversion(symbol) {
            return args.first().map_or_else(Abs::unknown, |arg| arg.value.clone());
        }
        let class_like = name.chars().next().is_some_and(char::is_uppercase) && !self.manners.capital_functions;
        if class_like && args.iter().any(|arg| !arg.name.is_empty()) {
            return self.message(args, site.range);
        }
        self.unknown_call(receiver, args, site.range)
    }

    /// Arguments a call writes into hold what it read.
    fn fill(&mut self, call: &Use<'a, '_>, value: &Abs<'a>) {
        let Some(spec) = call.form.args.get("out") else { return };
        let from =
            value.from.union(&call.taint()).retain(|origin| matches!(origin, Origin::Data(_) | Origin::Request(_)));
        let (first, all) = match spec.place {
            Some(Place::From(first)) => (first, true),
            Some(Place::First(first)) => (first, false),
            _ => return,
        };
        let filled = call.args.iter().skip(first).take(if all { usize::MAX } else { 1 });
        for arg in filled {
            let Some(place) = &arg.place else { continue };
            match place {
                super::state::Location::Local(frame, name) => {
                    let (frame, name) = (*frame, *name);
                    let held = self.frame(frame).names.remove(name).unwrap_or_else(Abs::unknown);
                    self.frame(frame).names.insert(name, held.with(&from));
                }
                super::state::Location::Field(id, name) => {
                    let fields = &mut self.heap[id.0 as usize].fields;
                    let held = fields.remove(name).unwrap_or_else(Abs::unknown);
                    fields.insert(name.clone(), held.with(&from));
                }
            }
        }
    }

    /// Types whose every method does the same thing: stubs, builders.
    fn any_method(
        &mut self,
        receiver: Option<&Abs<'a>>,
        args: &[Argument<'a>],
        name: &str,
        site: Site<'a>,
        span: Span,
    ) -> Option<Abs<'a>> {
        let receiver = receiver?;
        let Kind::Object(id) = receiver.kind else { return None };
        let Class::Library(class) = self.object(id).class.clone() else { return None };
        let (library, form) = self.knowledge.type_form(self.program.language, &class)?;
        let does = form.any_method?;
        let form =
            library.form.iter().find(|form| form.does == does && form.call.iter().any(|call| call.ends_with(".*")))?;
        let call = Use {
            library,
            form,
            receiver: Some(receiver),
            args,
            name,
            range: site.range,
            span,
            receiver_expr: site.receiver_expr,
        };
        Some(self.apply(&call))
    }

    pub(super) fn is_fluent(&self, receiver: &Abs<'a>) -> bool {
        let Kind::Object(id) = receiver.kind else { return false };
        let Class::Library(class) = &self.object(id).class else { return false };
        self.knowledge.type_form(self.program.language, class).is_some_and(|(_, form)| form.fluent)
    }

    /// Names of built-in types and functions that hand their argument on.
    fn is_conversion(&self, symbol: &str) -> bool {
        !symbol.contains('.') && symbol.starts_with(|c: char| c.is_lowercase() || c == '[')
    }

    /// What a form says is done.
    pub(super) fn apply(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Make => self.make(call),
            Does::Pass => self.passed(call),
            Does::Nothing => self.noted(call),
            Does::Constant | Does::Fill => Abs::tainted(call.taint()),
            Does::Expire => self.expire(call),
            Does::Execute => self.execute(call),
            Does::Procedures => self.procedures(call),
            Does::Env | Does::Setting => self.environment(call),
            Does::Format => self.format(call),
            Does::Join => super::strings::concat(&call.args.iter().map(|arg| arg.value.clone()).collect::<Vec<_>>()),
            Does::Duration => self.duration(call),
            Does::Identity => self.identity(call),
            Does::Random => Abs {
                kind: call.args.first().map_or(Kind::Unknown, |arg| arg.value.kind.clone()),
                from: call.taint().union(&Taint::one(Origin::Random)),
            },
            Does::Clock => {
                self.plain_effect(EffectKind::ClockRead, call.span);
                Abs::unknown()
            }
            Does::Sleep => self.sleep(call),
            Does::ContextBackground
            | Does::ContextDerive
            | Does::ContextTimeout
            | Does::ContextDetach
            | Does::ContextInbound => self.context(call),
            Does::Http | Does::Rpc | Does::Call => self.request(call),
            Does::Sql | Does::Read | Does::Write | Does::Stage => self.store_call(call),
            Does::Publish
            | Does::Consume
            | Does::Receive
            | Does::Ack
            | Does::Nack
            | Does::Ticker
            | Does::Schedule
            | Does::Task => self.messaging(call),
            Does::Lock | Does::Unlock => self.lock(call),
            Does::Begin | Does::Commit | Does::Rollback | Does::Transaction => self.transaction(call),
            Does::Route | Does::Group | Does::Mount | Does::Handler | Does::Serve | Does::RpcRegister => {
                self.routing(call)
            }
            Does::Tracing | Does::Signal | Does::Shutdown => self.installation(call),
            Does::Layer => self.layer(call),
            Does::Spawn | Does::Run | Does::Retry | Does::Breaker => self.run_function(call),
            Does::Guard => self.guard(call),
            Does::Log | Does::Crash => self.said(call),
            Does::Respond | Does::Fail => self.respond(call),
            Does::Header | Does::RequestValue => self.request_value(call),
            Does::Register | Does::Provide | Does::Resolve | Does::Dispatch => self.injection(call),
            Does::Flush => self.flush(call),
            Does::SetHeader | Does::SetProperty => self.set_property(call),
            Does::Worked | Does::Failed | Does::Limit | Does::Bind => self.result_form(call),
            Does::Use | Does::Next => self.middleware(call),
            Does::Promise | Does::Settle | Does::Later | Does::Cancel => self.promise(call),
        }
    }

    /// A log line, the last one perhaps.
    fn said(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        self.watch.logged = true;
        if call.form.does == Does::Crash {
            self.crash();
        } else {
            self.logged.extend(taint_of(call.args).data());
        }
        Abs::unknown()
    }

    /// A call without an effect, of which something is remembered.
    fn noted(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if call.set("forgets").is_some() {
            self.note_forgotten();
        }
        if call.set("declares").is_some() {
            self.note_declared(call);
        }
        if let Some(property) = call.set("everywhere") {
            self.library_defaults.insert((call.library.name.clone(), property.to_owned()), Abs::text("yes"));
        }
        Abs::tainted(call.taint())
    }

    /// What a call hands on: an argument, else its receiver.
    fn passed(&self, call: &Use<'a, '_>) -> Abs<'a> {
        let value = call.argument("value").map(|arg| arg.value.clone()).or_else(|| call.receiver.cloned());
        value.unwrap_or_else(Abs::unknown).with(&taint_of(call.args))
    }

    /// A property of a call: an argument, a fixed one, or one of the receiver's.
    pub(super) fn property(&self, call: &Use<'a, '_>, property: &str) -> Option<Abs<'a>> {
        if let Some(spec) = call.form.args.get(property) {
            if spec.place == Some(Place::Receiver) {
                return call.receiver.cloned();
            }
            if let Some(arg) = find(spec, call.args) {
                return Some(arg.value.clone());
            }
        }
        if let Some(text) = call.set(property) {
            return Some(Abs::text(text));
        }
        self.object(call.object()?).fields.get(property).cloned()
    }

    /// An object that carries the properties of a call.
    pub(super) fn make(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let given = &call.form.gives;
        let class = match given.as_str() {
            "" => crate::knowledge::symbol(&call.library.prefix, &call.form.call[0]),
            _ if given.contains('/') => given.clone(),
            _ => crate::knowledge::symbol(&call.library.prefix, given),
        };
        let id = self.new_object(Class::Library(Rc::from(class.as_str())), Some(call.span));
        let mut fields: BTreeMap<Rc<str>, Abs<'a>> = match call.object() {
            Some(receiver) if !matches!(self.object(receiver).class, Class::Own(_)) => {
                self.object(receiver).fields.clone()
            }
            _ => BTreeMap::new(),
        };
        fields.remove("trigger");
        if let Some(Kind::Object(other)) = call.argument("inherit").map(|arg| arg.value.kind.clone()) {
            fields.extend(self.object(other).fields.clone());
        }
        if let Some((_, form)) = self.knowledge.type_form(self.program.language, &class) {
            fields.extend(form.set.iter().map(|(key, text)| (Rc::from(key.as_str()), fixed(text))));
        }
        for (key, text) in &call.form.set {
            fields.insert(Rc::from(key.as_str()), fixed(text));
        }
        for (property, spec) in &call.form.args {
            if property == "params"
                && let Some(Place::From(first)) = spec.place
            {
                let rest = call.args.iter().skip(first).map(|arg| arg.value.clone()).collect();
                fields.insert(Rc::from("params"), Kind::List(Rc::new(rest)).into());
            } else if property != "inherit"
                && let Some(arg) = find(spec, call.args)
            {
                fields.insert(Rc::from(property.as_str()), arg.value.clone());
            }
        }
        if call.form.options {
            self.merge_options(&mut fields, call.args);
        } else {
            let given: Vec<Argument<'a>> = call.args.iter().filter(|arg| self.is_option(&arg.value)).cloned().collect();
            self.merge_options(&mut fields, &given);
        }
        self.service_config(&mut fields);
        super::connections::named_connection(&mut fields);
        self.text_settings(&mut fields);
        if !call.library.technology.is_empty() {
            fields.entry(Rc::from("technology")).or_insert_with(|| Abs::text(call.library.technology.clone()));
        }
        fields.insert(Rc::from("library"), Abs::text(call.library.name.clone()));
        self.heap[id.0 as usize].fields = fields;
        if let Some(receiver) = call.object().filter(|receiver| self.own_class(*receiver).is_some()) {
            self.share_connection(receiver, &Kind::Object(id).into());
        }
        self.note_peer(id, call);
        let mut from = call.taint().without_failures();
        if self.manners.errors_are_values && self.knowledge_of_errors(call) {
            from = from.union(&Taint::setup_failure());
        }
        Abs { kind: Kind::Object(id), from }
    }

    /// Whether a constructor may fail: those that do not are options, routes and routers.
    fn knowledge_of_errors(&self, call: &Use<'a, '_>) -> bool {
        matches!(call.form.does, Does::Make | Does::Begin | Does::Call)
    }

    pub(super) fn is_option(&self, value: &Abs<'a>) -> bool {
        let Kind::Object(id) = value.kind else { return false };
        matches!(&self.object(id).class, Class::Library(class) if &**class == "option")
    }

    /// Options are objects too: what they carry, the object they are given to carries.
    pub(super) fn merge_options(&mut self, fields: &mut BTreeMap<Rc<str>, Abs<'a>>, args: &[Argument<'a>]) {
        let mut options: Vec<Abs<'a>> = Vec::new();
        for arg in args {
            match &arg.value.kind {
                Kind::List(items) => options.extend(items.iter().cloned()),
                _ => options.push(arg.value.clone()),
            }
        }
        for option in options {
            if let Kind::Object(id) = option.kind {
                for (key, value) in &self.object(id).fields {
                    if &**key != "library" && &**key != "technology" {
                        fields.insert(key.clone(), value.clone());
                    }
                }
            }
        }
    }

    fn environment(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let Some(name) = self.property(call, "name").and_then(|name| name.as_text()) else {
            return call.argument("default").map_or_else(Abs::unknown, |arg| arg.value.clone());
        };
        let value = if call.form.does == Does::Env {
            Value::env(name)
        } else {
            let section = call.object().and_then(|id| self.object(id).fields.get("section")).and_then(Abs::as_text);
            let section = call.set("section").map(str::to_owned).or(section);
            let name = section.map_or(name.clone(), |section| format!("{section}:{name}"));
            Value { parts: vec![whatif_model::Part::Setting { key: name, default: None }] }
        };
        match call.argument("default") {
            Some(default) => either(Abs::value(value), default.value.clone()),
            None => Abs::value(value),
        }
    }

    fn format(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let Some(template) = call.args.first() else { return Abs::unknown() };
        let rest: Vec<Abs<'a>> = call.args[1..].iter().map(|arg| arg.value.clone()).collect();
        match &template.value.kind {
            Kind::Text(text) => super::strings::percent(text, &rest),
            _ => Abs::tainted(call.taint()),
        }
    }

    fn duration(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let from = taint_of(call.args);
        let units: [(&str, f64); 6] =
            [("ms", 1.0), ("seconds", 1e3), ("minutes", 60e3), ("hours", 3600e3), ("days", 86400e3), ("nanos", 1e-6)];
        let mut total = None;
        for (property, unit) in units {
            if let Some(arg) = call.argument(property) {
                match (&arg.value.kind, arg.value.as_number()) {
                    (Kind::Millis(ms), _) => total = Some(total.unwrap_or(0.0) + ms),
                    (_, Some(number)) => total = Some(total.unwrap_or(0.0) + number * unit),
                    _ => return Abs::tainted(from),
                }
            }
        }
        if let Some(text) = call.argument("text").and_then(|arg| arg.value.as_text()) {
            total = duration_text(&text);
        }
        match total {
            Some(total) => Abs { kind: Kind::Millis(total), from },
            None => Abs::tainted(from),
        }
    }

    fn identity(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let number = self.plain_effect(EffectKind::NewIdentity, call.span);
        Abs::tainted(Taint::one(Origin::Fresh(number)))
    }

    fn sleep(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let pause = call.argument("pause").map_or_else(Abs::unknown, |arg| arg.value.clone());
        let unit = self.manners.number_ms;
        let millis =
            pause.as_millis(unit).filter(|_| !pause.from.iter().any(|o| matches!(o, Origin::Random | Origin::Counter)));
        self.plain_effect(EffectKind::Sleep(millis), call.span);
        if let Some(watch) = self.loops.last_mut() {
            watch.pauses.push(pause);
        }
        Abs::unknown()
    }

    fn context(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let parent = match self.property(call, "context").map(|context| context.kind) {
            Some(Kind::Context(context)) => (*context).clone(),
            Some(Kind::Choice(options)) => options
                .iter()
                .find_map(
                    |option| if let Kind::Context(context) = &option.kind { Some((**context).clone()) } else { None },
                )
                .unwrap_or(Context { origin: ContextOrigin::Unknown, deadline: None }),
            _ => Context { origin: ContextOrigin::Unknown, deadline: None },
        };
        let context = match call.form.does {
            Does::ContextBackground => Context { origin: ContextOrigin::Background(call.span), deadline: None },
            Does::ContextInbound => Context { origin: ContextOrigin::Inbound, deadline: None },
            Does::ContextDetach => Context { origin: ContextOrigin::Detached(call.span), deadline: None },
            Does::ContextTimeout => {
                let limit = call.argument("timeout").and_then(|arg| arg.value.as_millis(1e-6));
                let deadline = match (parent.deadline, limit) {
                    (Some((Some(outer), at)), Some(inner)) if outer <= inner => Some((Some(outer), at)),
                    (_, limit) => Some((limit, call.span)),
                };
                Context { origin: parent.origin, deadline }
            }
            _ => parent,
        };
        Kind::Context(Rc::new(context)).into()
    }

    fn lock(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let name = call.receiver_expr.and_then(crate::ir::Expr::dotted).unwrap_or_default();
        let named = self.property(call, "name").and_then(|name| name.as_text()).unwrap_or(name);
        let object = call.object();
        self.lock_call(call.form.does, object, named, call.span);
        Abs::unknown()
    }

    fn transaction(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let object = call.object();
        match call.form.does {
            Does::Commit => {
                self.flush_staged(object, call);
                self.end_region(self.region_of(object), "", true);
                self.store_result(call)
            }
            Does::Rollback => Abs::tainted(call.taint()),
            Does::Begin => {
                let store = object.and_then(|id| self.store_target(id));
                let value = self.make(call);
                let begun = if let Kind::Object(id) = value.kind { Some(id) } else { object };
                self.begin_region(RegionKind::Transaction(store), begun, String::new(), call.span);
                value
            }
            _ => {
                let store = object.and_then(|id| self.store_target(id));
                let handle = self.make(call);
                self.open_block();
                self.begin_region(RegionKind::Transaction(store), None, String::new(), call.span);
                let function = self.property(call, "function").unwrap_or_else(Abs::unknown);
                let args = self.handle_args(call, handle);
                let result = self.call_value(&function, &args, call.range);
                let steps = self.close_block();
                self.push_steps(steps);
                result
            }
        }
    }

    /// The session or transaction a commit is about.
    fn region_of(&self, object: Option<ObjectId>) -> Option<ObjectId> {
        object
    }

    fn handle_args(&self, call: &Use<'a, '_>, handle: Abs<'a>) -> Vec<Argument<'a>> {
        let context = call.argument("context").map(|arg| Argument::of(arg.value.clone()));
        context.into_iter().chain([Argument::of(handle)]).collect()
    }

    /// An effect on the process itself.
    pub(super) fn plain_effect(&mut self, kind: EffectKind, span: Span) -> u32 {
        let effect = self.new_effect(kind, Target::Own, span);
        self.push_effect(effect)
    }
}

/// A fixed property; one that names a key of the configuration is that setting.
fn fixed<'a>(text: &str) -> Abs<'a> {
    if text.contains("${") { Abs::value(super::annotation::placeholders(text)) } else { Abs::text(text) }
}
