//! Query expressions as the method calls they stand for.
//!
//! Reference: <https://learn.microsoft.com/dotnet/csharp/language-reference/language-specification/expressions#1220-query-expressions>.

use super::declaration::plain_param;
use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Arg, Call, Expr, ExprKind, Function, Stmt, StmtKind};

impl<'t> Reader<'t, '_> {
    /// `from x in xs where p select e` is `xs.Where(x => p).Select(x => e)`.
    pub(super) fn query(&mut self, part: Part<'t>) -> Expr {
        let clauses: Vec<_> = self.walk.parts(part.node).into_iter().collect();
        let mut name = "";
        let mut value: Option<Expr> = None;
        // Every clause nests the ones before it.
        for clause in clauses.into_iter().take(self.walk.levels_left()) {
            let inner: Vec<_> = self.walk.parts(clause.node).into_iter().collect();
            let last = inner.iter().rfind(|part| part.field == Field::None).copied();
            match clause.kind {
                Kind::From => {
                    let own = inner.iter().find(|part| part.field == Field::Name);
                    let source = self.optional(last, clause.range());
                    value = Some(match value {
                        None => {
                            name = own.map_or("", |own| self.walk.text(own.node));
                            source
                        }
                        Some(before) => called(before, "SelectMany", source, clause),
                    });
                }
                Kind::Where | Kind::Select | Kind::Clause => {
                    let body = self.optional(last, clause.range());
                    let method = match clause.kind {
                        Kind::Where => "Where",
                        Kind::Select => "Select",
                        _ => "OrderBy",
                    };
                    let lambda = lambda(name, body);
                    value = value.map(|before| called(before, method, lambda, clause));
                }
                _ => {}
            }
        }
        value.unwrap_or_else(|| unknown(part.range()))
    }
}

fn called(base: Expr, method: &str, argument: Expr, clause: Part<'_>) -> Expr {
    let range = base.range.cover(clause.range());
    let callee = Expr { kind: ExprKind::Field(Box::new(base), method.to_owned()), range };
    let args = vec![Arg { name: String::new(), value: argument, spread: false }];
    Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range }
}

fn lambda(name: &str, body: Expr) -> Expr {
    let range = body.range;
    let returned = Stmt { kind: StmtKind::Return(vec![body]), range };
    let function =
        Function { params: vec![plain_param(name)], body: vec![returned], ..Function::new("", range, range) };
    Expr { kind: ExprKind::Lambda(Box::new(function)), range }
}
