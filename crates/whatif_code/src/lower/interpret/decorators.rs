//! Decorators: those that register a function, and those that put something around it.

use super::call::Argument;
use super::inline::Callee;
use super::library::Use;
use super::state::{Class, Interpreter};
use crate::ir::{CONSTRUCTOR, Expr, ExprKind};
use crate::knowledge::Does;
use crate::lower::values::{Abs, Kind, ObjectId};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{Bound, EffectKind, LoopKind, PeerRole, Retry, Step, Timeout, TimeoutKind};
use whatif_model::{Evidence, Fact, Range, Span, Stage, Value};

/// Something a decorator puts around a function.
pub(super) enum Wrap {
    Retry(Retry, Span),
    /// With how long it may take, in milliseconds, when that is stated.
    Transaction(Span, Option<u64>),
    Breaker(String, Span),
    Spawn(Span),
}

impl<'a> Interpreter<'a> {
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
                            if let Some(Kind::Object(router)) =
                                self.object(*id).fields.get("router").map(|router| router.kind.clone())
                            {
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
        let peer = whatif_model::flow::Peer {
            role: PeerRole::Topic,
            address: Value::default(),
            name: Value::text(topic),
            technology: "celery".to_owned(),
        };
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
    pub(super) fn task_call(
        &mut self,
        task: &Abs<'a>,
        name: &str,
        args: &[Argument<'a>],
        range: Range,
    ) -> Option<Abs<'a>> {
        let symbol = format!("task.{name}");
        let found = self.knowledge.form(self.program.language, &symbol)?;
        let span = self.span(range);
        let topic = self.task_name(task);
        let call = Use {
            library: found.library,
            form: found.form,
            receiver: None,
            args,
            name: "",
            range,
            span,
            receiver_expr: None,
        };
        let peer = whatif_model::flow::Peer {
            role: PeerRole::Topic,
            address: Value::default(),
            name: Value::text(topic),
            technology: "celery".to_owned(),
        };
        Some(self.partner_effect(&call, whatif_model::flow::EffectKind::Publish { outbox: false }, peer))
    }

    /// What decorators put around a function whenever it is called.
    pub(super) fn decorated(&mut self, callee: Callee<'a>) -> Vec<Wrap> {
        let mut wraps = Vec::new();
        if self.is_go() {
            return wraps;
        }
        let own = callee.function.decorators.iter();
        for decorator in own.chain(self.class_decorators(callee)) {
            let (target, args): (&'a Expr, &'a [crate::ir::Arg]) = match &decorator.kind {
                ExprKind::Call(call) => (&call.callee, &call.args),
                _ => (decorator, &[]),
            };
            let Some(symbol) = self.decorator_symbol(target, callee.module) else { continue };
            let Some(found) = self.knowledge.form(self.program.language, &symbol) else { continue };
            let span = self.program.span(callee.module, decorator.range);
            match found.form.does {
                Does::Retry => {
                    let args = self.decorator_arguments(args, callee.module);
                    wraps.push(Wrap::Retry(self.library_retry(found, &args, span), span));
                }
                // One begun around it goes on.
                Does::Transaction if self.annotated > 0 && !begins_anew(args) => {}
                Does::Transaction => wraps.push(Wrap::Transaction(span, self.transaction_limit(args))),
                Does::Breaker => wraps.push(Wrap::Breaker(found.library.name.clone(), span)),
                Does::Spawn => wraps.push(Wrap::Spawn(span)),
                _ => {}
            }
        }
        wraps
    }

    /// The arguments of a decorator, as the module of the function it stands on sees them.
    fn decorator_arguments(&mut self, args: &'a [crate::ir::Arg], module: usize) -> Vec<Argument<'a>> {
        let globals = self.globals[self.program.package_of[module]];
        self.push_activation(None, module, globals, None);
        let evaluate = |arg: &'a crate::ir::Arg| Argument {
            name: &arg.name,
            value: self.eval(&arg.value),
            spread: false,
            place: None,
            expr: Some(&arg.value),
        };
        let evaluated = args.iter().map(evaluate).collect();
        self.active.pop();
        evaluated
    }

    /// What the annotations of a class put around every method of it.
    fn class_decorators(&self, callee: Callee<'a>) -> &'a [Expr] {
        let owner =
            callee.function.owner.as_ref().filter(|_| self.manners.injects && callee.function.name != CONSTRUCTOR);
        match owner.and_then(|owner| self.program.named_type(callee.module, owner)) {
            Some(ty) => &self.program.ty(ty).ir.decorators,
            None => &[],
        }
    }

    /// Runs something inside what decorators put around it.
    pub(super) fn run_wrapped(&mut self, wraps: Vec<Wrap>, run: impl FnOnce(&mut Self) -> Abs<'a>) -> Abs<'a> {
        let first = self.next_effect();
        let transactions = wraps.iter().filter(|wrap| matches!(wrap, Wrap::Transaction(..))).count();
        let breakers = self.breakers.len();
        for wrap in &wraps {
            if let Wrap::Breaker(name, span) = wrap {
                self.breakers.push((name.clone(), *span));
            }
        }
        let outer = if transactions > 0 { std::mem::take(&mut self.dirty) } else { Vec::new() };
        self.annotated += transactions;
        self.open_block();
        let result = run(self);
        self.annotated -= transactions;
        if transactions > 0 {
            self.write_changed();
            self.dirty = outer;
        }
        for wrap in &wraps {
            if let Wrap::Transaction(span, Some(limit)) = wrap {
                self.limit_statements(first, *limit, *span);
            }
        }
        self.breakers.truncate(breakers);
        let steps = self.close_block();
        let spawned = wraps.iter().any(|wrap| matches!(wrap, Wrap::Spawn(_)));
        self.wrap_decorated(steps, wraps, first);
        if spawned {
            self.discard(&result);
        }
        result
    }

    /// How long a transaction may take, in seconds as annotations say it
    /// (<https://docs.spring.io/spring-framework/reference/data-access/transaction/declarative/annotations.html>).
    fn transaction_limit(&mut self, args: &'a [crate::ir::Arg]) -> Option<u64> {
        let limit = args.iter().find(|arg| arg.name == "timeout" || arg.name == "timeoutString")?;
        let seconds = match self.eval(&limit.value).kind {
            Kind::Number(seconds) => seconds,
            _ => return None,
        };
        (1.0..1e9).contains(&seconds).then_some(seconds as u64 * 1_000)
    }

    /// The limit of a transaction is what is left for each of its statements.
    fn limit_statements(&mut self, first: u32, limit: u64, span: Span) {
        let at = first.saturating_sub(self.run.base) as usize;
        for effect in self.run.effects.iter_mut().skip(at) {
            let is_statement = matches!(effect.kind, EffectKind::Read { .. } | EffectKind::Write { .. });
            if is_statement && effect.policy.timeout.value().is_none() {
                let evidence = Evidence::stated(Stage::Code, span, format!("the transaction ends after {limit} ms"));
                let timeout = Timeout { bound: Bound::Millis(limit), kind: TimeoutKind::Total };
                effect.policy.timeout = Fact::known(timeout, evidence);
            }
        }
    }

    pub(super) fn decorator_symbol(&mut self, target: &'a Expr, module: usize) -> Option<String> {
        let dotted = target.dotted()?;
        let (head, rest) = dotted.split_once('.').map_or((dotted.as_str(), ""), |(head, rest)| (head, rest));
        let Some(path) = self.program.import(module, head) else {
            // Where imports name namespaces, a name that is not the program's is a library's.
            let is_own = self.program.named_type(module, head).is_some();
            return (self.manners.bare_library_names && !is_own).then_some(dotted);
        };
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
                Wrap::Transaction(span, _) => vec![Step::Transaction { body: steps, store: None, span }],
                Wrap::Breaker(..) => steps,
                Wrap::Spawn(span) => vec![Step::Spawn { body: steps, span }],
            };
        }
        self.push_steps(steps);
    }
}

/// Whether an annotation asks for a transaction of its own
/// (<https://docs.spring.io/spring-framework/reference/data-access/transaction/declarative/tx-propagation.html>).
fn begins_anew(args: &[crate::ir::Arg]) -> bool {
    args.iter().any(|arg| arg.value.dotted().is_some_and(|value| value.ends_with("REQUIRES_NEW")))
}
