//! Expressions.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::unknown;
use crate::ir::{Arg, Call, Expr, ExprKind};
use crate::syntax::number;
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    pub(super) fn expr(&mut self, part: Part<'t>) -> Expr {
        if !self.walk.enter() {
            return unknown(part.range());
        }
        let expr = match part.kind {
            Kind::ParenthesizedExpression | Kind::TypeAssertion | Kind::ExpressionStatement | Kind::LiteralElement => {
                let inner = self.walk.parts(part.node).first();
                self.optional(inner, part.range())
            }
            Kind::UnaryExpression => self.unary(part),
            Kind::TypeInstantiation => {
                let ty = self.walk.parts(part.node).field(Field::Type);
                self.optional(ty, part.range())
            }
            _ => Expr { kind: self.expr_kind(part), range: part.range() },
        };
        self.walk.leave();
        expr
    }

    /// The expression in a place, unknown when the place is empty.
    pub(super) fn optional(&mut self, part: Option<Part<'t>>, place: Range) -> Expr {
        part.map_or_else(|| unknown(place), |part| self.expr(part))
    }

    /// The members of a list, or the one expression that stands for it.
    pub(super) fn expressions(&mut self, part: Part<'t>) -> Vec<Expr> {
        if part.kind == Kind::ExpressionList {
            self.walk.parts(part.node).into_iter().map(|item| self.expr(item)).collect()
        } else {
            vec![self.expr(part)]
        }
    }

    pub(super) fn name(&mut self, part: Part<'t>) -> Expr {
        Expr { kind: ExprKind::Name(self.walk.text(part.node).to_owned()), range: part.range() }
    }

    fn expr_kind(&mut self, part: Part<'t>) -> ExprKind {
        match part.kind {
            Kind::Identifier | Kind::TypeIdentifier => self.identifier(part),
            Kind::SelectorExpression => self.selector(part),
            Kind::CallExpression => self.call(part),
            Kind::InterpretedString | Kind::RawString | Kind::Rune => ExprKind::Str(self.string(part)),
            Kind::Number => ExprKind::Number(number(self.walk.text(part.node))),
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::Nil => ExprKind::Nil,
            Kind::BinaryExpression => self.binary(part),
            Kind::IndexExpression => {
                let parts = self.walk.parts(part.node);
                let base = self.optional(parts.field(Field::Operand), part.range());
                let index = self.optional(parts.field(Field::Index), part.range());
                ExprKind::Index(Box::new(base), Box::new(index))
            }
            Kind::SliceExpression => self.slice(part),
            Kind::CompositeLiteral => self.composite(part),
            Kind::FuncLiteral => ExprKind::Lambda(Box::new(self.function(part))),
            Kind::TypeConversion => self.conversion(part),
            Kind::SliceType
            | Kind::ArrayType
            | Kind::MapType
            | Kind::ChannelType
            | Kind::FunctionType
            | Kind::StructType
            | Kind::InterfaceType
            | Kind::PointerType
            | Kind::ParenthesizedType => ExprKind::Name(self.ty(part)),
            Kind::GenericType | Kind::QualifiedType => self.type_name(part),
            _ => ExprKind::Unknown(self.walk.parts(part.node).into_iter().map(|inner| self.expr(inner)).collect()),
        }
    }

    fn identifier(&self, part: Part<'t>) -> ExprKind {
        if part.node.is_missing() {
            return ExprKind::Unknown(Vec::new());
        }
        ExprKind::Name(self.walk.text(part.node).to_owned())
    }

    /// A type where an expression may stand: `pkg.Type` is the field it would be as a value.
    fn type_name(&mut self, part: Part<'t>) -> ExprKind {
        let ty = self.ty(part);
        match ty.split_once('.') {
            Some((package, name)) => {
                let base = Expr { kind: ExprKind::Name(package.to_owned()), range: part.range() };
                ExprKind::Field(Box::new(base), name.to_owned())
            }
            None => ExprKind::Name(ty),
        }
    }

    fn selector(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let base = self.optional(parts.field(Field::Operand), part.range());
        let name = parts.field(Field::Selector).map_or("", |field| self.walk.text(field.node));
        ExprKind::Field(Box::new(base), name.to_owned())
    }

    fn call(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let mut callee = self.optional(parts.field(Field::Function), part.range());
        if let Some(arguments) = parts.field(Field::TypeArguments) {
            callee = self.indexed(callee, arguments);
        }
        let args = parts.field(Field::Arguments).map(|list| self.args(list)).unwrap_or_default();
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    /// `handlers[name](x)` and `convert[User](x)` parse alike. A single lower-case name that is no predeclared type
    /// is taken for a variable.
    fn indexed(&mut self, callee: Expr, arguments: Part<'t>) -> Expr {
        let Some(key) = self.index_in_disguise(arguments) else { return callee };
        let range = callee.range.cover(key.range);
        Expr { kind: ExprKind::Index(Box::new(callee), Box::new(key)), range }
    }

    fn index_in_disguise(&mut self, arguments: Part<'t>) -> Option<Expr> {
        let mut elements = self.walk.parts(arguments.node).into_iter();
        let (element, None) = (elements.next()?, elements.next()) else { return None };
        let name = self.walk.parts(element.node).first().filter(|name| name.kind == Kind::TypeIdentifier)?;
        let text = self.walk.text(name.node);
        let is_variable = text.starts_with(|c: char| c.is_lowercase()) && !is_predeclared_type(text);
        is_variable.then(|| self.name(name))
    }

    fn args(&mut self, list: Part<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for part in self.walk.parts(list.node) {
            let spread = part.kind == Kind::VariadicArgument;
            let value = if spread {
                let inner = self.walk.parts(part.node).first();
                self.optional(inner, part.range())
            } else {
                self.expr(part)
            };
            args.push(Arg { name: String::new(), value, spread });
        }
        args
    }

    /// `[]byte(x)` is a call of `[]byte`.
    fn conversion(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let ty = parts.field(Field::Type);
        let mut callee = self.optional(ty, part.range());
        if let Some(generic) = ty.filter(|ty| ty.kind == Kind::GenericType)
            && let Some(arguments) = self.walk.parts(generic.node).field(Field::TypeArguments)
        {
            callee = self.indexed(callee, arguments);
        }
        let value = self.optional(parts.field(Field::Operand), part.range());
        let args = vec![Arg { name: String::new(), value, spread: false }];
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    fn unary(&mut self, part: Part<'t>) -> Expr {
        let parts = self.walk.parts(part.node);
        let operand = self.optional(parts.field(Field::Operand), part.range());
        match parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node)) {
            "&" | "*" => operand,
            operator => Expr { kind: ExprKind::Unary(operator.to_owned(), Box::new(operand)), range: part.range() },
        }
    }

    fn binary(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let left = self.optional(parts.field(Field::Left), part.range());
        let right = self.optional(parts.field(Field::Right), part.range());
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        ExprKind::Binary(operator.to_owned(), Box::new(left), Box::new(right))
    }

    /// `x[a:b]` is `x` indexed by the list of its bounds.
    fn slice(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let base = self.optional(parts.field(Field::Operand), part.range());
        let bounds = parts.iter().filter(|bound| bound.field != Field::Operand);
        let bounds = Expr { kind: ExprKind::List(bounds.map(|bound| self.expr(bound)).collect()), range: part.range() };
        ExprKind::Index(Box::new(base), Box::new(bounds))
    }
}

/// The predeclared types (<https://go.dev/ref/spec#Predeclared_identifiers>).
fn is_predeclared_type(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "any",
        "bool",
        "byte",
        "comparable",
        "complex64",
        "complex128",
        "error",
        "float32",
        "float64",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "rune",
        "string",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "uintptr",
    ];
    NAMES.contains(&name)
}
