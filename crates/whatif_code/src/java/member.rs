//! Methods and constructors.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::call_of;
use crate::ir::{CONSTRUCTOR, Expr, ExprKind, Function, Stmt, StmtKind, TypeDecl, TypeKind};

impl<'t> Reader<'t, '_> {
    pub(super) fn method(&mut self, member: Part<'t>, decl: &mut TypeDecl) {
        let is_static = self.has_modifier(member, "static");
        let parts = self.walk.parts(member.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let text = self.walk.text(name.node).to_owned();
        let result = parts.field(Field::Type).map(|ty| self.ty(ty)).filter(|ty| !ty.is_empty());
        let mut function = self.callable(member, &text, name);
        function.results = result.into_iter().collect();
        function.is_abstract = parts.field(Field::Body).is_none();
        if function.is_abstract && decl.kind == TypeKind::Interface {
            decl.interface_methods.push(text);
        }
        if self.has_modifier(member, "synchronized") {
            let monitor = Expr { kind: ExprKind::Name("this".to_owned()), range: name.range() };
            function.body = vec![synchronized(monitor, std::mem::take(&mut function.body))];
        }
        if !is_static {
            "this".clone_into(&mut function.receiver);
        }
        self.module.functions.push(function);
    }

    pub(super) fn constructor(&mut self, member: Part<'t>) {
        let Some(name) = self.walk.parts(member.node).field(Field::Name) else { return };
        let mut function = self.callable(member, CONSTRUCTOR, name);
        "this".clone_into(&mut function.receiver);
        self.module.functions.push(function);
    }

    pub(super) fn callable(&mut self, member: Part<'t>, name: &str, at: Part<'t>) -> Function {
        let mut function = Function::new(name, at.range(), member.range());
        function.owner.clone_from(&self.class);
        function.decorators = self.annotations(member);
        let parts = self.walk.parts(member.node);
        function.params = parts.field(Field::Parameters).map(|list| self.params(list)).unwrap_or_default();
        if let Some(body) = parts.field(Field::Body).filter(|_| !self.module.is_generated) {
            let hoisted = std::mem::take(&mut self.hoisted);
            self.block(body, &mut function.body);
            self.hoisted = hoisted;
        }
        function
    }

    /// `this(..)`, `super(..)`.
    pub(super) fn explicit_constructor(&mut self, part: Part<'t>) -> Expr {
        let parts = self.walk.parts(part.node);
        let args = parts.field(Field::Arguments).map(|list| self.args(list)).unwrap_or_default();
        let range = part.range();
        let base = match parts.field(Field::Constructor).map(|constructor| constructor.kind) {
            Some(Kind::Super) => call_of("super", Vec::new(), range),
            _ => Expr { kind: ExprKind::Name("this".to_owned()), range },
        };
        let callee = Expr { kind: ExprKind::Field(Box::new(base), CONSTRUCTOR.to_owned()), range };
        Expr { kind: ExprKind::Call(Box::new(crate::ir::Call { callee, args })), range }
    }
}

/// `synchronized (monitor) { body }`.
pub(super) fn synchronized(monitor: Expr, body: Vec<Stmt>) -> Stmt {
    let range = monitor.range;
    let lock = call_of("synchronized", vec![monitor], range);
    Stmt { kind: StmtKind::With { items: vec![(lock, None)], body }, range }
}
