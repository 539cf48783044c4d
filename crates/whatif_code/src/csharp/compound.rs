//! Statements with bodies.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::{assign, unknown};
use crate::ir::{Arm, Call, Expr, ExprKind, Handler, LoopHead, Stmt, StmtKind};

impl<'t> Reader<'t, '_> {
    pub(super) fn if_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let cond = self.optional(parts.field(Field::Condition), part.range());
        out.append(&mut self.hoisted);
        let then = self.body(parts.field(Field::Consequence));
        let otherwise = self.body(parts.field(Field::Alternative));
        out.push(Stmt { kind: StmtKind::If { cond, then, otherwise }, range: part.range() });
    }

    pub(super) fn loop_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let mut body = Vec::new();
        let head = match part.kind {
            Kind::Foreach => {
                let iterable = self.optional(parts.field(Field::Right), part.range());
                let targets = match parts.field(Field::Left) {
                    Some(tuple) if matches!(tuple.kind, Kind::TuplePattern | Kind::Tuple) => self.tuple_targets(tuple),
                    left => vec![self.optional(left, part.range())],
                };
                out.append(&mut self.hoisted);
                LoopHead::Each { targets, iterable }
            }
            Kind::For => {
                let mut setup = Vec::new();
                for first in parts.fields(Field::Initializer).filter(|part| part.kind != Kind::Token) {
                    match first.kind {
                        Kind::VariableDeclaration => self.variables(first, &mut setup),
                        _ => self.expression_statement(first, first.range(), &mut setup),
                    }
                }
                let cond = parts.field(Field::Condition).map(|cond| self.expr(cond));
                for step in parts.fields(Field::Update).filter(|part| part.kind != Kind::Token) {
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
                if matches!(cond.kind, ExprKind::Bool(true)) { LoopHead::Forever } else { LoopHead::While(cond) }
            }
        };
        body.extend(self.body(parts.field(Field::Body)));
        out.push(Stmt { kind: StmtKind::Loop { head, body }, range: part.range() });
    }

    /// Sections without statements lead to the next one; the `break` that ends a section is implied.
    pub(super) fn switch_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let subject = parts.field(Field::Value).map(|subject| self.expr(subject));
        out.append(&mut self.hoisted);
        let sections: Vec<_> =
            parts.field(Field::Body).map(|body| self.walk.parts(body.node).into_iter().collect()).unwrap_or_default();
        let (mut arms, mut patterns, mut is_default) = (Vec::<Arm>::new(), Vec::new(), false);
        for section in sections.into_iter().filter(|section| section.kind == Kind::SwitchSection) {
            let inner: Vec<_> = self.walk.parts(section.node).into_iter().collect();
            let text = self.walk.text(section.node);
            let is_case = text.starts_with("case");
            is_default |= !is_case;
            let mut statements = inner.as_slice();
            let mut body = Vec::new();
            if let Some((pattern, rest)) = inner.split_first().filter(|_| is_case) {
                let value = self.arm_pattern(subject.as_ref(), *pattern, &mut body);
                patterns.push(value);
                statements = rest;
            }
            if let Some((guard, rest)) = statements.split_first().filter(|(guard, _)| guard.kind == Kind::When) {
                let _ = self.only(*guard);
                statements = rest;
            }
            body.append(&mut self.hoisted);
            self.statements(statements, &mut body);
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

    /// What a `case` compares with; the name it gives to the subject is assigned in the arm.
    fn arm_pattern(&mut self, subject: Option<&Expr>, part: Part<'t>, body: &mut Vec<Stmt>) -> Expr {
        match part.kind {
            Kind::DeclarationPattern => {
                let parts = self.walk.parts(part.node);
                let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
                if let (Some(name), Some(subject)) = (parts.field(Field::Name), subject) {
                    let name = self.expr(name);
                    body.push(assign(name, subject.clone(), ty.clone(), part.range()));
                }
                Expr { kind: ExprKind::Name(ty), range: part.range() }
            }
            _ => self.expr(part),
        }
    }

    pub(super) fn try_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let body = self.body(parts.field(Field::Body));
        let clauses: Vec<_> = parts.iter().collect();
        let (mut handlers, mut finally) = (Vec::new(), Vec::new());
        for clause in clauses {
            match clause.kind {
                Kind::Catch => handlers.push(self.handler(clause)),
                Kind::Finally => {
                    let block = self.walk.parts(clause.node).first();
                    finally = self.body(block);
                }
                _ => {}
            }
        }
        let kind = StmtKind::Try { body, handlers, otherwise: Vec::new(), finally };
        out.push(Stmt { kind, range: part.range() });
    }

    /// `catch (E e) when (c)` is a handler that raises again unless `c` holds.
    fn handler(&mut self, clause: Part<'t>) -> Handler {
        let parts = self.walk.parts(clause.node);
        let (mut types, mut name) = (Vec::new(), String::new());
        if let Some(declaration) = parts.kind(Kind::CatchDeclaration) {
            let inner = self.walk.parts(declaration.node);
            name = inner.field(Field::Name).map_or("", |name| self.walk.text(name.node)).to_owned();
            let ty = inner.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
            types.extend((!matches!(ty.as_str(), "" | "Exception" | "System.Exception")).then_some(ty));
        }
        let mut body = self.body(parts.field(Field::Body));
        if let Some(filter) = parts.kind(Kind::CatchFilter) {
            let cond = self.only(filter);
            let mut guarded = std::mem::take(&mut self.hoisted);
            let otherwise = vec![Stmt { kind: StmtKind::Raise(None), range: filter.range() }];
            guarded.push(Stmt { kind: StmtKind::If { cond, then: body, otherwise }, range: filter.range() });
            body = guarded;
        }
        Handler { types, name, body, range: clause.range() }
    }

    /// `using (var x = e) { }`.
    pub(super) fn using_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let items = self.using_items(part, out);
        let body = self.walk_field(part, Field::Body);
        let body = self.body(body);
        out.push(Stmt { kind: StmtKind::With { items, body }, range: part.range() });
    }

    /// What a `using` holds and the names it has.
    pub(super) fn using_items(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) -> Vec<(Expr, Option<Expr>)> {
        let parts = self.walk.parts(part.node);
        let mut items = Vec::new();
        match parts.kind(Kind::VariableDeclaration) {
            Some(declaration) => {
                let declarators: Vec<_> = self.walk.parts(declaration.node).into_iter().collect();
                for declarator in declarators.into_iter().filter(|part| part.kind == Kind::Declarator) {
                    let inner = self.walk.parts(declarator.node);
                    let value = inner.iter().find(|value| value.field == Field::None);
                    let value = self.optional(value, declarator.range());
                    let name = inner.field(Field::Name).map(|name| self.expr(name));
                    items.push((value, name));
                }
            }
            None => {
                let held = parts.iter().find(|held| !matches!(held.field, Field::Body) && held.kind != Kind::Modifier);
                items.push((self.optional(held, part.range()), None));
            }
        }
        out.append(&mut self.hoisted);
        items
    }

    /// `lock (x) { }` is `with lock(x)`.
    pub(super) fn lock_statement(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let mut parts = self.walk.parts(part.node).into_iter();
        let first = parts.next();
        let (locked, body) = match parts.next() {
            Some(body) => (self.optional(first, part.range()), Some(body)),
            // `lock (this)`: the keyword is no named node.
            None => (Expr { kind: ExprKind::Name("this".to_owned()), range: part.range() }, first),
        };
        let range = locked.range;
        let callee = Expr { kind: ExprKind::Name("lock".to_owned()), range };
        let args = vec![crate::ir::Arg { name: String::new(), value: locked, spread: false }];
        let held = Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range };
        out.append(&mut self.hoisted);
        let body = self.body(body);
        out.push(Stmt { kind: StmtKind::With { items: vec![(held, None)], body }, range: part.range() });
    }

    /// The expression a node consists of.
    pub(super) fn only(&mut self, part: Part<'t>) -> Expr {
        let first = self.walk.parts(part.node).first();
        first.map_or_else(|| unknown(part.range()), |first| self.expr(first))
    }
}
