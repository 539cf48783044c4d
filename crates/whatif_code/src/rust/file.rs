//! A Rust source file.
//!
//! Reference: <https://doc.rust-lang.org/reference/>.

use super::kind::{Field, Kind, TABLE};
use super::mask;
use crate::ir::{Import, Module, Stmt};
use crate::syntax::{self, error_ranges, has_marker, in_test_folder};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use tree_sitter::{Node, Parser};
use whatif_model::facts::code::Language;

/// Reads one Rust file. Never fails: what does not parse is listed in [`Module::errors`].
///
/// Macros known to take expressions are read as calls named with their `!`; `?` is the unary operator `?`.
/// Modules inside the file (`mod x { ... }`) are flattened into it, those under `#[cfg(test)]` are left out.
pub fn read(path: &str, text: &str) -> Module {
    let mut module = Module {
        package: module_name(path),
        is_test: is_test_file(path),
        is_generated: has_marker(text, "//", is_generated_marker),
        ..Module::new(path, Language::Rust)
    };
    let masked = mask::expression_macros(text);
    let Some(tree) = PARSER.with_borrow_mut(|parser| syntax::parse(parser, &masked)) else {
        module.errors.push((0..text.len()).into());
        return module;
    };
    module.errors = error_ranges(tree.root_node());
    let mut reader = Reader::new(&tree, &masked, text, &mut module);
    reader.items(tree.root_node());
    let heads = std::mem::take(&mut reader.heads);
    import_crates(&mut module, heads);
    module
}

thread_local! {
    pub(super) static PARSER: RefCell<Parser> = RefCell::new(rust_parser());
}

fn rust_parser() -> Parser {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_rust::LANGUAGE.into()).expect("the grammar's version is pinned with the parser's");
    parser
}

/// `crates/api/src/routes/health.rs` is `health`; a root or folder module is named after its folder.
fn module_name(path: &str) -> String {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let mut parts = stem.rsplit('/').filter(|part| !matches!(*part, "mod" | "lib" | "main" | "src"));
    parts.next().unwrap_or("").to_owned()
}

fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    in_test_folder(path)
        || matches!(name, "tests.rs" | "test.rs" | "build.rs")
        || name.ends_with("_test.rs")
        || name.ends_with("_tests.rs")
        || path.split('/').rev().skip(1).any(|folder| matches!(folder, "benches" | "examples"))
}

/// What `prost`, `tonic`, `bindgen` and the like write at the top.
fn is_generated_marker(comment: &str) -> bool {
    let plain = comment.trim_start_matches(['/', '!', ' ']);
    plain.starts_with("@generated") || plain.contains("automatically generated") || plain.starts_with("Code generated")
}

/// A crate may be named without being imported: `tokio::spawn(...)`.
fn import_crates(module: &mut Module, heads: BTreeSet<String>) {
    for head in heads {
        let declared = module.imports.iter().any(|import| import.name == head)
            || module.functions.iter().any(|function| function.owner.is_none() && function.name == head);
        if !declared {
            module.imports.push(Import { name: head.clone(), path: head, range: whatif_model::Range::default() });
        }
    }
}

pub(super) type Part<'t> = syntax::Part<'t, Kind, Field>;

/// Converts one tree.
pub(super) struct Reader<'t, 'm> {
    pub(super) walk: syntax::Walk<'t, Kind, Field>,
    /// The text as it was before macros were masked, byte for byte as long.
    pub(super) source: &'t str,
    /// The text that was parsed.
    pub(super) masked: &'t str,
    pub(super) module: &'m mut Module,
    /// The type whose `impl` block is read: what `Self` stands for.
    pub(super) owner: Option<String>,
    /// Type parameters in scope and the first trait that bounds each.
    pub(super) bounds: BTreeMap<String, String>,
    /// Statements that have to run before the expression that is being read.
    pub(super) hoisted: Vec<Stmt>,
    /// What becomes of the value of a `break`, innermost loop last.
    pub(super) breaks: Vec<super::statement::Sink>,
    /// First segments of paths that are no names of the file.
    pub(super) heads: BTreeSet<String>,
    /// How deep macros are nested in macros.
    pub(super) expansions: usize,
}

impl<'t, 'm> Reader<'t, 'm> {
    pub(super) fn new(tree: &'t tree_sitter::Tree, masked: &'t str, source: &'t str, module: &'m mut Module) -> Self {
        Self {
            walk: syntax::Walk::new(tree, masked, &TABLE),
            source,
            masked,
            module,
            owner: None,
            bounds: BTreeMap::new(),
            hoisted: Vec::new(),
            breaks: Vec::new(),
            heads: BTreeSet::new(),
            expansions: 0,
        }
    }

    /// The items of a file or of a module inside it, with the attributes and comments before them.
    pub(super) fn items(&mut self, root: Node<'t>) {
        if !self.walk.enter() {
            return;
        }
        let mut before = Vec::new();
        for part in self.walk.parts_and_comments(root) {
            if matches!(part.kind, Kind::Comment | Kind::AttributeItem) {
                before.push(part);
                continue;
            }
            self.item(part, &before);
            before.clear();
        }
        self.walk.leave();
    }

    fn item(&mut self, part: Part<'t>, before: &[Part<'t>]) {
        if self.is_for_tests(before) {
            return;
        }
        match part.kind {
            Kind::UseDeclaration | Kind::ExternCrateDeclaration => self.imports(part),
            Kind::FunctionItem => {
                let function = self.function(part, before);
                self.module.functions.push(function);
            }
            Kind::StructItem | Kind::UnionItem | Kind::EnumItem | Kind::TypeItem => self.type_item(part, before),
            Kind::TraitItem => self.trait_item(part, before),
            Kind::ImplItem => self.impl_item(part),
            Kind::ModItem => self.mod_item(part),
            Kind::MacroDefinition | Kind::InnerAttributeItem => {}
            _ => {
                let mut top = std::mem::take(&mut self.module.top);
                self.statement(part, &mut top);
                self.module.top = top;
            }
        }
    }

    /// `mod x { ... }` is read as part of the file; `mod x;` names another file.
    fn mod_item(&mut self, part: Part<'t>) {
        let parts = self.walk.parts(part.node);
        let Some(name) = parts.field(Field::Name) else { return };
        let text = self.walk.text(name.node).to_owned();
        let path = match parts.field(Field::Body) {
            Some(body) => {
                self.items(body.node);
                "self".to_owned()
            }
            None => format!("self.{text}"),
        };
        self.module.imports.push(Import { name: text, path, range: name.range() });
    }
}
