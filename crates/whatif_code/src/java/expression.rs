//! Expressions.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::{call_of, unknown};
use crate::ir::{self, Arg, Call, Expr, ExprKind, Stmt, StmtKind};
use crate::syntax::{number, unescape};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    pub(super) fn expr(&mut self, part: Part<'t>) -> Expr {
        if !self.walk.enter() {
            return unknown(part.range());
        }
        let expr = match part.kind {
            Kind::ParenthesizedExpression | Kind::ExpressionStatement | Kind::UpdateExpression => {
                let inner = self.walk.parts(part.node).first();
                self.optional(inner, part.range())
            }
            Kind::CastExpression => {
                let value = self.walk.parts(part.node).field(Field::Value);
                self.optional(value, part.range())
            }
            Kind::ClassLiteral => {
                let ty = self.walk.parts(part.node).first();
                let ty = ty.map(|ty| self.ty(ty)).unwrap_or_default();
                path(ir::bare(ty.trim_start_matches("[]")), part.range())
            }
            Kind::AssignmentExpression => self.nested_assignment(part),
            Kind::Super => call_of("super", Vec::new(), part.range()),
            _ => Expr { kind: self.expr_kind(part), range: part.range() },
        };
        self.walk.leave();
        expr
    }

    /// The expression in a place, unknown when the place is empty.
    pub(super) fn optional(&mut self, part: Option<Part<'t>>, place: Range) -> Expr {
        part.map_or_else(|| unknown(place), |part| self.expr(part))
    }

    fn expr_kind(&mut self, part: Part<'t>) -> ExprKind {
        match part.kind {
            Kind::Identifier | Kind::TypeIdentifier | Kind::This => {
                if part.node.is_missing() {
                    return ExprKind::Unknown(Vec::new());
                }
                ExprKind::Name(self.walk.text(part.node).to_owned())
            }
            Kind::ScopedIdentifier | Kind::ScopedTypeIdentifier => {
                let text = self.walk.text(part.node).to_owned();
                path(&text, part.range()).kind
            }
            Kind::FieldAccess => self.field_access(part),
            Kind::MethodInvocation => self.invocation(part),
            Kind::ObjectCreationExpression => self.creation(part),
            Kind::Annotation | Kind::MarkerAnnotation => self.annotation(part),
            Kind::Text | Kind::Character => ExprKind::Str(self.string(part)),
            Kind::Number => ExprKind::Number(plain_number(self.walk.text(part.node))),
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::Null => ExprKind::Nil,
            Kind::BinaryExpression => self.binary(part),
            Kind::UnaryExpression => {
                let parts = self.walk.parts(part.node);
                let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
                let operand = self.optional(parts.field(Field::Operand), part.range());
                ExprKind::Unary(operator.to_owned(), Box::new(operand))
            }
            Kind::TernaryExpression => {
                let parts = self.walk.parts(part.node);
                let mut at = |field| Box::new(self.optional(parts.field(field), part.range()));
                ExprKind::Conditional(at(Field::Condition), at(Field::Consequence), at(Field::Alternative))
            }
            Kind::ArrayAccess => {
                let parts = self.walk.parts(part.node);
                let base = self.optional(parts.field(Field::Array), part.range());
                let index = self.optional(parts.field(Field::Index), part.range());
                ExprKind::Index(Box::new(base), Box::new(index))
            }
            Kind::ArrayCreationExpression => match self.walk.parts(part.node).field(Field::Value) {
                Some(value) => self.expr_kind(value),
                None => ExprKind::List(Vec::new()),
            },
            Kind::ArrayInitializer | Kind::ElementValueArrayInitializer => {
                ExprKind::List(self.walk.parts(part.node).into_iter().map(|item| self.expr(item)).collect())
            }
            Kind::LambdaExpression => self.lambda(part),
            Kind::MethodReference => self.reference(part),
            Kind::InstanceofExpression => self.instance_of(part),
            Kind::SwitchExpression => self.switch_expression(part),
            _ => ExprKind::Unknown(self.walk.parts(part.node).into_iter().map(|inner| self.expr(inner)).collect()),
        }
    }

    fn field_access(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Member).map_or("", |field| self.walk.text(field.node));
        let base = self.optional(parts.field(Field::Object), part.range());
        if name == "this" {
            return ExprKind::Name("this".to_owned());
        }
        ExprKind::Field(Box::new(base), name.to_owned())
    }

    fn invocation(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Name);
        let text = name.map_or("", |name| self.walk.text(name.node)).to_owned();
        let range = name.map_or_else(|| part.range(), |name| name.range());
        let kind = match parts.field(Field::Object) {
            Some(object) => ExprKind::Field(Box::new(self.expr(object)), text),
            None => ExprKind::Name(text),
        };
        let range = parts.field(Field::Object).map_or(range, |object| object.range().cover(range));
        let args = parts.field(Field::Arguments).map(|list| self.args(list)).unwrap_or_default();
        ExprKind::Call(Box::new(Call { callee: Expr { kind, range }, args }))
    }

    pub(super) fn args(&mut self, list: Part<'t>) -> Vec<Arg> {
        let parts = self.walk.parts(list.node).into_iter();
        parts.map(|part| Arg { name: String::new(), value: self.expr(part), spread: false }).collect()
    }

    fn creation(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let ty = parts.field(Field::Type);
        let text = ty.map(|ty| self.ty(ty)).unwrap_or_default();
        let args = parts.field(Field::Arguments).map(|list| self.args(list)).unwrap_or_default();
        if let Some(body) = parts.kind(Kind::ClassBody) {
            if let Some(method) = self.only_method(body) {
                return self.method_literal(method);
            }
            return self.anonymous(&text, body, args, part.range());
        }
        let range = ty.map_or_else(|| part.range(), |ty| ty.range());
        ExprKind::Call(Box::new(Call { callee: path(ir::bare(&text), range), args }))
    }

    /// `@A` is the name, `@A(x, y = z)` a call of it.
    fn annotation(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Name);
        let text = name.map_or("", |name| self.walk.text(name.node)).to_owned();
        let callee = path(&text, name.map_or_else(|| part.range(), |name| name.range()));
        let Some(list) = parts.field(Field::Arguments) else { return callee.kind };
        let mut args = Vec::new();
        for argument in self.walk.parts(list.node) {
            if argument.kind == Kind::ElementValuePair {
                let pair = self.walk.parts(argument.node);
                let name = pair.field(Field::Key).map_or("", |key| self.walk.text(key.node)).to_owned();
                let value = self.optional(pair.field(Field::Value), argument.range());
                args.push(Arg { name, value, spread: false });
            } else {
                args.push(Arg { name: String::new(), value: self.expr(argument), spread: false });
            }
        }
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    /// `a = b` inside an expression is done before the statement.
    fn nested_assignment(&mut self, part: Part<'t>) -> Expr {
        let kind = self.assignment(part);
        let target = match &kind {
            StmtKind::Assign { targets, .. } => targets.first().cloned(),
            _ => None,
        };
        self.hoisted.push(Stmt { kind, range: part.range() });
        target.unwrap_or_else(|| unknown(part.range()))
    }

    /// `a instanceof T t` binds `t` before the statement.
    fn instance_of(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let left = self.optional(parts.field(Field::Left), part.range());
        let right = parts.field(Field::Right).map(|ty| (self.ty(ty), ty.range()));
        let (ty, range) = right.unwrap_or((String::new(), part.range()));
        if let Some(name) = parts.field(Field::Name) {
            let target = self.named(name);
            let kind = StmtKind::Assign {
                targets: vec![target],
                values: vec![left.clone()],
                op: String::new(),
                ty: ty.clone(),
            };
            self.hoisted.push(Stmt { kind, range: part.range() });
        }
        ExprKind::Binary("instanceof".to_owned(), Box::new(left), Box::new(path(ir::bare(&ty), range)))
    }

    /// Chains of one operator may be thousands long: they are walked, not descended into.
    fn binary(&mut self, part: Part<'t>) -> ExprKind {
        let mut pending = Vec::new();
        let mut leftmost = part;
        loop {
            let parts = self.walk.parts(leftmost.node);
            let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
            pending.push((operator, parts.field(Field::Right), leftmost.range()));
            match parts.field(Field::Left) {
                Some(left) if left.kind == Kind::BinaryExpression && pending.len() < self.walk.levels_left() => {
                    leftmost = left;
                }
                left => {
                    let first = self.optional(left, leftmost.range());
                    return self.fold(first, pending);
                }
            }
        }
    }

    fn fold(&mut self, first: Expr, pending: Vec<(&'t str, Option<Part<'t>>, Range)>) -> ExprKind {
        let mut left = first;
        for (operator, right, range) in pending.into_iter().rev() {
            let right = self.optional(right, range);
            left = Expr { kind: ExprKind::Binary(operator.to_owned(), Box::new(left), Box::new(right)), range };
        }
        left.kind
    }

    /// A string, character or text block without its quotes.
    fn string(&self, part: Part<'t>) -> String {
        let text = self.walk.text(part.node);
        let inner = match text.strip_prefix("\"\"\"") {
            Some(block) => block.strip_suffix("\"\"\"").unwrap_or(block).trim_start(),
            None => text.get(1..text.len().saturating_sub(1)).unwrap_or(""),
        };
        if !inner.contains('\\') {
            return inner.to_owned();
        }
        let mut out = String::with_capacity(inner.len());
        unescape(inner, &mut out);
        out
    }
}

/// A number without the letter that says its type.
fn plain_number(text: &str) -> String {
    let plain = number(text);
    let is_hex = plain.starts_with("0x") || plain.starts_with("0X");
    let letters: &[char] = if is_hex { &['l', 'L'] } else { &['l', 'L', 'f', 'F', 'd', 'D'] };
    plain.trim_end_matches(letters).to_owned()
}

/// A dotted name as the fields it consists of.
fn path(text: &str, range: Range) -> Expr {
    let mut parts = text.split('.').map(str::trim);
    let first = Expr { kind: ExprKind::Name(parts.next().unwrap_or("").to_owned()), range };
    parts.fold(first, |base, part| Expr { kind: ExprKind::Field(Box::new(base), part.to_owned()), range })
}
