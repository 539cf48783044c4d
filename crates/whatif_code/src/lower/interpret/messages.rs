//! Subscriptions: consumers, tickers, schedules, tasks.

use super::library::{Use, find};
use super::state::{Class, Interpreter};
use crate::knowledge::Does;
use crate::lower::values::{Abs, Kind, ObjectId, Origin, Taint};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;
use whatif_model::{Evidence, Fact, Stage, Value};

impl<'a> Interpreter<'a> {
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
                let unit = self.manners.number_ms;
                let when = self
                    .property(call, "schedule")
                    .map(|when| schedule_text(&when, unit))
                    .unwrap_or_else(Value::unknown);
                match call.argument("handler") {
                    Some(handler) => {
                        let handler = handler.value.clone();
                        self.register(Trigger::Schedule(when), handler, call.span);
                        let of_type = call.args.iter().find(|arg| arg.name == "<0>").map(|arg| arg.value.kind.clone());
                        if let Some(Kind::Type(ty)) = of_type {
                            let given = self.instance_of(ty);
                            if let Some(last) = self.registrations.last_mut().filter(|last| last.span == call.span) {
                                last.given = vec![given];
                            }
                        }
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
            let handler = self.callback_of(handler);
            if let Some(trigger) = self.trigger_of(id) {
                if self.container.consumed || !self.container.keyed.is_empty() {
                    self.register_keyed(Some((&trigger, &handler)));
                    return value;
                }
                self.register(trigger, handler, call.span);
                if let (Some(_), Some(receiver), Some(last)) =
                    (call.set("passes"), call.receiver, self.registrations.last_mut())
                    && last.span == call.span
                {
                    last.given = vec![receiver.clone()];
                }
                if let (Some(store), Some(last)) =
                    (call.set("remembers").filter(|_| !self.switched_off(call)), self.registrations.last_mut())
                    && last.span == call.span
                {
                    last.remembers = Some(store.to_owned());
                }
                let handed = self.handed(call);
                if let Some(last) = self.registrations.last_mut().filter(|last| last.span == call.span)
                    && !handed.is_empty()
                {
                    last.given = handed;
                }
            }
        }
        value
    }

    /// The function a consumer object was given.
    fn callback_of(&self, handler: Abs<'a>) -> Abs<'a> {
        let Kind::Object(id) = handler.kind else { return handler };
        if !matches!(self.object(id).class, Class::Library(_)) {
            return handler;
        }
        self.object(id).fields.get("handler").cloned().unwrap_or(handler)
    }

    /// The library writes down which message it is, in the transaction that the handler runs in.
    pub(crate) fn begin_remembering(&mut self, store: &str, span: whatif_model::Span) {
        let (item, address) = store.split_once('@').unwrap_or((store, ""));
        let peer = whatif_model::flow::Peer {
            role: whatif_model::flow::PeerRole::Store,
            address: super::annotation::placeholders(address),
            name: Value::default(),
            technology: "sql".to_owned(),
        };
        let target = whatif_model::flow::Target::Symbolic(peer);
        self.begin_region(super::state::RegionKind::Transaction(Some(target.clone())), None, String::new(), span);
        self.annotated += 1;
        self.dirty.clear();
        let unique = Fact::known(true, Evidence::stated(Stage::Code, span, "the library refuses a second one"));
        let kind = whatif_model::flow::EffectKind::DedupMark { item: item.to_owned(), unique };
        let effect = self.new_effect(kind, target, span);
        self.push_effect(effect);
    }

    pub(crate) fn end_remembering(&mut self) {
        self.write_changed();
        self.annotated = self.annotated.saturating_sub(1);
    }

    /// Whether the program switches off what a library does by itself.
    fn switched_off(&self, call: &Use<'a, '_>) -> bool {
        let Some(word) = call.set("unless") else { return false };
        let mut imports = self.program.modules.iter().flat_map(|module| &module.imports);
        imports.any(|import| import.path.contains(word))
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
            fields.entry(Rc::from("trigger")).or_insert_with(|| Abs::text("message"));
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
                let label = if value {
                    "the broker forgets a message as it is sent"
                } else {
                    "messages are acknowledged by hand"
                };
                Fact::known(value, Evidence::stated(Stage::Code, at, label))
            }
            (Some(Kind::Text(text)), Some(at)) => match text.as_text().as_deref() {
                Some("default-true") => Fact::known(
                    true,
                    Evidence::stated(Stage::Code, at, "acknowledged automatically unless switched off"),
                ),
                Some("default-false") => {
                    Fact::known(false, Evidence::stated(Stage::Code, at, "acknowledged by hand unless switched on"))
                }
                _ => Fact::Unknown,
            },
            _ => Fact::Unknown,
        }
    }
}

fn schedule_text(when: &Abs<'_>, unit_ms: f64) -> Value {
    match when.kind {
        Kind::Number(ms) if unit_ms == 1.0 => Value::text(format!("every {} s", ms / 1000.0)),
        Kind::Millis(ms) => Value::text(format!("every {} s", ms / 1000.0)),
        _ => when.as_value(),
    }
}
