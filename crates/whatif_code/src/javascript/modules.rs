//! Imports and exports, of ES modules and CommonJS.

use super::file::{Part, Reader, stem};
use super::kind::{Field, Kind};
use super::pattern::push_assign;
use super::units::HERE;
use crate::ir::{Expr, ExprKind, Import, Stmt};
use crate::lower::{folder_of, join_path};
use whatif_model::Range;

/// The name a module's one value has, in CommonJS.
const EXPORTS: &str = "module.exports";

impl<'t> Reader<'t, '_> {
    /// `import a, { b as c } from "m"`, `import * as d from "m"`, `import e = require("m")`.
    pub(super) fn import(&mut self, statement: Part<'t>) {
        let parts = self.walk.parts(statement.node);
        if let Some(clause) = parts.kind(Kind::ImportRequire) {
            let parts = self.walk.parts(clause.node);
            if let (Some(name), Some(source)) = (parts.kind(Kind::Identifier), parts.field(Field::Source)) {
                let path = self.specifier(source);
                self.add_import(self.walk.text(name.node).to_owned(), path, statement.range());
            }
            return;
        }
        let Some(source) = parts.field(Field::Source) else { return };
        let path = self.specifier(source);
        let Some(clause) = parts.kind(Kind::ImportClause) else {
            return self.add_import("_".to_owned(), path, statement.range());
        };
        for binding in self.walk.parts(clause.node) {
            match binding.kind {
                Kind::Identifier => {
                    let name = self.walk.text(binding.node).to_owned();
                    self.add_import(name, imported(&path, "default"), binding.range());
                }
                Kind::NamespaceImport => {
                    if let Some(name) = self.walk.parts(binding.node).first() {
                        self.add_import(self.walk.text(name.node).to_owned(), path.clone(), binding.range());
                    }
                }
                _ => self.named_imports(binding, &path),
            }
        }
    }

    /// `{ a, b as c }`.
    fn named_imports(&mut self, list: Part<'t>, path: &str) {
        for specifier in self.walk.parts(list.node) {
            let parts = self.walk.parts(specifier.node);
            let Some(name) = parts.field(Field::Name) else { continue };
            let original = self.walk.text(name.node).trim_matches(['"', '\'']);
            let alias = parts.field(Field::Alias).map_or(original, |alias| self.walk.text(alias.node));
            self.add_import(alias.to_owned(), imported(path, original), specifier.range());
        }
    }

    fn add_import(&mut self, name: String, path: String, range: Range) {
        self.module.imports.push(Import { name, path, range });
    }

    /// A module's path: own files from the root and without extension, libraries as written.
    fn specifier(&mut self, string: Part<'t>) -> String {
        let text = self.walk.text(string.node).trim_matches(['"', '\'', '`']);
        let text = text.strip_prefix("node:").unwrap_or(text);
        if text != "." && text != ".." && !text.starts_with("./") && !text.starts_with("../") {
            return text.to_owned();
        }
        let mut folder = folder_of(&self.module.path).to_owned();
        for part in text.split('/') {
            match part {
                "." | "" => {}
                ".." => folder = folder_of(&folder).to_owned(),
                name => folder = join_path(&folder, name),
            }
        }
        let path = stem(&folder);
        if path.contains('/') { path.to_owned() } else { format!("{HERE}{path}") }
    }

    /// `const a = require("m")`, `const { b } = require("m")`, `const c = require("m").d`: imports, not statements.
    pub(super) fn required(&mut self, name: Part<'t>, value: Part<'t>) -> bool {
        let mut members = Vec::new();
        let mut value = value;
        while value.kind == Kind::Member && members.len() < 4 {
            let parts = self.walk.parts(value.node);
            let (Some(object), Some(member)) = (parts.field(Field::Object), parts.field(Field::Property)) else {
                return false;
            };
            members.push(self.walk.text(member.node).to_owned());
            value = object;
        }
        let Some(mut path) = self.required_path(value) else { return false };
        for member in members.iter().rev() {
            path = imported(&path, member);
        }
        match name.kind {
            Kind::Identifier => self.add_import(self.walk.text(name.node).to_owned(), path, name.range()),
            Kind::ObjectPattern if self.is_flat(name) => {
                for part in self.walk.parts(name.node) {
                    let parts = self.walk.parts(part.node);
                    let (key, alias) = match (parts.field(Field::Key), parts.field(Field::Value)) {
                        (Some(key), Some(alias)) => (key, alias),
                        _ => (part, part),
                    };
                    let (key, alias) = (self.walk.text(key.node).to_owned(), self.walk.text(alias.node).to_owned());
                    self.add_import(alias, imported(&path, &key), part.range());
                }
            }
            _ => return false,
        }
        true
    }

    /// Whether a pattern binds members to plain names.
    fn is_flat(&mut self, pattern: Part<'t>) -> bool {
        let parts: Vec<_> = self.walk.parts(pattern.node).into_iter().collect();
        parts.into_iter().all(|part| match part.kind {
            Kind::ShorthandPattern => true,
            Kind::PairPattern => {
                self.walk_field(part, Field::Value).is_some_and(|value| value.kind == Kind::Identifier)
            }
            _ => false,
        })
    }

    /// The module of `require("m")` or `import("m")`.
    fn required_path(&mut self, call: Part<'t>) -> Option<String> {
        let call = if call.kind == Kind::Await { self.walk.parts(call.node).first()? } else { call };
        if call.kind != Kind::Call {
            return None;
        }
        let parts = self.walk.parts(call.node);
        let callee = parts.field(Field::Function)?;
        if !matches!(self.walk.text(callee.node), "require" | "import") {
            return None;
        }
        let arguments = parts.field(Field::Arguments)?;
        let source = self.walk.parts(arguments.node).first().filter(|source| source.kind == Kind::String)?;
        Some(self.specifier(source))
    }

    /// `require("m")` inside an expression is an import without a name of its own.
    pub(super) fn required_value(&mut self, call: Part<'t>) -> Option<ExprKind> {
        let path = self.required_path(call)?;
        let name = format!("require({path})");
        self.add_import(name.clone(), path, call.range());
        Some(ExprKind::Name(name))
    }

    /// `module.exports = e`, `exports.a = e`.
    pub(super) fn exported(&mut self, left: Part<'t>, value: &Expr, range: Range, out: &mut Vec<Stmt>) -> bool {
        if left.kind != Kind::Member || !self.at_top() {
            return false;
        }
        let text = self.walk.text(left.node);
        let name = match text.strip_prefix("module.").unwrap_or(text) {
            "exports" => EXPORTS,
            text => match text.strip_prefix("exports.") {
                Some(name) if !name.contains('.') => name,
                _ => return false,
            },
        };
        if matches!(&value.kind, ExprKind::Name(own) if own == name) {
            return true;
        }
        let target = Expr { kind: ExprKind::Name(name.to_owned()), range: left.range() };
        push_assign(target, value.clone(), range, out);
        true
    }

    /// `export ...`.
    pub(super) fn export(&mut self, statement: Part<'t>, out: &mut Vec<Stmt>) {
        let parts = self.walk.parts(statement.node);
        let mut decorators = Vec::new();
        for decorator in parts.fields(Field::Decorator).collect::<Vec<_>>() {
            decorators.push(self.only(decorator));
        }
        if let Some(source) = parts.field(Field::Source) {
            let path = self.specifier(source);
            return self.exported_again(statement, &path);
        }
        let is_default = has_token(statement, "default");
        let declared = parts.field(Field::Declaration);
        let value = match (declared, parts.field(Field::Value)) {
            (Some(class), _) if class.kind == Kind::ClassDeclaration => self.exported_class(class, decorators),
            (Some(declaration), _) => {
                self.statement(declaration, out);
                let name = self.walk_field(declaration, Field::Name);
                name.map(|name| Expr {
                    kind: ExprKind::Name(self.walk.text(name.node).to_owned()),
                    range: name.range(),
                })
            }
            (None, Some(value)) => Some(self.expr(value)),
            (None, None) => {
                if let Some(clause) = parts.kind(Kind::ExportClause) {
                    self.renamed(clause, out);
                    return;
                }
                // `export = e`.
                if let Some(value) = parts.first().filter(|_| has_token(statement, "=")) {
                    let value = self.expr(value);
                    push_assign(named(EXPORTS, statement.range()), value, statement.range(), out);
                }
                return;
            }
        };
        out.append(&mut self.hoisted);
        if let Some(value) = value.filter(|_| is_default) {
            push_assign(named("default", statement.range()), value, statement.range(), out);
        }
    }

    /// `export { a as b }`.
    fn renamed(&mut self, clause: Part<'t>, out: &mut Vec<Stmt>) {
        for specifier in self.walk.parts(clause.node) {
            let parts = self.walk.parts(specifier.node);
            let (Some(name), Some(alias)) = (parts.field(Field::Name), parts.field(Field::Alias)) else { continue };
            let (name, alias) = (self.walk.text(name.node), self.walk.text(alias.node));
            let (value, target) = (named(name, specifier.range()), named(alias, specifier.range()));
            push_assign(target, value, specifier.range(), out);
        }
    }

    /// `export { a as b } from "m"`, `export * from "m"`, `export * as n from "m"`.
    fn exported_again(&mut self, statement: Part<'t>, path: &str) {
        let parts = self.walk.parts(statement.node);
        if let Some(clause) = parts.kind(Kind::ExportClause) {
            return self.named_imports(clause, path);
        }
        let alias = match parts.kind(Kind::NamespaceExport) {
            Some(namespace) => {
                let name = self.walk.parts(namespace.node).first();
                name.map_or("*", |name| self.walk.text(name.node)).to_owned()
            }
            None => "*".to_owned(),
        };
        self.add_import(alias, path.to_owned(), statement.range());
    }
}

fn named(name: &str, range: Range) -> Expr {
    Expr { kind: ExprKind::Name(name.to_owned()), range }
}

/// A member of a module. What a library exports by default is the library: `axios.get` is what both
/// `import axios from "axios"` and `require("axios")` lead to.
fn imported(path: &str, name: &str) -> String {
    format!("{path}.{name}")
}

fn has_token(part: Part<'_>, token: &str) -> bool {
    (0..part.node.child_count()).any(|at| part.node.child(at).is_some_and(|child| child.kind() == token))
}
