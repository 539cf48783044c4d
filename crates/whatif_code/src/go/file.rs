//! A Go source file.
//!
//! Specification: <https://go.dev/ref/spec>.

use super::kind::{Field, Kind, TABLE};
use crate::ir::{Expr, ExprKind, Module, Stmt};
use crate::syntax::{self, error_ranges, has_marker, in_test_folder};
use std::cell::RefCell;
use tree_sitter::{Node, Parser, Tree};
use whatif_model::facts::code::Language;

/// Reads one Go file. Never fails: what does not parse is listed in [`Module::errors`].
///
/// Of a generated file only the package, imports, types, signatures and string constants are kept; bodies are empty.
/// Types declared inside functions are listed with the others.
pub fn read(path: &str, text: &str) -> Module {
    let mut module = Module {
        path: path.to_owned(),
        language: Language::Go,
        package: String::new(),
        imports: Vec::new(),
        functions: Vec::new(),
        types: Vec::new(),
        top: Vec::new(),
        is_test: path.ends_with("_test.go") || in_test_folder(path),
        is_generated: path.ends_with(".pb.go") || has_marker(text, "//", is_generated_marker),
        errors: Vec::new(),
    };
    let Some(tree) = PARSER.with_borrow_mut(|parser| syntax::parse(parser, text)) else {
        module.errors.push((0..text.len()).into());
        return module;
    };
    module.errors = error_ranges(tree.root_node());
    Reader::new(&tree, text, &mut module).read_file(tree.root_node());
    module
}

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(go_parser());
}

fn go_parser() -> Parser {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_go::LANGUAGE.into()).expect("the grammar's version is pinned with the parser's");
    parser
}

/// The line `go generate` prescribes (<https://go.dev/s/generatedcode>).
fn is_generated_marker(comment: &str) -> bool {
    comment.starts_with("Code generated ") && comment.ends_with("DO NOT EDIT.")
}

pub(super) type Part<'t> = syntax::Part<'t, Kind, Field>;

/// Converts one tree.
pub(super) struct Reader<'t, 'm> {
    pub(super) walk: syntax::Walk<'t, Kind, Field>,
    pub(super) source: &'t str,
    pub(super) module: &'m mut Module,
}

impl<'t, 'm> Reader<'t, 'm> {
    fn new(tree: &'t Tree, text: &'t str, module: &'m mut Module) -> Self {
        Self { walk: syntax::Walk::new(tree, text, &TABLE), source: text, module }
    }

    fn read_file(&mut self, root: Node<'t>) {
        let mut comments = Vec::new();
        for part in self.walk.parts_and_comments(root) {
            if part.kind == Kind::Comment {
                comments.push(part.node);
                continue;
            }
            self.read_declaration(part, &comments);
            comments.clear();
        }
    }

    fn read_declaration(&mut self, part: Part<'t>, comments: &[Node<'t>]) {
        match part.kind {
            Kind::PackageClause => {
                if let Some(name) = self.walk.parts(part.node).first() {
                    self.module.package = self.walk.text(name.node).to_owned();
                }
            }
            Kind::ImportDeclaration => self.imports(part),
            Kind::FunctionDeclaration | Kind::MethodDeclaration => {
                let mut function = self.function(part);
                function.doc = self.doc(comments, part.node);
                self.module.functions.push(function);
            }
            Kind::TypeDeclaration => self.type_declaration(part),
            _ => {
                let mut top = std::mem::take(&mut self.module.top);
                self.statement(part, &mut top);
                if self.module.is_generated {
                    top.retain(is_string_constant);
                }
                self.module.top = top;
            }
        }
    }

    /// The comment that ends on the line above `node`.
    fn doc(&self, comments: &[Node<'t>], node: Node<'t>) -> String {
        let mut row = node.start_position().row;
        let mut first = comments.len();
        while let Some(comment) = first.checked_sub(1).and_then(|at| comments.get(at)) {
            if comment.end_position().row + 1 != row {
                break;
            }
            row = comment.start_position().row;
            first -= 1;
        }
        let mut doc = String::new();
        for comment in comments.get(first..).unwrap_or(&[]) {
            let text = self.walk.text(*comment);
            let line = text.strip_prefix("//").unwrap_or(text);
            let line = line.strip_prefix("/*").and_then(|rest| rest.strip_suffix("*/")).unwrap_or(line);
            if !doc.is_empty() {
                doc.push('\n');
            }
            doc.push_str(line.trim());
        }
        doc
    }
}

/// `const Name = "text"`: what generated code may be asked for besides types and signatures.
fn is_string_constant(stmt: &Stmt) -> bool {
    let crate::ir::StmtKind::Assign { values, .. } = &stmt.kind else { return false };
    !values.is_empty() && values.iter().all(|value| matches!(value, Expr { kind: ExprKind::Str(_), .. }))
}
