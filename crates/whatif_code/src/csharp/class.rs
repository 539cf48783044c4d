//! Types and their members.

use super::declaration::set_member;
use super::file::{Part, Reader, is_type};
use super::kind::{Field, Kind};
use super::statement::assign;
use crate::ir::{self, CONSTRUCTOR, Call, Expr, ExprKind, Function, Param, Stmt, StmtKind, TypeDecl, TypeKind};

/// The initial values of instance members, and what the constructor without a body of its own is given.
#[derive(Default)]
struct Initial {
    params: Option<Vec<Param>>,
    /// What the base class is given.
    base: Option<Vec<ir::Arg>>,
    body: Vec<Stmt>,
}

impl<'t> Reader<'t, '_> {
    /// A class, record, interface, enumeration or delegate.
    pub(super) fn type_declaration(&mut self, part: Part<'t>) {
        if part.kind == Kind::Delegate || !self.walk.enter() {
            return;
        }
        match part.kind {
            Kind::Enum => self.enumeration(part),
            _ => self.class(part),
        }
        self.walk.leave();
    }

    fn class(&mut self, part: Part<'t>) {
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let text = self.walk.text(name.node).to_owned();
        let mut decl = TypeDecl::new(text.clone(), name.range());
        decl.decorators = self.attributes(part);
        if part.kind == Kind::Interface {
            decl.kind = TypeKind::Interface;
        }
        if self.has_modifier(part, "partial") {
            decl.decorators.push(Expr { kind: ExprKind::Name("partial".to_owned()), range: name.range() });
        }
        if let Some(list) = parts.kind(Kind::TypeParameters) {
            decl.type_params = self.type_params(list);
        }
        let mut initial = Initial::default();
        if let Some(list) = parts.kind(Kind::BaseList) {
            self.bases(list, &mut decl, &mut initial);
        }
        let outer = self.class.replace(text);
        let functions = std::mem::take(&mut self.functions);
        if let Some(list) = parts.kind(Kind::ParameterList) {
            let params = self.params(list);
            for param in &params {
                let range = list.range();
                decl.fields.push(ir::Field {
                    name: param.name.clone(),
                    ty: param.ty.clone(),
                    decorators: param.decorators.clone(),
                    range,
                });
                let value = Expr { kind: ExprKind::Name(param.name.clone()), range };
                initial.body.push(set_member(&param.name, value, range));
            }
            initial.params = Some(params);
        }
        // The type precedes the types nested in it.
        let at = self.module.types.len();
        self.module.types.push(decl.clone());
        if let Some(body) = parts.field(Field::Body) {
            self.members(body, &mut decl, &mut initial);
        }
        self.primary_constructor(initial, name, &mut decl);
        self.class = outer;
        self.functions = functions;
        if let Some(place) = self.module.types.get_mut(at) {
            *place = decl;
        }
    }

    fn bases(&mut self, list: Part<'t>, decl: &mut TypeDecl, initial: &mut Initial) {
        for base in self.walk.parts(list.node) {
            match base.kind {
                Kind::ArgumentList => initial.base = Some(self.args(base)),
                Kind::PrimaryBase => {
                    decl.bases.push(self.ty(base));
                    if let Some(args) = self.walk.parts(base.node).kind(Kind::ArgumentList) {
                        initial.base = Some(self.args(args));
                    }
                }
                _ => decl.bases.push(self.ty(base)),
            }
        }
    }

    fn members(&mut self, body: Part<'t>, decl: &mut TypeDecl, initial: &mut Initial) {
        if !self.walk.enter() {
            return;
        }
        for member in self.walk.parts(body.node) {
            match member.kind {
                Kind::Method => self.method(member, decl),
                Kind::Constructor => self.constructor(member),
                Kind::Property => self.property(member, decl, initial),
                Kind::FieldDeclaration => self.field_declaration(member, decl, initial),
                Kind::PreprocIf | Kind::DeclarationList | Kind::Error => self.members(member, decl, initial),
                kind if is_type(kind) => self.type_declaration(member),
                _ => {}
            }
        }
        self.walk.leave();
    }

    fn method(&mut self, member: Part<'t>, decl: &mut TypeDecl) {
        let mut function = self.function(member);
        let is_static = self.has_modifier(member, "static");
        if decl.kind == TypeKind::Interface && function.is_abstract {
            decl.interface_methods.push(function.name.clone());
        }
        function.owner.clone_from(&self.class);
        if !is_static {
            "this".clone_into(&mut function.receiver);
        }
        self.module.functions.push(function);
    }

    fn constructor(&mut self, member: Part<'t>) {
        if self.has_modifier(member, "static") {
            return;
        }
        let mut function = self.function(member);
        CONSTRUCTOR.clone_into(&mut function.name);
        if let Some(initializer) = self.walk.parts(member.node).kind(Kind::ConstructorInitializer) {
            let args = self.walk.parts(initializer.node).kind(Kind::ArgumentList);
            let args = args.map(|args| self.args(args)).unwrap_or_default();
            let is_base = self.walk.text(initializer.node).trim_start_matches([':', ' ']).starts_with("base");
            let mut first = std::mem::take(&mut self.hoisted);
            first.push(chained(is_base, args, initializer.range()));
            first.append(&mut function.body);
            function.body = first;
        }
        self.add_constructor(function);
    }

    fn add_constructor(&mut self, mut function: Function) {
        function.owner.clone_from(&self.class);
        "this".clone_into(&mut function.receiver);
        function.results = Vec::new();
        self.module.functions.push(function);
    }

    /// What a primary constructor does: it keeps what it is given and sets the initial values.
    fn primary_constructor(&mut self, initial: Initial, name: Part<'t>, decl: &mut TypeDecl) {
        let Some(params) = initial.params else {
            decl.body.extend(initial.body.into_iter().map(without_receiver));
            return;
        };
        let mut body = Vec::new();
        if let Some(args) = initial.base {
            body.push(chained(true, args, name.range()));
        }
        body.extend(initial.body);
        let function = Function { params, body, ..Function::new(CONSTRUCTOR, name.range(), name.range()) };
        self.add_constructor(function);
    }

    /// A property: a field, or a method when it has a body.
    fn property(&mut self, member: Part<'t>, decl: &mut TypeDecl, initial: &mut Initial) {
        let parts = self.walk.parts(member.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let text = self.walk.text(name.node).to_owned();
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        let value = parts.field(Field::Value);
        let is_static = self.has_modifier(member, "static");
        let getter = parts.field(Field::Accessors).and_then(|list| self.getter(list));
        if let Some(body) = getter.or(value.filter(|value| value.kind == Kind::Arrow)) {
            self.functions += 1;
            let body = self.function_body(Some(body));
            self.functions -= 1;
            let mut function = Function { body, ..Function::new(text, name.range(), member.range()) };
            function.results = if ty.is_empty() { Vec::new() } else { vec![ty] };
            function.owner.clone_from(&self.class);
            if !is_static {
                "this".clone_into(&mut function.receiver);
            }
            function.decorators.push(Expr { kind: ExprKind::Name("property".to_owned()), range: name.range() });
            self.module.functions.push(function);
            return;
        }
        let decorators = self.attributes(member);
        decl.fields.push(ir::Field { name: text.clone(), ty: ty.clone(), decorators, range: name.range() });
        if let Some(value) = value {
            let value = self.expr_of_type(value, &ty);
            self.initial_value(&text, value, is_static, decl, initial);
        }
    }

    fn getter(&mut self, list: Part<'t>) -> Option<Part<'t>> {
        let accessors: Vec<_> = self.walk.parts(list.node).into_iter().collect();
        accessors.into_iter().find_map(|accessor| {
            let parts = self.walk.parts(accessor.node);
            let name = parts.field(Field::Name).map_or("", |name| self.walk.text(name.node));
            parts.field(Field::Body).filter(|_| name == "get")
        })
    }

    fn field_declaration(&mut self, member: Part<'t>, decl: &mut TypeDecl, initial: &mut Initial) {
        let is_static = self.has_modifier(member, "static") || self.has_modifier(member, "const");
        let decorators = self.attributes(member);
        let Some(declaration) = self.walk.parts(member.node).kind(Kind::VariableDeclaration) else { return };
        let mut statements = Vec::new();
        self.functions += 1;
        self.variables(declaration, &mut statements);
        self.functions -= 1;
        for statement in statements {
            let StmtKind::Assign { targets, mut values, ty, .. } = statement.kind else { continue };
            let Some(Expr { kind: ExprKind::Name(name), range }) = targets.into_iter().next() else { continue };
            decl.fields.push(ir::Field { name: name.clone(), ty, decorators: decorators.clone(), range });
            if let Some(value) = values.pop() {
                self.initial_value(&name, value, is_static, decl, initial);
            }
        }
    }

    fn initial_value(&mut self, name: &str, value: Expr, is_static: bool, decl: &mut TypeDecl, initial: &mut Initial) {
        let range = value.range;
        let place = if is_static { &mut decl.body } else { &mut initial.body };
        place.append(&mut self.hoisted);
        if is_static {
            let target = Expr { kind: ExprKind::Name(name.to_owned()), range };
            decl.body.push(assign(target, value, String::new(), range));
        } else {
            initial.body.push(set_member(name, value, range));
        }
    }

    /// The members of an enumeration are class attributes: their name.
    fn enumeration(&mut self, part: Part<'t>) {
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let mut decl = TypeDecl::new(self.walk.text(name.node), name.range());
        decl.kind = TypeKind::Enum;
        let members: Vec<_> =
            parts.field(Field::Body).map(|body| self.walk.parts(body.node).into_iter().collect()).unwrap_or_default();
        for member in members {
            let Some(own) = self.walk_field(member, Field::Name) else { continue };
            let text = self.walk.text(own.node).to_owned();
            let target = Expr { kind: ExprKind::Name(text.clone()), range: own.range() };
            let value = Expr { kind: ExprKind::Str(text), range: own.range() };
            decl.body.push(assign(target, value, String::new(), own.range()));
        }
        self.module.types.push(decl);
    }
}

/// A call of another constructor.
fn chained(is_base: bool, args: Vec<ir::Arg>, range: whatif_model::Range) -> Stmt {
    let named = |name: &str| Expr { kind: ExprKind::Name(name.to_owned()), range };
    let base = if is_base {
        let call = Call { callee: named("super"), args: Vec::new() };
        Expr { kind: ExprKind::Call(Box::new(call)), range }
    } else {
        named("this")
    };
    let callee = Expr { kind: ExprKind::Field(Box::new(base), CONSTRUCTOR.to_owned()), range };
    let call = Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range };
    Stmt { kind: StmtKind::Expr(call), range }
}

/// `this.a = e` as the class attribute `a = e`.
fn without_receiver(stmt: Stmt) -> Stmt {
    let StmtKind::Assign { targets, values, op, ty } = stmt.kind else { return stmt };
    let targets = targets.into_iter().map(|target| match target.kind {
        ExprKind::Field(base, name) if matches!(&base.kind, ExprKind::Name(this) if this == "this") => {
            Expr { kind: ExprKind::Name(name), range: target.range }
        }
        kind => Expr { kind, range: target.range },
    });
    Stmt { kind: StmtKind::Assign { targets: targets.collect(), values, op, ty }, range: stmt.range }
}
