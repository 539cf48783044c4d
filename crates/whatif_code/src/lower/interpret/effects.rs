//! Effects on other processes: requests, messages, answers.

use super::library::Use;
use super::state::Interpreter;
use crate::knowledge::Does;
use crate::lower::values::{Abs, Kind, ObjectId, Origin, Taint};
use std::rc::Rc;
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{Effect, EffectKind, Identity, Outcome, Peer, PeerRole, Protocol, Target};
use whatif_model::{Evidence, Fact, Part, Range, Span, Stage, Value};

/// Deepest part of a payload that is searched for an identity.
const PAYLOAD_DEPTH_MAX: usize = 4;

/// Most statements of a function that is nothing but a wrapper.
const WRAPPER_STATEMENTS_MAX: usize = 6;

impl<'a> Interpreter<'a> {
    /// An effect without a policy.
    pub(super) fn new_effect(&self, kind: EffectKind, target: Target, span: Span) -> Effect {
        let via = self.active.iter().filter_map(|activation| activation.call).collect();
        Effect { via, basis: self.basis(&Taint::default()), ..Effect::new(kind, target, span) }
    }

    /// Writes down an effect on a partner and returns what the call returns.
    pub(super) fn partner_effect(&mut self, call: &Use<'a, '_>, kind: EffectKind, peer: Peer) -> Abs<'a> {
        let policy = self.policy(call);
        let (identity, fresh) = self.identity_of(call);
        let mut effect = self.new_effect(kind, Target::Symbolic(peer), call.span);
        if let Some(site) = self.wrapped_place(call) {
            effect.span = site;
            effect.via.pop();
        }
        effect.policy = policy;
        effect.identity = identity;
        if matches!(effect.kind, EffectKind::Write { .. }) {
            effect.expires = self.expires(call);
        }
        effect.basis = self.basis(&call.taint());
        let number = self.push_effect(effect);
        if let Some(fresh) = fresh {
            self.fresh.insert(number, fresh);
        }
        self.result_of(call, number)
    }

    /// Where a wrapper is called that only hands on the statement or address it is given: that is where a reader
    /// finds what is done.
    fn wrapped_place(&self, call: &Use<'a, '_>) -> Option<Span> {
        let activation = self.active.last()?;
        let (function, site) = (activation.function?, activation.call?);
        let said = ["query", "url"].into_iter().find_map(|property| call.argument(property))?.expr?;
        let crate::ir::ExprKind::Name(name) = &said.kind else { return None };
        let hands_on = function.params.iter().any(|param| param.name == *name);
        (hands_on && function.body.len() <= WRAPPER_STATEMENTS_MAX).then_some(site)
    }

    /// What a call with an effect returns.
    fn result_of(&mut self, call: &Use<'a, '_>, number: u32) -> Abs<'a> {
        let mut origins = vec![Origin::Data(number)];
        if self.manners.errors_are_values {
            origins.push(Origin::Failure(number));
        }
        let from = Taint::of(origins);
        if call.set("gives_item").is_some()
            && let Some(Kind::Type(ty)) = self.property(call, "item").map(|item| item.kind)
        {
            let class = super::state::Class::Own(ty);
            let id = self.new_object(class, Some(call.span));
            return Abs { kind: Kind::Object(id), from };
        }
        if call.form.gives.is_empty() {
            return Abs::tainted(from);
        }
        let class = crate::knowledge::symbol(&call.library.prefix, &call.form.gives);
        let object = self.library_object(&class, Some(call.span));
        if let (Kind::Object(id), Some(receiver)) = (&object.kind, call.object()) {
            let fields = self.object(receiver).fields.clone();
            self.heap[id.0 as usize].fields = fields;
        }
        object.with(&from)
    }

    /// HTTP, RPC and other requests.
    pub(super) fn request(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Http => self.http(call),
            Does::Rpc => {
                let service =
                    self.property(call, "service").map(|service| service.as_value()).unwrap_or_else(Value::unknown);
                let operation = match service.as_text() {
                    Some(service) => format!("{service}/{}", self.rpc_method(call.name)),
                    None => self.rpc_method(call.name),
                };
                let address = self.address_of(call);
                let peer = Peer { role: PeerRole::Service, address, name: service, technology: "grpc".to_owned() };
                self.partner_effect(call, EffectKind::Call { protocol: Protocol::Grpc, operation }, peer)
            }
            _ => {
                let operation = call.set("operation").unwrap_or(call.name).to_owned();
                let role = role_of(call.set("role"));
                let mut peer = self.peer(call, role);
                if call.form.set.contains_key("gives_client") {
                    let result = self.make_connected(call);
                    peer = match result.kind {
                        Kind::Object(id) => self.peer_of(id, role),
                        _ => peer,
                    };
                    let effect =
                        self.partner_effect(call, EffectKind::Call { protocol: Protocol::Other, operation }, peer);
                    return Abs { kind: result.kind, from: effect.from };
                }
                self.partner_effect(call, EffectKind::Call { protocol: Protocol::Other, operation }, peer)
            }
        }
    }

    fn http(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let given = self.property(call, "url").or_else(|| self.carried(call, "url"));
        let by_request = |origin: &Origin| matches!(origin, Origin::Request(_) | Origin::Data(_));
        let is_given = given.as_ref().is_some_and(|url| url.is_unknown() && url.from.iter().any(by_request));
        let url = given.map_or_else(Value::unknown, |url| url.as_value());
        let base = call.object().and_then(|id| self.object(id).fields.get("base")).map(Abs::as_value);
        let url = match base {
            Some(mut base) if !is_absolute(&url) => {
                if needs_slash(&base, &url) {
                    base.push(Value::text("/"));
                }
                base.push(url);
                base
            }
            _ => url,
        };
        let method = self.property(call, "method").or_else(|| self.carried(call, "method"));
        let method = match &method {
            Some(method) if matches!(method.kind, Kind::Text(_)) => method.as_text().unwrap_or_default().to_uppercase(),
            Some(_) => String::new(),
            None => "GET".to_owned(),
        };
        let method = if method.is_empty() { "ANY".to_owned() } else { method };
        let operation = format!("{method} {}", path_of(&url));
        let peer =
            Peer { role: PeerRole::Service, address: url, name: Value::default(), technology: "http".to_owned() };
        let number = self.next_effect();
        if call.set("answers") == Some("unchecked") {
            self.unchecked.insert(number);
        }
        let value = self.partner_effect(call, EffectKind::Call { protocol: Protocol::Http, operation }, peer);
        if let Some(effect) = self.effect_mut(number) {
            effect.policy.caller_chooses = is_given;
        }
        value
    }

    fn address_of(&self, call: &Use<'a, '_>) -> Value {
        call.object().map_or_else(Value::unknown, |id| self.object_address(id))
    }

    /// Where the partner of an object is.
    pub(super) fn object_address(&self, id: ObjectId) -> Value {
        let fields = &self.object(id).fields;
        if let Some(address) = fields.get("address") {
            return match &address.kind {
                Kind::Object(inner) if *inner != id => self.object_address(*inner),
                Kind::List(items) => items.first().map_or_else(Value::unknown, Abs::as_value),
                _ => address.as_value(),
            };
        }
        let Some(host) = fields.get("host") else { return Value::unknown() };
        let mut address = host.as_value();
        if let Some(port) = fields.get("port") {
            address.push(Value::text(":"));
            address.push(port.as_value());
        }
        address
    }

    /// The partner an object stands for.
    pub(super) fn peer_of(&self, id: ObjectId, role: PeerRole) -> Peer {
        let fields = &self.object(id).fields;
        let text = |key: &str| fields.get(key).map(first_text);
        let keys: &[&str] = match role {
            PeerRole::Topic => &["topic", "exchange"],
            PeerRole::Store => &["database"],
            PeerRole::Service => &["service"],
        };
        let name = keys
            .iter()
            .find_map(|key| text(key).filter(|name| name.as_text().as_deref() != Some("")))
            .unwrap_or_default();
        let technology = text("technology").and_then(|value| value.as_text()).unwrap_or_default();
        let address = self.object_address(id);
        let technology = self.engine(technology, &address);
        Peer { role, address, name, technology }
    }

    /// The engine by the name the field knows, from its driver or the scheme of its connection string.
    fn engine(&self, technology: String, address: &Value) -> String {
        let engines = &self.knowledge.words(self.program.language).engines;
        if let Some(engine) = engines.get(&technology) {
            return engine.clone();
        }
        let Some(Part::Text(text)) = address.parts.first() else { return technology };
        let scheme = text.split([':', '+']).next().unwrap_or("");
        match engines.get(scheme) {
            Some(engine) if ["", "sql", "database"].contains(&technology.as_str()) => engine.clone(),
            _ => technology,
        }
    }

    /// The partner a call is about.
    pub(super) fn peer(&self, call: &Use<'a, '_>, role: PeerRole) -> Peer {
        let mut peer = match call.object() {
            Some(id) => self.peer_of(id, role),
            None => Peer { role, address: Value::unknown(), name: Value::default(), technology: String::new() },
        };
        if peer.technology.is_empty() {
            peer.technology = call.library.technology.clone();
        }
        if let Some(address) = call.argument("address") {
            peer.address = address.value.as_value();
        }
        if role == PeerRole::Topic
            && let Some(topic) = self.topic_of(call)
        {
            peer.name = topic;
        }
        // A bus is set up in one place and asked for by its type everywhere.
        if role == PeerRole::Topic && peer.address.is_unknown() && call.set("topic_by").is_some() {
            let broker = self.broker();
            if broker.technology == peer.technology {
                peer.address = broker.address;
            }
        }
        peer
    }

    /// Topic or routing key; the exchange when there is no other name.
    fn topic_of(&self, call: &Use<'a, '_>) -> Option<Value> {
        let named = |key: &str| {
            let given = self.property(call, key).filter(|value| !matches!(value.kind, Kind::Object(_)));
            given.or_else(|| self.carried_message(call, key)).map(|value| self.topic_text(&value))
        };
        let known = |value: &Value| value.as_text().as_deref() != Some("") && !value.parts.is_empty();
        let by_type = || {
            call.set("topic_by")?;
            let Kind::Object(id) = self.property(call, "payload")?.kind else { return None };
            match self.object(id).class {
                super::state::Class::Own(ty) => Some(Value::text(self.program.ty(ty).ir.name.clone())),
                _ => None,
            }
        };
        named("topic").filter(known).or_else(|| named("exchange").filter(known)).or_else(by_type)
    }

    /// The name of a topic; a class stands for the topic of its objects.
    fn topic_text(&self, value: &Abs<'a>) -> Value {
        let Kind::Type(ty) = value.kind else { return first_text(value) };
        let declared = self.program.ty(ty);
        let package = &self.program.modules[declared.module].package;
        if self.manners.accessors && !package.is_empty() {
            return Value::text(format!("{package}.{}", declared.ir.name));
        }
        Value::text(declared.ir.name.clone())
    }

    fn carried_message(&self, call: &Use<'a, '_>, key: &str) -> Option<Abs<'a>> {
        let message = call.argument("message")?;
        let id = match &message.value.kind {
            Kind::Object(id) => *id,
            Kind::List(items) => match items.first()?.kind {
                Kind::Object(id) => id,
                _ => return None,
            },
            _ => return None,
        };
        self.object(id).fields.get(key).cloned()
    }

    /// Remembers a partner named where a client is made.
    pub(super) fn note_peer(&mut self, id: ObjectId, call: &Use<'a, '_>) {
        let Some(role) = call.set("role") else { return };
        let peer = self.peer_of(id, role_of(Some(role)));
        let known = |value: &Value| !value.is_unknown() && !value.parts.is_empty();
        if !known(&peer.address) && !known(&peer.name) {
            return;
        }
        let evidence = Evidence::stated(Stage::Code, call.span, "client made here");
        if !self.facts.peers.iter().any(|(seen, at)| *seen == peer && at.span == evidence.span) {
            self.facts.peers.push((peer, evidence));
        }
    }

    fn make_connected(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        self.make(call)
    }

    /// Publishing, consuming, acknowledging.
    pub(super) fn messaging(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Publish => {
                if let Some(value) = self.publish_alternatives(call) {
                    return value;
                }
                let peer = self.peer(call, PeerRole::Topic);
                let outbox = self.is_kept_first(call);
                self.partner_effect(call, EffectKind::Publish { outbox }, peer)
            }
            Does::Ack | Does::Nack => {
                let peer = match &self.run.trigger {
                    Some(Trigger::Message { topic, .. }) => topic.clone(),
                    _ => self.peer(call, PeerRole::Topic),
                };
                let kind = EffectKind::Acknowledge { positive: call.form.does == Does::Ack };
                let mut effect = self.new_effect(kind, Target::Symbolic(peer), call.span);
                effect.policy.delivery.requeued = self.requeued(call);
                let number = self.push_effect(effect);
                Abs::tainted(if self.manners.errors_are_values {
                    Taint::one(Origin::Failure(number))
                } else {
                    Taint::default()
                })
            }
            _ => self.subscription(call),
        }
    }

    /// Whether the library writes a message to the store of the transaction it is sent in, and relays it later.
    fn is_kept_first(&self, call: &Use<'a, '_>) -> bool {
        let everywhere = (call.library.name.clone(), "outbox".to_owned());
        match call.set("outbox") {
            Some("transaction") => self.in_transaction(),
            Some(_) => true,
            None => self.library_defaults.contains_key(&everywhere),
        }
    }

    /// A message that is one of several goes to one of several topics.
    fn publish_alternatives(&mut self, call: &Use<'a, '_>) -> Option<Abs<'a>> {
        let topics = self.property(call, "topic")?;
        let topics: Vec<Value> =
            topics.alternatives().iter().map(Abs::as_value).filter(|topic| !topic.is_unknown()).collect();
        if topics.len() < 2 {
            return None;
        }
        let mut arms = Vec::new();
        let mut results = Vec::new();
        for topic in topics {
            let peer = Peer { name: topic, ..self.peer(call, PeerRole::Topic) };
            self.open_block();
            results.push(self.partner_effect(call, EffectKind::Publish { outbox: false }, peer));
            arms.push(self.close_block());
        }
        self.push_branch(arms, call.span);
        results.into_iter().reduce(Abs::join)
    }

    /// Answers.
    pub(super) fn respond(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let status = self.property(call, "status");
        let fixed = call.set("outcome");
        let outcome = match (fixed, &status) {
            (Some("failure"), _) => Outcome::Failure,
            (Some("success"), _) => Outcome::Success,
            (Some("error-first"), _) => match call.args.first().map(|error| &error.value) {
                None => Outcome::Success,
                Some(error) if matches!(error.kind, Kind::Nil) => Outcome::Success,
                Some(error) if error.is_unknown() && error.from.is_empty() => Outcome::Unknown,
                Some(_) => Outcome::Failure,
            },
            (_, Some(status)) => self.status(status),
            _ => Outcome::Success,
        };
        let has_caller = self.run.trigger.is_some();
        let silent = call.set("silent").is_some();
        if has_caller && !silent {
            self.plain_effect(EffectKind::Respond(outcome), call.span);
        }
        // A silent answer is one by being returned or raised, unless it ends the call or sets what is answered.
        if !silent || call.form.does == Does::Fail || (call.form.gives.is_empty() && call.name == "set_code") {
            let class = self.status_of_call(call, status.as_ref());
            self.tell(outcome, class, &call.taint(), call.span);
        }
        // A response that is a value says nothing until it is returned.
        let is_value = call.set("value").is_some();
        self.watch.failed |= outcome == Outcome::Failure && !is_value;
        if call.form.does == Does::Fail {
            let exit = self.raise(call.range);
            self.diverged = Some(exit);
        }
        let value = Abs::tainted(super::call::taint_of(call.args).without_failures());
        if self.is_go() { value } else { self.with_status(status, outcome, call) }
    }

    /// A response object with its status, for frameworks where it is returned.
    fn with_status(&mut self, status: Option<Abs<'a>>, outcome: Outcome, call: &Use<'a, '_>) -> Abs<'a> {
        let response = self.library_object("response", Some(call.span));
        let made_of = Abs::tainted(call.taint().without_failures());
        if let Kind::Object(id) = response.kind {
            self.heap[id.0 as usize].fields.insert(Rc::from(super::answer::MADE_OF), made_of);
        }
        if let (Kind::Object(id), Some(status)) = (&response.kind, status) {
            self.heap[id.0 as usize].fields.insert(Rc::from("status"), status);
        }
        if let (Kind::Object(id), Outcome::Failure, Some(_)) = (&response.kind, outcome, call.set("value")) {
            // Which failure it is matters to nobody here.
            let status = Kind::Number(400.0).into();
            self.heap[id.0 as usize].fields.entry(Rc::from("status")).or_insert(status);
        }
        response
    }

    fn status(&self, status: &Abs<'a>) -> Outcome {
        super::branch::status_outcome(status.as_number())
    }

    /// Something read from the incoming request; idempotency keys are written down.
    pub(super) fn request_value(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let name = self.property(call, "name").and_then(|name| name.as_text()).unwrap_or_else(|| call.name.to_owned());
        self.key_read(&name, call.span);
        Abs::tainted(Taint::one(Origin::Request(Rc::from(name))))
    }

    /// A field or entry of the incoming request: naming a key there reads it.
    pub(super) fn note_key(&mut self, from: &Taint, name: &str, range: Range) {
        if from.iter().any(|origin| matches!(origin, Origin::Request(_))) {
            let span = self.span(range);
            self.key_read(name, span);
        }
    }

    pub(super) fn key_read(&mut self, name: &str, span: Span) {
        if !self.is_key(name) {
            return;
        }
        let kind = EffectKind::KeyRead { name: name.to_owned() };
        if !self.run.effects.iter().any(|effect| effect.kind == kind) {
            self.plain_effect(kind, span);
        }
    }

    /// Whether a name is one under which requests carry an idempotency key.
    pub(super) fn is_key(&self, name: &str) -> bool {
        let plain = normal(name);
        self.knowledge.words(self.program.language).keys.iter().any(|key| plain.contains(key.as_str()))
    }

    fn is_identity(&self, name: &str) -> bool {
        let plain = normal(name);
        self.knowledge.words(self.program.language).identities.contains(&plain)
    }

    /// A header of an outgoing request may carry its identity.
    pub(super) fn outgoing_header(&mut self, id: ObjectId, call: &Use<'a, '_>) {
        let Some(name) = call.args.first().and_then(|arg| arg.value.as_text()) else { return };
        if self.is_key(&name)
            && let Some(value) = call.args.get(1)
        {
            self.heap[id.0 as usize].fields.insert(Rc::from(name.as_str()), value.value.clone());
        }
    }

    /// The identity a request carries, and the effect that made it.
    fn identity_of(&self, call: &Use<'a, '_>) -> (Fact<Identity>, Option<u32>) {
        let mut found: Vec<(String, Taint)> = Vec::new();
        let mut visible = false;
        for arg in call.args {
            if matches!(arg.value.kind, Kind::Context(_)) {
                continue;
            }
            let seen = self.payload(arg.name, &arg.value, PAYLOAD_DEPTH_MAX, &mut found);
            // The properties beside a message may name it, but they are not what it says.
            visible |= seen && !is_envelope(call, arg);
        }
        if call.form.args.get("payload").is_some_and(|spec| spec.place == Some(crate::knowledge::Place::Receiver))
            && let Some(receiver) = call.receiver
        {
            visible |= self.built_payload(receiver, &mut found);
        }
        let strong = found.iter().find(|(name, _)| self.is_key(name));
        let Some((name, from)) = strong.or_else(|| found.iter().find(|(name, _)| self.is_identity(name))) else {
            let nothing = Evidence::stated(Stage::Code, call.span, "nothing in it tells a repeat apart");
            return (if visible { Fact::absent(nothing) } else { Fact::Unknown }, None);
        };
        for origin in from.iter() {
            match origin {
                Origin::Fresh(number) if *number >= self.run.base => {
                    let label = format!("{name} is made fresh");
                    return (
                        Fact::known(
                            Identity::Fresh { in_retry: false },
                            Evidence::stated(Stage::Code, call.span, label),
                        ),
                        Some(*number),
                    );
                }
                Origin::Request(field) if self.is_key(field) || strong.is_some() => {
                    let label = format!("{name} comes with the request");
                    return (
                        Fact::known(
                            Identity::FromRequest(field.to_string()),
                            Evidence::stated(Stage::Code, call.span, label),
                        ),
                        None,
                    );
                }
                _ => {}
            }
        }
        (Fact::Unknown, None)
    }

    /// The payload and the keys a request that was built step by step carries.
    fn built_payload(&self, request: &Abs<'a>, found: &mut Vec<(String, Taint)>) -> bool {
        let Kind::Object(id) = request.kind else { return false };
        let fields = &self.object(id).fields;
        for (name, value) in fields.iter().filter(|(name, _)| self.is_key(name)) {
            found.push((name.to_string(), value.from.clone()));
        }
        fields.get("payload").is_some_and(|value| self.payload("", value, PAYLOAD_DEPTH_MAX, found))
    }

    /// Collects the named parts of a payload; tells whether it could be looked into.
    fn payload(&self, name: &str, value: &Abs<'a>, depth: usize, found: &mut Vec<(String, Taint)>) -> bool {
        if !name.is_empty() {
            found.push((name.to_owned(), value.from.clone()));
        }
        let Kind::Object(id) = value.kind else { return false };
        if depth == 0 {
            return false;
        }
        let object = self.object(id);
        for (field, value) in &object.fields {
            self.payload(field, value, depth - 1, found);
        }
        object.made.is_some()
            && !object.fields.contains_key(super::construct::REST)
            && !matches!(object.class, super::state::Class::Library(ref class) if &**class == "channel")
    }
}

