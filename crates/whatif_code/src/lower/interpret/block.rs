//! Statements in order.

use super::guarded::Guarded;
use super::state::{Exit, Interpreter, NEST_MAX};
use crate::ir::{Expr, ExprKind, Stmt, StmtKind};
use crate::lower::values::{Abs, Closure, Kind, Taint};
use std::rc::Rc;
use whatif_model::basis::Status;
use whatif_model::flow::{OnError, Outcome, Step};

impl<'a> Interpreter<'a> {
    /// Runs statements; tells how control leaves them.
    pub(crate) fn exec(&mut self, stmts: &'a [Stmt]) -> Exit {
        if self.nest >= NEST_MAX {
            if let Some(first) = stmts.first() {
                self.cut(first.range, "nested deeper than is followed");
            }
            return Exit::Falls;
        }
        self.nest += 1;
        let exit = self.exec_list(stmts);
        self.nest -= 1;
        exit
    }

    fn exec_list(&mut self, stmts: &'a [Stmt]) -> Exit {
        for (at, stmt) in stmts.iter().enumerate() {
            if !self.step(stmt.range) {
                return Exit::Falls;
            }
            let rest = &stmts[at + 1..];
            let exit = match &stmt.kind {
                StmtKind::If { cond, then, otherwise } => return self.branch(cond, then, otherwise, rest, stmt.range),
                StmtKind::Try { body, handlers, otherwise, finally } => {
                    return self.guarded(Guarded { body, handlers, otherwise, finally, rest, range: stmt.range });
                }
                _ => self.statement(stmt),
            };
            let exit = self.diverged.take().unwrap_or(exit);
            if exit != Exit::Falls {
                return exit;
            }
        }
        Exit::Falls
    }

    fn statement(&mut self, stmt: &'a Stmt) -> Exit {
        match &stmt.kind {
            StmtKind::Expr(expr) if self.starts_task(expr) => self.spawn(expr, stmt.range),
            StmtKind::Expr(expr) => {
                let value = self.eval(expr);
                if self.manners.errors_are_values {
                    self.discard(&value);
                }
            }
            StmtKind::Assign { targets, values, .. }
                if is_discarded(targets) && values.iter().any(|it| self.starts_task(it)) =>
            {
                for value in values {
                    self.spawn(value, stmt.range);
                }
            }
            StmtKind::Assign { targets, values, op, ty } => self.assignment(targets, values, op, ty),
            StmtKind::If { cond, then, otherwise } => return self.branch(cond, then, otherwise, &[], stmt.range),
            StmtKind::Loop { head, body } => return self.repeat(head, body, stmt.range),
            StmtKind::Switch { subject, arms, is_select } => {
                return self.switch(subject.as_ref(), arms, *is_select, stmt.range);
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                return self.guarded(Guarded { body, handlers, otherwise, finally, rest: &[], range: stmt.range });
            }
            StmtKind::With { items, body } => return self.with(items, body, stmt.range),
            StmtKind::Return(values) => return self.leave(values, stmt.range),
            StmtKind::Raise(value) => {
                if let Some(raised) = value {
                    let value = self.eval(raised);
                    let status = self.status_class(&value, std::slice::from_ref(raised));
                    let span = self.span(stmt.range);
                    if status != Status::Unknown {
                        self.tell(Outcome::Failure, status, &Taint::default(), span);
                    }
                }
                return self.raise(stmt.range);
            }
            StmtKind::Defer(expr) => {
                if let Some(activation) = self.active.last_mut() {
                    activation.defers.push(expr);
                }
            }
            StmtKind::Go(expr) => self.spawn(expr, stmt.range),
            StmtKind::Send { channel, value } => {
                self.eval(channel);
                self.eval(value);
            }
            StmtKind::Function(function) => self.nested_function(function),
            StmtKind::Block(body) => return self.exec(body),
            StmtKind::Break => return Exit::Breaks,
            StmtKind::Continue => return Exit::Continues,
        }
        Exit::Falls
    }

    fn assignment(&mut self, targets: &'a [Expr], values: &'a [Expr], op: &str, ty: &str) {
        if values.is_empty() {
            let value = self.typed(self.module(), ty);
            for target in targets {
                self.assign(target, value.clone());
            }
            return;
        }
        let mut results: Vec<Abs<'a>> = values.iter().map(|value| self.eval(value)).collect();
        if let ("+", [target], [value]) = (op, targets, results.as_slice())
            && self.subscribed(target, value)
        {
            return;
        }
        if !op.is_empty() {
            for (target, value) in targets.iter().zip(results.iter_mut()) {
                let old = self.eval(target);
                *value = self.combine(op, &old, value);
            }
        }
        if let ([value], false) = (results.as_mut_slice(), ty.is_empty())
            && value.is_unknown()
        {
            let typed = self.typed(self.module(), ty);
            *value = typed.with(&value.from);
        }
        self.derives =
            !op.is_empty() || targets.iter().any(|target| values.iter().any(|value| names_again(target, value)));
        self.assign_all(targets, results);
        self.derives = false;
    }

