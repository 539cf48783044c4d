//! How one layer bounds and repeats an effect, as far as the code and the library's defaults say.

use super::library::Use;
use super::state::{Class, Interpreter};
use crate::knowledge::{Default, Does, State, TypeForm};
use crate::lower::values::{Abs, Context, ContextOrigin, Kind, ObjectId, Origin};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{Attempts, Backoff, Bound, EffectKind, Policy, Retry, Timeout, TimeoutKind};
use whatif_model::{Evidence, Fact, How, Span, Stage};

/// Whether an effect of this kind takes time at somebody else's.
pub(crate) fn is_bounded(kind: &EffectKind) -> bool {
    matches!(
        kind,
        EffectKind::Call { .. }
            | EffectKind::Read { .. }
            | EffectKind::Write { .. }
            | EffectKind::Publish { .. }
            | EffectKind::DedupCheck { .. }
            | EffectKind::DedupMark { .. }
    )
}

impl<'a> Interpreter<'a> {
    /// The policy of a call.
    pub(super) fn policy(&self, call: &Use<'a, '_>) -> Policy {
        let context = self.context_of(call);
        Policy {
            timeout: self.timeout(call, context.as_ref()),
            retry: self.retry(call),
            breaker: self.breaker(call),
            deadline_forwarded: self.deadline_forwarded(call, context.as_ref()),
            trace_forwarded: self.trace_forwarded(call, context.as_ref()),
            delivery: self.delivery(call),
            ..Policy::default()
        }
    }

    fn context_of(&self, call: &Use<'a, '_>) -> Option<Context> {
        let value = self.property(call, "context").or_else(|| self.carried(call, "context"))?;
        value
            .alternatives()
            .iter()
            .find_map(|option| if let Kind::Context(context) = &option.kind { Some((**context).clone()) } else { None })
    }

