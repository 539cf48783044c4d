//! Functions and classes.

use super::annotation::annotation;
use super::file::{Part, Reader, Scope};
use super::kind::{Field, Kind};
use crate::ir::{self, Expr, ExprKind, Function, Param, Stmt, StmtKind, TypeDecl};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// A function or class with its decorators.
    pub(super) fn definition(&mut self, part: Part<'t>, out: &mut Vec<Stmt>) {
        let mut decorators = Vec::new();
        let mut definition = Some(part);
        if part.kind == Kind::DecoratedDefinition {
            let parts = self.walk.parts(part.node);
            for decorator in parts.iter().filter(|decorator| decorator.kind == Kind::Decorator) {
                decorators.push(self.only(decorator));
            }
            definition = parts.field(Field::Definition);
        }
        match definition {
            Some(class) if class.kind == Kind::ClassDefinition => self.class(class, decorators),
            Some(function) => self.function_in_scope(function, decorators, part.range(), out),
            None => {}
        }
    }

    fn function_in_scope(&mut self, part: Part<'t>, decorators: Vec<Expr>, range: Range, out: &mut Vec<Stmt>) {
        let scope = self.scope.clone();
        let mut function = self.function(part);
        function.decorators = decorators;
        function.range = range;
        if let Scope::Class(owner) = scope {
            let is_static = function.decorators.iter().any(|decorator| is_name(decorator, "staticmethod"));
            let has_receiver = !is_static && function.params.first().is_some_and(|first| !first.name.starts_with('*'));
            if has_receiver {
                function.receiver = function.params.remove(0).name;
            }
            function.owner = Some(owner);
        } else if matches!(scope, Scope::Function) {
            out.push(Stmt { range, kind: StmtKind::Function(Box::new(function)) });
            return;
        }
        self.module.functions.push(function);
    }

    fn function(&mut self, part: Part<'t>) -> Function {
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Name);
        let text = name.map_or("", |name| self.walk.text(name.node)).to_owned();
        let is_kept = !self.module.is_generated || text == "__init__";
        let outer = std::mem::replace(&mut self.scope, Scope::Function);
        let body = if is_kept { self.body(parts.field(Field::Body)) } else { Vec::new() };
        self.scope = outer;
        let result = parts.field(Field::ReturnType).map(|ty| annotation(self.walk.text(ty.node)));
        let doc = parts.field(Field::Body).filter(|_| is_kept).map(|body| self.docstring(body));
        Function {
            params: parts.field(Field::Parameters).map(|list| self.params(list)).unwrap_or_default(),
            results: result.into_iter().filter(|ty| !ty.is_empty()).collect(),
            body,
            is_async: self.walk.text(part.node).starts_with("async"),
            doc: doc.unwrap_or_default(),
            ..Function::new(text, name.map_or_else(|| part.range(), |name| name.range()), part.range())
        }
    }

    /// A function that returns the body of the `lambda`.
    pub(super) fn lambda(&mut self, part: Part<'t>) -> Function {
        let parts = self.walk.parts(part.node);
        let value = self.optional(parts.field(Field::Body), part.range());
        let range = value.range;
        Function {
            params: parts.field(Field::Parameters).map(|list| self.params(list)).unwrap_or_default(),
            body: vec![Stmt { kind: StmtKind::Return(vec![value]), range }],
            ..Function::new("", part.range(), part.range())
        }
    }

    fn params(&mut self, list: Part<'t>) -> Vec<Param> {
        self.walk.parts(list.node).into_iter().filter_map(|part| self.param(part)).collect()
    }

    fn param(&mut self, part: Part<'t>) -> Option<Param> {
        let parts = self.walk.parts(part.node);
        let name = match part.kind {
            Kind::Identifier | Kind::ListSplat | Kind::DictionarySplat => part,
            Kind::TypedParameter => parts.first()?,
            Kind::DefaultParameter | Kind::TypedDefaultParameter => parts.field(Field::Name)?,
            _ => return None,
        };
        let declared = parts.field(Field::Type);
        let ty = declared.map(|ty| annotation(self.walk.text(ty.node))).unwrap_or_default();
        let mut default = parts.field(Field::Value).map(|value| self.expr(value));
        if default.is_none() {
            default = declared.and_then(|ty| self.annotated_call(ty));
        }
        Some(Param { name: self.dotted_text(name), ty, default, decorators: Vec::new() })
    }

    /// `Depends(f)` of `Annotated[T, Depends(f)]`: frameworks treat it as the default
    /// (<https://fastapi.tiangolo.com/tutorial/dependencies/>).
    fn annotated_call(&mut self, ty: Part<'t>) -> Option<Expr> {
        let head = self.walk.text(ty.node).split('[').next().unwrap_or("").trim();
        if head.rsplit('.').next() != Some("Annotated") {
            return None;
        }
        let ExprKind::Index(_, arguments) = self.expr(ty).kind else { return None };
        let ExprKind::List(arguments) = arguments.kind else { return None };
        arguments.into_iter().skip(1).find(|argument| matches!(argument.kind, ExprKind::Call(_)))
    }

    fn class(&mut self, part: Part<'t>, decorators: Vec<Expr>) {
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let text = self.walk.text(name.node);
        let full_name = match &self.scope {
            Scope::Class(outer) => format!("{outer}.{text}"),
            _ => text.to_owned(),
        };
        let bases = parts.field(Field::Superclasses).map(|list| self.bases(list)).unwrap_or_default();
        // The type precedes the types nested in it.
        let at = self.module.types.len();
        let decl = TypeDecl { bases, decorators, ..TypeDecl::new(full_name.clone(), name.range()) };
        self.module.types.push(decl);
        let outer = std::mem::replace(&mut self.scope, Scope::Class(full_name));
        let body = self.body(parts.field(Field::Body));
        self.scope = outer;
        if let Some(decl) = self.module.types.get_mut(at) {
            decl.fields = body.iter().filter_map(field).collect();
            decl.body = body;
        }
    }

    fn bases(&mut self, list: Part<'t>) -> Vec<String> {
        let bases = self.walk.parts(list.node).into_iter();
        let bases = bases.filter(|base| !matches!(base.kind, Kind::KeywordArgument | Kind::DictionarySplat));
        bases.map(|base| annotation(self.walk.text(base.node))).collect()
    }

    /// `type Alias = T`.
    pub(super) fn type_alias(&mut self, part: Part<'t>) {
        let parts = self.walk.parts(part.node);
        if let (Some(name), Some(ty)) = (parts.field(Field::Left), parts.field(Field::Right)) {
            let bases = vec![annotation(self.walk.text(ty.node))];
            let alias = annotation(self.walk.text(name.node));
            self.module.types.push(TypeDecl { bases, ..TypeDecl::new(alias, name.range()) });
        }
    }
}

fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(text) if text == name)
}

/// `name: type` in a class body.
fn field(stmt: &Stmt) -> Option<ir::Field> {
    match &stmt.kind {
        StmtKind::Assign { targets, ty, .. } if !ty.is_empty() => match &targets.first()?.kind {
            ExprKind::Name(name) => Some(ir::Field {
                name: name.clone(),
                ty: ty.clone(),
                decorators: Vec::new(),
                range: targets.first()?.range,
            }),
            _ => None,
        },
        _ => None,
    }
}
