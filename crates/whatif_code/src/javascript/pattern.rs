//! Destructuring: patterns as assignments, one per name.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Expr, ExprKind, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// `pattern = value`; `declares` when the names are new.
    pub(super) fn destructure(&mut self, pattern: Part<'t>, value: Expr, declares: bool, out: &mut Vec<Stmt>) {
        if !self.walk.enter() {
            return;
        }
        match pattern.kind {
            Kind::ObjectPattern => self.object_pattern(pattern, value, declares, out),
            Kind::ArrayPattern => {
                let (targets, nested) = self.array_targets(pattern, declares);
                push_assign(targets, value, pattern.range(), out);
                for (inner, name) in nested {
                    self.destructure(inner, name, declares, out);
                }
            }
            Kind::AssignmentPattern => {
                let parts = self.walk.parts(pattern.node);
                let default = self.optional(parts.field(Field::Right), pattern.range());
                let value = or(value, default);
                if let Some(left) = parts.field(Field::Left) {
                    self.destructure(left, value, declares, out);
                }
            }
            Kind::RestPattern => {
                if let Some(inner) = self.walk.parts(pattern.node).first() {
                    self.destructure(inner, value, declares, out);
                }
            }
            Kind::Transparent if !declares => {
                if let Some(inner) = self.walk.parts(pattern.node).first() {
                    self.destructure(inner, value, declares, out);
                }
            }
            _ => {
                let target = self.target(pattern, declares);
                push_assign(target, value, pattern.range(), out);
            }
        }
        self.walk.leave();
    }

    /// What is assigned to; a declared name that hides another one says so.
    fn target(&mut self, pattern: Part<'t>, declares: bool) -> Expr {
        let target = match pattern.kind {
            Kind::ShorthandPattern => {
                Expr { kind: ExprKind::Name(self.walk.text(pattern.node).to_owned()), range: pattern.range() }
            }
            _ => self.expr(pattern),
        };
        let ExprKind::Name(name) = &target.kind else { return target };
        if declares && self.declare(name) {
            let range = target.range;
            return Expr { kind: ExprKind::Unary("let".to_owned(), Box::new(target)), range };
        }
        target
    }

    /// Notes a declared name; tells whether it hides one around it.
    pub(super) fn declare(&mut self, name: &str) -> bool {
        let Some((own, around)) = self.scopes.split_last_mut() else { return false };
        own.insert(name.to_owned());
        let is_function = around.len() == 1 && self.module.functions.iter().any(|function| function.name == name);
        is_function || around.iter().any(|names| names.contains(name))
    }

    fn object_pattern(&mut self, pattern: Part<'t>, value: Expr, declares: bool, out: &mut Vec<Stmt>) {
        let base = self.reusable(value, out);
        for part in self.walk.parts(pattern.node) {
            match part.kind {
                Kind::ShorthandPattern => {
                    let member = field(&base, self.walk.text(part.node), part.range());
                    self.destructure(part, member, declares, out);
                }
                Kind::AssignmentPattern => {
                    let parts = self.walk.parts(part.node);
                    let Some(left) = parts.field(Field::Left) else { continue };
                    let member = field(&base, self.walk.text(left.node), left.range());
                    let default = self.optional(parts.field(Field::Right), part.range());
                    self.destructure(left, or(member, default), declares, out);
                }
                Kind::PairPattern => {
                    let parts = self.walk.parts(part.node);
                    let (Some(key), Some(inner)) = (parts.field(Field::Key), parts.field(Field::Value)) else {
                        continue;
                    };
                    let member = match self.key(key).kind {
                        ExprKind::Str(name) => field(&base, &name, key.range()),
                        kind => {
                            let key = Expr { kind, range: key.range() };
                            Expr { range: part.range(), kind: ExprKind::Index(Box::new(base.clone()), Box::new(key)) }
                        }
                    };
                    self.destructure(inner, member, declares, out);
                }
                Kind::RestPattern => self.destructure(part, base.clone(), declares, out),
                _ => {}
            }
        }
    }

    /// An expression that may be written several times: a name when evaluating it could do something.
    fn reusable(&mut self, value: Expr, out: &mut Vec<Stmt>) -> Expr {
        if value.dotted().is_some() {
            return value;
        }
        let range = value.range;
        let name = self.temporary(range);
        push_assign(name.clone(), value, range, out);
        name
    }

    /// A name that no program has.
    pub(super) fn temporary(&mut self, range: Range) -> Expr {
        self.temporaries += 1;
        Expr { kind: ExprKind::Name(format!("{{{}}}", self.temporaries)), range }
    }

    /// `[a, , {b}]` as a list of names, and which patterns those names stand for.
    fn array_targets(&mut self, pattern: Part<'t>, declares: bool) -> (Expr, Vec<(Part<'t>, Expr)>) {
        let (mut targets, mut nested) = (Vec::new(), Vec::new());
        let parts: Vec<_> = self.walk.parts(pattern.node).into_iter().collect();
        let mut at = pattern.node.start_byte();
        for part in parts {
            let gap = self.walk.text_between(at, part.node.start_byte());
            let skipped =
                gap.bytes().filter(|byte| *byte == b',').count().saturating_sub(usize::from(!targets.is_empty()));
            let hole = || Expr { kind: ExprKind::Name("_".to_owned()), range: pattern.range() };
            targets.extend(std::iter::repeat_with(hole).take(skipped));
            at = part.node.end_byte();
            match part.kind {
                Kind::Identifier | Kind::Member | Kind::Subscript => targets.push(self.target(part, declares)),
                _ => {
                    let name = self.temporary(part.range());
                    targets.push(name.clone());
                    nested.push((part, name));
                }
            }
        }
        (Expr { kind: ExprKind::List(targets), range: pattern.range() }, nested)
    }
}

pub(super) fn push_assign(target: Expr, value: Expr, range: Range, out: &mut Vec<Stmt>) {
    let range = range.cover(value.range);
    let kind = StmtKind::Assign { targets: vec![target], values: vec![value], op: String::new(), ty: String::new() };
    out.push(Stmt { kind, range });
}

pub(super) fn field(base: &Expr, name: &str, range: Range) -> Expr {
    Expr { kind: ExprKind::Field(Box::new(base.clone()), name.to_owned()), range }
}

/// `value ?? default`.
fn or(value: Expr, default: Expr) -> Expr {
    let range = value.range;
    if matches!(default.kind, ExprKind::Nil) || default == unknown(default.range) {
        return value;
    }
    Expr { kind: ExprKind::Binary("||".to_owned(), Box::new(value), Box::new(default)), range }
}
