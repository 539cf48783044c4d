//! Expressions.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::{last_target, unknown};
use crate::ir::{Arg, CONSTRUCTOR, Call, Expr, ExprKind};
use crate::syntax::number;
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    pub(super) fn expr(&mut self, part: Part<'t>) -> Expr {
        if !self.walk.enter() {
            return unknown(part.range());
        }
        let expr = match part.kind {
            Kind::Transparent => {
                let inner = self.walk.parts(part.node).first();
                self.optional(inner, part.range())
            }
            Kind::Call if let Some(chained) = self.chained(part) => chained,
            Kind::AssignmentExpression | Kind::AugmentedAssignment | Kind::Update => self.nested_assignment(part),
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

    fn expr_kind(&mut self, part: Part<'t>) -> Option<ExprKind> {
        Some(match part.kind {
            Kind::Identifier if part.node.is_missing() => return None,
            Kind::Identifier | Kind::ShorthandPattern => ExprKind::Name(self.walk.text(part.node).to_owned()),
            Kind::Member => self.member(part),
            Kind::Subscript => self.subscript(part),
            Kind::Call => match self.required_value(part) {
                Some(kind) => kind,
                None => self.call(part, Field::Function),
            },
            Kind::New => self.call(part, Field::Constructor),
            Kind::String => self.string(part),
            Kind::Template => self.template(part),
            Kind::Number => ExprKind::Number(number(self.walk.text(part.node).trim_end_matches('n'))),
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::Null => ExprKind::Nil,
            Kind::Binary => self.binary(part),
            Kind::Unary => {
                let parts = self.walk.parts(part.node);
                let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
                let operator = if operator == "delete" { "del" } else { operator }.to_owned();
                ExprKind::Unary(operator, Box::new(self.optional(parts.field(Field::Argument), part.range())))
            }
            Kind::Yield => ExprKind::Unary("yield".to_owned(), Box::new(self.only(part))),
            Kind::Await => ExprKind::Await(Box::new(self.only(part))),
            Kind::Array => ExprKind::List(self.walk.parts(part.node).into_iter().map(|item| self.expr(item)).collect()),
            Kind::Spread => ExprKind::Unary("*".to_owned(), Box::new(self.only(part))),
            Kind::Object => self.object(part),
            Kind::Function => {
                let name = self.walk_field(part, Field::Name);
                let text = name.map_or("", |name| self.walk.text(name.node)).to_owned();
                let range = name.map_or_else(|| part.range(), |name| name.range());
                ExprKind::Lambda(Box::new(self.function(part, &text, range)))
            }
            Kind::ClassDeclaration => self.class_expression(part),
            Kind::Ternary => {
                let parts = self.walk.parts(part.node);
                let cond = self.optional(parts.field(Field::Condition), part.range());
                let then = self.optional(parts.field(Field::Consequence), part.range());
                let otherwise = self.optional(parts.field(Field::Alternative), part.range());
                ExprKind::Conditional(Box::new(cond), Box::new(then), Box::new(otherwise))
            }
            Kind::Jsx | Kind::Regex | Kind::Meta => ExprKind::Unknown(Vec::new()),
            _ => return None,
        })
    }

    fn member(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let base = self.optional(parts.field(Field::Object), part.range());
        let name = parts.field(Field::Property).map_or("", |name| self.walk.text(name.node));
        let base = match base.kind {
            // `super.method` is a method of what `super()` gives.
            ExprKind::Name(ref name) if name == "super" => called(base, Vec::new(), part.range()),
            _ => base,
        };
        ExprKind::Field(Box::new(base), name.trim_start_matches('#').to_owned())
    }

    fn subscript(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let base = self.optional(parts.field(Field::Object), part.range());
        let index = self.optional(parts.field(Field::Index), part.range());
        ExprKind::Index(Box::new(base), Box::new(index))
    }

    /// A call, a `new`, or a tagged template, which is a call with the template.
    fn call(&mut self, part: Part<'t>, callee: Field) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let mut callee = self.optional(parts.field(callee), part.range());
        if matches!(&callee.kind, ExprKind::Name(name) if name == "super") {
            let range = callee.range;
            let parent = called(callee, Vec::new(), range);
            callee = Expr { kind: ExprKind::Field(Box::new(parent), CONSTRUCTOR.to_owned()), range };
        }
        let args = match parts.field(Field::Arguments) {
            Some(list) if list.kind == Kind::Arguments => self.args(list),
            Some(template) => vec![positional(self.expr(template))],
            None => Vec::new(),
        };
        match callee.kind {
            // The grammar takes `await f<T>(x)` for a call of `await f`.
            ExprKind::Await(inner) => {
                let kind = ExprKind::Call(Box::new(Call { callee: *inner, args }));
                ExprKind::Await(Box::new(Expr { kind, range: part.range() }))
            }
            kind => ExprKind::Call(Box::new(Call { callee: Expr { kind, range: callee.range }, args })),
        }
    }

    fn args(&mut self, list: Part<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for part in self.walk.parts(list.node) {
            args.push(match part.kind {
                Kind::Spread => Arg { name: String::new(), value: self.only(part), spread: true },
                _ => positional(self.expr(part)),
            });
        }
        args
    }

    fn binary(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let left = self.optional(parts.field(Field::Left), part.range());
        let right = self.optional(parts.field(Field::Right), part.range());
        let operator = match parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node)) {
            "===" => "==",
            "!==" => "!=",
            "??" => "||",
            operator => operator,
        };
        ExprKind::Binary(operator.to_owned(), Box::new(left), Box::new(right))
    }

    /// An assignment inside an expression is its target, assigned before.
    fn nested_assignment(&mut self, part: Part<'t>) -> Expr {
        let mut statements = Vec::new();
        self.expression_statement(part, part.range(), &mut statements);
        let value = last_target(&statements).unwrap_or_else(|| unknown(part.range()));
        self.hoisted.append(&mut statements);
        value
    }

    /// What could not be read: its parts.
    fn parts_of_unknown(&mut self, part: Part<'t>) -> Expr {
        let parts = self.walk.parts(part.node);
        if parts.len() == 0 {
            return unknown(part.range());
        }
        let kind = ExprKind::Unknown(parts.into_iter().map(|inner| self.expr(inner)).collect());
        Expr { kind, range: part.range() }
    }
}

fn positional(value: Expr) -> Arg {
    Arg { name: String::new(), value, spread: false }
}

fn called(callee: Expr, args: Vec<Arg>, range: Range) -> Expr {
    Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range }
}
