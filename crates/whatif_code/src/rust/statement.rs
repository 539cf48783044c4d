//! Statements. Rust has expressions where other languages have statements: what becomes of the value of one is a
//! [`Sink`], which reaches the last expression of every arm.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::pattern::{binds, side};
use crate::ir::{Expr, ExprKind, LoopHead, Stmt, StmtKind};
use whatif_model::Range;

/// What becomes of a value.
#[derive(Clone)]
pub(super) enum Sink {
    /// Nothing.
    Drop,
    /// The function returns it.
    Return,
    /// It is assigned to a pattern of a declared type.
    Into(Expr, String),
}

impl<'t> Reader<'t, '_> {
    /// The statements of a block; its last expression goes into the sink.
    pub(super) fn block(&mut self, block: Part<'t>, sink: &Sink, out: &mut Vec<Stmt>) {
        if !self.walk.enter() {
            return;
        }
        let block = match block.kind {
            Kind::UnsafeBlock | Kind::AsyncBlock | Kind::TryBlock | Kind::ConstBlock => {
                self.walk.parts(block.node).kind(Kind::Block).unwrap_or(block)
            }
            _ => block,
        };
        let parts: Vec<Part<'t>> = self.walk.parts(block.node).into_iter().collect();
        let last = parts.iter().rposition(|part| !matches!(part.kind, Kind::AttributeItem | Kind::EmptyStatement));
        for (at, part) in parts.iter().enumerate() {
            if Some(at) == last && self.is_value(*part) {
                let inner = if part.kind == Kind::ExpressionStatement {
                    self.walk.parts(part.node).first().unwrap_or(*part)
                } else {
                    *part
                };
                self.sunk(inner, sink, out);
            } else {
                self.statement(*part, out);
            }
        }
        self.walk.leave();
    }

    /// Whether the last part of a block is the block's value.
    fn is_value(&self, part: Part<'t>) -> bool {
        match part.kind {
            Kind::ExpressionStatement => !self.walk.text(part.node).ends_with(';'),
            Kind::LetDeclaration
            | Kind::ConstItem
            | Kind::StaticItem
            | Kind::FunctionItem
            | Kind::UseDeclaration
            | Kind::StructItem
            | Kind::EnumItem
            | Kind::UnionItem
            | Kind::TypeItem
            | Kind::TraitItem
            | Kind::ImplItem
            | Kind::ModItem
            | Kind::MacroDefinition
            | Kind::Label => false,
            _ => true,
        }
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
                    self.sunk(inner, &Sink::Drop, out);
                }
            }
            Kind::Error => {
                for inner in self.walk.parts(part.node) {
                    self.statement(inner, out);
                }
            }
            Kind::LetDeclaration => self.declared(part, out),
            Kind::ConstItem | Kind::StaticItem => {
                let parts = self.walk.parts(part.node);
                if let (Some(name), Some(value)) = (parts.field(Field::Name), parts.field(Field::Value)) {
                    let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
                    let name = self.name(name);
                    self.sunk(value, &Sink::Into(name, ty), out);
                }
            }
            Kind::FunctionItem => {
                let owner = self.owner.take();
                let function = Box::new(self.function(part, &[]));
                self.owner = owner;
                out.push(Stmt { kind: StmtKind::Function(function), range: part.range() });
            }
            Kind::UseDeclaration => self.imports(part),
            Kind::StructItem | Kind::UnionItem | Kind::EnumItem | Kind::TypeItem => self.type_item(part, &[]),
            Kind::TraitItem => self.trait_item(part, &[]),
            Kind::ImplItem => self.impl_item(part),
            Kind::EmptyStatement
            | Kind::ModItem
            | Kind::MacroDefinition
            | Kind::AttributeItem
            | Kind::InnerAttributeItem
            | Kind::Label => {}
            _ => self.sunk(part, &Sink::Drop, out),
        }
        self.walk.leave();
    }

    /// `let`.
    fn declared(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let Some(pattern) = parts.field(Field::Pattern) else { return };
        let pattern = self.pattern(pattern);
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        let range = part.range();
        let Some(value) = parts.field(Field::Value) else {
            if !ty.is_empty() {
                let kind = StmtKind::Assign { targets: vec![pattern], values: Vec::new(), op: String::new(), ty };
                out.push(Stmt { kind, range });
            }
            return;
        };
        let Some(alternative) = parts.field(Field::Alternative) else {
            return self.sunk(value, &Sink::Into(pattern, ty), out);
        };
        let cond = self.tested(pattern, value, out);
        let mut otherwise = Vec::new();
        self.block(alternative, &Sink::Drop, &mut otherwise);
        let kind = match cond.kind {
            // The failing path is the one that leaves.
            ExprKind::Binary(op, name, nil) if op == "==" => {
                let cond = Expr { kind: ExprKind::Binary("!=".to_owned(), name, nil), range: cond.range };
                StmtKind::If { cond, then: otherwise, otherwise: Vec::new() }
            }
            _ => StmtKind::If { cond, then: Vec::new(), otherwise },
        };
        out.push(Stmt { kind, range });
    }

    /// An expression whose value goes into a sink.
    pub(super) fn sunk(&mut self, part: Part<'t>, sink: &Sink, out: &mut Vec<Stmt>) {
        if !self.walk.enter() {
            return;
        }
        let range = part.range();
        match part.kind {
            Kind::IfExpression => self.if_expression(part, sink, out),
            Kind::MatchExpression => self.match_expression(part, sink, out),
            Kind::LoopExpression | Kind::WhileExpression | Kind::ForExpression => self.loop_expression(part, sink, out),
            Kind::Block | Kind::UnsafeBlock | Kind::ConstBlock | Kind::TryBlock => {
                let mut body = Vec::new();
                self.block(part, sink, &mut body);
                out.push(Stmt { kind: StmtKind::Block(body), range });
            }
            Kind::ParenthesizedExpression => {
                if let Some(inner) = self.walk.parts(part.node).first() {
                    self.sunk(inner, sink, out);
                }
            }
            Kind::ReturnExpression => match self.walk.parts(part.node).first() {
                Some(value) => self.sunk(value, &Sink::Return, out),
                None => out.push(Stmt { kind: StmtKind::Return(Vec::new()), range }),
            },
            Kind::BreakExpression => {
                let value = self.walk.parts(part.node).iter().find(|value| value.kind != Kind::Label);
                if let Some(value) = value {
                    let sink = self.breaks.last().cloned().unwrap_or(Sink::Drop);
                    self.sunk(value, &sink, out);
                }
                out.push(Stmt { kind: StmtKind::Break, range });
            }
            Kind::ContinueExpression => out.push(Stmt { kind: StmtKind::Continue, range }),
            Kind::AssignmentExpression | Kind::CompoundAssignExpr => self.assignment(part, out),
            Kind::MacroInvocation => self.macro_statement(part, sink, out),
            _ => {
                let hoisted = std::mem::take(&mut self.hoisted);
                let value = self.expr(part);
                out.append(&mut self.hoisted);
                self.hoisted = hoisted;
                give(value, sink, range, out);
            }
        }
        self.walk.leave();
    }

    fn assignment(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let hoisted = std::mem::take(&mut self.hoisted);
        let parts = self.walk.parts(part.node);
        let target = parts.field(Field::Left).map(|left| self.target(left));
        let value = self.optional(parts.field(Field::Right), part.range());
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        let op = operator.strip_suffix('=').unwrap_or("").to_owned();
        out.append(&mut self.hoisted);
        self.hoisted = hoisted;
        let targets = target.into_iter().collect();
        out.push(Stmt {
            kind: StmtKind::Assign { targets, values: vec![value], op, ty: String::new() },
            range: part.range(),
        });
    }

    /// What is assigned to; a write through a reference keeps its `*`.
    fn target(&mut self, part: Part<'t>) -> Expr {
        let target = self.expr(part);
        if part.kind == Kind::UnaryExpression && self.walk.text(part.node).starts_with('*') {
            return Expr { kind: ExprKind::Unary("*".to_owned(), Box::new(target)), range: part.range() };
        }
        if self.walk.text(part.node) == "_" {
            return Expr { kind: ExprKind::Name("_".to_owned()), range: part.range() };
        }
        target
    }

    fn loop_expression(&mut self, part: Part<'t>, sink: &Sink, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        self.breaks.push(if part.kind == Kind::LoopExpression { sink.clone() } else { Sink::Drop });
        let mut body = Vec::new();
        let head = match part.kind {
            Kind::ForExpression => {
                let pattern = parts.field(Field::Pattern).map(|pattern| self.pattern(pattern));
                let hoisted = std::mem::take(&mut self.hoisted);
                let iterable = self.optional(parts.field(Field::Value), part.range());
                out.append(&mut self.hoisted);
                self.hoisted = hoisted;
                LoopHead::Each { targets: pattern.into_iter().collect(), iterable }
            }
            Kind::WhileExpression => self.while_head(parts.field(Field::Condition), part.range(), &mut body, out),
            _ => LoopHead::Forever,
        };
        if let Some(block) = parts.field(Field::Body) {
            self.block(block, &Sink::Drop, &mut body);
        }
        self.breaks.pop();
        out.push(Stmt { kind: StmtKind::Loop { head, body }, range: part.range() });
    }

    fn while_head(
        &mut self,
        cond: Option<Part<'t>>,
        range: Range,
        body: &mut Vec<Stmt>,
        out: &mut Vec<Stmt>,
    ) -> LoopHead {
        let Some(cond) = cond else { return LoopHead::Forever };
        if cond.kind == Kind::LetCondition {
            let parts = self.walk.parts(cond.node);
            if let (Some(pattern), Some(value)) = (parts.field(Field::Pattern), parts.field(Field::Value)) {
                let pattern = self.pattern(pattern);
                if side(&pattern) == Some(true) {
                    // `while let Some(item) = stream.next().await`: each item.
                    let hoisted = std::mem::take(&mut self.hoisted);
                    let iterable = self.expr(value);
                    out.append(&mut self.hoisted);
                    self.hoisted = hoisted;
                    return LoopHead::Each { targets: vec![pattern], iterable };
                }
                let cond = self.tested(pattern, value, body);
                let leave = vec![Stmt { kind: StmtKind::Break, range }];
                body.push(Stmt { kind: StmtKind::If { cond, then: Vec::new(), otherwise: leave }, range });
                return LoopHead::Forever;
            }
        }
        let mut before = Vec::new();
        let cond = self.condition(cond, &mut before);
        if before.is_empty() {
            return if matches!(cond.kind, ExprKind::Bool(true)) { LoopHead::Forever } else { LoopHead::While(cond) };
        }
        body.append(&mut before);
        let leave = vec![Stmt { kind: StmtKind::Break, range }];
        body.push(Stmt { kind: StmtKind::If { cond, then: Vec::new(), otherwise: leave }, range });
        LoopHead::Forever
    }

    /// Assigns a value to a pattern that may not fit; the condition under which it does.
    pub(super) fn tested(&mut self, pattern: Expr, value: Part<'t>, out: &mut Vec<Stmt>) -> Expr {
        let range = value.range();
        let hoisted = std::mem::take(&mut self.hoisted);
        let value = self.expr(value);
        out.append(&mut self.hoisted);
        self.hoisted = hoisted;
        let Some(worked) = side(&pattern) else {
            if binds(&pattern) {
                out.push(assign(vec![pattern], value, range));
            } else {
                out.push(Stmt { kind: StmtKind::Expr(Expr { kind: ExprKind::Unknown(vec![value]), range }), range });
            }
            return unknown(range);
        };
        self.split(if worked { (Some(pattern), None) } else { (None, Some(pattern)) }, value, range, out)
    }

    /// Takes a result apart into what it holds when it worked and when it failed; the condition that holds when the
    /// wanted side is there.
    fn split(&mut self, sides: (Option<Expr>, Option<Expr>), value: Expr, range: Range, out: &mut Vec<Stmt>) -> Expr {
        let (worked, failed) = sides;
        let wants_failure = failed.is_some();
        let inner = failed.as_ref().and_then(super::pattern::inside).cloned();
        let error = match &inner {
            Some(Expr { kind: ExprKind::Name(name), .. }) if name != "_" => name.clone(),
            _ => self.fresh("error", range),
        };
        let error = Expr { kind: ExprKind::Name(error), range };
        let mut targets: Vec<Expr> = worked.into_iter().collect();
        targets.push(variant("Err", error.clone(), range));
        out.push(assign(targets, value, range));
        if let Some(inner) = inner.filter(|inner| binds(inner) && !matches!(inner.kind, ExprKind::Name(_))) {
            out.push(assign(vec![inner], error.clone(), range));
        }
        let op = if wants_failure { "!=" } else { "==" };
        let nil = Expr { kind: ExprKind::Nil, range };
        Expr { kind: ExprKind::Binary(op.to_owned(), Box::new(error), Box::new(nil)), range }
    }

    /// A name no program can use.
    pub(super) fn fresh(&self, what: &str, range: Range) -> String {
        format!("{what}@{}", range.start)
    }
}

