//! Types as text: without what makes a value optional or late.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};

/// Types that stand for the type in their brackets.
const WRAPPERS: [&str; 3] = ["Task", "ValueTask", "Nullable"];

impl<'t> Reader<'t, '_> {
    pub(super) fn ty(&mut self, part: Part<'t>) -> String {
        if !self.walk.enter() {
            return String::new();
        }
        let text = match part.kind {
            Kind::ArrayType => {
                let inner = self.walk_field(part, Field::Type);
                format!("[]{}", inner.map(|inner| self.ty(inner)).unwrap_or_default())
            }
            Kind::NullableType => {
                let inner = self.walk_field(part, Field::Type);
                inner.map(|inner| self.ty(inner)).unwrap_or_default()
            }
            Kind::GenericName => self.generic(part),
            Kind::QualifiedName => {
                let parts = self.walk.parts(part.node);
                let before = parts.field(Field::Qualifier).map(|before| self.ty(before)).unwrap_or_default();
                let name = parts.field(Field::Name).map(|name| self.ty(name)).unwrap_or_default();
                if before.is_empty() { name } else { format!("{before}.{name}") }
            }
            Kind::AliasQualified => {
                let name = self.walk_field(part, Field::Name);
                name.map(|name| self.ty(name)).unwrap_or_default()
            }
            Kind::PrimaryBase | Kind::TypePattern => {
                let inner = self.walk_field(part, Field::Type);
                inner.map(|inner| self.ty(inner)).unwrap_or_default()
            }
            Kind::Identifier => match self.walk.text(part.node) {
                "void" | "Task" | "ValueTask" => String::new(),
                text => text.trim_start_matches('@').to_owned(),
            },
            _ => String::new(),
        };
        self.walk.leave();
        text
    }

    fn generic(&mut self, part: Part<'t>) -> String {
        let parts = self.walk.parts(part.node);
        let name = parts.first().map_or("", |name| self.walk.text(name.node)).to_owned();
        let arguments = self.type_arguments(part);
        if WRAPPERS.contains(&name.as_str()) {
            return arguments.into_iter().next().unwrap_or_default();
        }
        if arguments.iter().all(String::is_empty) { name } else { format!("{name}<{}>", arguments.join(",")) }
    }

    /// `A` and `B` of `Name<A, B>`.
    pub(super) fn type_arguments(&mut self, part: Part<'t>) -> Vec<String> {
        let Some(list) = self.walk.parts(part.node).kind(Kind::TypeArguments) else { return Vec::new() };
        self.walk.parts(list.node).into_iter().map(|ty| self.ty(ty)).collect()
    }

    /// The type in a field; `var` is none.
    pub(super) fn type_in(&mut self, part: Part<'t>, field: Field) -> String {
        let ty = self.walk_field(part, field);
        ty.map(|ty| self.ty(ty)).unwrap_or_default()
    }
}
