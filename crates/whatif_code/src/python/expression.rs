//! Expressions, patterns included.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Arg, Call, Expr, ExprKind, Stmt, StmtKind};
use crate::syntax::number;
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    pub(super) fn expr(&mut self, part: Part<'t>) -> Expr {
        if !self.walk.enter() {
            return unknown(part.range());
        }
        let expr = match part.kind {
            Kind::ParenthesizedExpression
            | Kind::AsPattern
            | Kind::AsPatternTarget
            | Kind::Type
            | Kind::Interpolation
            | Kind::ExpressionStatement
            | Kind::IfClause
            | Kind::KeywordPattern => {
                let inner = self.walk.parts(part.node).iter().find(|inner| inner.kind != Kind::Token);
                self.optional(inner, part.range())
            }
            Kind::CasePattern => self.case_pattern(part),
            Kind::NamedExpression => self.named(part),
            Kind::ComparisonOperator => self.comparison(part),
            Kind::DottedName => self.dotted_name(part),
            _ => match self.expr_kind(part) {
                Some(kind) => Expr { kind, range: part.range() },
                None => self.parts_of_unknown(part),
            },
        };
        self.walk.leave();
        expr
    }

    /// The expression in a place, unknown when the place is empty.
    pub(super) fn optional(&mut self, part: Option<Part<'t>>, place: Range) -> Expr {
        part.map_or_else(|| unknown(place), |part| self.expr(part))
    }

    /// The members of an unbracketed list, or the one expression.
    pub(super) fn expressions(&mut self, part: Part<'t>) -> Vec<Expr> {
        if part.kind == Kind::ExpressionList {
            self.walk.parts(part.node).into_iter().map(|item| self.expr(item)).collect()
        } else {
            vec![self.expr(part)]
        }
    }

    fn expr_kind(&mut self, part: Part<'t>) -> Option<ExprKind> {
        Some(match part.kind {
            Kind::Identifier if part.node.is_missing() => return None,
            Kind::Identifier | Kind::Ellipsis | Kind::MemberType => {
                ExprKind::Name(self.walk.text(part.node).to_owned())
            }
            Kind::Attribute => {
                let parts = self.walk.parts(part.node);
                let base = self.optional(parts.field(Field::Object), part.range());
                let name = parts.field(Field::Attribute).map_or("", |name| self.walk.text(name.node));
                ExprKind::Field(Box::new(base), name.to_owned())
            }
            Kind::Call => self.call(part),
            Kind::String | Kind::ConcatenatedString => self.string(part),
            Kind::Number | Kind::ComplexPattern => ExprKind::Number(number(self.walk.text(part.node))),
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::None => ExprKind::Nil,
            Kind::BinaryOperator | Kind::BooleanOperator => self.binary(part),
            Kind::NotOperator => self.unary(part, "not", Field::Argument),
            Kind::UnaryOperator => {
                let operator = self.walk.parts(part.node).field(Field::Operator);
                let operator = operator.map_or("", |operator| self.walk.text(operator.node));
                self.unary(part, operator, Field::Argument)
            }
            Kind::ListSplat | Kind::SplatPattern => self.unary(part, "*", Field::None),
            Kind::DictionarySplat => self.unary(part, "**", Field::None),
            Kind::Await => ExprKind::Await(Box::new(self.only(part))),
            Kind::Yield => self.yielded(part),
            Kind::Subscript => self.subscript(part),
            Kind::List | Kind::Tuple | Kind::Set | Kind::ExpressionList | Kind::Slice | Kind::UnionPattern => {
                self.list_of(part)
            }
            Kind::Dictionary => self.dictionary(part),
            Kind::DictPattern => self.dictionary_pattern(part),
            Kind::Comprehension => self.comprehension(part),
            Kind::ConditionalExpression => self.conditional(part),
            Kind::Lambda => ExprKind::Lambda(Box::new(self.lambda(part))),
            Kind::GenericType => self.generic_type(part),
            Kind::ClassPattern => self.class_pattern(part),
            _ => return None,
        })
    }

    fn dotted_name(&mut self, part: Part<'t>) -> Expr {
        let mut names = self.walk.parts(part.node).into_iter();
        let Some(first) = names.next() else { return unknown(part.range()) };
        let name = |reader: &Self, part: Part<'t>| reader.walk.text(part.node).to_owned();
        let mut expr = Expr { kind: ExprKind::Name(name(self, first)), range: first.range() };
        // The loop nests one level per name; names beyond the limit are dropped.
        for part in names.take(self.walk.levels_left()) {
            let range = expr.range.cover(part.range());
            expr = Expr { kind: ExprKind::Field(Box::new(expr), name(self, part)), range };
        }
        expr
    }

    fn call(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let callee = self.optional(parts.field(Field::Function), part.range());
        let args = match parts.field(Field::Arguments) {
            Some(list) if list.kind == Kind::ArgumentList => self.args(list),
            Some(generator) => vec![positional(self.expr(generator))],
            None => Vec::new(),
        };
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    pub(super) fn args(&mut self, list: Part<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for part in self.walk.parts(list.node) {
            args.push(match part.kind {
                Kind::KeywordArgument => {
                    let parts = self.walk.parts(part.node);
                    let name = parts.field(Field::Name).map_or("", |name| self.walk.text(name.node)).to_owned();
                    let value = self.optional(parts.field(Field::Value), part.range());
                    Arg { name, value, spread: false }
                }
                Kind::ListSplat | Kind::DictionarySplat => {
                    Arg { name: String::new(), value: self.only(part), spread: true }
                }
                _ => positional(self.expr(part)),
            });
        }
        args
    }

    fn binary(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let left = self.optional(parts.field(Field::Left), part.range());
        let right = self.optional(parts.field(Field::Right), part.range());
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        ExprKind::Binary(operator.to_owned(), Box::new(left), Box::new(right))
    }

    /// `a < b < c` is `(a < b) < c`: every operand once, in order.
    fn comparison(&mut self, part: Part<'t>) -> Expr {
        let levels = self.walk.levels_left();
        let mut left: Option<Expr> = None;
        let mut operator = "";
        for operand in self.walk.parts(part.node).into_iter().take(2 * levels + 1) {
            if operand.field == Field::Operators {
                operator = comparison_operator(self.walk.text(operand.node));
                continue;
            }
            let right = self.expr(operand);
            left = Some(match left {
                None => right,
                Some(left) => {
                    let range = left.range.cover(right.range);
                    let kind = ExprKind::Binary(operator.to_owned(), Box::new(left), Box::new(right));
                    Expr { kind, range }
                }
            });
        }
        left.unwrap_or_else(|| unknown(part.range()))
    }

    fn unary(&mut self, part: Part<'t>, operator: &str, field: Field) -> ExprKind {
        let operand = self.walk.parts(part.node).iter().find(|operand| operand.field == field);
        ExprKind::Unary(operator.to_owned(), Box::new(self.optional(operand, part.range())))
    }

    fn yielded(&mut self, part: Part<'t>) -> ExprKind {
        let after = self.walk.text(part.node).strip_prefix("yield").unwrap_or("").trim_start();
        let is_from = after.strip_prefix("from").is_some_and(|rest| rest.starts_with(char::is_whitespace));
        let value = match self.walk.parts(part.node).first() {
            Some(value) => self.expr(value),
            None => Expr { kind: ExprKind::Nil, range: part.range() },
        };
        ExprKind::Unary(if is_from { "yield from" } else { "yield" }.to_owned(), Box::new(value))
    }

    /// `x := e` is `x`, assigned before.
    fn named(&mut self, part: Part<'t>) -> Expr {
        let parts = self.walk.parts(part.node);
        let value = self.optional(parts.field(Field::Value), part.range());
        let target = self.optional(parts.field(Field::Name), part.range());
        let (targets, values) = (vec![target.clone()], vec![value]);
        let kind = StmtKind::Assign { targets, values, op: String::new(), ty: String::new() };
        self.hoisted.push(Stmt { kind, range: part.range() });
        target
    }

    fn subscript(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let base = self.optional(parts.field(Field::Value), part.range());
        let indices = parts.fields(Field::Subscript).filter(|index| index.kind != Kind::Token);
        let mut indices: Vec<_> = indices.map(|index| self.expr(index)).collect();
        let index = match indices.pop() {
            Some(only) if indices.is_empty() => only,
            last => {
                indices.extend(last);
                Expr { kind: ExprKind::List(indices), range: part.range() }
            }
        };
        ExprKind::Index(Box::new(base), Box::new(index))
    }

    fn conditional(&mut self, part: Part<'t>) -> ExprKind {
        let mut parts = self.walk.parts(part.node).into_iter();
        let then = self.optional(parts.next(), part.range());
        let cond = self.optional(parts.next(), part.range());
        let otherwise = self.optional(parts.next(), part.range());
        ExprKind::Conditional(Box::new(cond), Box::new(then), Box::new(otherwise))
    }

    /// `List[int]` where an annotation may stand is a subscript.
    fn generic_type(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let base = self.optional(parts.first(), part.range());
        let arguments = match parts.kind(Kind::TypeParameter) {
            Some(list) => Expr { kind: self.list_of(list), range: list.range() },
            None => unknown(part.range()),
        };
        ExprKind::Index(Box::new(base), Box::new(arguments))
    }

    /// `Order(id=x)` in a `case` is a call of `Order`.
    fn class_pattern(&mut self, part: Part<'t>) -> ExprKind {
        let mut parts = self.walk.parts(part.node).into_iter();
        let callee = self.optional(parts.next(), part.range());
        let mut args = Vec::new();
        for pattern in parts {
            let inner = self.walk.parts(pattern.node).first().filter(|inner| inner.kind == Kind::KeywordPattern);
            let Some(keyword) = inner else {
                args.push(positional(self.expr(pattern)));
                continue;
            };
            let mut parts = self.walk.parts(keyword.node).into_iter();
            let name = parts.next().map_or("", |name| self.walk.text(name.node)).to_owned();
            let value = self.optional(parts.next(), keyword.range());
            args.push(Arg { name, value, spread: false });
        }
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    /// A pattern; `_` is the name `_`, which the grammar does not name, and `-1` has an unnamed sign.
    fn case_pattern(&mut self, part: Part<'t>) -> Expr {
        match self.walk.parts(part.node).first() {
            Some(inner) if inner.kind == Kind::Number => {
                let text = number(self.walk.text(part.node));
                Expr { kind: ExprKind::Number(text), range: part.range() }
            }
            Some(inner) => self.expr(inner),
            None => Expr { kind: ExprKind::Name(self.walk.text(part.node).to_owned()), range: part.range() },
        }
    }

    /// The expression a node consists of.
    pub(super) fn only(&mut self, part: Part<'t>) -> Expr {
        let first = self.walk.parts(part.node).first();
        self.optional(first, part.range())
    }
}

fn positional(value: Expr) -> Arg {
    Arg { name: String::new(), value, spread: false }
}

/// `not in` and `is not` may be written with more blanks.
fn comparison_operator(text: &str) -> &str {
    match text {
        "is" | "in" => text,
        _ if text.starts_with("not") => "not in",
        _ if text.starts_with("is") => "is not",
        _ => text,
    }
}
