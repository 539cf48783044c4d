//! Classes, interfaces, enumerations, type aliases.

use super::declaration::set_property;
use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::pattern::push_assign;
use crate::ir::{self, CONSTRUCTOR, Expr, ExprKind, Function, TypeDecl, TypeKind};

impl<'t> Reader<'t, '_> {
    /// A class; its name, made up when it has none.
    pub(super) fn class(&mut self, part: Part<'t>, mut decorators: Vec<Expr>) -> String {
        let parts = self.walk.parts(part.node);
        for decorator in parts.fields(Field::Decorator).collect::<Vec<_>>() {
            decorators.push(self.only(decorator));
        }
        let name = match parts.field(Field::Name) {
            Some(name) => self.walk.text(name.node).to_owned(),
            None => self.temporary(part.range()).dotted().unwrap_or_default(),
        };
        let range = parts.field(Field::Name).map_or_else(|| part.range(), |name| name.range());
        let bases = parts.kind(Kind::ClassHeritage).map(|heritage| self.bases(heritage)).unwrap_or_default();
        let at = self.module.types.len();
        self.module.types.push(TypeDecl { bases, decorators, ..TypeDecl::new(name.clone(), range) });
        let outer = self.class.replace(name.clone());
        let mut decl = TypeDecl::new(name.clone(), range);
        if let Some(body) = parts.field(Field::Body) {
            self.members(body, &mut decl);
        }
        self.class = outer;
        if let Some(kept) = self.module.types.get_mut(at) {
            kept.fields = decl.fields;
            kept.body = decl.body;
            kept.interface_methods = decl.interface_methods;
        }
        name
    }

    fn bases(&mut self, heritage: Part<'t>) -> Vec<String> {
        let mut bases = Vec::new();
        for clause in self.walk.parts(heritage.node) {
            let parts = self.walk.parts(clause.node);
            match clause.kind {
                Kind::ExtendsClause => {
                    let arguments =
                        parts.field(Field::TypeArguments).map(|list| self.type_list(list)).unwrap_or_default();
                    let value = parts.field(Field::Value).map(|value| self.expr(value));
                    if let Some(name) = value.and_then(|value| value.dotted()) {
                        bases.push(format!("{name}{arguments}"));
                    }
                }
                _ => bases.extend(parts.into_iter().map(|ty| self.ty(ty)).filter(|ty| !ty.is_empty())),
            }
        }
        bases
    }

    fn members(&mut self, body: Part<'t>, decl: &mut TypeDecl) {
        let mut decorators = Vec::new();
        for member in self.walk.parts(body.node) {
            match member.kind {
                Kind::Decorator => decorators.push(self.only(member)),
                Kind::MethodDefinition => self.method(member, std::mem::take(&mut decorators), decl),
                Kind::MethodSignature => {
                    let is_abstract = self.walk.text(member.node).contains("abstract ");
                    if let Some(name) = self.walk_field(member, Field::Name).filter(|_| is_abstract) {
                        decl.interface_methods.push(self.walk.text(name.node).to_owned());
                    }
                }
                Kind::FieldDefinition => self.property(member, std::mem::take(&mut decorators), decl),
                Kind::StaticBlock => {
                    let block = self.walk_field(member, Field::Body);
                    let mut statements = self.in_function(|reader| reader.body(block));
                    decl.body.append(&mut statements);
                }
                _ => {}
            }
        }
    }

    /// Runs `read` as inside a function, whose names are its own.
    fn in_function<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.scopes.push(Default::default());
        let value = read(self);
        self.scopes.pop();
        value
    }

    fn method(&mut self, member: Part<'t>, decorators: Vec<Expr>, decl: &mut TypeDecl) {
        let parts = self.walk.parts(member.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let text = self.member_name(name);
        let head = self.walk.text_between(member.node.start_byte(), name.node.start_byte());
        let has = |word: &str| head.split_whitespace().any(|found| found == word);
        let (is_static, is_getter, is_setter) = (has("static"), has("get"), has("set"));
        let is_constructor = text == "constructor";
        let properties = match parts.field(Field::Parameters) {
            Some(list) if is_constructor => self.declared_properties(list),
            _ => Vec::new(),
        };
        let own_name = if is_constructor { CONSTRUCTOR.to_owned() } else { text };
        let own_name = if is_setter { format!("{own_name}=") } else { own_name };
        let mut function = self.function(member, &own_name, name.range());
        let mut prelude = Vec::new();
        for (name, ty, range) in properties {
            set_property(&name, range, &mut prelude);
            decl.fields.push(ir::Field { name, ty, decorators: Vec::new(), range });
        }
        prelude.append(&mut function.body);
        function.body = prelude;
        function.decorators = decorators;
        if is_getter {
            let range = name.range();
            function.decorators.push(Expr { kind: ExprKind::Name("property".to_owned()), range });
        }
        self.add_method(function, is_static);
    }

    fn add_method(&mut self, mut function: Function, is_static: bool) {
        function.owner.clone_from(&self.class);
        if !is_static {
            "this".clone_into(&mut function.receiver);
        }
        self.module.functions.push(function);
    }

    fn member_name(&mut self, name: Part<'t>) -> String {
        let text = self.walk.text(name.node);
        text.trim_start_matches('#').trim_matches(['"', '\'']).to_owned()
    }

    /// A property: its type, and its initial value; an arrow function is a method.
    fn property(&mut self, member: Part<'t>, mut decorators: Vec<Expr>, decl: &mut TypeDecl) {
        let parts = self.walk.parts(member.node);
        for decorator in parts.fields(Field::Decorator).collect::<Vec<_>>() {
            decorators.push(self.only(decorator));
        }
        let Some(name) = parts.field(Field::Name) else { return };
        let text = self.member_name(name);
        let value = parts.field(Field::Value);
        if let Some(function) = value.filter(|value| value.kind == Kind::Function) {
            let mut function = self.function(function, &text, name.range());
            function.decorators = decorators;
            let head = self.walk.text_between(member.node.start_byte(), name.node.start_byte());
            let is_static = head.split_whitespace().any(|word| word == "static");
            return self.add_method(function, is_static);
        }
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        if !ty.is_empty() || !decorators.is_empty() {
            decl.fields.push(ir::Field { name: text.clone(), ty, decorators, range: name.range() });
        }
        if let Some(value) = value {
            let value = self.in_function(|reader| reader.expr(value));
            decl.body.append(&mut self.hoisted);
            let target = Expr { kind: ExprKind::Name(text), range: name.range() };
            push_assign(target, value, name.range(), &mut decl.body);
        }
    }

    pub(super) fn interface(&mut self, part: Part<'t>) {
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let mut decl = TypeDecl::new(self.walk.text(name.node), name.range());
        decl.kind = TypeKind::Interface;
        if let Some(clause) = parts.kind(Kind::ExtendsClause) {
            decl.bases = self.walk.parts(clause.node).into_iter().map(|ty| self.ty(ty)).collect();
        }
        if let Some(body) = parts.field(Field::Body) {
            self.signatures(body, &mut decl);
        }
        self.module.types.push(decl);
    }

    /// The members of an interface or object type.
    fn signatures(&mut self, body: Part<'t>, decl: &mut TypeDecl) {
        for member in self.walk.parts(body.node) {
            let parts = self.walk.parts(member.node);
            let Some(name) = parts.field(Field::Name) else { continue };
            let text = self.member_name(name);
            let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
            match member.kind {
                Kind::MethodSignature => decl.interface_methods.push(text),
                Kind::PropertySignature if ty == "func" => decl.interface_methods.push(text),
                Kind::PropertySignature => {
                    decl.fields.push(ir::Field { name: text, ty, decorators: Vec::new(), range: name.range() });
                }
                _ => {}
            }
        }
    }

    /// `type A = {..}` has fields, `type A = B` is a kind of `B`.
    pub(super) fn type_alias(&mut self, part: Part<'t>) {
        let parts = self.walk.parts(part.node);
        let (Some(name), Some(value)) = (parts.field(Field::Name), parts.field(Field::Value)) else { return };
        let mut decl = TypeDecl::new(self.walk.text(name.node), name.range());
        if value.kind == Kind::ObjectType {
            decl.kind = TypeKind::Interface;
            self.signatures(value, &mut decl);
        } else {
            let base = self.ty(value);
            decl.bases = (!base.is_empty()).then_some(base).into_iter().collect();
        }
        self.module.types.push(decl);
    }

    /// The members of an enumeration are class attributes: their value, else their name.
    pub(super) fn enumeration(&mut self, part: Part<'t>) {
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let mut decl = TypeDecl::new(self.walk.text(name.node), name.range());
        decl.kind = TypeKind::Enum;
        let members = parts.field(Field::Body).map(|body| self.walk.parts(body.node).into_iter().collect::<Vec<_>>());
        for member in members.unwrap_or_default() {
            let parts = self.walk.parts(member.node);
            let own = if member.kind == Kind::EnumAssignment { parts.field(Field::Name) } else { Some(member) };
            let Some(own) = own else { continue };
            let text = self.member_name(own);
            let value = match parts.field(Field::Value) {
                Some(value) if member.kind == Kind::EnumAssignment => self.expr(value),
                _ => Expr { kind: ExprKind::Str(text.clone()), range: own.range() },
            };
            let target = Expr { kind: ExprKind::Name(text), range: own.range() };
            push_assign(target, value, own.range(), &mut decl.body);
        }
        self.module.types.push(decl);
    }

    /// A class as an expression.
    pub(super) fn class_expression(&mut self, part: Part<'t>) -> ExprKind {
        ExprKind::Name(self.class(part, Vec::new()))
    }

    /// What a class declares is a value too: `export default class {}`.
    pub(super) fn exported_class(&mut self, part: Part<'t>, decorators: Vec<Expr>) -> Option<Expr> {
        let name = self.class(part, decorators);
        (!name.is_empty()).then(|| Expr { kind: ExprKind::Name(name), range: part.range() })
    }
}
