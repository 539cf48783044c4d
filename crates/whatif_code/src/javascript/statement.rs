//! Simple statements, and which function reads which statement.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::promise::started;
use crate::ir::{Expr, ExprKind, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// Statements of one list; functions are known in the whole of it.
    pub(super) fn statements(&mut self, parts: &[Part<'t>], out: &mut Vec<Stmt>) {
        let (functions, others): (Vec<Part<'t>>, Vec<Part<'t>>) =
            parts.iter().copied().partition(|part| part.kind == Kind::FunctionDeclaration);
        for part in functions.into_iter().chain(others) {
            self.statement(part, out);
        }
    }

    /// The statements of a block, or the one statement that stands in place of one.
    pub(super) fn body(&mut self, part: Option<Part<'t>>) -> Vec<Stmt> {
        let mut out = Vec::new();
        match part {
            Some(block) if block.kind == Kind::Block => {
                let parts: Vec<_> = self.walk.parts(block.node).into_iter().collect();
                self.statements(&parts, &mut out);
            }
            Some(single) => self.statement(single, &mut out),
            None => {}
        }
        out
    }

    /// One statement; becomes none, one or several.
    pub(super) fn statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        if !self.walk.enter() {
            out.push(Stmt { kind: StmtKind::Expr(unknown(part.range())), range: part.range() });
            return;
        }
        match part.kind {
            Kind::ExpressionStatement => {
                if let Some(inner) = self.walk.parts(part.node).first() {
                    self.expression_statement(inner, part.range(), out);
                }
            }
            Kind::Declaration => self.declaration(part, out),
            Kind::FunctionDeclaration => self.function_declaration(part, out),
            Kind::ClassDeclaration => {
                self.class(part, Vec::new());
            }
            Kind::InterfaceDeclaration => self.interface(part),
            Kind::TypeAlias => self.type_alias(part),
            Kind::EnumDeclaration => self.enumeration(part),
            Kind::ImportStatement => self.import(part),
            Kind::ExportStatement => self.export(part, out),
            Kind::Ignored => {}
            Kind::IfStatement => self.if_statement(part, out),
            Kind::ForStatement | Kind::ForInStatement | Kind::WhileStatement | Kind::DoStatement => {
                self.loop_statement(part, out);
            }
            Kind::SwitchStatement => self.switch_statement(part, out),
            Kind::TryStatement => self.try_statement(part, out),
            Kind::Block => {
                let kind = StmtKind::Block(self.body(Some(part)));
                out.push(Stmt { kind, range: part.range() });
            }
            Kind::LabeledStatement | Kind::Namespace => {
                let inner = self.walk_field(part, Field::Body);
                out.append(&mut self.body(inner));
            }
            Kind::Error => {
                let parts: Vec<_> = self.walk.parts(part.node).into_iter().collect();
                self.statements(&parts, out);
            }
            _ => self.simple(part, out),
        }
        self.walk.leave();
    }

    /// The part of a node in a field.
    pub(super) fn walk_field(&mut self, part: Part<'t>, field: Field) -> Option<Part<'t>> {
        self.walk.parts(part.node).field(field)
    }

    /// A statement that stays one statement.
    fn simple(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let kind = match part.kind {
            Kind::ReturnStatement => {
                let value = self.walk.parts(part.node).first();
                StmtKind::Return(value.map(|value| self.expr(value)).into_iter().collect())
            }
            Kind::ThrowStatement => {
                let value = self.walk.parts(part.node).first();
                StmtKind::Raise(value.map(|value| self.expr(value)))
            }
            Kind::BreakStatement => StmtKind::Break,
            Kind::ContinueStatement => StmtKind::Continue,
            _ => StmtKind::Expr(self.expr(part)),
        };
        out.append(&mut self.hoisted);
        out.push(Stmt { kind, range: part.range() });
    }

    /// An expression as a statement; assignments are statements of their own.
    pub(super) fn expression_statement(&mut self, part: Part<'t>, range: Range, out: &mut Vec<Stmt>) {
        match part.kind {
            Kind::AssignmentExpression => self.assignment(part, range, out),
            Kind::AugmentedAssignment => self.augmented(part, range, out),
            Kind::Update => self.update(part, range, out),
            Kind::Transparent if self.walk.enter() => {
                if let Some(inner) = self.walk.parts(part.node).first() {
                    self.expression_statement(inner, range, out);
                }
                self.walk.leave();
            }
            Kind::Sequence if self.walk.enter() => {
                for inner in self.walk.parts(part.node) {
                    self.expression_statement(inner, inner.range(), out);
                }
                self.walk.leave();
            }
            _ if self.runs_on(part) => {
                let outer = std::mem::take(&mut self.hoisted);
                self.expr(part);
                let body = std::mem::replace(&mut self.hoisted, outer);
                out.push(Stmt { kind: started(body, range), range });
            }
            _ => {
                let value = self.expr(part);
                out.append(&mut self.hoisted);
                if !is_directive(&value) {
                    out.push(Stmt { kind: StmtKind::Expr(value), range });
                }
            }
        }
    }

    /// `a = b = e` is `b = e`, then `a = b`.
    pub(super) fn assignment(&mut self, part: Part<'t>, range: Range, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let Some(left) = parts.field(Field::Left) else { return };
        let value = match parts.field(Field::Right) {
            Some(chained) if chained.kind == Kind::AssignmentExpression && self.walk.enter() => {
                self.assignment(chained, chained.range(), out);
                self.walk.leave();
                last_target(out).unwrap_or_else(|| unknown(range))
            }
            Some(right) => self.named_value(left, right),
            None => unknown(range),
        };
        out.append(&mut self.hoisted);
        if self.exported(left, &value, range, out) {
            return;
        }
        self.destructure(left, value, false, out);
    }

    /// `a += b`; `a ||= b` and `a ??= b` are `a = a || b`.
    fn augmented(&mut self, part: Part<'t>, range: Range, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let target = self.optional(parts.field(Field::Left), range);
        let value = self.optional(parts.field(Field::Right), range);
        out.append(&mut self.hoisted);
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        let op = operator.strip_suffix('=').unwrap_or(operator);
        let (values, op) = match op {
            "||" | "??" | "&&" => {
                let op = if op == "&&" { "&&" } else { "||" };
                let joined = ExprKind::Binary(op.to_owned(), Box::new(target.clone()), Box::new(value));
                (vec![Expr { kind: joined, range }], "")
            }
            op => (vec![value], op),
        };
        let kind = StmtKind::Assign { targets: vec![target], values, op: op.to_owned(), ty: String::new() };
        out.push(Stmt { kind, range });
    }

    /// `i++` is `i += 1`.
    fn update(&mut self, part: Part<'t>, range: Range, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let target = self.optional(parts.field(Field::Argument), range);
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        let op = if operator == "--" { "-" } else { "+" }.to_owned();
        let one = Expr { kind: ExprKind::Number("1".to_owned()), range };
        out.append(&mut self.hoisted);
        let kind = StmtKind::Assign { targets: vec![target], values: vec![one], op, ty: String::new() };
        out.push(Stmt { kind, range });
    }
}

/// `"use strict"`.
fn is_directive(value: &Expr) -> bool {
    matches!(value.kind, ExprKind::Str(_))
}

/// The first target of the assignment read last.
pub(super) fn last_target(statements: &[Stmt]) -> Option<Expr> {
    match &statements.last()?.kind {
        StmtKind::Assign { targets, .. } => targets.first().cloned(),
        _ => None,
    }
}

/// An expression that was not followed or is not there.
pub(super) fn unknown(range: Range) -> Expr {
    Expr { kind: ExprKind::Unknown(Vec::new()), range }
}
