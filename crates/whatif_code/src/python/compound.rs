//! Statements with bodies.

use super::annotation::annotation;
use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Arm, Expr, ExprKind, Handler, LoopHead, Stmt, StmtKind};

impl<'t> Reader<'t, '_> {
    pub(super) fn if_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let alternatives: Vec<_> = parts.fields(Field::Alternative).collect();
        self.branch(part, &alternatives, out);
    }

    /// An `if` or `elif` with what follows it.
    fn branch(&mut self, part: Part<'t>, alternatives: &[Part<'t>], out: &mut Vec<Stmt>) {
        if !self.walk.enter() {
            out.push(Stmt { kind: StmtKind::Expr(unknown(part.range())), range: part.range() });
            return;
        }
        let parts = self.walk.parts(part.node);
        let cond = self.optional(parts.field(Field::Condition), part.range());
        out.append(&mut self.hoisted);
        let then = self.body(parts.field(Field::Consequence));
        let mut otherwise = Vec::new();
        if let Some((next, rest)) = alternatives.split_first() {
            if next.kind == Kind::ElifClause {
                self.branch(*next, rest, &mut otherwise);
            } else {
                otherwise = self.body_of(*next);
            }
        }
        let range = alternatives.last().map_or(part.range(), |last| part.range().cover(last.range()));
        out.push(Stmt { kind: StmtKind::If { cond, then, otherwise }, range });
        self.walk.leave();
    }

    pub(super) fn loop_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let mut body = Vec::new();
        let head = if part.kind == Kind::ForStatement {
            let targets = parts.field(Field::Left).map(|left| self.targets(left)).unwrap_or_default();
            let iterable = self.optional(parts.field(Field::Right), part.range());
            out.append(&mut self.hoisted);
            LoopHead::Each { targets, iterable }
        } else {
            let cond = self.optional(parts.field(Field::Condition), part.range());
            body.append(&mut self.hoisted);
            if is_always_true(&cond) { LoopHead::Forever } else { LoopHead::While(cond) }
        };
        if let Some(block) = parts.field(Field::Body) {
            self.block(block, &mut body);
        }
        out.push(Stmt { kind: StmtKind::Loop { head, body }, range: part.range() });
        if let Some(otherwise) = parts.field(Field::Alternative) {
            let kind = StmtKind::Block(self.body_of(otherwise));
            out.push(Stmt { kind, range: otherwise.range() });
        }
    }

    pub(super) fn match_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let subjects = parts.fields(Field::Subject).filter(|subject| subject.kind != Kind::Token);
        let mut subjects: Vec<_> = subjects.map(|subject| self.expr(subject)).collect();
        let subject = match subjects.pop() {
            Some(only) if subjects.is_empty() => Some(only),
            last => {
                subjects.extend(last);
                Some(Expr { kind: ExprKind::List(subjects), range: part.range() })
            }
        };
        out.append(&mut self.hoisted);
        let mut arms = Vec::new();
        if let Some(block) = parts.field(Field::Body) {
            for case in self.walk.parts(block.node) {
                if case.kind == Kind::CaseClause {
                    arms.push(self.arm(case));
                }
            }
        }
        out.push(Stmt { kind: StmtKind::Switch { subject, arms, is_select: false }, range: part.range() });
    }

    /// A `case`. `case _` is the default; a guard is a conditional around the body.
    fn arm(&mut self, case: Part<'t>) -> Arm {
        let parts = self.walk.parts(case.node);
        let mut patterns = Vec::new();
        for pattern in parts.iter().filter(|pattern| pattern.kind == Kind::CasePattern) {
            match self.walk.parts(pattern.node).first() {
                None if self.walk.text(pattern.node) == "_" => {}
                Some(union) if union.kind == Kind::UnionPattern => {
                    for alternative in self.walk.parts(union.node) {
                        patterns.push(self.expr(alternative));
                    }
                }
                _ => patterns.push(self.expr(pattern)),
            }
        }
        let guard = parts.field(Field::Guard).map(|guard| self.expr(guard));
        let mut body = std::mem::take(&mut self.hoisted);
        let mut guarded = self.body(parts.field(Field::Consequence));
        match guard {
            Some(cond) => {
                let kind = StmtKind::If { cond, then: guarded, otherwise: Vec::new() };
                body.push(Stmt { kind, range: case.range() });
            }
            None => body.append(&mut guarded),
        }
        Arm { patterns, body }
    }

    pub(super) fn try_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let body = self.body(parts.field(Field::Body));
        let (mut handlers, mut otherwise, mut finally) = (Vec::new(), Vec::new(), Vec::new());
        for clause in parts.iter() {
            match clause.kind {
                Kind::ExceptClause => handlers.push(self.handler(clause)),
                Kind::ElseClause => otherwise = self.body_of(clause),
                Kind::FinallyClause => finally = self.body_of(clause),
                _ => {}
            }
        }
        out.push(Stmt { kind: StmtKind::Try { body, handlers, otherwise, finally }, range: part.range() });
    }

    fn handler(&mut self, clause: Part<'t>) -> Handler {
        let mut handler = Handler { types: Vec::new(), name: String::new(), body: Vec::new(), range: clause.range() };
        for part in self.walk.parts(clause.node) {
            match (part.field, part.kind) {
                (Field::Value, Kind::Token) => {}
                (Field::Value, Kind::AsPattern) => {
                    let parts = self.walk.parts(part.node);
                    if let Some(ty) = parts.first() {
                        self.caught(ty, &mut handler.types);
                    }
                    if let Some(alias) = parts.field(Field::Alias) {
                        handler.name = self.walk.text(alias.node).to_owned();
                    }
                }
                (Field::Value, _) => self.caught(part, &mut handler.types),
                (Field::Alias, _) => handler.name = self.walk.text(part.node).to_owned(),
                (_, Kind::Block) => self.block(part, &mut handler.body),
                _ => {}
            }
        }
        handler
    }

    /// The types an `except` names.
    fn caught(&mut self, part: Part<'t>, types: &mut Vec<String>) {
        if !matches!(part.kind, Kind::Tuple | Kind::ParenthesizedExpression) {
            types.push(annotation(self.walk.text(part.node)));
            return;
        }
        for ty in self.walk.parts(part.node) {
            types.push(annotation(self.walk.text(ty.node)));
        }
    }

    pub(super) fn with_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let mut items = Vec::new();
        if let Some(clause) = parts.kind(Kind::WithClause) {
            for item in self.walk.parts(clause.node) {
                if let Some(value) = self.walk.parts(item.node).field(Field::Value) {
                    self.with_item(value, &mut items);
                }
            }
        }
        out.append(&mut self.hoisted);
        let body = self.body(parts.field(Field::Body));
        out.push(Stmt { kind: StmtKind::With { items, body }, range: part.range() });
    }

    /// `a as b`; brackets around one or several of them may parse as a tuple.
    fn with_item(&mut self, value: Part<'t>, items: &mut Vec<(Expr, Option<Expr>)>) {
        if value.kind == Kind::AsPattern {
            let parts = self.walk.parts(value.node);
            let manager = self.optional(parts.first(), value.range());
            let name = parts.field(Field::Alias).map(|alias| self.expr(alias));
            items.push((manager, name));
            return;
        }
        let inner = self.walk.parts(value.node);
        let is_bracketed = matches!(value.kind, Kind::Tuple | Kind::ParenthesizedExpression);
        if is_bracketed && inner.kind(Kind::AsPattern).is_some() && self.walk.enter() {
            for item in inner {
                self.with_item(item, items);
            }
            self.walk.leave();
        } else {
            items.push((self.expr(value), None));
        }
    }

    /// The body of an `else` or `finally`.
    fn body_of(&mut self, clause: Part<'t>) -> Vec<Stmt> {
        let block = self.walk.parts(clause.node).kind(Kind::Block);
        self.body(block)
    }
}

fn is_always_true(cond: &Expr) -> bool {
    match &cond.kind {
        ExprKind::Bool(value) => *value,
        ExprKind::Number(text) => text == "1",
        _ => false,
    }
}
