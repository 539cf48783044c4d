//! Patterns: `is`, and `switch` as an expression.

use super::expression::named;
use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::{assign, unknown};
use crate::ir::{Expr, ExprKind};

impl<'t> Reader<'t, '_> {
    /// `e is pattern`; a name in the pattern is assigned before.
    pub(super) fn is_pattern(&mut self, part: Part<'t>) -> Expr {
        let parts = self.walk.parts(part.node);
        let value = self.optional(parts.field(Field::Expression), part.range());
        let Some(pattern) = parts.field(Field::Pattern) else { return value };
        self.matched(value, pattern, part)
    }

    /// The condition under which a value fits a pattern.
    fn matched(&mut self, value: Expr, pattern: Part<'t>, whole: Part<'t>) -> Expr {
        if !self.walk.enter() {
            return unknown(whole.range());
        }
        let range = whole.range();
        let binary = |op: &str, left: Expr, right: Expr| Expr {
            kind: ExprKind::Binary(op.to_owned(), Box::new(left), Box::new(right)),
            range,
        };
        let cond = match pattern.kind {
            Kind::Transparent => match self.walk.parts(pattern.node).first() {
                Some(inner) if inner.kind == Kind::Null => binary("==", value, self.expr(inner)),
                Some(inner) if matches!(inner.kind, Kind::BinaryPattern | Kind::NegatedPattern) => {
                    self.matched(value, inner, whole)
                }
                Some(inner) => binary("==", value, self.expr(inner)),
                None => value,
            },
            Kind::NegatedPattern => {
                let inner = self.walk.parts(pattern.node).first();
                match inner {
                    Some(inner) => negated(self.matched(value, inner, whole)),
                    None => value,
                }
            }
            Kind::BinaryPattern => {
                let parts = self.walk.parts(pattern.node);
                let is_or = self.walk.text(pattern.node).contains(" or ");
                let (left, right) = (parts.field(Field::Left), parts.field(Field::Right));
                let left = left.map(|left| self.matched(value.clone(), left, whole));
                let right = right.map(|right| self.matched(value.clone(), right, whole));
                let op = if is_or { "||" } else { "&&" };
                binary(op, left.unwrap_or_else(|| value.clone()), right.unwrap_or(value))
            }
            Kind::DeclarationPattern => {
                let parts = self.walk.parts(pattern.node);
                let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
                if let Some(name) = parts.field(Field::Name) {
                    let name = self.expr(name);
                    self.hoisted.push(assign(name, value.clone(), ty.clone(), range));
                }
                binary("is", value, named(&ty, pattern.range()))
            }
            _ => {
                // Property and list patterns look at parts of the value.
                let mut names = Vec::new();
                self.designations(pattern, &mut names);
                for name in names {
                    self.hoisted.push(assign(name, value.clone(), String::new(), range));
                }
                Expr { kind: ExprKind::Unknown(vec![value]), range }
            }
        };
        self.walk.leave();
        cond
    }

    /// The names a pattern declares.
    fn designations(&mut self, pattern: Part<'t>, names: &mut Vec<Expr>) {
        if !self.walk.enter() {
            return;
        }
        for inner in self.walk.parts(pattern.node) {
            if inner.field == Field::Name {
                names.push(self.expr(inner));
            } else if inner.field != Field::Type {
                self.designations(inner, names);
            }
        }
        self.walk.leave();
    }

    /// `e switch { p => a, _ => b }` is a chain of conditionals.
    pub(super) fn switch_expression(&mut self, part: Part<'t>) -> Expr {
        let parts: Vec<_> = self.walk.parts(part.node).into_iter().collect();
        let Some((subject, arms)) = parts.split_first() else { return unknown(part.range()) };
        let subject = self.expr(*subject);
        let mut read = Vec::new();
        // One level per arm; arms beyond the limit are dropped.
        for arm in arms.iter().take(self.walk.levels_left()) {
            let inner: Vec<_> = self.walk.parts(arm.node).into_iter().collect();
            let (Some(pattern), Some(value)) = (inner.first(), inner.last()) else { continue };
            let is_discard = self.walk.text(pattern.node) == "_";
            let cond = self.matched(subject.clone(), *pattern, *pattern);
            let guard = inner.iter().find(|guard| guard.kind == Kind::When).copied();
            let cond = match guard {
                Some(guard) => {
                    let guard = self.only(guard);
                    let range = cond.range;
                    Expr { kind: ExprKind::Binary("&&".to_owned(), Box::new(cond), Box::new(guard)), range }
                }
                None => cond,
            };
            let value = self.expr(*value);
            read.push((cond, value, is_discard && guard.is_none()));
        }
        let mut otherwise = None;
        for (cond, value, is_last) in read.into_iter().rev() {
            let range = part.range();
            otherwise = Some(match otherwise {
                _ if is_last => value,
                None => value,
                Some(rest) => {
                    Expr { kind: ExprKind::Conditional(Box::new(cond), Box::new(value), Box::new(rest)), range }
                }
            });
        }
        otherwise.unwrap_or(subject)
    }
}

/// `!(a == b)` is `a != b`.
fn negated(cond: Expr) -> Expr {
    let range = cond.range;
    match cond.kind {
        ExprKind::Binary(op, left, right) if op == "==" => {
            Expr { kind: ExprKind::Binary("!=".to_owned(), left, right), range }
        }
        kind => Expr { kind: ExprKind::Unary("!".to_owned(), Box::new(Expr { kind, range })), range },
    }
}
