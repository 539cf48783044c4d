//! Failures that are values with methods: `Ok`, `Err`, `?`, `unwrap`, and time limits around futures.

use super::call::{Argument, Site};
use super::library::Use;
use super::state::{Class, Interpreter};
use crate::ir::{Expr, ExprKind, TypeKind};
use crate::knowledge::{Does, ResultMethod};
use crate::lower::program::TypeId;
use crate::lower::values::{Abs, Kind, Taint};
use std::rc::Rc;
use whatif_model::flow::OnError;

impl<'a> Interpreter<'a> {
    /// `value?`: a failure leaves the function that runs, with it as result.
    pub(super) fn propagated(&mut self, value: Abs<'a>) -> Abs<'a> {
        let failures = value.from.only_failures();
        if !failures.is_empty() {
            if self.at_entry() {
                self.decide(failures.failures(), OnError::Propagate);
            }
            if let Some(activation) = self.active.last_mut() {
                let failed = Abs::tainted(failures);
                activation.returns = Some(match activation.returns.take() {
                    Some(before) => before.join(failed),
                    None => failed,
                });
            }
        }
        worked(value)
    }

    /// A future that is waited for runs now, when it is a block that was not run yet.
    pub(super) fn awaited(&mut self, value: Abs<'a>, range: whatif_model::Range) -> Abs<'a> {
        match &value.kind {
            Kind::Closure(closure) if closure.function.is_async && closure.function.params.is_empty() => {
                let closure = closure.clone();
                self.inline_closure(&closure, &[], range).with(&value.from)
            }
            Kind::List(items) if items.iter().any(|item| matches!(item.kind, Kind::Closure(_))) => {
                let items: Vec<Abs<'a>> = items.iter().map(|item| self.awaited(item.clone(), range)).collect();
                let from = items.iter().fold(value.from.clone(), |from, item| from.union(&item.from));
                Abs { kind: Kind::List(Rc::new(items)), from }
            }
            _ => value,
        }
    }

    /// A method every result has; `None` when the receiver has one of its own.
    pub(super) fn result_call(
        &mut self,
        receiver: &Abs<'a>,
        name: &str,
        args: &[Argument<'a>],
        site: Site<'a>,
    ) -> Option<Abs<'a>> {
        let method = *self.knowledge.words(self.program.language).result_methods.get(name)?;
        if self.has_own_method(receiver, name) {
            return None;
        }
        let failures: Vec<u32> = receiver.from.failures().collect();
        Some(match method {
            ResultMethod::Pass => {
                self.run_closures(args, receiver, site);
                receiver.clone()
            }
            ResultMethod::Insist => {
                // In a handler a panic ends that one request; at the start it ends the program.
                let what = if self.starting { OnError::Crash } else { OnError::Propagate };
                if self.starting || self.at_entry() {
                    self.decide(failures, what);
                    worked(receiver.clone())
                } else {
                    self.propagated(receiver.clone())
                }
            }
            ResultMethod::Fallback => {
                self.decide(failures, OnError::Handle);
                let value = worked(receiver.clone());
                let (cause, other) = (value.from.clone(), args.first().map(|arg| arg.value.clone()));
                match other {
                    Some(other) if !matches!(other.kind, Kind::Closure(_) | Kind::Function(..)) => {
                        super::expression::either(value, other)
                    }
                    Some(other) => {
                        let made = self.call_value(&other, &[], site.range);
                        self.diverged = None;
                        super::expression::either(value, made).with(&cause)
                    }
                    None => value,
                }
            }
            ResultMethod::Worked | ResultMethod::Failed => Abs::tainted(receiver.from.clone()),
            ResultMethod::Apply => {
                let function = args.last()?.value.clone();
                let item = match &receiver.kind {
                    Kind::List(items) => items.iter().cloned().reduce(Abs::join).unwrap_or_else(Abs::unknown),
                    _ => worked(receiver.clone()),
                };
                let result = self.call_value(&function, &[Argument::of(item)], site.range);
                self.diverged = None;
                result.with(&receiver.from)
            }
        })
    }

    /// Closures that only look at or change the failure.
    fn run_closures(&mut self, args: &[Argument<'a>], receiver: &Abs<'a>, site: Site<'a>) {
        for arg in args {
            if let Kind::Closure(closure) = &arg.value.kind {
                let closure = closure.clone();
                let error = Abs::tainted(receiver.from.only_failures());
                self.inline_closure(&closure, &[Argument::of(error)], site.range);
                self.diverged = None;
            }
        }
    }

    fn has_own_method(&self, receiver: &Abs<'a>, name: &str) -> bool {
        match &receiver.kind {
            Kind::Object(id) => match &self.object(*id).class {
                Class::Own(ty) => self.program.method(*ty, name).is_some(),
                Class::Library(class) => {
                    self.knowledge.form(self.program.language, &format!("{class}.{name}")).is_some()
                }
                Class::Dict => false,
            },
            // A path: `Arc::clone(&x)`.
            Kind::Library(_) | Kind::Type(_) | Kind::Package(_) => true,
            Kind::Choice(options) => options.iter().any(|option| self.has_own_method(option, name)),
            _ => false,
        }
    }

    /// A variant of an own enumeration holds what it is made with.
    pub(super) fn variant_call(&self, ty: TypeId, name: &str, args: &[Argument<'a>]) -> Option<Abs<'a>> {
        let declared = self.program.ty(ty).ir;
        let is_variant = declared.kind == TypeKind::Enum && declared.fields.iter().any(|field| field.name == name);
        if !is_variant || !self.manners.qualified_paths {
            return None;
        }
        Some(match args {
            [only] => only.value.clone(),
            _ => {
                let items: Vec<Abs<'a>> = args.iter().map(|arg| arg.value.clone()).collect();
                let from = super::call::taint_of(args);
                Abs { kind: Kind::List(Rc::new(items)), from }
            }
        })
    }

    /// Whether a condition asks a result how it went: the result, and whether it holds for a failure.
    pub(super) fn asked_result(&mut self, cond: &'a Expr) -> Option<(&'a Expr, bool)> {
        let ExprKind::Call(call) = &cond.kind else { return None };
        let ExprKind::Field(base, name) = &call.callee.kind else { return None };
        match self.knowledge.words(self.program.language).result_methods.get(name)? {
            ResultMethod::Worked => Some((base, false)),
            ResultMethod::Failed => Some((base, true)),
            _ => None,
        }
    }

    /// Forms about results and what bounds them.
    pub(super) fn result_form(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        match call.form.does {
            Does::Worked => call.args.first().map_or_else(Abs::nil, |arg| arg.value.clone()),
            Does::Failed => {
                let failures = self.guards.iter().map(|effect| crate::lower::values::Origin::Failure(*effect));
                let guarded = Taint::of(failures.collect());
                let status = call.args.first().map(|arg| arg.value.from.clone()).unwrap_or_default();
                Abs::tainted(status.union(&guarded).union(&Taint::setup_failure()))
            }
            Does::Bind => self.bound_parameter(call),
            _ => self.limited(call),
        }
    }

    /// `statement.bind(value)`.
    fn bound_parameter(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let (Some(id), Some(value)) = (call.object(), call.argument("params")) else {
            return call.receiver.cloned().unwrap_or_else(Abs::unknown).with(&call.taint());
        };
        let mut items = match self.object(id).fields.get("params").map(|params| &params.kind) {
            Some(Kind::List(items)) => (**items).clone(),
            _ => Vec::new(),
        };
        items.push(value.value.clone());
        self.heap[id.0 as usize].fields.insert(Rc::from("params"), Kind::List(Rc::new(items)).into());
        call.receiver.cloned().unwrap_or_else(Abs::unknown).with(&call.taint())
    }

    /// `timeout(limit, future)`: what the future does ends after the limit.
    fn limited(&mut self, call: &Use<'a, '_>) -> Abs<'a> {
        let first = self.argument_effects;
        let future = call.argument("function").map_or_else(Abs::unknown, |arg| arg.value.clone());
        let value = self.awaited(future, call.range);
        let limit = call.argument("timeout").and_then(|arg| arg.value.as_millis(self.manners.number_ms));
        self.limit_effects(first, limit, call.span);
        value
    }
}

/// What a value is when nothing failed.
pub(super) fn worked(value: Abs<'_>) -> Abs<'_> {
    let from = value.from.without_failures();
    match value.kind {
        Kind::List(items) => {
            let items = items.iter().map(|item| Abs { kind: item.kind.clone(), from: item.from.without_failures() });
            Abs { kind: Kind::List(Rc::new(items.collect())), from }
        }
        kind => Abs { kind, from },
    }
}
