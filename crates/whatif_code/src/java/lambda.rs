//! Function literals and references.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Expr, ExprKind, Function, Stmt, StmtKind};

impl<'t> Reader<'t, '_> {
    pub(super) fn lambda(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let mut function = Function::new("", part.range(), part.range());
        function.params = parts.field(Field::Parameters).map(|list| self.params(list)).unwrap_or_default();
        if let Some(body) = parts.field(Field::Body) {
            let hoisted = std::mem::take(&mut self.hoisted);
            if body.kind == Kind::Block {
                self.block(body, &mut function.body);
            } else {
                let value = self.expr(body);
                let range = value.range;
                function.body.append(&mut self.hoisted);
                function.body.push(Stmt { kind: StmtKind::Return(vec![value]), range });
            }
            self.hoisted = hoisted;
        }
        ExprKind::Lambda(Box::new(function))
    }

    /// The method of an anonymous class that has nothing else.
    pub(super) fn only_method(&mut self, body: Part<'t>) -> Option<Part<'t>> {
        let members = self.walk.parts(body.node);
        let method = members.first().filter(|method| method.kind == Kind::MethodDeclaration)?;
        (members.len() == 1 && self.walk.parts(method.node).field(Field::Body).is_some()).then_some(method)
    }

    /// `new T() { R f(..) { .. } }` is the function literal it stands for: it sees the names around it.
    pub(super) fn method_literal(&mut self, method: Part<'t>) -> ExprKind {
        let Some(name) = self.walk.parts(method.node).field(Field::Name) else { return ExprKind::Unknown(Vec::new()) };
        let text = self.walk.text(name.node).to_owned();
        let mut function = self.callable(method, &text, name);
        function.owner = None;
        ExprKind::Lambda(Box::new(function))
    }

    /// `A::f`, `A::new`.
    pub(super) fn reference(&mut self, part: Part<'t>) -> ExprKind {
        let base = match self.walk.parts(part.node).first() {
            Some(base) if base.kind == Kind::GenericType => {
                let ty = self.ty(base);
                Expr { kind: ExprKind::Name(crate::ir::bare(&ty).to_owned()), range: base.range() }
            }
            Some(base) => self.expr(base),
            None => unknown(part.range()),
        };
        match self.walk.text(part.node).rsplit("::").next().map_or("", str::trim) {
            "new" => base.kind,
            name => ExprKind::Field(Box::new(base), name.to_owned()),
        }
    }
}
