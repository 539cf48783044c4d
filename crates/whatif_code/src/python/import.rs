//! Imports, wherever they stand in the file.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::Import;
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    /// `import a.b, c as d`.
    pub(super) fn import(&mut self, statement: Part<'t>) {
        for part in self.walk.parts(statement.node) {
            if part.kind == Kind::AliasedImport {
                let (path, name) = self.aliased(part);
                self.add_import(name, path, part.range());
                continue;
            }
            let path = self.dotted_text(part);
            match path.split_once('.') {
                Some((package, _)) => {
                    self.add_import(package.to_owned(), package.to_owned(), part.range());
                    self.add_import("_".to_owned(), path, part.range());
                }
                None => self.add_import(path.clone(), path, part.range()),
            }
        }
    }

    /// `from .a import b as c, d`.
    pub(super) fn import_from(&mut self, statement: Part<'t>) {
        let parts = self.walk.parts(statement.node);
        let Some(from) = parts.field(Field::ModuleName) else { return };
        let from = self.imported_module(from);
        let joined = |name: &str| if from.is_empty() { name.to_owned() } else { format!("{from}.{name}") };
        for part in parts.iter() {
            if part.kind == Kind::WildcardImport {
                self.add_import("*".to_owned(), from.clone(), statement.range());
            } else if part.field == Field::Name {
                let (path, name) = if part.kind == Kind::AliasedImport {
                    self.aliased(part)
                } else {
                    let name = self.dotted_text(part);
                    (name.clone(), name)
                };
                self.add_import(name, joined(&path), part.range());
            }
        }
    }

    fn add_import(&mut self, name: String, path: String, range: Range) {
        self.module.imports.push(Import { name, path, range });
    }

    /// Path and alias.
    fn aliased(&mut self, part: Part<'t>) -> (String, String) {
        let parts = self.walk.parts(part.node);
        let path = parts.field(Field::Name).map(|name| self.dotted_text(name)).unwrap_or_default();
        let alias = parts.field(Field::Alias).map_or("", |alias| self.walk.text(alias.node));
        (path, alias.to_owned())
    }

    /// The module after `from`. A leading dot is the package of this file, each further one its parent.
    fn imported_module(&mut self, from: Part<'t>) -> String {
        if from.kind != Kind::RelativeImport {
            return self.dotted_text(from);
        }
        let parts = self.walk.parts(from.node);
        let dots = parts.kind(Kind::ImportPrefix).map_or("", |prefix| self.walk.text(prefix.node));
        let mut levels = dots.bytes().filter(|byte| *byte == b'.').count();
        if self.module.path.ends_with("/__init__.py") || self.module.path == "__init__.py" {
            levels = levels.saturating_sub(1);
        }
        let mut base = self.module.package.as_str();
        for _ in 0..levels {
            base = base.rsplit_once('.').map_or("", |(parent, _)| parent);
        }
        let mut path = base.to_owned();
        if let Some(name) = parts.kind(Kind::DottedName) {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&self.dotted_text(name));
        }
        path
    }

    /// A dotted name without the blanks it may contain.
    pub(super) fn dotted_text(&self, part: Part<'t>) -> String {
        self.walk.text(part.node).chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
    }
}
