//! Statements with bodies.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Arm, Expr, ExprKind, Handler, LoopHead, Stmt, StmtKind};

impl<'t> Reader<'t, '_> {
    pub(super) fn if_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let cond = self.optional(parts.field(Field::Condition), part.range());
        out.append(&mut self.hoisted);
        let then = self.body(parts.field(Field::Consequence));
        let otherwise = match parts.field(Field::Alternative) {
            Some(clause) => {
                let inner = self.walk.parts(clause.node).first();
                self.body(inner)
            }
            None => Vec::new(),
        };
        out.push(Stmt { kind: StmtKind::If { cond, then, otherwise }, range: part.range() });
    }

    pub(super) fn loop_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let mut body = Vec::new();
        let head = match part.kind {
            Kind::ForInStatement => {
                let iterable = self.optional(parts.field(Field::Right), part.range());
                out.append(&mut self.hoisted);
                let target = self.loop_target(parts.field(Field::Left), &mut body);
                LoopHead::Each { targets: vec![target], iterable }
            }
            Kind::ForStatement => {
                let mut setup = Vec::new();
                if let Some(first) = parts.field(Field::Initializer) {
                    self.statement_or_expression(first, &mut setup);
                }
                let cond =
                    parts.field(Field::Condition).filter(|cond| !matches!(cond.kind, Kind::Ignored | Kind::Token));
                let cond = cond.map(|cond| self.expr(cond));
                if let Some(step) = parts.field(Field::Increment) {
                    self.expression_statement(step, step.range(), &mut setup);
                }
                out.append(&mut self.hoisted);
                match cond {
                    None if setup.is_empty() => LoopHead::Forever,
                    cond => LoopHead::Count { cond, setup },
                }
            }
            _ => {
                let cond = self.optional(parts.field(Field::Condition), part.range());
                body.append(&mut self.hoisted);
                if is_always_true(&cond) { LoopHead::Forever } else { LoopHead::While(cond) }
            }
        };
        body.extend(self.body(parts.field(Field::Body)));
        out.push(Stmt { kind: StmtKind::Loop { head, body }, range: part.range() });
    }

    fn statement_or_expression(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        match part.kind {
            Kind::Declaration | Kind::Ignored => self.statement(part, out),
            _ => self.expression_statement(part, part.range(), out),
        }
    }

    /// The variable of a loop; a pattern is taken apart in the body.
    fn loop_target(&mut self, left: Option<Part<'t>>, body: &mut Vec<Stmt>) -> Expr {
        match left {
            Some(pattern) if matches!(pattern.kind, Kind::ObjectPattern | Kind::ArrayPattern) => {
                let name = self.temporary(pattern.range());
                self.destructure(pattern, name.clone(), true, body);
                name
            }
            Some(name) => self.expr(name),
            None => unknown(whatif_model::Range::default()),
        }
    }

    /// Cases that only lead to the next one are patterns of it; the `break` that ends a case is implied.
    pub(super) fn switch_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let subject = parts.field(Field::Value).map(|subject| self.expr(subject));
        out.append(&mut self.hoisted);
        let mut arms: Vec<Arm> = Vec::new();
        let mut patterns = Vec::new();
        let cases: Vec<_> =
            parts.field(Field::Body).map(|body| self.walk.parts(body.node).into_iter().collect()).unwrap_or_default();
        let mut is_default = false;
        for case in cases {
            let parts = self.walk.parts(case.node);
            is_default |= case.kind == Kind::SwitchDefault;
            if let Some(value) = parts.field(Field::Value) {
                patterns.push(self.expr(value));
            }
            let mut body = Vec::new();
            let statements: Vec<_> = parts.fields(Field::Body).collect();
            self.statements(&statements, &mut body);
            if statements.is_empty() {
                continue;
            }
            if matches!(body.last(), Some(Stmt { kind: StmtKind::Break, .. })) {
                body.pop();
            }
            let own = std::mem::take(&mut patterns);
            arms.push(Arm { patterns: if is_default { Vec::new() } else { own }, body });
            is_default = false;
        }
        out.push(Stmt { kind: StmtKind::Switch { subject, arms, is_select: false }, range: part.range() });
    }

    pub(super) fn try_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let body = self.body(parts.field(Field::Body));
        let handlers = parts.field(Field::Handler).map(|clause| self.handler(clause)).into_iter().collect();
        let finally = match parts.field(Field::Finalizer) {
            Some(clause) => {
                let block = self.walk_field(clause, Field::Body);
                self.body(block)
            }
            None => Vec::new(),
        };
        let kind = StmtKind::Try { body, handlers, otherwise: Vec::new(), finally };
        out.push(Stmt { kind, range: part.range() });
    }

    fn handler(&mut self, clause: Part<'t>) -> Handler {
        let parts = self.walk.parts(clause.node);
        let parameter = parts.field(Field::Parameter).filter(|name| name.kind == Kind::Identifier);
        let name = parameter.map_or("", |name| self.walk.text(name.node)).to_owned();
        let body = self.body(parts.field(Field::Body));
        Handler { types: Vec::new(), name, body, range: clause.range() }
    }
}

fn is_always_true(cond: &Expr) -> bool {
    match &cond.kind {
        ExprKind::Bool(value) => *value,
        ExprKind::Number(text) => text == "1",
        _ => false,
    }
}
