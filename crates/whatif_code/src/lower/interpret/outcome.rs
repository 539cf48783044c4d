//! Which conditions test for a failure, and how an operation ends.

use super::branch::is_nil;
use super::condition::{Asked, both, negated};
use super::state::Interpreter;
use crate::ir::{Expr, ExprKind};
use crate::lower::values::{Abs, Kind, Origin, Taint};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::Outcome;

/// A condition that may tell that effects failed.
pub(super) struct Test<'a> {
    /// Whether they failed when it holds (true) or when it does not (false); `None`: it is about something else.
    fails_when: Option<bool>,
    failures: Taint,
    /// The tested name.
    pub(super) name: Option<&'a str>,
    /// What it asks of earlier results.
    pub(super) asked: Vec<Asked>,
}

impl Test<'_> {
    /// Whether the failing arm is the first one; `None` when neither is.
    pub(super) fn failing_arm(&self) -> Option<bool> {
        if self.failures.is_empty() { None } else { self.fails_when }
    }

    /// The effects it is about.
    pub(super) fn effects(&self) -> Vec<u32> {
        self.failures.failures().collect()
    }
}

impl<'a> Interpreter<'a> {
    /// Evaluates a condition.
    pub(super) fn test(&mut self, cond: &'a Expr) -> (Test<'a>, Abs<'a>) {
        let (test, value) = self.test_parts(cond);
        self.look_at(&value.from);
        (test, value)
    }

    fn test_parts(&mut self, cond: &'a Expr) -> (Test<'a>, Abs<'a>) {
        if let Some((asked, when)) = self.asked_result(cond) {
            let value = self.eval(asked);
            let name = if let ExprKind::Name(name) = &asked.kind { Some(name.as_str()) } else { None };
            let asked = self.asked_for_any(asked, &value, when);
            let test = Test { fails_when: Some(when), failures: value.from.only_failures(), name, asked };
            return (test, Abs::tainted(value.from));
        }
        match &cond.kind {
            ExprKind::Unary(op, inner) if op == "not" || op == "!" => {
                let (mut test, value) = self.test(inner);
                test.fails_when = test.fails_when.map(|when| !when);
                test.asked = negated(test.asked);
                let value = if let Kind::Bool(known) = value.kind { Kind::Bool(!known).into() } else { value };
                (test, value)
            }
            ExprKind::Binary(op, left, right) if matches!(op.as_str(), "&&" | "and" | "||" | "or") => {
                let (first, a) = self.test(left);
                let (second, b) = self.test(right);
                let and = matches!(op.as_str(), "&&" | "and");
                let known = match (&a.kind, &b.kind) {
                    (Kind::Bool(a), _) if *a != and => Some(*a),
                    (_, Kind::Bool(b)) if *b != and => Some(*b),
                    (Kind::Bool(a), Kind::Bool(b)) => Some(if and { *a && *b } else { *a || *b }),
                    _ => None,
                };
                let value = known.map_or_else(|| Abs::tainted(a.from.union(&b.from)), |known| Kind::Bool(known).into());
                let (first_asked, second_asked) = (first.asked.clone(), second.asked.clone());
                let test = if first.failing_arm().is_some() { first } else { second };
                (Test { asked: both(and, first_asked, second_asked), ..test }, value)
            }
            ExprKind::Binary(op, left, right)
                if matches!(op.as_str(), "!=" | "==" | "is" | "is not") && (is_nil(right) || is_nil(left)) =>
            {
                let tested = if is_nil(right) { left } else { right };
                self.test_for_nothing(tested, matches!(op.as_str(), "!=" | "is not"))
            }
            ExprKind::Name(name) if self.manners.callbacks => {
                let value = self.eval(cond);
                let failures = value.from.only_failures();
                let fails_when = (!failures.is_empty()).then_some(true);
                let known = matches!(value.kind, Kind::Bool(_));
                let asked = self.asked(cond, &value);
                (
                    Test { fails_when, failures, name: Some(name.as_str()), asked },
                    if known { value } else { Abs::tainted(value.from) },
                )
            }
            _ => {
                let value = self.eval(cond);
                let known = matches!(value.kind, Kind::Bool(_));
                let asked = self.asked(cond, &value);
                let plain = Test { fails_when: None, failures: Taint::default(), name: None, asked };
                (plain, if known { value } else { Abs::tainted(value.from) })
            }
        }
    }

