//! Statements.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::{Arm, Expr, ExprKind, LoopHead, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// The statements of a block, statement list or single statement.
    pub(super) fn block(&mut self, block: Part<'t>, out: &mut Vec<Stmt>) {
        for part in self.walk.parts(block.node) {
            if part.kind == Kind::StatementList {
                for statement in self.walk.parts(part.node) {
                    self.statement(statement, out);
                }
            } else {
                self.statement(part, out);
            }
        }
    }

    /// One statement; becomes none, one or several.
    pub(super) fn statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        if !self.walk.enter() {
            out.push(Stmt { kind: StmtKind::Expr(unknown(part.range())), range: part.range() });
            return;
        }
        match part.kind {
            Kind::ExpressionStatement | Kind::Error => {
                for inner in self.walk.parts(part.node) {
                    self.statement(inner, out);
                }
            }
            Kind::VarDeclaration | Kind::ConstDeclaration | Kind::VarSpecList => {
                for spec in self.walk.parts(part.node) {
                    self.statement(spec, out);
                }
            }
            Kind::TypeDeclaration => self.type_declaration(part),
            Kind::IfStatement => self.if_statement(part, out),
            Kind::ExpressionSwitchStatement | Kind::TypeSwitchStatement => self.switch(part, out),
            Kind::LabeledStatement => {
                for inner in self.walk.parts(part.node).into_iter().filter(|inner| inner.kind != Kind::LabelName) {
                    self.statement(inner, out);
                }
            }
            Kind::GotoStatement | Kind::FallthroughStatement | Kind::EmptyStatement => {}
            _ => {
                let kind = self.simple(part);
                out.push(Stmt { kind, range: part.range() });
            }
        }
        self.walk.leave();
    }

    /// A statement that stays one statement.
    fn simple(&mut self, part: Part<'t>) -> StmtKind {
        match part.kind {
            Kind::ShortVarDeclaration | Kind::AssignmentStatement => self.assignment(part),
            Kind::VarSpec | Kind::ConstSpec => self.declared(part),
            Kind::IncStatement => self.step(part, "+"),
            Kind::DecStatement => self.step(part, "-"),
            Kind::ReturnStatement => StmtKind::Return(self.expressions_of(part)),
            Kind::ForStatement => self.loop_statement(part),
            Kind::SelectStatement => {
                let arms = self.arms(part);
                StmtKind::Switch { subject: None, arms, is_select: true }
            }
            Kind::GoStatement => StmtKind::Go(self.only(part)),
            Kind::DeferStatement => StmtKind::Defer(self.only(part)),
            Kind::SendStatement => {
                let parts = self.walk.parts(part.node);
                let channel = self.optional(parts.field(Field::Channel), part.range());
                let value = self.optional(parts.field(Field::Value), part.range());
                StmtKind::Send { channel, value }
            }
            Kind::Block => {
                let mut body = Vec::new();
                self.block(part, &mut body);
                StmtKind::Block(body)
            }
            Kind::BreakStatement => StmtKind::Break,
            Kind::ContinueStatement => StmtKind::Continue,
            _ => StmtKind::Expr(self.expr(part)),
        }
    }

    fn assignment(&mut self, part: Part<'t>) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let targets = parts.field(Field::Left).map(|list| self.targets(list)).unwrap_or_default();
        let values = parts.field(Field::Right).map(|list| self.expressions(list)).unwrap_or_default();
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        let op = operator.strip_suffix('=').unwrap_or("").to_owned();
        StmtKind::Assign { targets, values, op, ty: String::new() }
    }

    /// What is assigned to; a write through a pointer keeps its `*`.
    fn targets(&mut self, list: Part<'t>) -> Vec<Expr> {
        self.walk.parts(list.node).into_iter().map(|part| self.target(part)).collect()
    }

    fn target(&mut self, part: Part<'t>) -> Expr {
        let target = self.expr(part);
        if part.kind == Kind::UnaryExpression && self.walk.text(part.node).starts_with('*') {
            return Expr { kind: ExprKind::Unary("*".to_owned(), Box::new(target)), range: part.range() };
        }
        target
    }

    /// One line of a `var` or `const` declaration.
    fn declared(&mut self, part: Part<'t>) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let names = parts.fields(Field::Name).filter(|name| name.kind == Kind::Identifier);
        let targets = names.map(|name| self.name(name)).collect();
        let values = parts.field(Field::Value).map(|list| self.expressions(list)).unwrap_or_default();
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        StmtKind::Assign { targets, values, op: String::new(), ty }
    }

    fn step(&mut self, part: Part<'t>, op: &str) -> StmtKind {
        let one = Expr { kind: ExprKind::Number("1".to_owned()), range: part.range() };
        let targets = self.targets(part);
        StmtKind::Assign { targets, values: vec![one], op: op.to_owned(), ty: String::new() }
    }

    fn if_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        if let Some(initializer) = parts.field(Field::Initializer) {
            self.statement(initializer, out);
        }
        let cond = self.optional(parts.field(Field::Condition), part.range());
        let (mut then, mut otherwise) = (Vec::new(), Vec::new());
        if let Some(block) = parts.field(Field::Consequence) {
            self.block(block, &mut then);
        }
        match parts.field(Field::Alternative) {
            Some(chained) if chained.kind == Kind::IfStatement => self.statement(chained, &mut otherwise),
            Some(block) => self.block(block, &mut otherwise),
            None => {}
        }
        out.push(Stmt { kind: StmtKind::If { cond, then, otherwise }, range: part.range() });
    }

    fn loop_statement(&mut self, part: Part<'t>) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let head = match parts.iter().find(|head| head.field != Field::Body) {
            None => LoopHead::Forever,
            Some(clause) if clause.kind == Kind::ForClause => self.for_clause(clause),
            Some(clause) if clause.kind == Kind::RangeClause => {
                let parts = self.walk.parts(clause.node);
                let targets = parts.field(Field::Left).map(|list| self.expressions(list)).unwrap_or_default();
                let iterable = self.optional(parts.field(Field::Right), clause.range());
                LoopHead::Each { targets, iterable }
            }
            Some(cond) => match self.expr(cond) {
                Expr { kind: ExprKind::Bool(true), .. } => LoopHead::Forever,
                cond => LoopHead::While(cond),
            },
        };
        let mut body = Vec::new();
        if let Some(block) = parts.field(Field::Body) {
            self.block(block, &mut body);
        }
        StmtKind::Loop { head, body }
    }

    fn for_clause(&mut self, clause: Part<'t>) -> LoopHead {
        let parts = self.walk.parts(clause.node);
        let cond = parts.field(Field::Condition).map(|cond| self.expr(cond));
        let mut setup = Vec::new();
        for step in [Field::Initializer, Field::Update].into_iter().filter_map(|field| parts.field(field)) {
            self.statement(step, &mut setup);
        }
        match cond {
            None if setup.is_empty() => LoopHead::Forever,
            cond => LoopHead::Count { cond, setup },
        }
    }

    /// Both kinds of `switch`. `switch x := v.(type)` binds `x` in a statement before it.
    fn switch(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        if let Some(initializer) = parts.field(Field::Initializer) {
            self.statement(initializer, out);
        }
        let mut subject = parts.field(Field::Value).map(|value| self.expr(value));
        if let Some(alias) = parts.field(Field::Alias) {
            let targets = self.expressions(alias);
            let name = targets.first().cloned();
            let values = std::mem::replace(&mut subject, name).into_iter().collect();
            let kind = StmtKind::Assign { targets, values, op: String::new(), ty: String::new() };
            out.push(Stmt { kind, range: alias.range() });
        }
        let arms = self.arms(part);
        out.push(Stmt { kind: StmtKind::Switch { subject, arms, is_select: false }, range: part.range() });
    }

    fn arms(&mut self, switch: Part<'t>) -> Vec<Arm> {
        let mut arms = Vec::new();
        for case in self.walk.parts(switch.node) {
            if matches!(case.kind, Kind::ExpressionCase | Kind::TypeCase | Kind::CommunicationCase | Kind::DefaultCase)
            {
                arms.push(self.arm(case));
            }
        }
        arms
    }

    fn arm(&mut self, case: Part<'t>) -> Arm {
        let mut arm = Arm { patterns: Vec::new(), body: Vec::new() };
        for part in self.walk.parts(case.node) {
            match (part.field, part.kind) {
                (Field::Value, _) => arm.patterns.append(&mut self.expressions(part)),
                (Field::Type, Kind::Token) => {}
                (Field::Type, _) => {
                    let kind = if part.kind == Kind::Nil { ExprKind::Nil } else { ExprKind::Name(self.ty(part)) };
                    arm.patterns.push(Expr { kind, range: part.range() });
                }
                (Field::Communication, _) => self.communication(part, &mut arm),
                (_, Kind::StatementList) => self.block(part, &mut arm.body),
                _ => self.statement(part, &mut arm.body),
            }
        }
        arm
    }

    /// The channel operation of a `select` arm. `case x := <-ch` declares `x` without a value at the start of the
    /// body, so that the operation is seen once.
    fn communication(&mut self, part: Part<'t>, arm: &mut Arm) {
        let parts = self.walk.parts(part.node);
        if part.kind == Kind::SendStatement {
            let channel = self.optional(parts.field(Field::Channel), part.range());
            let value = self.optional(parts.field(Field::Value), part.range());
            let kind = ExprKind::Binary("<-".to_owned(), Box::new(channel), Box::new(value));
            arm.patterns.push(Expr { kind, range: part.range() });
            return;
        }
        arm.patterns.push(self.optional(parts.field(Field::Right), part.range()));
        if let Some(left) = parts.field(Field::Left) {
            let targets = self.expressions(left);
            let kind = StmtKind::Assign { targets, values: Vec::new(), op: String::new(), ty: String::new() };
            arm.body.push(Stmt { kind, range: left.range() });
        }
    }

    /// The expressions below a node, lists opened.
    fn expressions_of(&mut self, part: Part<'t>) -> Vec<Expr> {
        self.walk.parts(part.node).into_iter().flat_map(|list| self.expressions(list)).collect()
    }

    /// The expression a statement consists of.
    fn only(&mut self, part: Part<'t>) -> Expr {
        let first = self.walk.parts(part.node).first();
        self.optional(first, part.range())
    }
}

/// An expression that was not followed or is not there.
pub(super) fn unknown(range: Range) -> Expr {
    Expr { kind: ExprKind::Unknown(Vec::new()), range }
}
