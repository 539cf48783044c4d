//! Promises, callbacks, and what runs on by itself.

use super::call::Argument;
use super::library::Use;
use super::state::Interpreter;
use crate::ir::{Expr, ExprKind};
use crate::knowledge::Does;
use crate::lower::values::{Abs, Kind, Origin, Taint};
use std::rc::Rc;
use whatif_model::flow::{EffectKind, LoopKind, Step};
use whatif_model::{Range, Span};

impl<'a> Interpreter<'a> {
    /// `new Promise(..)`, its `resolve` and `reject`, `setTimeout`, `controller.abort`.
    pub(super) fn promise(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Promise => self.new_promise(call),
            Does::Settle => self.settle(call),
            Does::Later => self.later(call),
            _ => self.cancel(call),
        }
    }

    /// The value of a promise is what its function resolves it with.
    fn new_promise(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let Some(function) = call.argument("function").map(|arg| arg.value.clone()) else { return Abs::unknown() };
        let promise = self.library_object("Promise", Some(call.span));
        let settle = |this: &mut Self, how: &str| {
            let object = this.library_object("Promise.settle", Some(call.span));
            if let Kind::Object(id) = object.kind {
                let fields = &mut this.heap[id.0 as usize].fields;
                fields.insert(Rc::from("promise"), promise.clone());
                fields.insert(Rc::from("how"), Abs::text(how));
            }
            Argument::of(object)
        };
        let args = [settle(self, "resolve"), settle(self, "reject")];
        self.call_value(&function, &args, call.range);
        self.diverged = None;
        let Kind::Object(id) = promise.kind else { return Abs::unknown() };
        self.object(id).fields.get("value").cloned().unwrap_or_else(Abs::unknown)
    }

    /// A rejection is a failure of whoever awaits the promise.
    fn settle(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let fields = call.object().map(|id| self.object(id).fields.clone()).unwrap_or_default();
        let value = call.args.first().map_or_else(Abs::nil, |arg| arg.value.clone());
        let value = self.returned_condition(None, value);
        if fields.get("how").and_then(Abs::as_text).as_deref() == Some("reject") {
            self.watch.returned_failure = true;
            return Abs::nil();
        }
        if let Some(Kind::Object(promise)) = fields.get("promise").map(|promise| promise.kind.clone()) {
            self.watch.assigned = true;
            let slot = &mut self.heap[promise.0 as usize].fields;
            let value = match slot.remove("value") {
                Some(before) => before.join(value),
                None => value,
            };
            slot.insert(Rc::from("value"), value);
        }
        Abs::nil()
    }

    /// A function run after a pause: what answers the request or only settles a promise is waited for,
    /// anything else goes on beside what called it.
    fn later(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let pause = call.argument("pause").map_or_else(|| Kind::Number(0.0).into(), |arg| arg.value.clone());
        let Some(function) = call.argument("function").map(|arg| arg.value.clone()) else { return Abs::unknown() };
        self.delays.push(pause.clone());
        let mark = self.held();
        self.open_block();
        let watch = self.watch;
        if !self.starting {
            self.call_value(&function, &[], call.range);
        }
        self.diverged = None;
        self.watch = watch;
        let steps = self.close_block();
        self.release(mark);
        self.delays.pop();
        let own = steps.iter().any(|step| matches!(step, Step::Effect(_)) || !step.blocks().is_empty());
        let settles = matches!(function.kind, Kind::Object(_)) || self.settles(&function);
        if settles || self.answers(&steps) {
            self.pause(pause, call.span);
            self.push_steps(steps);
        } else if own {
            self.push_spawn(steps, call.span);
        }
        Abs::unknown()
    }

    fn pause(&mut self, pause: Abs<'a>, span: Span) {
        let varies = pause.from.iter().any(|origin| matches!(origin, Origin::Random | Origin::Counter));
        let millis = pause.as_millis(self.manners.number_ms).filter(|_| !varies);
        if millis == Some(0) {
            return;
        }
        self.plain_effect(EffectKind::Sleep(millis), span);
        if let Some(watch) = self.loops.last_mut() {
            watch.pauses.push(pause);
        }
    }

    /// Whether a function does nothing but settle a promise: `() => resolve(x)`.
    fn settles(&mut self, function: &Abs<'a>) -> bool {
        let Kind::Closure(closure) = &function.kind else { return false };
        let [only] = closure.function.body.as_slice() else { return false };
        let expr = match &only.kind {
            crate::ir::StmtKind::Expr(expr) => expr,
            crate::ir::StmtKind::Return(values) if values.len() == 1 => &values[0],
            _ => return false,
        };
        let ExprKind::Call(call) = &expr.kind else { return false };
        let ExprKind::Name(name) = &call.callee.kind else { return false };
        let mut frame = Some(closure.frame);
        while let Some(id) = frame {
            let around = &self.frames[id.0 as usize];
            if let Some(value) = around.names.get(name.as_str()) {
                return matches!(&value.kind, Kind::Object(id) if matches!(
                    &self.object(*id).class, super::state::Class::Library(class) if &**class == "Promise.settle"));
            }
            frame = around.parent;
        }
        false
    }

    /// Whether steps answer whoever sent the request.
    pub(super) fn answers(&self, steps: &[Step]) -> bool {
        steps.iter().any(|step| match step {
            Step::Effect(id) => {
                self.run.effects.get(id.0 as usize).is_some_and(|effect| matches!(effect.kind, EffectKind::Respond(_)))
            }
            other => other.blocks().into_iter().any(|block| self.answers(block)),
        })
    }

    /// Cancelling after a pause is a timeout of what carries the signal.
    fn cancel(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        if let (Some(id), Some(pause)) = (call.object(), self.delays.last().cloned()) {
            self.heap[id.0 as usize].fields.insert(Rc::from("timeout"), pause);
        }
        Abs::nil()
    }

    /// A function given last to a call with an effect is called with the failure and the result.
    pub(super) fn call_back(&mut self, call: &Use<'a, '_>, value: Abs<'a>) -> Abs<'a> {
        let remote = matches!(
            call.form.does,
            Does::Http | Does::Rpc | Does::Call | Does::Sql | Does::Read | Does::Write | Does::Publish | Does::Commit
        );
        if !self.manners.callbacks || !(remote || call.set("callback").is_some()) {
            return value;
        }
        let Some(function) = call.args.iter().rfind(|arg| arg.name.is_empty()).map(|arg| arg.value.clone()) else {
            return value;
        };
        if !matches!(function.kind, Kind::Closure(_) | Kind::Function(..)) {
            return value;
        }
        let failures = value.from.data().map(Origin::Failure).collect();
        let failure = Abs::tainted(Taint::of(failures));
        let body = Abs::tainted(value.from.clone());
        let args = match call.set("callback") {
            Some("result") => vec![value.clone(), body],
            _ => vec![failure, value.clone(), body],
        };
        let args: Vec<Argument<'a>> = args.into_iter().map(Argument::of).collect();
        self.call_value(&function, &args, call.range);
        value
    }

    /// Whether an expression starts an own asynchronous function nobody awaits.
    pub(super) fn starts_task(&mut self, expr: &'a Expr) -> bool {
        if !self.manners.async_starts || self.starting {
            return false;
        }
        let expr = match &expr.kind {
            ExprKind::Unary(op, inner) if op == "void" => inner,
            _ => expr,
        };
        let ExprKind::Call(call) = &expr.kind else { return false };
        if !crate::lower::syntax::is_plain(&call.callee) {
            return false;
        }
        let fuel = self.run.fuel;
        let callee = self.eval(&call.callee);
        self.run.fuel = fuel;
        match &callee.kind {
            Kind::Library(symbol) => {
                let form = self.knowledge.form(self.program.language, symbol);
                form.is_some_and(|found| found.form.set.contains_key("task"))
            }
            Kind::Function(id, _) => self.program.function(*id).ir.is_async,
            Kind::Closure(closure) => closure.function.is_async,
            _ => false,
        }
    }

    /// `xs.map(f)`: what `f` does, it does once per element.
    pub(super) fn each_call(
        &mut self,
        receiver: &Abs<'a>,
        name: &str,
        args: &[Argument<'a>],
        range: Range,
    ) -> Option<Abs<'a>> {
        let words = self.knowledge.words(self.program.language);
        if !words.each_methods.iter().any(|method| method == name) {
            return None;
        }
        let function = args.first()?.value.clone();
        if !matches!(function.kind, Kind::Closure(_) | Kind::Function(..)) {
            return None;
        }
        let item = match &receiver.kind {
            Kind::List(items) | Kind::Tuple(items) => items.iter().cloned().reduce(Abs::join),
            _ => None,
        };
        let item = item.unwrap_or_else(|| Abs::tainted(receiver.from.clone()));
        let given = match (name, args.get(1)) {
            ("reduce" | "reduceRight", start) => {
                vec![start.map_or_else(|| item.clone(), |start| start.value.clone()), item]
            }
            _ => vec![item],
        };
        let given: Vec<Argument<'a>> = given.into_iter().map(Argument::of).collect();
        let mark = self.held();
        self.open_block();
        let value = self.call_value(&function, &given, range);
        self.diverged = None;
        let mut steps = self.close_block();
        self.release(mark);
        let is_async = matches!(&function.kind, Kind::Closure(closure) if closure.function.is_async);
        let span = self.span(range);
        if !steps.is_empty() {
            if is_async && name == "forEach" && self.manners.async_starts {
                steps = vec![Step::Spawn { body: steps, span }];
            }
            self.push_step(Self::loop_step(steps, LoopKind::Each, span));
        }
        let from = value.from.union(&receiver.from);
        Some(match name {
            "map" | "flatMap" => Abs { kind: Kind::List(Rc::new(vec![value])), from },
            "reduce" | "reduceRight" => Abs { kind: value.kind, from },
            "forEach" => Abs::nil(),
            "find" | "some" | "every" | "findIndex" => Abs::tainted(from),
            _ => Abs { kind: receiver.kind.clone(), from },
        })
    }
}