    /// `consumer.Received += handler`: an event of a library's object is a method that takes the handler.
    fn subscribed(&mut self, target: &'a Expr, value: &Abs<'a>) -> bool {
        let crate::ir::ExprKind::Field(base, name) = &target.kind else { return false };
        if !matches!(value.kind, Kind::Function(..) | Kind::Closure(_)) {
            return false;
        }
        let base = self.eval(base);
        let Kind::Object(id) = base.kind else { return false };
        let super::state::Class::Library(class) = self.object(id).class.clone() else { return false };
        let site = super::call::Site { receiver_expr: None, range: target.range };
        self.library_call(&format!("{class}.{name}"), Some(&base), &[super::call::Argument::of(value.clone())], site);
        true
    }

    /// A nested function is a closure over the frame it stands in; its decorators may register it.
    fn nested_function(&mut self, function: &'a crate::ir::Function) {
        let closure = Closure { function, frame: self.here(), module: self.module(), wraps: None };
        let value: Abs<'a> = Kind::Closure(Rc::new(closure)).into();
        let here = self.here();
        self.frame(here).names.insert(&function.name, value.clone());
        self.decorate(&function.decorators, &value, self.module(), function.name_range);
    }

    /// `return`.
    fn leave(&mut self, values: &'a [Expr], range: whatif_model::Range) -> Exit {
        let mut results: Vec<Abs<'a>> = values.iter().map(|value| self.eval(value)).collect();
        if let Some(exit) = self.diverged.take() {
            return exit;
        }
        if !self.at_entry() {
            let told = results.into_iter().zip(values);
            results = told.map(|(result, expr)| self.returned_condition(Some(expr), result)).collect();
        }
        self.guard_error(&mut results);
        self.watch.returned |= results.iter().any(|result| !matches!(result.kind, Kind::Nil));
        let value = if results.len() == 1 { results.remove(0) } else { Kind::Tuple(Rc::new(results)).into() };
        if self.at_entry() {
            self.look_at(&value.from);
            if let Kind::Tuple(items) | Kind::List(items) = &value.kind {
                items.iter().for_each(|item| self.look_at(&item.from));
            }
        }
        let outcome = if self.is_failure(values) { Outcome::Failure } else { self.outcome(&value) };
        self.watch.returned_failure |= outcome == Outcome::Failure;
        if self.at_entry() {
            let span = self.span(range);
            let status = self.status_class(&value, values);
            let made_of = self.made_of(&value);
            self.tell(outcome, status, &made_of, span);
            self.end_operation(outcome, span);
            let told: Vec<u32> = all_failures(&value);
            self.decide(told, OnError::Propagate);
        }
        if let Some(activation) = self.active.last_mut() {
            let before = activation.returns.take();
            activation.returns = Some(match before {
                // What is answered on one way only is not decided.
                Some(before) if self.manners.bare_library_names && is_undecided(&before, &value) => {
                    Abs { kind: Kind::Unknown, from: before.from.union(&value.from) }
                }
                Some(before) => before.join(value),
                None => value,
            });
        }
        Exit::Returns
    }

    /// An exception leaves the operation unless a `try` around it is open.
    pub(super) fn raise(&mut self, range: whatif_model::Range) -> Exit {
        self.watch.failed = true;
        if self.active.iter().all(|activation| activation.tries == 0) {
            let span = self.span(range);
            self.end_operation(Outcome::Failure, span);
        }
        Exit::Raises
    }

    /// `go f()`.
    fn spawn(&mut self, expr: &'a Expr, range: whatif_model::Range) {
        let mark = self.held();
        self.open_block();
        let value = self.eval(expr);
        self.discard(&value);
        self.diverged = None;
        let body = self.close_block();
        self.release(mark);
        // The request is not done before it is answered.
        if self.manners.async_starts && self.answers(&body) {
            return self.push_steps(body);
        }
        let span = self.span(range);
        self.push_spawn(body, span);
    }

    pub(super) fn push_spawn(&mut self, body: Vec<Step>, span: whatif_model::Span) {
        let body: Vec<Step> = body.into_iter().filter(|step| !matches!(step, Step::Return { .. })).collect();
        if !body.is_empty() {
            self.push_step(Step::Spawn { body, span });
        }
    }
}

/// Whether a value is computed from what its target held: both name the same member or variable.
fn names_again<'a>(target: &'a Expr, value: &'a Expr) -> bool {
    let (ExprKind::Field(_, wanted) | ExprKind::Name(wanted)) = &target.kind else { return false };
    // Another member, or a constant, is not computed from anything.
    if value.dotted().is_some() {
        return false;
    }
    let mut found = false;
    crate::lower::syntax::each_inner(value, &mut |expr: &'a Expr| {
        found |= matches!(&expr.kind, ExprKind::Field(_, name) | ExprKind::Name(name) if name == wanted);
    });
    found
}

/// The effects whose failure a value or one of its parts tells.
fn all_failures(value: &Abs<'_>) -> Vec<u32> {
    let mut found: Vec<u32> = value.from.failures().collect();
    if let Kind::Tuple(items) = &value.kind {
        found.extend(items.iter().flat_map(|item| item.from.failures().collect::<Vec<_>>()));
    }
    found
}

/// `_ = call()`: nobody looks at what comes back.
fn is_discarded(targets: &[Expr]) -> bool {
    matches!(targets, [Expr { kind: ExprKind::Name(name), .. }] if name == "_")
}

fn is_undecided(a: &Abs<'_>, b: &Abs<'_>) -> bool {
    matches!((&a.kind, &b.kind), (Kind::Bool(_), Kind::Unknown) | (Kind::Unknown, Kind::Bool(_)))
}
