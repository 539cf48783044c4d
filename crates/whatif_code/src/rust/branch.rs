//! `if`, `if let` and `match`.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::pattern::{binds, inside, is_wildcard, side};
use super::statement::{Sink, assign, unknown, variant};
use crate::ir::{Arm, Expr, ExprKind, Stmt, StmtKind};
use whatif_model::Range;

/// An arm of a `match`.
struct MatchArm<'t> {
    pattern: Expr,
    guard: Option<Part<'t>>,
    value: Part<'t>,
}

impl<'t> Reader<'t, '_> {
    pub(super) fn if_expression(&mut self, part: Part<'t>, sink: &Sink, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let cond = match parts.field(Field::Condition) {
            Some(cond) => self.condition(cond, out),
            None => unknown(part.range()),
        };
        let (mut then, mut otherwise) = (Vec::new(), Vec::new());
        if let Some(block) = parts.field(Field::Consequence) {
            self.block(block, sink, &mut then);
        }
        if let Some(clause) = parts.field(Field::Alternative)
            && let Some(inner) = self.walk.parts(clause.node).first()
        {
            if inner.kind == Kind::IfExpression {
                self.sunk(inner, sink, &mut otherwise);
            } else {
                self.block(inner, sink, &mut otherwise);
            }
        }
        out.push(Stmt { kind: StmtKind::If { cond, then, otherwise }, range: part.range() });
    }

    /// A condition; what `let` binds in it is assigned before.
    pub(super) fn condition(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) -> Expr {
        if !self.walk.enter() {
            return unknown(part.range());
        }
        let cond = match part.kind {
            Kind::LetCondition => {
                let parts = self.walk.parts(part.node);
                match (parts.field(Field::Pattern), parts.field(Field::Value)) {
                    (Some(pattern), Some(value)) => {
                        let pattern = self.pattern(pattern);
                        self.tested(pattern, value, out)
                    }
                    _ => unknown(part.range()),
                }
            }
            Kind::LetChain => {
                let mut all: Option<Expr> = None;
                for inner in self.walk.parts(part.node) {
                    let next = self.condition(inner, out);
                    all = Some(match all {
                        Some(before) => {
                            let kind = ExprKind::Binary("&&".to_owned(), Box::new(before), Box::new(next));
                            Expr { kind, range: part.range() }
                        }
                        None => next,
                    });
                }
                all.unwrap_or_else(|| unknown(part.range()))
            }
            _ => {
                let hoisted = std::mem::take(&mut self.hoisted);
                let cond = self.expr(part);
                out.append(&mut self.hoisted);
                self.hoisted = hoisted;
                cond
            }
        };
        self.walk.leave();
        cond
    }

    pub(super) fn match_expression(&mut self, part: Part<'t>, sink: &Sink, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let range = part.range();
        let hoisted = std::mem::take(&mut self.hoisted);
        let value = self.optional(parts.field(Field::Value), range);
        out.append(&mut self.hoisted);
        self.hoisted = hoisted;
        let arms = parts.field(Field::Body).map(|body| self.match_arms(body)).unwrap_or_default();
        if arms.iter().any(|arm| side(&arm.pattern).is_some()) {
            self.result_match(value, arms, sink, range, out);
        } else {
            self.plain_match(value, arms, sink, range, out);
        }
    }

    fn match_arms(&mut self, body: Part<'t>) -> Vec<MatchArm<'t>> {
        let mut arms = Vec::new();
        for arm in self.walk.parts(body.node) {
            let parts = self.walk.parts(arm.node);
            let (Some(pattern), Some(value)) = (parts.field(Field::Pattern), parts.field(Field::Value)) else {
                continue;
            };
            let guard = self.walk.parts(pattern.node).field(Field::Condition);
            arms.push(MatchArm { pattern: self.pattern(pattern), guard, value });
        }
        arms
    }

    /// A `match` on a result or an option: the failing arms run when it failed, the others when it worked.
    fn result_match(&mut self, value: Expr, arms: Vec<MatchArm<'t>>, sink: &Sink, range: Range, out: &mut Vec<Stmt>) {
        let fails = arms.iter().any(|arm| side(&arm.pattern) == Some(false) && arm.guard.is_none());
        let (mut worked, mut failed) = (Vec::new(), Vec::new());
        for arm in arms {
            match side(&arm.pattern) {
                Some(true) => worked.push(arm),
                Some(false) => failed.push(arm),
                None if fails => worked.push(arm),
                None => failed.push(arm),
            }
        }
        let value_name = self.side_name(&worked, "value", range);
        let error_name = self.side_name(&failed, "error", range);
        let targets = vec![variant("Ok", value_name.clone(), range), variant("Err", error_name.clone(), range)];
        out.push(assign(targets, value, range));
        let then = self.side_body(failed, &error_name, sink, range);
        let otherwise = self.side_body(worked, &value_name, sink, range);
        let nil = Expr { kind: ExprKind::Nil, range };
        let cond = Expr { kind: ExprKind::Binary("!=".to_owned(), Box::new(error_name), Box::new(nil)), range };
        out.push(Stmt { kind: StmtKind::If { cond, then, otherwise }, range });
    }

    /// The name one side of a result gets: the arm's own when there is one arm that names it.
    fn side_name(&self, arms: &[MatchArm<'t>], what: &str, range: Range) -> Expr {
        if let [MatchArm { pattern, guard: None, .. }] = arms
            && let Some(Expr { kind: ExprKind::Name(name), range }) = inside(pattern)
            && name != "_"
        {
            return Expr { kind: ExprKind::Name(name.clone()), range: *range };
        }
        Expr { kind: ExprKind::Name(self.fresh(what, range)), range }
    }

    fn side_body(&mut self, mut arms: Vec<MatchArm<'t>>, name: &Expr, sink: &Sink, range: Range) -> Vec<Stmt> {
        for arm in &mut arms {
            if side(&arm.pattern).is_some() {
                arm.pattern = inside(&arm.pattern).cloned().unwrap_or_else(|| unknown(range));
            }
        }
        let mut body = Vec::new();
        match arms.as_slice() {
            [] => {}
            [only] => {
                let bound = binds(&only.pattern) && only.pattern.kind != name.kind;
                self.arm_body(only, bound.then_some(name), sink, &mut body);
            }
            _ => self.plain_match(name.clone(), arms, sink, range, &mut body),
        }
        body
    }

    fn plain_match(&mut self, value: Expr, arms: Vec<MatchArm<'t>>, sink: &Sink, range: Range, out: &mut Vec<Stmt>) {
        let subject = if crate::lower::is_plain(&value) {
            value
        } else {
            let name = Expr { kind: ExprKind::Name(self.fresh("match", range)), range };
            out.push(assign(vec![name.clone()], value, range));
            name
        };
        let mut made = Vec::new();
        for arm in &arms {
            let mut body = Vec::new();
            let bound = binds(&arm.pattern);
            self.arm_body(arm, bound.then_some(&subject), sink, &mut body);
            let is_default =
                arm.guard.is_none() && (is_wildcard(&arm.pattern) || matches!(arm.pattern.kind, ExprKind::Name(_)));
            let patterns = if is_default { Vec::new() } else { vec![told_apart(&arm.pattern)] };
            made.push(Arm { patterns, body });
        }
        // Arms are exhaustive: one of them runs.
        if let Some(last) = made.last_mut() {
            last.patterns.clear();
        }
        out.push(Stmt { kind: StmtKind::Switch { subject: Some(subject), arms: made, is_select: false }, range });
    }

    /// What an arm does, after what its pattern binds.
    fn arm_body(&mut self, arm: &MatchArm<'t>, bound: Option<&Expr>, sink: &Sink, out: &mut Vec<Stmt>) {
        if let Some(subject) = bound {
            out.push(assign(vec![arm.pattern.clone()], subject.clone(), arm.pattern.range));
        }
        match arm.guard {
            Some(guard) => {
                let cond = self.condition(guard, out);
                let mut then = Vec::new();
                self.sunk(arm.value, sink, &mut then);
                let range = arm.value.range();
                out.push(Stmt { kind: StmtKind::If { cond, then, otherwise: Vec::new() }, range });
            }
            None => self.sunk(arm.value, sink, out),
        }
    }
}

/// What of a pattern is a value rather than a binding.
fn told_apart(pattern: &Expr) -> Expr {
    match &pattern.kind {
        ExprKind::Str(_) | ExprKind::Number(_) | ExprKind::Bool(_) => pattern.clone(),
        _ => unknown(pattern.range),
    }
}
