//! Simple statements, and which function reads which statement.

use super::annotation::annotation;
use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::{Arg, Call, Expr, ExprKind, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// The statements of a block.
    pub(super) fn block(&mut self, block: Part<'t>, out: &mut Vec<Stmt>) {
        for part in self.walk.parts(block.node) {
            self.statement(part, out);
        }
    }

    /// The statements of a block that may be missing.
    pub(super) fn body(&mut self, block: Option<Part<'t>>) -> Vec<Stmt> {
        let mut out = Vec::new();
        if let Some(block) = block {
            self.block(block, &mut out);
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
            Kind::ExpressionStatement | Kind::Error | Kind::Block => {
                for inner in self.walk.parts(part.node) {
                    self.statement(inner, out);
                }
            }
            Kind::Assignment => self.assignment(part, out),
            Kind::ImportStatement => self.import(part),
            Kind::ImportFromStatement => self.import_from(part),
            Kind::Ignored => {}
            Kind::FunctionDefinition | Kind::ClassDefinition | Kind::DecoratedDefinition => self.definition(part, out),
            Kind::IfStatement => self.if_statement(part, out),
            Kind::ForStatement | Kind::WhileStatement => self.loop_statement(part, out),
            Kind::MatchStatement => self.match_statement(part, out),
            Kind::TryStatement => self.try_statement(part, out),
            Kind::WithStatement => self.with_statement(part, out),
            Kind::TypeAliasStatement => self.type_alias(part),
            Kind::DeleteStatement => self.delete(part, out),
            _ => {
                let kind = self.simple(part);
                out.append(&mut self.hoisted);
                if !is_remark(&kind) {
                    out.push(Stmt { kind, range: part.range() });
                }
            }
        }
        self.walk.leave();
    }

    /// A statement that stays one statement.
    fn simple(&mut self, part: Part<'t>) -> StmtKind {
        match part.kind {
            Kind::AugmentedAssignment => self.augmented(part),
            Kind::ReturnStatement => {
                let value = self.walk.parts(part.node).first();
                StmtKind::Return(value.map(|value| self.expressions(value)).unwrap_or_default())
            }
            Kind::RaiseStatement => {
                let error = self.walk.parts(part.node).iter().find(|error| error.field != Field::Cause);
                StmtKind::Raise(error.map(|error| self.expr(error)))
            }
            Kind::AssertStatement => self.assertion(part),
            Kind::BreakStatement => StmtKind::Break,
            Kind::ContinueStatement => StmtKind::Continue,
            Kind::PrintStatement => self.keyword_call(part, "print"),
            Kind::ExecStatement => self.keyword_call(part, "exec"),
            _ => StmtKind::Expr(self.expr(part)),
        }
    }

    /// `a = b = f()` is `b = f()`, then `a = b`.
    fn assignment(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let targets = parts.field(Field::Left).map(|left| self.targets(left)).unwrap_or_default();
        let mut values = match parts.field(Field::Right) {
            Some(chained) if matches!(chained.kind, Kind::Assignment | Kind::AugmentedAssignment) => {
                self.statement(chained, out);
                last_target(out).into_iter().collect()
            }
            Some(right) => self.expressions(right),
            None => Vec::new(),
        };
        if targets.len() == 1 && values.len() > 1 {
            let range = values.iter().map(|value| value.range).reduce(Range::cover).unwrap_or_default();
            values = vec![Expr { kind: ExprKind::List(values), range }];
        }
        let ty = parts.field(Field::Type).map(|ty| annotation(self.walk.text(ty.node))).unwrap_or_default();
        out.append(&mut self.hoisted);
        out.push(Stmt { kind: StmtKind::Assign { targets, values, op: String::new(), ty }, range: part.range() });
    }

    fn augmented(&mut self, part: Part<'t>) -> StmtKind {
        let parts = self.walk.parts(part.node);
        let targets = parts.field(Field::Left).map(|left| self.targets(left)).unwrap_or_default();
        let values = parts.field(Field::Right).map(|right| self.expressions(right)).unwrap_or_default();
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        let op = operator.strip_suffix('=').unwrap_or(operator).to_owned();
        StmtKind::Assign { targets, values, op, ty: String::new() }
    }

    /// What is assigned to: a bracketed list of targets is several, `*rest` is `rest`.
    pub(super) fn targets(&mut self, left: Part<'t>) -> Vec<Expr> {
        if !matches!(left.kind, Kind::ExpressionList | Kind::Tuple | Kind::List) {
            return vec![self.target(left)];
        }
        self.walk.parts(left.node).into_iter().map(|target| self.target(target)).collect()
    }

    fn target(&mut self, part: Part<'t>) -> Expr {
        match part.kind {
            Kind::ListSplat => self.only(part),
            Kind::Tuple | Kind::List if self.walk.enter() => {
                let kind = ExprKind::List(self.targets(part));
                self.walk.leave();
                Expr { kind, range: part.range() }
            }
            _ => self.expr(part),
        }
    }

    fn delete(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        for list in self.walk.parts(part.node) {
            for target in self.expressions(list) {
                let range = target.range;
                let kind = StmtKind::Expr(Expr { kind: ExprKind::Unary("del".to_owned(), Box::new(target)), range });
                out.push(Stmt { kind, range: part.range() });
            }
        }
    }

    /// `assert c, m` is `if not c: raise AssertionError(m)`.
    fn assertion(&mut self, part: Part<'t>) -> StmtKind {
        let range = part.range();
        let mut parts = self.walk.parts(part.node).into_iter();
        let cond = self.optional(parts.next(), range);
        let args = parts.map(|message| self.expr(message)).collect();
        let error = called("AssertionError", args, range);
        let then = vec![Stmt { kind: StmtKind::Raise(Some(error)), range }];
        let cond = Expr { range: cond.range, kind: ExprKind::Unary("not".to_owned(), Box::new(cond)) };
        StmtKind::If { cond, then, otherwise: Vec::new() }
    }

    /// Python 2's `print x` and `exec x`.
    fn keyword_call(&mut self, part: Part<'t>, name: &str) -> StmtKind {
        let args = self.walk.parts(part.node).into_iter().map(|argument| self.expr(argument)).collect();
        StmtKind::Expr(called(name, args, part.range()))
    }
}

fn called(name: &str, args: Vec<Expr>, range: Range) -> Expr {
    let callee = Expr { kind: ExprKind::Name(name.to_owned()), range };
    let args = args.into_iter().map(|value| Arg { name: String::new(), value, spread: false }).collect();
    Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range }
}

/// A string or `...` as a statement: documentation or a placeholder.
fn is_remark(kind: &StmtKind) -> bool {
    match kind {
        StmtKind::Expr(expr) => match &expr.kind {
            ExprKind::Str(_) => true,
            ExprKind::Name(name) => name == "...",
            _ => false,
        },
        _ => false,
    }
}

/// The first target of the assignment read last.
fn last_target(statements: &[Stmt]) -> Option<Expr> {
    match &statements.last()?.kind {
        StmtKind::Assign { targets, .. } => targets.first().cloned(),
        _ => None,
    }
}

/// An expression that was not followed or is not there.
pub(super) fn unknown(range: Range) -> Expr {
    Expr { kind: ExprKind::Unknown(Vec::new()), range }
}
