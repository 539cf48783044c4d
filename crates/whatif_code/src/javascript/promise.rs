//! Chains of promises as statements: `x.then(f)` is `f(await x)`, `x.catch(h)` a `try`.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::pattern::push_assign;
use crate::ir::{Arg, Call, Expr, ExprKind, Function, Handler, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// `x.then(f)`, `x.catch(h)`, `x.finally(k)`.
    pub(super) fn chained(&mut self, call: Part<'t>) -> Option<Expr> {
        let (object, name, arguments) = self.link(call)?;
        let range = call.range();
        let arguments: Vec<_> = self.walk.parts(arguments.node).into_iter().collect();
        let outer = std::mem::take(&mut self.hoisted);
        let value = self.expr(object);
        let value = Expr { range: value.range, kind: ExprKind::Await(Box::new(value)) };
        let mut functions = Vec::new();
        for argument in arguments.into_iter().take(2) {
            functions.push(self.expr(argument));
        }
        let before = std::mem::replace(&mut self.hoisted, outer);
        let mut functions = functions.into_iter();
        let first = functions.next()?;
        match (name, functions.next()) {
            ("then", None) => {
                self.hoisted.extend(before);
                Some(called(first, vec![value], range))
            }
            ("then", Some(handler)) => Some(self.guarded(before, called(first, vec![value], range), handler, range)),
            ("catch", _) => Some(self.guarded(before, value, first, range)),
            _ => {
                let last = Stmt { kind: StmtKind::Expr(called(first, Vec::new(), range)), range };
                Some(self.tried(before, value, Vec::new(), vec![last], range))
            }
        }
    }

    /// The object, name and arguments of a link of a chain.
    fn link(&mut self, call: Part<'t>) -> Option<(Part<'t>, &'static str, Part<'t>)> {
        let parts = self.walk.parts(call.node);
        let (callee, arguments) = (parts.field(Field::Function)?, parts.field(Field::Arguments)?);
        if callee.kind != Kind::Member || arguments.kind != Kind::Arguments {
            return None;
        }
        let parts = self.walk.parts(callee.node);
        let object = parts.field(Field::Object)?;
        let name = match self.walk.text(parts.field(Field::Property)?.node) {
            "then" => "then",
            "catch" => "catch",
            "finally" => "finally",
            _ => return None,
        };
        let functions: Vec<_> = self.walk.parts(arguments.node).into_iter().collect();
        let first = functions.first()?;
        let callable = matches!(first.kind, Kind::Function | Kind::Identifier | Kind::Member | Kind::Call);
        (callable && (name == "then" || functions.len() == 1)).then_some((object, name, arguments))
    }

    fn guarded(&mut self, before: Vec<Stmt>, value: Expr, handler: Expr, range: Range) -> Expr {
        let error = self.temporary(handler.range);
        let handler_range = handler.range;
        let handled = called(handler, vec![error.clone()], handler_range);
        let name = error.dotted().unwrap_or_default();
        let handlers = vec![(name, handled)];
        self.tried(before, value, handlers, Vec::new(), range)
    }

    /// A `try` before the statement; its value.
    fn tried(
        &mut self,
        mut body: Vec<Stmt>,
        value: Expr,
        handlers: Vec<(String, Expr)>,
        finally: Vec<Stmt>,
        range: Range,
    ) -> Expr {
        let target = self.temporary(range);
        push_assign(target.clone(), value, range, &mut body);
        let handlers = handlers.into_iter().map(|(name, handled)| {
            let (range, mut body) = (handled.range, Vec::new());
            push_assign(target.clone(), handled, range, &mut body);
            Handler { types: Vec::new(), name, body, range }
        });
        let handlers = handlers.collect();
        let kind = StmtKind::Try { body, handlers, otherwise: Vec::new(), finally };
        self.hoisted.push(Stmt { kind, range });
        target
    }

    /// Whether a statement starts something whose failure alone is looked at: nobody waits for it.
    pub(super) fn runs_on(&mut self, statement: Part<'t>) -> bool {
        if statement.kind != Kind::Call || self.at_top() {
            return false;
        }
        let mut link = statement;
        let mut catches = false;
        while let Some((object, name, _)) = self.link(link) {
            if name == "then" {
                return false;
            }
            catches |= name == "catch";
            link = object;
            if link.kind != Kind::Call {
                break;
            }
        }
        catches
    }
}

/// What runs on by itself.
pub(super) fn started(body: Vec<Stmt>, range: Range) -> StmtKind {
    let function = Function { body, is_async: true, ..Function::new("", range, range) };
    let lambda = Expr { kind: ExprKind::Lambda(Box::new(function)), range };
    StmtKind::Go(called(lambda, Vec::new(), range))
}

fn called(callee: Expr, values: Vec<Expr>, range: Range) -> Expr {
    let args = values.into_iter().map(|value| Arg { name: String::new(), value, spread: false }).collect();
    Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range }
}
