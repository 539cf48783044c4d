//! Classes, records, interfaces, enumerations, annotation types.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::{self, Arg, Call, Expr, ExprKind, Stmt, StmtKind, TypeDecl, TypeKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// A declaration at the level of types; anything else is passed over.
    pub(super) fn type_declaration(&mut self, part: Part<'t>) {
        let kind = match part.kind {
            Kind::ClassDeclaration | Kind::RecordDeclaration => TypeKind::Class,
            Kind::InterfaceDeclaration | Kind::AnnotationTypeDeclaration => TypeKind::Interface,
            Kind::EnumDeclaration => TypeKind::Enum,
            _ => return,
        };
        if !self.walk.enter() {
            return;
        }
        let parts = self.walk.parts(part.node);
        if let Some(name) = parts.field(Field::Name) {
            let mut decl = TypeDecl::new(self.walk.text(name.node), name.range());
            decl.kind = kind;
            decl.decorators = self.annotations(part);
            for heritage in parts.iter() {
                if matches!(heritage.kind, Kind::Superclass | Kind::SuperInterfaces | Kind::ExtendsInterfaces) {
                    decl.bases.extend(self.type_list(heritage));
                }
            }
            if let Some(list) = parts.field(Field::Parameters).filter(|_| part.kind == Kind::RecordDeclaration) {
                self.components(list, &mut decl);
            }
            self.members_of(parts.field(Field::Body), decl);
        }
        self.walk.leave();
    }

    /// The components of a record are fields.
    fn components(&mut self, list: Part<'t>, decl: &mut TypeDecl) {
        let range = list.range();
        let params = self.params(list).into_iter();
        decl.fields.extend(params.map(|param| ir::Field {
            name: param.name,
            ty: param.ty,
            decorators: param.decorators,
            range,
        }));
    }

    /// Reads the members of a type and lists it, before the types nested in it.
    fn members_of(&mut self, body: Option<Part<'t>>, mut decl: TypeDecl) {
        let at = self.module.types.len();
        let outer = self.class.replace(decl.name.clone());
        self.module.types.push(TypeDecl::new(decl.name.clone(), decl.range));
        if let Some(body) = body {
            self.members(body, &mut decl);
        }
        self.class = outer;
        if let Some(slot) = self.module.types.get_mut(at) {
            *slot = decl;
        }
    }

    fn members(&mut self, body: Part<'t>, decl: &mut TypeDecl) {
        for member in self.walk.parts(body.node) {
            match member.kind {
                Kind::EnumBodyDeclarations => {
                    if self.walk.enter() {
                        self.members(member, decl);
                        self.walk.leave();
                    }
                }
                Kind::EnumConstant => self.enum_constant(member, decl),
                Kind::FieldDeclaration | Kind::ConstantDeclaration => self.field(member, decl),
                Kind::MethodDeclaration => self.method(member, decl),
                Kind::ConstructorDeclaration => self.constructor(member),
                Kind::Block | Kind::StaticInitializer if !self.module.is_generated => {
                    let block = self.walk.parts(member.node).kind(Kind::Block).unwrap_or(member);
                    let mut body = Vec::new();
                    self.block(block, &mut body);
                    decl.body.append(&mut body);
                }
                _ => self.type_declaration(member),
            }
        }
    }

    /// A constant of an enumeration holds its name.
    fn enum_constant(&mut self, member: Part<'t>, decl: &mut TypeDecl) {
        let Some(name) = self.walk.parts(member.node).field(Field::Name) else { return };
        let text = self.walk.text(name.node).to_owned();
        let value = Expr { kind: ExprKind::Str(text.clone()), range: name.range() };
        decl.body.push(assign(&text, value, name.range(), String::new()));
    }

    fn field(&mut self, member: Part<'t>, decl: &mut TypeDecl) {
        let decorators = self.annotations(member);
        let parts = self.walk.parts(member.node);
        let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
        for declarator in parts.fields(Field::Declarator).collect::<Vec<_>>() {
            let own = self.walk.parts(declarator.node);
            let Some(name) = own.field(Field::Name) else { continue };
            let text = self.walk.text(name.node).to_owned();
            let value = own.field(Field::Value).map(|value| self.expr(value));
            decl.body.append(&mut self.hoisted);
            if let Some(value) = value
                && (!self.module.is_generated || matches!(value.kind, ExprKind::Str(_)))
            {
                decl.body.push(assign(&text, value, name.range(), ty.clone()));
            }
            decl.fields.push(ir::Field {
                name: text,
                ty: ty.clone(),
                decorators: decorators.clone(),
                range: name.range(),
            });
        }
    }

    /// `new T(..) { .. }`: an instance of a type of its own.
    pub(super) fn anonymous(&mut self, base: &str, body: Part<'t>, args: Vec<Arg>, range: Range) -> ExprKind {
        let name = self.made_up(ir::bare(base).rsplit('.').next().unwrap_or(""), range);
        let mut decl = TypeDecl::new(name.clone(), range);
        decl.bases.push(base.to_owned());
        let hoisted = std::mem::take(&mut self.hoisted);
        self.members_of(Some(body), decl);
        self.hoisted = hoisted;
        ExprKind::Call(Box::new(Call { callee: Expr { kind: ExprKind::Name(name), range }, args }))
    }
}

/// `name = value`.
pub(super) fn assign(name: &str, value: Expr, range: Range, ty: String) -> Stmt {
    let target = Expr { kind: ExprKind::Name(name.to_owned()), range };
    Stmt { kind: StmtKind::Assign { targets: vec![target], values: vec![value], op: String::new(), ty }, range }
}
