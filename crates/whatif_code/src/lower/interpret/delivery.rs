//! What a broker is asked to do with a message: to keep it, to confirm it, to deliver it again.

use super::library::{Use, find};
use super::state::Interpreter;
use crate::lower::values::{Abs, Kind};
use whatif_model::flow::Delivery;
use whatif_model::{Evidence, Fact, Span, Stage};

/// AMQP 0-9-1, `delivery-mode` of the basic properties.
const TRANSIENT: f64 = 1.0;
const PERSISTENT: f64 = 2.0;

impl<'a> Interpreter<'a> {
    /// How a message is sent; libraries whose table says nothing about it leave it unknown.
    pub(super) fn delivery(&self, call: &Use<'a, '_>) -> Delivery {
        Delivery {
            persistent: self.persistent(call),
            confirmed: self.confirmed(call),
            requeued: Fact::Unknown,
            route_durable: self.route_durable(call),
        }
    }

    /// An exchange or queue is declared: whether it survives a restart of the broker.
    pub(super) fn note_declared(&mut self, call: &Use<'a, '_>) {
        let Some(name) = call.argument("name").and_then(|name| name.value.as_text()) else { return };
        let durable = match (call.argument("durable").map(|durable| &durable.value.kind), call.set("durable")) {
            (Some(Kind::Bool(true)), _) => Fact::known(true, at(call.span, "declared as durable")),
            (Some(Kind::Bool(false)), _) => Fact::known(false, at(call.span, "declared as not durable")),
            (None, Some("default-false")) => Fact::absent(at(call.span, "declared without asking to be durable")),
            (None, Some("default-true")) => Fact::known(true, at(call.span, "durable unless told otherwise")),
            _ => Fact::Unknown,
        };
        let known = self.facts.declared.entry(name).or_default();
        if !durable.is_unknown() && !known.holds(|durable| *durable) {
            *known = durable;
        }
    }

    /// What the program declared the exchange as that a message is sent to; without one, the queue.
    fn route_durable(&self, call: &Use<'a, '_>) -> Fact<bool> {
        let named =
            |key: &str| self.property(call, key).and_then(|name| name.as_text()).filter(|name| !name.is_empty());
        let name = named("exchange").or_else(|| named("topic"));
        name.and_then(|name| self.facts.declared.get(&name)).cloned().unwrap_or_default()
    }

    /// Stated in the properties of the message, in the call, or left to the library.
    fn persistent(&self, call: &Use<'a, '_>) -> Fact<bool> {
        let by_default = || match call.set("persistent") {
            Some("default-true") => Fact::known(true, at(call.span, "the library sends persistent messages")),
            Some("default-false") => Fact::absent(at(call.span, "sent without asking the broker to store it")),
            _ => Fact::Unknown,
        };
        if let Some(stated) = call.form.args.get("persistent").and_then(|spec| find(spec, call.args)) {
            return mode(&stated.value, call.span);
        }
        let Some(properties) = call.argument("properties") else { return by_default() };
        let Kind::Object(id) = properties.value.kind else { return Fact::Unknown };
        let properties = self.object(id);
        match properties.fields.get("persistent").or_else(|| properties.fields.get("deliveryMode")) {
            Some(value) => mode(value, properties.made.unwrap_or(call.span)),
            None => by_default(),
        }
    }

    /// Confirmation is switched on for a channel before it is used.
    fn confirmed(&self, call: &Use<'a, '_>) -> Fact<bool> {
        let Some(channel) = call.object().map(|id| self.object(id)) else { return Fact::Unknown };
        match (channel.fields.contains_key("confirmed"), call.set("confirmed")) {
            (true, _) => Fact::known(true, at(channel.made.unwrap_or(call.span), "the broker confirms what it took")),
            (false, Some("default-true")) => Fact::known(true, at(call.span, "the library waits for the broker")),
            (false, Some("default-false")) => {
                Fact::absent(at(call.span, "returns when the message is written, not when the broker has it"))
            }
            _ => Fact::Unknown,
        }
    }

    /// Whether a refused message is delivered again.
    pub(super) fn requeued(&self, call: &Use<'a, '_>) -> Fact<bool> {
        let Some(value) = self.property(call, "requeue") else { return Fact::Unknown };
        match (&value.kind, value.as_text().as_deref()) {
            (Kind::Bool(true), _) => Fact::known(true, at(call.span, "handed back to be delivered again")),
            (Kind::Bool(false), _) => Fact::known(false, at(call.span, "refused for good")),
            (_, Some("default-true")) => {
                Fact::known(true, at(call.span, "handed back to be delivered again, unless told otherwise"))
            }
            (_, Some("default-false")) => Fact::known(false, at(call.span, "refused for good")),
            _ => Fact::Unknown,
        }
    }
}

fn mode(value: &Abs<'_>, place: Span) -> Fact<bool> {
    let persistent = match (&value.kind, value.as_number()) {
        (Kind::Bool(persistent), _) => *persistent,
        (_, Some(PERSISTENT)) => true,
        (_, Some(TRANSIENT)) => false,
        _ => return Fact::Unknown,
    };
    let label = if persistent { "the broker stores it" } else { "kept in the broker's memory only" };
    Fact::known(persistent, at(place, label))
}

fn at(place: Span, label: &str) -> Evidence {
    Evidence::stated(Stage::Code, place, label)
}
