//! Expressions.

use super::call::Argument;
use super::state::{Class, Interpreter, NEST_MAX};
use crate::ir::{Expr, ExprKind};
use crate::lower::values::{Abs, Closure, Kind, with_default};
use std::rc::Rc;
use whatif_model::flow::LoopKind;

impl<'a> Interpreter<'a> {
    /// The value of an expression; its effects are written down.
    pub(crate) fn eval(&mut self, expr: &'a Expr) -> Abs<'a> {
        if self.nest >= NEST_MAX || !self.step(expr.range) {
            return Abs::unknown();
        }
        self.nest += 1;
        let value = self.eval_kind(expr);
        self.nest -= 1;
        value
    }

    fn eval_kind(&mut self, expr: &'a Expr) -> Abs<'a> {
        match &expr.kind {
            ExprKind::Name(name) => self.read_name(name),
            ExprKind::Str(text) => Abs::text(text.clone()),
            ExprKind::Template(parts) => {
                let parts: Vec<Abs<'a>> = parts.iter().map(|part| self.eval(part)).collect();
                super::strings::concat(&parts)
            }
            ExprKind::Number(text) => number(text).map_or_else(Abs::unknown, |number| Kind::Number(number).into()),
            ExprKind::Bool(value) => Kind::Bool(*value).into(),
            ExprKind::Nil => Abs::nil(),
            ExprKind::Field(base, name) => {
                let base = super::condition::untested(self.eval(base));
                self.note_key(&base.from, name, expr.range);
                self.field(&base, name)
            }
            ExprKind::Index(base, index) => {
                let base = super::condition::untested(self.eval(base));
                let index = self.eval(index);
                if let Some(name) = index.as_text() {
                    self.note_key(&base.from, &name, expr.range);
                }
                self.index(&base, &index)
            }
            ExprKind::Call(call) => self.call(call, expr.range),
            ExprKind::Unary(op, inner) => self.unary(op, inner),
            ExprKind::Binary(op, left, right) => self.binary(op, left, right),
            ExprKind::Composite { ty, entries } => self.composite(ty, entries, expr.range),
            ExprKind::List(items) => {
                let items: Vec<Abs<'a>> = items.iter().map(|item| self.eval(item)).collect();
                let from = items.iter().fold(Default::default(), |from, item: &Abs<'a>| item.from.union(&from));
                Abs { kind: Kind::List(Rc::new(items)), from }
            }
            ExprKind::Lambda(function) => {
                let closure = Closure { function, frame: self.here(), module: self.module(), wraps: None };
                Kind::Closure(Rc::new(closure)).into()
            }
            ExprKind::Await(inner) => {
                let value = self.eval(inner);
                self.awaited(value, expr.range)
            }
            ExprKind::Conditional(cond, then, otherwise) => self.conditional(cond, then, otherwise, expr),
            ExprKind::Comprehension(element, iterables) => self.comprehension(element, iterables, expr),
            ExprKind::Unknown(parts) => {
                let values: Vec<Abs<'a>> = parts.iter().map(|part| self.eval(part)).collect();
                match values.as_slice() {
                    [only] => only.clone(),
                    _ => values.into_iter().fold(Abs::unknown(), |all, value| all.with(&value.from)),
                }
            }
        }
    }

    fn unary(&mut self, op: &str, inner: &'a Expr) -> Abs<'a> {
        let value = self.eval(inner);
        match (op, &value.kind) {
            ("!" | "not", Kind::Bool(known)) => Abs { kind: Kind::Bool(!known), from: value.from },
            ("!" | "not", _) => self.negated_value(&value, inner),
            ("-", Kind::Number(number)) => Abs { kind: Kind::Number(-number), from: value.from },
            ("?", _) => self.propagated(value),
            ("*" | "&" | "<-", _) => value,
            _ => Abs::tainted(value.from),
        }
    }

    fn binary(&mut self, op: &'a str, left: &'a Expr, right: &'a Expr) -> Abs<'a> {
        if matches!(op, "and" | "&&") {
            let (_, value) = self.test(left);
            let other = self.eval(right);
            if let Kind::Bool(false) = value.kind {
                return value;
            }
            let both = Abs { kind: other.kind.clone(), from: value.from.union(&other.from) };
            return self.combined_value(true, [(left, &value), (right, &other)], both);
        }
        let a = self.eval(left);
        let b = self.eval(right);
        if matches!(op, "or" | "||") {
            let either = either(a.clone(), b.clone());
            return self.combined_value(false, [(left, &a), (right, &b)], either);
        }
        let result = self.combine(op, &a, &b);
        self.compared(op, [(left, &a), (right, &b)], result)
    }

    /// The result of an operator.
    pub(super) fn combine(&mut self, op: &str, a: &Abs<'a>, b: &Abs<'a>) -> Abs<'a> {
        let from = a.from.union(&b.from);
        let kind = match (op, &a.kind, &b.kind) {
            ("+", Kind::Text(_), _) | ("+", _, Kind::Text(_)) => {
                return super::strings::concat(&[a.clone(), b.clone()]);
            }
            ("%", Kind::Text(template), _) => {
                let args: Vec<Abs<'a>> = match &b.kind {
                    Kind::Tuple(items) | Kind::List(items) => items.to_vec(),
                    Kind::Object(id) if self.object(*id).class == Class::Dict => {
                        return self.named_percent(template, *id).with(&from);
                    }
                    _ => vec![b.clone()],
                };
                return super::strings::percent(template, &args).with(&from);
            }
            ("+", Kind::List(a), Kind::List(b)) => Kind::List(Rc::new(a.iter().chain(b.iter()).cloned().collect())),
            ("/", Kind::Text(_), Kind::Text(_)) => {
                return super::strings::concat(&[a.clone(), Abs::text("/"), b.clone()]);
            }
            ("==" | "!=", x, y) => match literal_equal(x, y) {
                Some(equal) => Kind::Bool(equal == (op == "==")),
                None => Kind::Unknown,
            },
            (_, Kind::Millis(x), Kind::Millis(y)) => arithmetic(op, *x, *y).map_or(Kind::Unknown, Kind::Millis),
            ("*", Kind::Millis(x), _) => b.as_number().map_or(Kind::Millis(*x), |y| Kind::Millis(x * y)),
            ("*", _, Kind::Millis(y)) => a.as_number().map_or(Kind::Millis(*y), |x| Kind::Millis(x * y)),
            ("/" | "+" | "-", Kind::Millis(x), _) => {
                b.as_number().and_then(|y| arithmetic(op, *x, y)).map_or(Kind::Unknown, Kind::Millis)
            }
            ("<<", Kind::Millis(x), _) => Kind::Millis(*x),
            (_, Kind::Number(x), Kind::Number(y)) => arithmetic(op, *x, *y).map_or(Kind::Unknown, Kind::Number),
            ("*" | "**" | "+", Kind::Number(x), Kind::Unknown) => Kind::Number(*x),
            ("*" | "+", Kind::Unknown, Kind::Number(y)) => Kind::Number(*y),
            ("/", _, Kind::Number(y)) if *y != 0.0 => a.as_number().map_or(Kind::Unknown, |x| Kind::Number(x / y)),
            ("*", _, Kind::Number(y)) => a.as_number().map_or(Kind::Unknown, |x| Kind::Number(x * y)),
            _ => Kind::Unknown,
        };
        Abs { kind, from }
    }

    fn conditional(&mut self, cond: &'a Expr, then: &'a Expr, otherwise: &'a Expr, expr: &'a Expr) -> Abs<'a> {
        let (test, value) = self.test(cond);
        if let Kind::Bool(known) = value.kind {
            return self.eval(if known { then } else { otherwise });
        }
        let asked = test.asked;
        let (mark, at) = (self.held(), self.span(cond.range));
        self.open_block();
        self.suppose(&asked, true, at);
        let first = self.eval(then);
        let first_steps = self.close_block();
        self.release(mark);
        self.open_block();
        self.suppose(&asked, false, at);
        let second = self.eval(otherwise);
        let second_steps = self.close_block();
        self.release(mark);
        let span = self.span(expr.range);
        self.push_branch(vec![first_steps, second_steps], span);
        first.join(second)
    }

    /// A comprehension: what it does, it does once per element.
    fn comprehension(&mut self, element: &'a Expr, iterables: &'a [Expr], expr: &'a Expr) -> Abs<'a> {
        let sources: Vec<Abs<'a>> = iterables.iter().map(|iterable| self.eval(iterable)).collect();
        let from = sources.iter().fold(Default::default(), |from, source: &Abs<'a>| source.from.union(&from));
        self.bind_comprehension(element, sources.first());
        let mark = self.held();
        self.open_block();
        let value = self.eval(element);
        let steps = self.close_block();
        self.release(mark);
        if !steps.is_empty() {
            let span = self.span(expr.range);
            self.push_step(Self::loop_step(steps, LoopKind::Each, span));
        }
        let from = value.from.union(&from);
        Abs { kind: Kind::List(Rc::new(vec![value])), from }
    }

    /// The representation has no loop variable; names of the element that are not known stand for elements.
    fn bind_comprehension(&mut self, element: &'a Expr, source: Option<&Abs<'a>>) {
        let Some(source) = source else { return };
        let item = match &source.kind {
            Kind::List(items) | Kind::Tuple(items) => items.iter().cloned().reduce(Abs::join),
            _ => None,
        };
        let item = item.unwrap_or_else(|| Abs::tainted(source.from.clone()));
        let mut names: Vec<&'a str> = Vec::new();
        crate::lower::syntax::each_name(element, &mut |name| names.push(name));
        let here = self.here();
        for name in names {
            let value = self.read_name(name);
            let is_bare =
                matches!(&value.kind, Kind::Library(symbol) if **symbol == *name) && self.does(name).is_none();
            if is_bare {
                self.frame(here).names.insert(name, item.clone());
            }
        }
    }

    /// Methods of lists and dicts.
    pub(super) fn collection_call(
        &mut self,
        base: &'a Expr,
        receiver: &Abs<'a>,
        name: &str,
        args: &[Argument<'a>],
    ) -> Option<Abs<'a>> {
        match (&receiver.kind, name) {
            (Kind::Object(id), _) if self.object(*id).fields.contains_key(name) => None,
            (Kind::List(items), "append" | "add" | "extend" | "push") => {
                let item = args.first()?.value.clone();
                let mut items = (**items).clone();
                if items.len() < 64 {
                    items.push(item.clone());
                }
                let grown = Abs { kind: Kind::List(Rc::new(items)), from: receiver.from.union(&item.from) };
                if crate::lower::syntax::is_plain(base) {
                    self.assign(base, grown);
                }
                Some(Abs::nil())
            }
            (Kind::Object(id), "get" | "pop" | "setdefault") if self.is_map(*id) => {
                let key = args.first()?.value.as_text();
                let value = self.keyed(receiver, *id, key.as_deref());
                Some(match args.get(1) {
                    Some(default) => either(value, default.value.clone()),
                    None => value,
                })
            }
            (Kind::Object(id), "items" | "values" | "keys") if self.is_map(*id) => {
                let values: Vec<Abs<'a>> = self.object(*id).fields.values().cloned().collect();
                Some(Abs { kind: Kind::List(Rc::new(values)), from: receiver.from.clone() })
            }
            (Kind::Object(id), "update") if self.is_map(*id) => {
                let id = *id;
                for arg in args {
                    if !arg.name.is_empty() {
                        self.store(super::state::Location::Field(id, Rc::from(arg.name)), arg.value.clone());
                    } else if let Kind::Object(other) = arg.value.kind {
                        for (key, value) in self.object(other).fields.clone() {
                            self.store(super::state::Location::Field(id, key), value);
                        }
                    }
                }
                Some(Abs::nil())
            }
            _ => None,
        }
    }

    fn is_map(&self, id: crate::lower::values::ObjectId) -> bool {
        match &self.object(id).class {
            Class::Dict => true,
            Class::Library(class) => &**class == "settings",
            Class::Own(_) => false,
        }
    }
}

/// `a or b`: `b` is what a variable falls back to.
pub(super) fn either<'a>(a: Abs<'a>, b: Abs<'a>) -> Abs<'a> {
    let from = a.from.union(&b.from);
    if let (Kind::Text(a), Kind::Text(b)) = (&a.kind, &b.kind)
        && let Some(value) = with_default(a, b)
    {
        return Abs::value(value).with(&from);
    }
    if let (Kind::Text(text), Kind::Number(_)) = (&a.kind, &b.kind)
        && let Some(value) = with_default(text, &b.as_value())
    {
        return Abs::value(value).with(&from);
    }
    if let Kind::Bool(true) = a.kind {
        return a;
    }
    a.join(b)
}

fn arithmetic(op: &str, x: f64, y: f64) -> Option<f64> {
    match op {
        "+" => Some(x + y),
        "-" => Some(x - y),
        "*" => Some(x * y),
        "/" | "//" if y != 0.0 => Some(x / y),
        "**" => Some(x.powf(y)),
        "<<" if (0.0..63.0).contains(&y) => Some(x * 2f64.powf(y)),
        _ => None,
    }
}

fn literal_equal(a: &Kind<'_>, b: &Kind<'_>) -> Option<bool> {
    match (a, b) {
        (Kind::Bool(a), Kind::Bool(b)) => Some(a == b),
        (Kind::Library(held), Kind::Nil) if **held == *super::region::NO_TRANSACTION => Some(true),
        (Kind::Text(a), Kind::Text(b)) => {
            let (Some(a), Some(b)) = (a.as_text(), b.as_text()) else { return None };
            // Only a name the language itself gives is decided; configuration may change a literal.
            (a == "__main__" && b == "__main__").then_some(true)
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    if let Some(hex) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().map(|n| n as f64);
    }
    plain.parse().ok()
}
