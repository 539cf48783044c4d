//! Statements.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::member::synchronized;
use crate::ir::{Arg, Call, Expr, ExprKind, Handler, LoopHead, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// The statements of a block or constructor body.
    pub(super) fn block(&mut self, block: Part<'t>, out: &mut Vec<Stmt>) {
        if !self.walk.enter() {
            return;
        }
        for part in self.walk.parts(block.node) {
            self.statement(part, out);
        }
        self.walk.leave();
    }

    /// What hangs below an `if` or loop: a block or one statement.
    fn body(&mut self, part: Option<Part<'t>>) -> Vec<Stmt> {
        let mut out = Vec::new();
        match part {
            Some(block) if block.kind == Kind::Block => self.block(block, &mut out),
            Some(statement) => self.statement(statement, &mut out),
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
            Kind::ExpressionStatement | Kind::Error => {
                for inner in self.walk.parts(part.node) {
                    self.statement(inner, out);
                }
            }
            Kind::LocalVariableDeclaration => self.local(part, out),
            Kind::LabeledStatement => {
                let inner = self.walk.parts(part.node).into_iter().last();
                if let Some(inner) = inner {
                    self.statement(inner, out);
                }
            }
            Kind::ClassDeclaration | Kind::RecordDeclaration | Kind::InterfaceDeclaration | Kind::EnumDeclaration => {
                self.type_declaration(part);
            }
            Kind::AssertStatement => {}
            _ => {
                let kind = self.simple(part);
                out.append(&mut self.hoisted);
                out.push(Stmt { kind, range: part.range() });
            }
        }
        self.walk.leave();
    }

    /// A statement that stays one statement.
    fn simple(&mut self, part: Part<'t>) -> StmtKind {
        match part.kind {
            Kind::AssignmentExpression => self.assignment(part),
            Kind::UpdateExpression => self.update(part),
            Kind::IfStatement => self.if_statement(part),
            Kind::WhileStatement | Kind::DoStatement => {
                let parts = self.walk.parts(part.node);
                let cond = self.optional(parts.field(Field::Condition), part.range());
                let head =
                    if matches!(cond.kind, ExprKind::Bool(true)) { LoopHead::Forever } else { LoopHead::While(cond) };
                self.looped(head, parts.field(Field::Body))
            }
            Kind::ForStatement => self.for_statement(part),
            Kind::EnhancedForStatement => {
                let parts = self.walk.parts(part.node);
                let targets = parts.field(Field::Name).map(|name| self.expr(name)).into_iter().collect();
                let iterable = self.optional(parts.field(Field::Value), part.range());
                self.looped(LoopHead::Each { targets, iterable }, parts.field(Field::Body))
            }
            Kind::SwitchExpression => self.switch_statement(part),
            Kind::TryStatement | Kind::TryWithResourcesStatement => self.try_statement(part),
            Kind::SynchronizedStatement => {
                let parts = self.walk.parts(part.node);
                let monitor = self.optional(parts.kind(Kind::ParenthesizedExpression), part.range());
                let body = self.body(parts.field(Field::Body));
                synchronized(monitor, body).kind
            }
            Kind::Block => {
                let mut body = Vec::new();
                self.block(part, &mut body);
                StmtKind::Block(body)
            }
            Kind::ReturnStatement | Kind::YieldStatement => {
                StmtKind::Return(self.walk.parts(part.node).into_iter().map(|value| self.expr(value)).collect())
            }
            Kind::ThrowStatement => {
                let raised = self.walk.parts(part.node).first();
                StmtKind::Raise(raised.map(|raised| self.expr(raised)))
            }
            Kind::BreakStatement => StmtKind::Break,
            Kind::ContinueStatement => StmtKind::Continue,
            Kind::ExplicitConstructorInvocation => StmtKind::Expr(self.explicit_constructor(part)),
            _ => StmtKind::Expr(self.expr(part)),
        }
    }

    fn looped(&mut self, head: LoopHead, body: Option<Part<'t>>) -> StmtKind {
        let hoisted = std::mem::take(&mut self.hoisted);
        let body = self.body(body);
        self.hoisted = hoisted;
        StmtKind::Loop { head, body }
    }

    fn local(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        for declarator in parts.fields(Field::Declarator).collect::<Vec<_>>() {
            let own = self.walk.parts(declarator.node);
            let Some(name) = own.field(Field::Name) else { continue };
            let value = own.field(Field::Value).map(|value| self.expr(value));
            out.append(&mut self.hoisted);
            let kind = StmtKind::Assign {
                targets: vec![self.named(name)],
                values: value.into_iter().collect(),
                op: String::new(),
                ty: ty.clone(),
            };
            out.push(Stmt { kind, range: declarator.range() });
        }
    }

    pub(super) fn assignment(&mut self, part: Part<'t>) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let target = self.optional(parts.field(Field::Left), part.range());
        let value = self.optional(parts.field(Field::Right), part.range());
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        let op = operator.strip_suffix('=').unwrap_or("").to_owned();
        StmtKind::Assign { targets: vec![target], values: vec![value], op, ty: String::new() }
    }

    fn update(&mut self, part: Part<'t>) -> StmtKind {
        let op = if self.walk.text(part.node).contains("--") { "-" } else { "+" };
        let target = self.walk.parts(part.node).first();
        let target = self.optional(target, part.range());
        let one = Expr { kind: ExprKind::Number("1".to_owned()), range: part.range() };
        StmtKind::Assign { targets: vec![target], values: vec![one], op: op.to_owned(), ty: String::new() }
    }

    fn if_statement(&mut self, part: Part<'t>) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let cond = self.optional(parts.field(Field::Condition), part.range());
        let hoisted = std::mem::take(&mut self.hoisted);
        let then = self.body(parts.field(Field::Consequence));
        let otherwise = self.body(parts.field(Field::Alternative));
        self.hoisted = hoisted;
        StmtKind::If { cond, then, otherwise }
    }

    fn for_statement(&mut self, part: Part<'t>) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let cond = parts.field(Field::Condition).map(|cond| self.expr(cond));
        let mut setup = Vec::new();
        for field in [Field::Init, Field::Update] {
            for step in parts.fields(field).collect::<Vec<_>>() {
                self.statement(step, &mut setup);
            }
        }
        let head = match cond {
            None if setup.is_empty() => LoopHead::Forever,
            cond => LoopHead::Count { cond, setup },
        };
        self.looped(head, parts.field(Field::Body))
    }

    fn try_statement(&mut self, part: Part<'t>) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let items = parts.field(Field::Resources).map(|list| self.resources(list)).unwrap_or_default();
        let hoisted = std::mem::take(&mut self.hoisted);
        let mut body = self.body(parts.field(Field::Body));
        let (mut handlers, mut finally) = (Vec::new(), Vec::new());
        for clause in parts.iter() {
            match clause.kind {
                Kind::CatchClause => handlers.push(self.handler(clause)),
                Kind::FinallyClause => {
                    let block = self.walk.parts(clause.node).kind(Kind::Block);
                    finally = self.body(block);
                }
                _ => {}
            }
        }
        self.hoisted = hoisted;
        if !items.is_empty() {
            let with = StmtKind::With { items, body };
            if handlers.is_empty() && finally.is_empty() {
                return with;
            }
            body = vec![Stmt { kind: with, range: part.range() }];
        }
        StmtKind::Try { body, handlers, otherwise: Vec::new(), finally }
    }

    fn resources(&mut self, list: Part<'t>) -> Vec<(Expr, Option<Expr>)> {
        let mut items = Vec::new();
        for resource in self.walk.parts(list.node).into_iter().filter(|part| part.kind == Kind::Resource) {
            let parts = self.walk.parts(resource.node);
            match (parts.field(Field::Value), parts.field(Field::Name)) {
                (Some(value), name) => {
                    let name = name.map(|name| self.named(name));
                    items.push((self.expr(value), name));
                }
                _ => items.extend(parts.first().map(|value| (self.expr(value), None))),
            }
        }
        items
    }

    fn handler(&mut self, clause: Part<'t>) -> Handler {
        let parts = self.walk.parts(clause.node);
        let (mut types, mut name) = (Vec::new(), String::new());
        if let Some(parameter) = parts.kind(Kind::CatchFormalParameter) {
            let own = self.walk.parts(parameter.node);
            types = own.kind(Kind::CatchType).map(|list| self.type_list(list)).unwrap_or_default();
            name = own.field(Field::Name).map_or("", |name| self.walk.text(name.node)).to_owned();
        }
        // Everything a program can be expected to handle (<https://docs.oracle.com/javase/specs/jls/se21/html/jls-11.html>).
        if types.iter().any(|ty| matches!(ty.as_str(), "Exception" | "Throwable")) {
            types.clear();
        }
        let body = self.body(parts.field(Field::Body));
        Handler { types, name, body, range: clause.range() }
    }

    /// A name that is written to.
    pub(super) fn named(&self, part: Part<'t>) -> Expr {
        Expr { kind: ExprKind::Name(self.walk.text(part.node).to_owned()), range: part.range() }
    }
}

/// An expression that was not followed or is not there.
pub(super) fn unknown(range: Range) -> Expr {
    Expr { kind: ExprKind::Unknown(Vec::new()), range }
}

/// `name(values)`.
pub(super) fn call_of(name: &str, values: Vec<Expr>, range: Range) -> Expr {
    let args = values.into_iter().map(|value| Arg { name: String::new(), value, spread: false }).collect();
    let callee = Expr { kind: ExprKind::Name(name.to_owned()), range };
    Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range }
}
