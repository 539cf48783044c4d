//! Types as text, parameters and type parameters.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::{ExprKind, Param};

/// Types that only say how a value is held or handed over: the value is what matters.
const TRANSPARENT: [&str; 15] = [
    "Arc",
    "Box",
    "Cow",
    "Data",
    "Extension",
    "Form",
    "Json",
    "Option",
    "Path",
    "Pin",
    "Query",
    "Rc",
    "ReqData",
    "State",
    "Weak",
];

impl<'t> Reader<'t, '_> {
    /// A type without references and holders, type arguments in angle brackets: `Result<Order,Error>`.
    pub(super) fn ty(&mut self, part: Part<'t>) -> String {
        let mut text = String::new();
        self.write_type(part, &mut text);
        text
    }

    fn write_type(&mut self, part: Part<'t>, out: &mut String) {
        if !self.walk.enter() {
            return;
        }
        match part.kind {
            Kind::ReferenceType | Kind::PointerType => {
                if let Some(inner) = self.walk.parts(part.node).field(Field::Type) {
                    self.write_type(inner, out);
                }
            }
            Kind::DynamicType | Kind::AbstractType => {
                if let Some(inner) = self.walk.parts(part.node).field(Field::Trait) {
                    self.write_type(inner, out);
                }
            }
            Kind::BoundedType | Kind::HigherRankedTraitBound => {
                let inner = self
                    .walk
                    .parts(part.node)
                    .iter()
                    .find(|inner| !matches!(inner.kind, Kind::Lifetime | Kind::TypeParameters | Kind::Other));
                if let Some(inner) = inner {
                    self.write_type(inner, out);
                }
            }
            Kind::GenericType | Kind::GenericTypeWithTurbofish => self.write_generic(part, out),
            Kind::ArrayType => {
                out.push_str("[]");
                if let Some(inner) = self.walk.parts(part.node).field(Field::Element) {
                    self.write_type(inner, out);
                }
            }
            Kind::TupleType => {
                out.push('(');
                for (at, inner) in self.walk.parts(part.node).into_iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.write_type(inner, out);
                }
                out.push(')');
            }
            Kind::ScopedTypeIdentifier | Kind::ScopedIdentifier => {
                self.note_head(part);
                let path = self.dotted(part);
                out.push_str(&self.own_path(path));
            }
            Kind::Identifier => {
                let name = self.walk.text(part.node);
                match (name, &self.owner) {
                    ("Self", Some(owner)) => out.push_str(owner),
                    _ => out.push_str(self.bounds.get(name).map_or(name, String::as_str)),
                }
            }
            Kind::FunctionType => out.push_str("fn"),
            Kind::NeverType => out.push('!'),
            _ => out.push_str(self.walk.text(part.node)),
        }
        self.walk.leave();
    }

    fn write_generic(&mut self, part: Part<'t>, out: &mut String) {
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Type) else { return };
        let mut base = String::new();
        self.write_type(name, &mut base);
        let arguments = parts.field(Field::TypeArguments).or_else(|| parts.kind(Kind::TypeArguments));
        let arguments: Vec<Part<'t>> = arguments
            .map(|list| self.walk.parts(list.node).into_iter())
            .into_iter()
            .flatten()
            .filter(|argument| !matches!(argument.kind, Kind::Lifetime | Kind::TypeBinding | Kind::Other))
            .collect();
        let last = base.rsplit('.').next().unwrap_or(&base);
        match arguments.as_slice() {
            [inner, ..] if TRANSPARENT.contains(&last) => self.write_type(*inner, out),
            [inner, ..] if last == "Vec" => {
                out.push_str("[]");
                self.write_type(*inner, out);
            }
            [] => out.push_str(&base),
            several => {
                out.push_str(&base);
                out.push('<');
                for (at, argument) in several.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.write_type(*argument, out);
                }
                out.push('>');
            }
        }
    }

    /// `Self.X` with the type that `Self` stands for.
    pub(super) fn own_path(&self, path: String) -> String {
        match (&self.owner, path.strip_prefix("Self.")) {
            (Some(owner), Some(rest)) => format!("{owner}.{rest}"),
            _ => path,
        }
    }

    /// Remembers the first segment of a path: it may be a crate.
    pub(super) fn note_head(&mut self, part: Part<'t>) {
        let text = self.walk.text(part.node);
        let head = text.trim_start_matches("::").split("::").next().unwrap_or("").trim();
        let is_crate = head.starts_with(|c: char| c.is_ascii_lowercase())
            && head.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_crate && !matches!(head, "crate" | "self" | "super") && !self.heads.contains(head) {
            self.heads.insert(head.to_owned());
        }
    }

    /// Parameters; `self` is not one of them, and its presence is told.
    pub(super) fn params(&mut self, list: Part<'t>) -> (Vec<Param>, bool) {
        let mut params = Vec::new();
        let mut has_self = false;
        for part in self.walk.parts(list.node) {
            match part.kind {
                Kind::SelfParameter => has_self = true,
                Kind::Parameter => {
                    let parts = self.walk.parts(part.node);
                    if parts.field(Field::Pattern).is_some_and(|pattern| pattern.kind == Kind::SelfName) {
                        has_self = true;
                        continue;
                    }
                    let name = parts.field(Field::Pattern).map(|pattern| self.bound_name(pattern)).unwrap_or_default();
                    let ty = parts.field(Field::Type).map(|ty| self.ty(ty)).unwrap_or_default();
                    params.push(Param { name, ty, default: None, decorators: Vec::new() });
                }
                // A closure's parameter without a type.
                Kind::AttributeItem => {}
                _ => {
                    let name = self.bound_name(part);
                    params.push(Param { name, ty: String::new(), default: None, decorators: Vec::new() });
                }
            }
        }
        (params, has_self)
    }

    /// The first name a pattern binds: `State(pool)` binds `pool`.
    fn bound_name(&mut self, pattern: Part<'t>) -> String {
        let pattern = self.pattern(pattern);
        let mut name = String::new();
        first_name(&pattern.kind, &mut name);
        name
    }

    /// What a function gives back; nothing for `()`.
    pub(super) fn results(&mut self, part: Part<'t>) -> Vec<String> {
        let ty = self.ty(part);
        if ty == "()" || ty.is_empty() { Vec::new() } else { vec![ty] }
    }

    /// Brings the type parameters of an item into scope; returns those before.
    pub(super) fn open_bounds(&mut self, item: Part<'t>) -> std::collections::BTreeMap<String, String> {
        let before = self.bounds.clone();
        let parts = self.walk.parts(item.node);
        if let Some(list) = parts.field(Field::TypeParameters) {
            for parameter in self.walk.parts(list.node) {
                let parts = self.walk.parts(parameter.node);
                self.note_bound(parts.field(Field::Name), parts.field(Field::Bounds));
            }
        }
        if let Some(clause) = parts.kind(Kind::WhereClause) {
            for predicate in self.walk.parts(clause.node) {
                let parts = self.walk.parts(predicate.node);
                self.note_bound(parts.field(Field::Left), parts.field(Field::Bounds));
            }
        }
        before
    }

    fn note_bound(&mut self, name: Option<Part<'t>>, bounds: Option<Part<'t>>) {
        let (Some(name), Some(bounds)) = (name, bounds) else { return };
        let first = self.walk.parts(bounds.node).iter().find(|bound| bound.kind != Kind::Lifetime);
        if let Some(first) = first {
            let bound = self.ty(first);
            self.bounds.insert(self.walk.text(name.node).to_owned(), bound);
        }
    }
}

fn first_name(pattern: &ExprKind, found: &mut String) {
    match pattern {
        ExprKind::Name(name) if name != "_" => name.clone_into(found),
        ExprKind::Call(call) => {
            for arg in &call.args {
                if found.is_empty() {
                    first_name(&arg.value.kind, found);
                }
            }
        }
        ExprKind::Composite { entries, .. } => {
            for (_, value) in entries {
                if found.is_empty() {
                    first_name(&value.kind, found);
                }
            }
        }
        _ => {}
    }
}