    /// A property of an object that is handed over: the request a client sends.
    pub(super) fn carried(&self, call: &Use<'a, '_>, property: &str) -> Option<Abs<'a>> {
        let request = call.argument("request")?;
        let Kind::Object(id) = request.value.kind else { return None };
        self.object(id).fields.get(property).cloned()
    }

    fn timeout(&self, call: &Use<'a, '_>, context: Option<&Context>) -> Fact<Timeout> {
        let kind = call.set("timeout_kind").map(kind_of);
        if let Some(argument) = call.argument("timeout") {
            return self.stated_timeout(
                &argument.value,
                kind.unwrap_or(TimeoutKind::Total),
                argument.expr.map_or(call.span, |expr| self.span(expr.range)),
            );
        }
        let deadline = context.and_then(|context| context.deadline);
        let of_client = call.object().and_then(|id| self.client_timeout(id, kind));
        match (deadline, of_client) {
            (Some((Some(limit), at)), of_client) => {
                let stated = Timeout { bound: Bound::Millis(limit), kind: TimeoutKind::Total };
                let mut fact = Fact::known(
                    stated,
                    Evidence::stated(Stage::Code, at, format!("the context ends after {limit} ms")),
                );
                if let Some(of_client) = of_client
                    && of_client.value().is_some()
                {
                    fact.merge(of_client);
                }
                fact
            }
            (Some((None, _)), _) => Fact::Unknown,
            (None, Some(fact)) => fact,
            (None, None) => {
                let everywhere = (call.library.prefix.clone(), "timeout".to_owned());
                match self.library_defaults.get(&everywhere) {
                    Some(value) => self.stated_timeout(value, kind.unwrap_or(TimeoutKind::Total), call.span),
                    None => self.default_timeout(call, context),
                }
            }
        }
    }

    fn client_timeout(&self, id: ObjectId, kind: Option<TimeoutKind>) -> Option<Fact<Timeout>> {
        let object = self.object(id);
        let value = object.fields.get("timeout")?;
        let at = object.made?;
        let kind = object.fields.get("timeout_kind").and_then(Abs::as_text).map(|text| kind_of(&text)).or(kind);
        let kind = kind.unwrap_or(TimeoutKind::Total);
        let limit = value.as_millis(self.manners.number_ms);
        if let (Some(limit), true) = (limit, object.fields.contains_key("default_of")) {
            let label = format!("gives up after {limit} ms");
            return Some(Fact::known(Timeout { bound: Bound::Millis(limit), kind }, self.set_up(id, at, label)));
        }
        Some(self.stated_timeout(value, kind, at))
    }

    /// Evidence of how an object was set up: by what the program states, or by something it added that has defaults.
    fn set_up(&self, id: ObjectId, at: Span, label: impl Into<String>) -> Evidence {
        let text = |key: &str| self.object(id).fields.get(key).and_then(Abs::as_text);
        match (text("default_of"), text("default_link")) {
            (Some(of), Some(link)) => {
                Evidence { span: at, stage: Stage::Code, how: How::Default { of, link }, label: label.into() }
            }
            _ => Evidence::stated(Stage::Code, at, label),
        }
    }

    pub(super) fn stated_timeout(&self, value: &Abs<'a>, kind: TimeoutKind, at: Span) -> Fact<Timeout> {
        let unit = self.manners.number_ms;
        let (value, kind) = match &value.kind {
            // requests: (connect, read).
            Kind::List(parts) | Kind::Tuple(parts) if parts.len() == 2 => (&parts[1], TimeoutKind::PerRead),
            _ => (value, kind),
        };
        if matches!(value.kind, Kind::Nil) {
            let endless = Timeout { bound: Bound::Unbounded, kind };
            return Fact::known(endless, Evidence::stated(Stage::Code, at, "the timeout is switched off"));
        }
        let from_variable = matches!(&value.kind, Kind::Text(text) if text.env_names().next().is_some());
        match value.as_millis(unit) {
            Some(0) if self.is_go() || self.manners.callbacks => Fact::known(
                Timeout { bound: Bound::Unbounded, kind },
                Evidence::stated(Stage::Code, at, "0 means no timeout"),
            ),
            Some(limit) if from_variable => Fact::known(
                Timeout { bound: Bound::Millis(limit), kind },
                Evidence::derived(Stage::Code, at, format!("{limit} ms unless the variable says otherwise")),
            ),
            Some(limit) => Fact::known(
                Timeout { bound: Bound::Millis(limit), kind },
                Evidence::stated(Stage::Code, at, format!("timeout of {limit} ms")),
            ),
            None => Fact::Unknown,
        }
    }

    fn default_timeout(&self, call: &Use<'a, '_>, context: Option<&Context>) -> Fact<Timeout> {
        let unseen_client = call.object().is_some_and(|id| self.object(id).made.is_none())
            && call.form.set.get("configured").is_none_or(|who| who != "context");
        let unseen_context = context.is_some_and(|context| context.origin == ContextOrigin::Unknown);
        // A request made elsewhere may carry a deadline.
        let unseen_request = call
            .argument("request")
            .is_some_and(|request| !matches!(request.value.kind, Kind::Object(id) if self.object(id).made.is_some()));
        if unseen_client || unseen_context || unseen_request {
            return Fact::Unknown;
        }
        let Some(default) = call.library.default_of("timeout", self.versions) else { return Fact::Unknown };
        let mut evidence = default_evidence(call, default);
        if let Some(made) =
            call.object().filter(|id| self.limits_calls(*id, call.form.does)).and_then(|id| self.object(id).made)
        {
            evidence.span = made;
        }
        match default.state {
            State::Bounded => {
                Fact::known(Timeout { bound: Bound::Millis(default.ms), kind: kind_of(&default.kind) }, evidence)
            }
            State::Absent => Fact::absent(evidence),
            State::Unknown => Fact::Unknown,
        }
    }

    /// Whether the limit of a call is a setting of its client, so that it is missing where the client is made: of
    /// statements always, of requests when the client's type has a field for it.
    fn limits_calls(&self, client: ObjectId, does: Does) -> bool {
        let Class::Library(class) = &self.object(client).class else { return is_statement(does) };
        let form = self.knowledge.type_form(self.program.language, class);
        let has_field = |(_, form): (_, &TypeForm)| form.fields.values().any(|property| property == "timeout");
        is_statement(does) || form.is_some_and(has_field)
    }

    fn retry(&self, call: &Use<'a, '_>) -> Fact<Retry> {
        if let Some(object) = call.object()
            && let Some(value) = self.object(object).fields.get("retry_attempts")
        {
            if self.object(object).fields.contains_key("retry_block") && !self.strategies.is_empty() {
                return Fact::absent(Evidence::stated(Stage::Code, call.span, "repeated with the block around it"));
            }
            return self.configured_retry(object, value, call.span);
        }
        if call.object().is_some_and(|id| self.object(id).made.is_none())
            && call.library.default.iter().any(|default| default.what == "retry")
        {
            return Fact::Unknown;
        }
        match call.library.default_of("retry", self.versions) {
            Some(default) if default.state == State::Bounded => {
                let evidence = default_evidence(call, default);
                Fact::known(retry_of(default, &evidence), evidence)
            }
            Some(default) if default.state == State::Absent => Fact::absent(default_evidence(call, default)),
            None if call.library.default.iter().all(|default| default.what != "retry") => {
                Fact::absent(Evidence::stated(Stage::Code, call.span, "called once, nothing repeats it here"))
            }
            _ => Fact::Unknown,
        }
    }

    /// A retry set on the client.
    pub(super) fn configured_retry(&self, id: ObjectId, attempts: &Abs<'a>, fallback: Span) -> Fact<Retry> {
        let object = self.object(id);
        let at = object.made.unwrap_or(fallback);
        let Some(count) = attempts.as_number() else { return Fact::Unknown };
        // Libraries count retries, the model counts attempts.
        let extra = if object.fields.get("retry_counts").and_then(Abs::as_text).as_deref() == Some("attempts") {
            0.0
        } else {
            1.0
        };
        let count = (count + extra).clamp(0.0, f64::from(u32::MAX)) as u32;
        let stated = |label: String| self.set_up(id, at, label);
        let text = |key: &str| object.fields.get(key).and_then(Abs::as_text);
        let jitter = match object.fields.get("retry_jitter").map(|jitter| &jitter.kind) {
            None => Fact::Unknown,
            Some(Kind::Bool(false)) => Fact::absent(stated("the pause is not randomised".to_owned())),
            Some(_) => Fact::known(true, stated("the pause is randomised".to_owned())),
        };
        let backoff = match object.fields.get("retry_backoff").and_then(|value| value.as_millis(1e3)) {
            Some(0) if !object.fields.contains_key("retry_growth") => {
                Fact::known(Backoff::None, stated("no pause between attempts".to_owned()))
            }
            Some(ms) if text("retry_growth").as_deref() == Some("fixed") => {
                Fact::known(Backoff::Fixed(ms), stated(format!("pauses of {ms} ms")))
            }
            Some(ms) => Fact::known(Backoff::Exponential(ms), stated(format!("pauses from {ms} ms"))),
            None => Fact::Unknown,
        };
        let retry = Retry {
            attempts: Fact::known(Attempts::Limited(count), stated(format!("{count} attempts"))),
            backoff,
            jitter,
            ..Retry::default()
        };
        Fact::known(retry, stated("the client repeats failed requests".to_owned()))
    }

    fn breaker(&self, call: &Use<'a, '_>) -> Fact<String> {
        if let Some((name, at)) = self.breakers.last() {
            return Fact::known(name.clone(), Evidence::stated(Stage::Code, *at, "called through a circuit breaker"));
        }
        let object = call.object().map(|id| self.object(id));
        if let Some(value) = object.and_then(|object| object.fields.get("breaker")) {
            let at = object.and_then(|object| object.made).unwrap_or(call.span);
            let evidence = match call.object() {
                Some(id) => self.set_up(id, at, "the client has a circuit breaker"),
                None => Evidence::stated(Stage::Code, at, "the client has a circuit breaker"),
            };
            return Fact::known(value.as_text().unwrap_or_default(), evidence);
        }
        Fact::absent(Evidence::stated(Stage::Code, call.span, "no circuit breaker around the call"))
    }

    /// Whether an incoming request caused what is run.
    fn has_caller(&self) -> bool {
        matches!(self.run.trigger, Some(Trigger::Http { .. } | Trigger::Rpc { .. } | Trigger::Message { .. }))
    }

    fn deadline_forwarded(&self, call: &Use<'a, '_>, context: Option<&Context>) -> Fact<bool> {
        if !self.has_caller() {
            return Fact::Unknown;
        }
        if self.is_python() {
            return self.python_deadline(call);
        }
        match context.map(|context| context.origin) {
            Some(ContextOrigin::Inbound) => {
                Fact::known(true, Evidence::stated(Stage::Code, call.span, "the request's context is passed on"))
            }
            Some(ContextOrigin::Background(at) | ContextOrigin::Detached(at)) => {
                Fact::known(false, Evidence::stated(Stage::Code, at, "a fresh context drops the caller's deadline"))
            }
            Some(ContextOrigin::Unknown) => Fact::Unknown,
            None if self.manners.tokens => self.without_token(call),
            None if call.set("context") == Some("none") || call.argument("request").is_some() => {
                Fact::known(false, Evidence::stated(Stage::Code, call.span, "made without the request's context"))
            }
            None => Fact::Unknown,
        }
    }

    /// What tells of a caller that has given up is an argument like others; nothing among them looks like one.
    fn without_token(&self, call: &Use<'a, '_>) -> Fact<bool> {
        let may_be = |argument: &super::call::Argument<'a>| {
            let written = argument.expr.and_then(crate::ir::Expr::dotted).unwrap_or_default().to_lowercase();
            let last = written.rsplit('.').next().unwrap_or("");
            last.contains("token") || last == "ct" || last.contains("cancel") || last.contains("abort")
        };
        // A handler that was given a token may have used it where the effect is begun or ended.
        if self.run.token || call.args.iter().any(may_be) {
            return Fact::Unknown;
        }
        Fact::known(false, Evidence::stated(Stage::Code, call.span, "made without the request's cancellation token"))
    }

    /// Python passes deadlines on by hand: `timeout=context.time_remaining()`.
    fn python_deadline(&self, call: &Use<'a, '_>) -> Fact<bool> {
        if !matches!(self.run.trigger, Some(Trigger::Rpc { .. })) {
            return Fact::Unknown;
        }
        let remaining = |origin: &Origin| matches!(origin, Origin::Request(name) if &**name == "time_remaining");
        match call.argument("timeout") {
            Some(argument) if argument.value.from.iter().any(remaining) => {
                Fact::known(true, Evidence::stated(Stage::Code, call.span, "the remaining time is passed on"))
            }
            _ => Fact::known(false, Evidence::stated(Stage::Code, call.span, "the caller's deadline is not passed on")),
        }
    }

    fn trace_forwarded(&self, call: &Use<'a, '_>, context: Option<&Context>) -> Fact<bool> {
        let object = call.object().map(|id| self.object(id));
        let traced = object.is_some_and(|object| object.fields.contains_key("tracer"))
            || self.facts.instrumented.contains(&call.library.name);
        if !traced {
            let at = object.and_then(|object| object.made).unwrap_or(call.span);
            if object.is_some_and(|object| object.made.is_none()) {
                return Fact::Unknown;
            }
            return Fact::absent(Evidence::stated(Stage::Code, at, "the client is not instrumented for tracing"));
        }
        if !self.has_caller() || !self.is_go() {
            return if self.is_go() {
                Fact::Unknown
            } else {
                Fact::known(true, Evidence::stated(Stage::Code, call.span, "the library is instrumented"))
            };
        }
        match context.map(|context| context.origin) {
            Some(ContextOrigin::Inbound) => {
                Fact::known(true, Evidence::stated(Stage::Code, call.span, "traced client with the request's context"))
            }
            Some(ContextOrigin::Background(at)) => {
                Fact::known(false, Evidence::stated(Stage::Code, at, "a fresh context starts a new trace"))
            }
            Some(ContextOrigin::Detached(_)) => {
                Fact::known(true, Evidence::derived(Stage::Code, call.span, "the context keeps its values"))
            }
            Some(ContextOrigin::Unknown) => Fact::Unknown,
            None => Fact::known(
                false,
                Evidence::stated(Stage::Code, call.span, "no context is passed, so the trace ends here"),
            ),
        }
    }
}