fn is_envelope(call: &Use<'_, '_>, arg: &super::call::Argument<'_>) -> bool {
    let given = |name: &str| call.argument(name).is_some_and(|given| std::ptr::eq(given, arg));
    given("properties") && !given("payload") && !given("message")
}

fn normal(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

pub(super) fn role_of(role: Option<&str>) -> PeerRole {
    match role {
        Some("store") => PeerRole::Store,
        Some("topic") => PeerRole::Topic,
        _ => PeerRole::Service,
    }
}

/// The first text of a list, or the text itself.
pub(super) fn first_text(value: &Abs<'_>) -> Value {
    match &value.kind {
        Kind::List(items) => items.first().map_or_else(Value::unknown, Abs::as_value),
        _ => value.as_value(),
    }
}

/// Whether a path that is relative to a base begins without the slash that the base ends without (RFC 3986, 5.2.3).
fn needs_slash(base: &Value, url: &Value) -> bool {
    let begins = matches!(url.parts.first(), Some(Part::Text(text)) if text.starts_with(|c: char| c.is_alphanumeric()));
    let open = matches!(base.parts.last(), Some(Part::Text(text)) if !text.ends_with(['/', '=', '?', '&']));
    begins && open
}

fn is_absolute(url: &Value) -> bool {
    match url.parts.first() {
        Some(Part::Text(text)) => text.contains("://"),
        Some(_) => url.parts.len() == 1 || !matches!(url.parts.first(), Some(Part::Unknown)),
        None => false,
    }
}

/// The path of a URL; what is decided at run time is `{}`.
pub(super) fn path_of(url: &Value) -> String {
    let mut text = String::new();
    for (at, part) in url.parts.iter().enumerate() {
        match part {
            Part::Text(part) => text.push_str(part),
            // A variable at the very beginning is the address, and later a host or a parameter.
            _ if at == 0 => text.push_str("x://host"),
            _ => text.push_str("{}"),
        }
    }
    let after = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let path = after.find('/').map_or("", |at| &after[at..]);
    let path = path.split(['?', '#']).next().unwrap_or("");
    if path.is_empty() { "/".to_owned() } else { path.to_owned() }
}
