//! Variables and functions.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::pattern::push_assign;
use super::statement::unknown;
use crate::ir::{Expr, ExprKind, Function, Param, Stmt, StmtKind};
use std::collections::BTreeSet;
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// `const a = 1, {b} = c`.
    pub(super) fn declaration(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let is_const = parts.field(Field::Kind).is_some_and(|kind| self.walk.text(kind.node) == "const");
        for declarator in parts.iter().filter(|part| part.kind == Kind::Declarator) {
            self.declarator(declarator, is_const, out);
        }
    }

    fn declarator(&mut self, part: Part<'t>, is_const: bool, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let value = parts.field(Field::Value);
        if let Some(value) = value
            && self.required(name, value)
        {
            return;
        }
        if let Some(function) = value.filter(|value| value.kind == Kind::Function)
            && is_const
            && self.at_top()
            && name.kind == Kind::Identifier
        {
            let function = self.function(function, self.walk.text(name.node), name.range());
            self.scopes[0].insert(function.name.clone());
            self.module.functions.push(Function { range: part.range(), ..function });
            return;
        }
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).filter(|_| value.is_some()).unwrap_or_default();
        let value = value.map(|value| self.named_value(name, value));
        // What a variable of the module becomes later is not followed in time.
        let value = value.map(|value| match value.kind {
            ExprKind::Bool(_) if self.at_top() && !is_const => unknown(value.range),
            _ => value,
        });
        out.append(&mut self.hoisted);
        match value {
            Some(value) => self.destructure(name, value, true, out),
            None if name.kind == Kind::Identifier => {
                let nothing = Expr { kind: ExprKind::Nil, range: name.range() };
                self.destructure(name, nothing, true, out);
            }
            None => {}
        }
        if let Some(Stmt { kind: StmtKind::Assign { ty: declared, values, .. }, .. }) = out.last_mut()
            && name.kind == Kind::Identifier
            && !matches!(values.as_slice(), [Expr { kind: ExprKind::Nil, .. }])
        {
            *declared = ty;
        }
    }

    /// A value, and the name it gets when it is a function or class without one.
    pub(super) fn named_value(&mut self, name: Part<'t>, value: Part<'t>) -> Expr {
        let mut expr = self.expr(value);
        let text = self.walk.text(name.node).rsplit('.').next().unwrap_or("");
        if let ExprKind::Lambda(function) = &mut expr.kind
            && function.name.is_empty()
            && matches!(name.kind, Kind::Identifier | Kind::Member)
        {
            function.name = text.to_owned();
            function.name_range = name.range();
        }
        expr
    }

    pub(super) fn function_declaration(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let Some(name) = self.walk_field(part, Field::Name) else { return };
        let text = self.walk.text(name.node).to_owned();
        let function = self.function(part, &text, name.range());
        if self.at_top() {
            self.module.functions.push(function);
        } else {
            self.declare(&text);
            out.push(Stmt { range: part.range(), kind: StmtKind::Function(Box::new(function)) });
        }
    }

    /// A function, arrow function or method.
    pub(super) fn function(&mut self, part: Part<'t>, name: &str, name_range: Range) -> Function {
        let parts = self.walk.parts(part.node);
        self.scopes.push(BTreeSet::new());
        let hoisted = std::mem::take(&mut self.hoisted);
        let mut prelude = Vec::new();
        let mut params = Vec::new();
        if let Some(single) = parts.field(Field::Parameter) {
            params.push(Param { name: self.parameter_name(single), ..no_param() });
        }
        if let Some(list) = parts.field(Field::Parameters) {
            for parameter in self.walk.parts(list.node) {
                params.extend(self.param(parameter, &mut prelude));
            }
        }
        let mut body = prelude;
        match parts.field(Field::Body) {
            Some(block) if block.kind == Kind::Block => body.extend(self.body(Some(block))),
            Some(value) => {
                let returned = self.expr(value);
                let range = returned.range;
                body.append(&mut self.hoisted);
                body.push(Stmt { kind: StmtKind::Return(vec![returned]), range });
            }
            None => {}
        }
        let result = parts.field(Field::ReturnType).map(|ty| self.ty(ty)).filter(|ty| !ty.is_empty() && ty != "void");
        self.hoisted = hoisted;
        self.scopes.pop();
        Function {
            params,
            results: result.into_iter().collect(),
            body,
            is_async: is_async(self.walk.text(part.node)),
            ..Function::new(name, name_range, part.range())
        }
    }

    fn parameter_name(&mut self, part: Part<'t>) -> String {
        let name = self.walk.text(part.node).to_owned();
        self.declare(&name);
        name
    }

    /// A parameter; a pattern is a made-up name that is taken apart at the beginning of the body.
    fn param(&mut self, part: Part<'t>, prelude: &mut Vec<Stmt>) -> Option<Param> {
        let parts = self.walk.parts(part.node);
        let pattern = if part.kind == Kind::Parameter { parts.field(Field::Pattern)? } else { part };
        let decorators = parts.fields(Field::Decorator).collect::<Vec<_>>();
        let decorators = decorators.into_iter().map(|decorator| self.only(decorator)).collect();
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        let default = parts.field(Field::Value).map(|value| self.expr(value));
        let name = match pattern.kind {
            Kind::Identifier => self.parameter_name(pattern),
            Kind::RestPattern => {
                let inner = self.walk.parts(pattern.node).first()?;
                format!("*{}", self.parameter_name(inner))
            }
            _ => {
                let name = self.temporary(pattern.range());
                let text = name.dotted().unwrap_or_default();
                self.destructure(pattern, name, true, prelude);
                text
            }
        };
        if name == "this" {
            return None;
        }
        Some(Param { name, ty, default, decorators })
    }

    /// `this.a = a` for the parameters of a constructor that declare a property.
    pub(super) fn declared_properties(&mut self, list: Part<'t>) -> Vec<(String, String, Range)> {
        let mut found = Vec::new();
        for part in self.walk.parts(list.node) {
            let parts = self.walk.parts(part.node);
            let declares = parts.kind(Kind::Accessibility).is_some() || self.walk.text(part.node).contains("readonly ");
            let Some(name) = parts.field(Field::Pattern).filter(|name| name.kind == Kind::Identifier) else { continue };
            if declares {
                let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
                found.push((self.walk.text(name.node).to_owned(), ty, name.range()));
            }
        }
        found
    }
}

/// `this.name = name`.
pub(super) fn set_property(name: &str, range: Range, out: &mut Vec<Stmt>) {
    let named = |name: &str| Expr { kind: ExprKind::Name(name.to_owned()), range };
    let target = ExprKind::Field(Box::new(named("this")), name.to_owned());
    push_assign(Expr { kind: target, range }, named(name), range, out);
}

fn no_param() -> Param {
    Param { name: String::new(), ty: String::new(), default: None, decorators: Vec::new() }
}

/// Whether a declaration begins with `async`, after modifiers.
pub(super) fn is_async(text: &str) -> bool {
    let modifiers = ["public", "private", "protected", "static", "override", "export", "default"];
    let mut words = text.split_whitespace().skip_while(|word| modifiers.contains(word));
    words.next().is_some_and(|word| word == "async" || word.starts_with("async("))
}

impl<'t> Reader<'t, '_> {
    /// The expression a node consists of.
    pub(super) fn only(&mut self, part: Part<'t>) -> Expr {
        let first = self.walk.parts(part.node).first();
        first.map_or_else(|| unknown(part.range()), |first| self.expr(first))
    }
}
