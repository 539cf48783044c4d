//! Types as text: without what makes a value optional or late.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};

/// Types that stand for the type in their brackets.
const WRAPPERS: [&str; 8] =
    ["Promise", "Partial", "Readonly", "Required", "NonNullable", "Awaited", "InstanceType", "PromiseLike"];

impl<'t> Reader<'t, '_> {
    pub(super) fn ty(&mut self, part: Part<'t>) -> String {
        if !self.walk.enter() {
            return String::new();
        }
        let text = match part.kind {
            Kind::TransparentType | Kind::TypeQuery => {
                let inner = self.walk.parts(part.node).first();
                inner.map(|inner| self.ty(inner)).unwrap_or_default()
            }
            Kind::ArrayType => {
                let inner = self.walk.parts(part.node).first();
                format!("[]{}", inner.map(|inner| self.ty(inner)).unwrap_or_default())
            }
            Kind::GenericType => self.generic(part),
            Kind::UnionType => self.union(part),
            Kind::IntersectionType => {
                let inner = self.walk.parts(part.node).first();
                inner.map(|inner| self.ty(inner)).unwrap_or_default()
            }
            Kind::FunctionType => "func".to_owned(),
            Kind::Identifier | Kind::NestedType | Kind::PredefinedType | Kind::Member => {
                self.walk.text(part.node).chars().filter(|c| !c.is_whitespace()).collect()
            }
            _ => String::new(),
        };
        self.walk.leave();
        text
    }

    fn generic(&mut self, part: Part<'t>) -> String {
        let parts = self.walk.parts(part.node);
        let name = parts.field(Field::Name).map_or("", |name| self.walk.text(name.node)).to_owned();
        let Some(list) = parts.field(Field::TypeArguments) else { return name };
        if WRAPPERS.contains(&name.as_str()) || matches!(name.as_str(), "Array" | "ReadonlyArray") {
            let inner = self.walk.parts(list.node).first();
            let inner = inner.map(|inner| self.ty(inner)).unwrap_or_default();
            return if name.ends_with("Array") { format!("[]{inner}") } else { inner };
        }
        let arguments = self.type_list(list);
        format!("{name}{arguments}")
    }

    /// `<A,B>`; empty when none of them has a name.
    pub(super) fn type_list(&mut self, list: Part<'t>) -> String {
        let arguments: Vec<String> = self.walk.parts(list.node).into_iter().map(|ty| self.ty(ty)).collect();
        if arguments.iter().all(String::is_empty) { String::new() } else { format!("<{}>", arguments.join(",")) }
    }

    /// `T | null` is `T`; a choice of several types is none.
    fn union(&mut self, part: Part<'t>) -> String {
        let members: Vec<String> = self.walk.parts(part.node).into_iter().map(|ty| self.ty(ty)).collect();
        let mut named = members.into_iter().filter(|ty| !matches!(ty.as_str(), "" | "null" | "undefined" | "void"));
        match (named.next(), named.next()) {
            (Some(only), None) => only,
            _ => String::new(),
        }
    }
}