fn is_statement(does: Does) -> bool {
    matches!(does, Does::Sql | Does::Read | Does::Write | Does::Stage)
}

fn default_evidence(call: &Use<'_, '_>, default: &Default) -> Evidence {
    let how = How::Default { of: call.library.name.clone(), link: default.link.clone() };
    Evidence { span: call.span, stage: Stage::Code, how, label: default.note.clone() }
}

fn retry_of(default: &Default, evidence: &Evidence) -> Retry {
    let attempts = if default.attempts == 0 { Attempts::Unlimited } else { Attempts::Limited(default.attempts) };
    let backoff = match (default.backoff, default.exponential) {
        (0, _) => Backoff::None,
        (ms, true) => Backoff::Exponential(ms),
        (ms, false) => Backoff::Fixed(ms),
    };
    Retry {
        attempts: Fact::known(attempts, evidence.clone()),
        backoff: Fact::known(backoff, evidence.clone()),
        jitter: if default.jitter { Fact::known(true, evidence.clone()) } else { Fact::absent(evidence.clone()) },
        ..Retry::default()
    }
}

fn kind_of(text: &str) -> TimeoutKind {
    match text {
        "per-attempt" => TimeoutKind::PerAttempt,
        "per-read" => TimeoutKind::PerRead,
        "connect" => TimeoutKind::Connect,
        _ => TimeoutKind::Total,
    }
}
