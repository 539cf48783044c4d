//! `use` declarations.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::Import;

impl<'t> Reader<'t, '_> {
    pub(super) fn imports(&mut self, declaration: Part<'t>) {
        let parts = self.walk.parts(declaration.node);
        if declaration.kind == Kind::ExternCrateDeclaration {
            let name = parts.field(Field::Name).map(|name| self.walk.text(name.node).to_owned());
            let alias = parts.field(Field::Alias).map(|alias| self.walk.text(alias.node).to_owned());
            if let Some(path) = name {
                self.add_import(alias.unwrap_or_else(|| path.clone()), path, declaration);
            }
            return;
        }
        if let Some(argument) = parts.field(Field::Argument) {
            self.use_tree(argument, "");
        }
    }

    /// One tree of a `use`, below a prefix.
    fn use_tree(&mut self, part: Part<'t>, prefix: &str) {
        if !self.walk.enter() {
            return;
        }
        let parts = self.walk.parts(part.node);
        match part.kind {
            Kind::UseList => {
                for inner in parts {
                    self.use_tree(inner, prefix);
                }
            }
            Kind::ScopedUseList => {
                let path = parts.field(Field::Path).map(|path| self.dotted(path)).unwrap_or_default();
                let prefix = joined(prefix, &path);
                if let Some(list) = parts.field(Field::List) {
                    self.use_tree(list, &prefix);
                }
            }
            Kind::UseAsClause => {
                let path = parts.field(Field::Path).map(|path| self.dotted(path)).unwrap_or_default();
                let alias = parts.field(Field::Alias).map(|alias| self.walk.text(alias.node).to_owned());
                let path = if path == "self" { "" } else { path.as_str() };
                self.add_import(alias.unwrap_or_default(), joined(prefix, path), part);
            }
            Kind::UseWildcard => {
                let path = parts.first().map(|path| self.dotted(path)).unwrap_or_default();
                self.add_import("*".to_owned(), joined(prefix, &path), part);
            }
            // `use a::{self}` is `a`.
            Kind::SelfName if !prefix.is_empty() => {
                let name = prefix.rsplit('.').next().unwrap_or(prefix).to_owned();
                self.add_import(name, prefix.to_owned(), part);
            }
            _ => {
                let path = joined(prefix, &self.dotted(part));
                let name = path.rsplit('.').next().unwrap_or(&path).to_owned();
                self.add_import(name, path, part);
            }
        }
        self.walk.leave();
    }

    fn add_import(&mut self, name: String, path: String, part: Part<'t>) {
        if !path.is_empty() && name != "_" {
            self.module.imports.push(Import { name, path, range: part.range() });
        }
    }

    /// A path with dots, type arguments left out.
    pub(super) fn dotted(&mut self, part: Part<'t>) -> String {
        let text = self.walk.text(part.node);
        let mut out = String::with_capacity(text.len());
        let mut depth = 0_usize;
        for c in text.chars() {
            match c {
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                _ if depth > 0 || c.is_whitespace() => {}
                ':' => {
                    if !out.is_empty() && !out.ends_with('.') {
                        out.push('.');
                    }
                }
                _ => out.push(c),
            }
        }
        out.trim_end_matches('.').to_owned()
    }
}

fn joined(prefix: &str, path: &str) -> String {
    match (prefix.is_empty(), path.is_empty()) {
        (true, _) => path.to_owned(),
        (_, true) => prefix.to_owned(),
        _ => format!("{prefix}.{path}"),
    }
}
