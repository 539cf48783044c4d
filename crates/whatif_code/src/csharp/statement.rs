//! Simple statements, and which function reads which statement.

use super::file::{Part, Reader, is_type};
use super::kind::{Field, Kind};
use crate::ir::{Expr, ExprKind, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// Statements of one list; local functions are known in the whole of it.
    pub(super) fn statements(&mut self, parts: &[Part<'t>], out: &mut Vec<Stmt>) {
        let (functions, others): (Vec<Part<'t>>, Vec<Part<'t>>) =
            parts.iter().copied().partition(|part| part.kind == Kind::LocalFunction);
        for part in functions {
            self.statement(part, out);
        }
        self.sequence(&others, out);
    }

    /// Statements in order; `using var` takes those after it into its body.
    fn sequence(&mut self, parts: &[Part<'t>], out: &mut Vec<Stmt>) {
        for (at, part) in parts.iter().enumerate() {
            if part.kind == Kind::LocalDeclaration && self.is_using(*part) && self.walk.enter() {
                let items = self.using_items(*part, out);
                let mut body = Vec::new();
                self.sequence(parts.get(at + 1..).unwrap_or(&[]), &mut body);
                self.walk.leave();
                let end = parts.last().map_or_else(|| part.range(), Part::range);
                out.push(Stmt { kind: StmtKind::With { items, body }, range: part.range().cover(end) });
                return;
            }
            self.statement(*part, out);
        }
    }

    fn is_using(&self, part: Part<'t>) -> bool {
        let text = self.walk.text(part.node);
        text.starts_with("using") || text.starts_with("await using")
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
            Kind::ExpressionStatement | Kind::GlobalStatement => {
                if let Some(inner) = self.walk.parts(part.node).first() {
                    self.expression_statement(inner, part.range(), out);
                }
            }
            Kind::LocalDeclaration => {
                let declaration = self.walk.parts(part.node).kind(Kind::VariableDeclaration);
                if let Some(declaration) = declaration {
                    self.variables(declaration, out);
                }
            }
            Kind::VariableDeclaration => self.variables(part, out),
            Kind::LocalFunction => self.local_function(part, out),
            kind if is_type(kind) => self.type_declaration(part),
            Kind::Using => self.using(part),
            Kind::Ignored => {}
            Kind::If => self.if_statement(part, out),
            Kind::For | Kind::Foreach | Kind::While => self.loop_statement(part, out),
            Kind::Switch => self.switch_statement(part, out),
            Kind::Try => self.try_statement(part, out),
            Kind::UsingStatement => self.using_statement(part, out),
            Kind::Lock => self.lock_statement(part, out),
            Kind::Block => {
                let kind = StmtKind::Block(self.body(Some(part)));
                out.push(Stmt { kind, range: part.range() });
            }
            Kind::BlockStatement | Kind::PreprocIf | Kind::Error => {
                let inner = self.walk.parts(part.node);
                let parts: Vec<_> = inner.into_iter().filter(|inner| is_statement(*inner)).collect();
                self.statements(&parts, out);
            }
            _ => self.simple(part, out),
        }
        self.walk.leave();
    }

    /// A statement that stays one statement.
    fn simple(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let value = self.walk.parts(part.node).iter().next();
        let kind = match part.kind {
            Kind::Return => StmtKind::Return(match value {
                Some(value) => vec![self.expr(value)],
                None => self.keyword(part).into_iter().collect(),
            }),
            Kind::Throw => StmtKind::Raise(value.map(|value| self.expr(value))),
            Kind::Yield => match value {
                Some(value) => {
                    let value = self.expr(value);
                    let kind = ExprKind::Unary("yield".to_owned(), Box::new(value));
                    StmtKind::Expr(Expr { kind, range: part.range() })
                }
                None => StmtKind::Return(Vec::new()),
            },
            Kind::Break => StmtKind::Break,
            Kind::Continue => StmtKind::Continue,
            _ => StmtKind::Expr(self.expr(part)),
        };
        out.append(&mut self.hoisted);
        out.push(Stmt { kind, range: part.range() });
    }

    /// `return this;`: keywords are no named nodes.
    fn keyword(&self, part: Part<'t>) -> Option<Expr> {
        let words = self.walk.text(part.node).trim_end_matches(';');
        words.ends_with(" this").then(|| Expr { kind: ExprKind::Name("this".to_owned()), range: part.range() })
    }

    /// An expression as a statement; assignments are statements of their own.
    pub(super) fn expression_statement(&mut self, part: Part<'t>, range: Range, out: &mut Vec<Stmt>) {
        match part.kind {
            Kind::Assignment => self.assignment(part, range, out),
            Kind::Postfix | Kind::Prefix if self.steps(part).is_some() => self.step(part, range, out),
            Kind::Transparent if self.walk.enter() => {
                if let Some(inner) = self.walk.parts(part.node).first() {
                    self.expression_statement(inner, range, out);
                }
                self.walk.leave();
            }
            _ => {
                let value = self.expr(part);
                out.append(&mut self.hoisted);
                out.push(Stmt { kind: StmtKind::Expr(value), range });
            }
        }
    }

    /// `a = b = e` is `b = e`, then `a = b`; `a ??= b` is `a = a || b`.
    pub(super) fn assignment(&mut self, part: Part<'t>, range: Range, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let (Some(left), right) = (parts.field(Field::Left), parts.field(Field::Right)) else { return };
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node)).to_owned();
        let value = match right {
            Some(chained) if chained.kind == Kind::Assignment && self.walk.enter() => {
                self.assignment(chained, chained.range(), out);
                self.walk.leave();
                last_target(out).unwrap_or_else(|| unknown(range))
            }
            right => self.optional(right, range),
        };
        let targets = match left.kind {
            Kind::Tuple => self.tuple_targets(left),
            _ => vec![self.expr(left)],
        };
        out.append(&mut self.hoisted);
        let op = operator.strip_suffix('=').unwrap_or("").to_owned();
        let (value, op) = match (op.as_str(), targets.as_slice()) {
            ("??", [target]) => {
                let joined = ExprKind::Binary("||".to_owned(), Box::new(target.clone()), Box::new(value));
                (Expr { kind: joined, range }, String::new())
            }
            _ => (value, op),
        };
        out.push(Stmt { kind: StmtKind::Assign { targets, values: vec![value], op, ty: String::new() }, range });
    }

    /// The targets of `(a, var b) = e`.
    pub(super) fn tuple_targets(&mut self, part: Part<'t>) -> Vec<Expr> {
        let arguments: Vec<_> = self.walk.parts(part.node).into_iter().collect();
        arguments
            .into_iter()
            .map(|argument| match argument.kind {
                Kind::Argument => {
                    let inner = self.walk.parts(argument.node).first();
                    self.optional(inner, argument.range())
                }
                _ => self.expr(argument),
            })
            .collect()
    }

    /// `++` or `--`.
    fn steps(&self, part: Part<'t>) -> Option<&'static str> {
        let text = self.walk.text(part.node);
        match () {
            () if text.starts_with("++") || text.ends_with("++") => Some("+"),
            () if text.starts_with("--") || text.ends_with("--") => Some("-"),
            () => None,
        }
    }

    /// `i++` is `i += 1`.
    fn step(&mut self, part: Part<'t>, range: Range, out: &mut Vec<Stmt>) {
        let op = self.steps(part).unwrap_or("+").to_owned();
        let inner = self.walk.parts(part.node).first();
        let target = self.optional(inner, range);
        let one = Expr { kind: ExprKind::Number("1".to_owned()), range };
        out.append(&mut self.hoisted);
        out.push(Stmt {
            kind: StmtKind::Assign { targets: vec![target], values: vec![one], op, ty: String::new() },
            range,
        });
    }
}

fn is_statement(part: Part<'_>) -> bool {
    !matches!(part.field, Field::Condition) && !matches!(part.kind, Kind::Token)
}

/// The first target of the assignment read last.
pub(super) fn last_target(statements: &[Stmt]) -> Option<Expr> {
    match &statements.last()?.kind {
        StmtKind::Assign { targets, .. } => targets.first().cloned(),
        _ => None,
    }
}

/// `target = value`, with its declared type.
pub(super) fn assign(target: Expr, value: Expr, ty: String, range: Range) -> Stmt {
    Stmt { kind: StmtKind::Assign { targets: vec![target], values: vec![value], op: String::new(), ty }, range }
}

/// An expression that was not followed or is not there.
pub(super) fn unknown(range: Range) -> Expr {
    Expr { kind: ExprKind::Unknown(Vec::new()), range }
}
