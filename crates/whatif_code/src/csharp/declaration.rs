//! Variables, functions, parameters and attributes.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::assign;
use crate::ir::{Arg, Call, Expr, ExprKind, Function, Param, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// `T a = 1, b;`
    pub(super) fn variables(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        let declarators: Vec<_> = parts.iter().filter(|part| part.kind == Kind::Declarator).collect();
        for declarator in declarators {
            let inner = self.walk.parts(declarator.node);
            let value =
                inner.iter().find(|value| !matches!(value.kind, Kind::TuplePattern) && value.field == Field::None);
            let value = value.map(|value| self.expr_of_type(value, &ty));
            let targets = match (inner.field(Field::Name), inner.kind(Kind::TuplePattern)) {
                (Some(name), _) => vec![self.expr(name)],
                (None, Some(tuple)) => self.tuple_targets(tuple),
                (None, None) => continue,
            };
            out.append(&mut self.hoisted);
            let values = value.into_iter().collect();
            let kind = StmtKind::Assign { targets, values, op: String::new(), ty: ty.clone() };
            out.push(Stmt { kind, range: declarator.range() });
        }
    }

    /// An expression where a type is expected: `new(..)` makes one of it.
    pub(super) fn expr_of_type(&mut self, part: Part<'t>, ty: &str) -> Expr {
        if part.kind == Kind::ImplicitNew && !ty.is_empty() {
            return self.creation(part, ty);
        }
        self.expr(part)
    }

    pub(super) fn local_function(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let function = self.function(part);
        if self.functions == 0 && self.class.is_none() {
            self.module.functions.push(function);
        } else {
            out.push(Stmt { range: part.range(), kind: StmtKind::Function(Box::new(function)) });
        }
    }

    /// A method, constructor, local function, lambda or accessor.
    pub(super) fn function(&mut self, part: Part<'t>) -> Function {
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Name);
        let text = name.map_or("", |name| self.walk.text(name.node)).to_owned();
        let name_range = name.map_or_else(|| part.range(), |name| name.range());
        self.functions += 1;
        let hoisted = std::mem::take(&mut self.hoisted);
        let params = match parts.field(Field::Parameters) {
            Some(list) if list.kind == Kind::ParameterList => self.params(list),
            Some(single) => vec![plain_param(self.walk.text(single.node))],
            None => Vec::new(),
        };
        let ty = parts.field(Field::Returns).or_else(|| parts.field(Field::Type));
        let result = ty.map(|ty| self.ty(ty)).filter(|ty| !ty.is_empty());
        let type_params = parts.field(Field::TypeParameters).map(|list| self.type_params(list)).unwrap_or_default();
        let decorators = self.attributes(part);
        let block = parts.field(Field::Body).or_else(|| parts.kind(Kind::Block));
        let body = self.function_body(block);
        self.hoisted = hoisted;
        self.functions -= 1;
        Function {
            params,
            results: result.into_iter().collect(),
            type_params,
            decorators,
            is_async: self.has_modifier(part, "async"),
            is_abstract: block.is_none(),
            body,
            ..Function::new(text, name_range, part.range())
        }
    }

    /// A block, or `=> e`.
    pub(super) fn function_body(&mut self, body: Option<Part<'t>>) -> Vec<Stmt> {
        let Some(body) = body else { return Vec::new() };
        if body.kind == Kind::Block {
            return self.body(Some(body));
        }
        let arrow = body.kind == Kind::Arrow;
        let value = if arrow { self.walk.parts(body.node).first() } else { Some(body) };
        let Some(value) = value else { return Vec::new() };
        let mut out = Vec::new();
        match value.kind {
            Kind::Assignment => self.expression_statement(value, value.range(), &mut out),
            Kind::ThrowExpression => {
                let inner = self.walk.parts(value.node).first();
                let raised = inner.map(|inner| self.expr(inner));
                out.append(&mut self.hoisted);
                out.push(Stmt { kind: StmtKind::Raise(raised), range: value.range() });
            }
            _ => {
                let returned = self.expr(value);
                out.append(&mut self.hoisted);
                out.push(Stmt { kind: StmtKind::Return(vec![returned]), range: value.range() });
            }
        }
        out
    }

    pub(super) fn type_params(&mut self, list: Part<'t>) -> Vec<String> {
        let mut names = Vec::new();
        for part in self.walk.parts(list.node) {
            if let Some(name) = self.walk_field(part, Field::Name) {
                names.push(self.walk.text(name.node).to_owned());
            }
        }
        names
    }

    pub(super) fn params(&mut self, list: Part<'t>) -> Vec<Param> {
        let mut params = Vec::new();
        let mut rest = String::new();
        for part in self.walk.parts(list.node) {
            match (part.kind, part.field) {
                (Kind::Parameter, _) => params.push(self.param(part)),
                // `params T[] xs` lies flat in the list.
                (_, Field::Type) => rest = self.ty(part),
                (_, Field::Name) => {
                    let name = format!("*{}", self.walk.text(part.node));
                    params.push(Param { ty: std::mem::take(&mut rest), ..plain_param(&name) });
                }
                _ => {}
            }
        }
        params
    }

    fn param(&mut self, part: Part<'t>) -> Param {
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Name).map_or("", |name| self.walk.text(name.node)).trim_start_matches('@');
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        let mut decorators = self.attributes(part);
        for modifier in parts.iter().filter(|modifier| modifier.kind == Kind::Modifier) {
            if self.walk.text(modifier.node) == "this" {
                decorators.push(Expr { kind: ExprKind::Name("this".to_owned()), range: modifier.range() });
            }
        }
        let default = parts.iter().find(|value| {
            value.field == Field::None && !matches!(value.kind, Kind::Modifier | Kind::AttributeList | Kind::PreprocIf)
        });
        let default = default.map(|default| self.expr(default));
        Param { ty, default, decorators, ..plain_param(name) }
    }

    pub(super) fn has_modifier(&mut self, part: Part<'t>, word: &str) -> bool {
        self.walk.parts(part.node).iter().any(|part| part.kind == Kind::Modifier && self.walk.text(part.node) == word)
    }

    /// The attributes of a declaration.
    pub(super) fn attributes(&mut self, part: Part<'t>) -> Vec<Expr> {
        let lists: Vec<_> =
            self.walk.parts(part.node).into_iter().filter(|list| list.kind == Kind::AttributeList).collect();
        let mut found = Vec::new();
        for list in lists {
            let attributes: Vec<_> = self.walk.parts(list.node).into_iter().collect();
            for attribute in attributes.into_iter().filter(|attribute| attribute.kind == Kind::Attribute) {
                found.push(self.attribute(attribute));
            }
        }
        found
    }

    fn attribute(&mut self, part: Part<'t>) -> Expr {
        let parts = self.walk.parts(part.node);
        let callee = self.optional(parts.field(Field::Name), part.range());
        let (callee, mut args) = split_type_arguments(callee);
        let Some(list) = parts.kind(Kind::AttributeArguments) else {
            if args.is_empty() {
                return callee;
            }
            return Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range: part.range() };
        };
        for argument in self.walk.parts(list.node) {
            let inner = self.walk.parts(argument.node);
            let name = inner.field(Field::Name).map_or("", |name| self.walk.text(name.node)).to_owned();
            let value = inner.iter().find(|value| value.field != Field::Name);
            let value = self.optional(value, argument.range());
            args.push(Arg { name, value, spread: false });
        }
        Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range: part.range() }
    }
}

/// A generic name is read as a call without arguments; its type arguments are the call's.
pub(super) fn split_type_arguments(callee: Expr) -> (Expr, Vec<Arg>) {
    match callee.kind {
        ExprKind::Call(call) if !call.args.is_empty() && call.args.iter().all(|arg| arg.name.starts_with('<')) => {
            (call.callee, call.args)
        }
        kind => (Expr { kind, range: callee.range }, Vec::new()),
    }
}

pub(super) fn plain_param(name: &str) -> Param {
    Param { name: name.to_owned(), ty: String::new(), default: None, decorators: Vec::new() }
}

/// `this.name = value`.
pub(super) fn set_member(name: &str, value: Expr, range: Range) -> Stmt {
    let this = Expr { kind: ExprKind::Name("this".to_owned()), range };
    let target = Expr { kind: ExprKind::Field(Box::new(this), name.to_owned()), range };
    assign(target, value, String::new(), range)
}