/// Puts a value into its sink.
pub(super) fn give(value: Expr, sink: &Sink, range: Range, out: &mut Vec<Stmt>) {
    let kind = match sink {
        Sink::Drop => StmtKind::Expr(value),
        Sink::Return => StmtKind::Return(vec![value]),
        Sink::Into(target, ty) => {
            StmtKind::Assign { targets: vec![target.clone()], values: vec![value], op: String::new(), ty: ty.clone() }
        }
    };
    out.push(Stmt { kind, range });
}

pub(super) fn assign(targets: Vec<Expr>, value: Expr, range: Range) -> Stmt {
    Stmt { kind: StmtKind::Assign { targets, values: vec![value], op: String::new(), ty: String::new() }, range }
}

/// `Err(inner)` as a pattern.
pub(super) fn variant(name: &str, inner: Expr, range: Range) -> Expr {
    let callee = Expr { kind: ExprKind::Name(name.to_owned()), range };
    let args = vec![crate::ir::Arg { name: String::new(), value: inner, spread: false }];
    Expr { kind: ExprKind::Call(Box::new(crate::ir::Call { callee, args })), range }
}

/// An expression that was not followed or is not there.
pub(super) fn unknown(range: Range) -> Expr {
    Expr { kind: ExprKind::Unknown(Vec::new()), range }
}