    /// `x == nil`, `x != nil`; `is_there`: whether it holds when there is something.
    fn test_for_nothing(&mut self, tested: &'a Expr, is_there: bool) -> (Test<'a>, Abs<'a>) {
        let value = self.eval(tested);
        let name = if let ExprKind::Name(name) = &tested.kind { Some(name.as_str()) } else { None };
        let test = Test {
            fails_when: (self.manners.errors_are_values || self.manners.callbacks).then_some(is_there),
            failures: value.from.only_failures(),
            name,
            asked: self.asked_for_any(tested, &value, !is_there),
        };
        (test, Abs::tainted(value.from))
    }

    /// In the arm where effects failed, a returned error tells of them, whatever it is made of.
    pub(super) fn guard_error(&mut self, results: &mut [Abs<'a>]) {
        let Some(function) = self.active.last().and_then(|activation| activation.function) else { return };
        let tells = function.results.last().is_some_and(|ty| ty == "error");
        if !tells || self.guards.is_empty() {
            return;
        }
        if let Some(last) = results.last_mut()
            && !matches!(last.kind, Kind::Nil)
        {
            let failures = self.guards.iter().map(|effect| Origin::Failure(*effect)).collect();
            last.from = last.from.union(&Taint::of(failures));
        }
    }

    /// How the function ends when it returns this.
    pub(super) fn outcome(&mut self, value: &Abs<'a>) -> Outcome {
        if self.is_go() {
            let tells = self
                .active
                .last()
                .and_then(|a| a.function)
                .is_some_and(|f| f.results.last().is_some_and(|ty| ty == "error"));
            if !tells {
                return if self.watch.failed { Outcome::Failure } else { self.silent_outcome() };
            }
            let error = if let Kind::Tuple(items) = &value.kind { items.last() } else { Some(value) };
            return match error {
                Some(error) if matches!(error.kind, Kind::Nil) => Outcome::Success,
                Some(error) if error.from.failures().next().is_none() => Outcome::Failure,
                _ if !self.guards.is_empty() => Outcome::Failure,
                _ => Outcome::Unknown,
            };
        }
        if self.manners.errors_are_values {
            return self.result_outcome(value);
        }
        self.python_outcome(value)
    }

    /// A result: a status that is part of it decides, and a failure that may be inside is not known.
    fn result_outcome(&mut self, value: &Abs<'a>) -> Outcome {
        if self.watch.failed {
            return Outcome::Failure;
        }
        let status = match &value.kind {
            Kind::Tuple(items) | Kind::List(items) => items.first().and_then(Abs::as_number),
            Kind::Object(id) => self.status_field(*id).and_then(Abs::as_number),
            _ => value.as_number(),
        };
        match status {
            Some(code) if (100.0..600.0).contains(&code) => super::branch::status_outcome(status),
            _ if value.from.failures().next().is_some() => Outcome::Unknown,
            _ => self.silent_outcome(),
        }
    }

    /// Whether what is returned is a failure, whatever it is made of.
    pub(super) fn is_failure(&self, values: &[Expr]) -> bool {
        let [Expr { kind: ExprKind::Call(call), .. }] = values else { return false };
        let ExprKind::Name(name) = &call.callee.kind else { return false };
        self.does(name) == Some(crate::knowledge::Does::Failed)
    }

    /// A handler that says nothing special answers with success; a job has nobody to tell.
    fn silent_outcome(&self) -> Outcome {
        match self.run.trigger {
            Some(Trigger::Http { .. } | Trigger::Rpc { .. }) => Outcome::Success,
            _ => Outcome::Unknown,
        }
    }

    fn python_outcome(&mut self, value: &Abs<'a>) -> Outcome {
        if self.watch.failed {
            return Outcome::Failure;
        }
        let status = match &value.kind {
            Kind::Tuple(items) | Kind::List(items) if items.len() >= 2 => Some(items[1].clone()),
            Kind::Object(id) => self.status_field(*id).cloned(),
            _ => None,
        };
        match status {
            Some(status) if status.as_number().is_some_and(|code| (100.0..600.0).contains(&code)) => {
                super::branch::status_outcome(status.as_number())
            }
            // The status of a callee that was not what was hoped for.
            Some(status) if status.from.data().next().is_some() => Outcome::Failure,
            _ => Outcome::Success,
        }
    }
}
