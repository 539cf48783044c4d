//! A Go source file.
//!
//! Specification: <https://go.dev/ref/spec>.

use super::kind::{Field, Kind, TABLE};
use crate::ir::{Expr, ExprKind, Module, Stmt};
use crate::syntax::{self, error_ranges, has_marker, in_test_folder};
use std::cell::RefCell;
use tree_sitter::{Node, Parser, Tree};
use whatif_model::Range;
use whatif_model::facts::code::Language;

/// Reads one Go file. Never fails: what does not parse is listed in [`Module::errors`].
///
/// Of a generated file only the package, imports, types, signatures and string constants are kept; bodies are empty.
/// Types declared inside functions are listed with the others.
pub fn read(path: &str, text: &str) -> Module {
    let mut module = Module {
        is_test: path.ends_with("_test.go") || in_test_folder(path),
        is_generated: path.ends_with(".pb.go") || has_marker(text, "//", is_generated_marker),
        ..Module::new(path, Language::Go)
    };
    let Some((tree, errors)) = PARSER.with_borrow_mut(|parser| parse(parser, text)) else {
        module.errors.push((0..text.len()).into());
        return module;
    };
    module.errors = errors;
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

/// Parses a file, and once more when that leaves fewer errors.
fn parse(parser: &mut Parser, text: &str) -> Option<(Tree, Vec<Range>)> {
    let tree = syntax::parse(parser, text)?;
    let errors = error_ranges(tree.root_node());
    if errors.is_empty() {
        return Some((tree, errors));
    }
    if let Some(masked) = without_new_keyword(text)
        && let Some(again) = syntax::parse(parser, &masked)
    {
        let fewer = error_ranges(again.root_node());
        if fewer.len() < errors.len() {
            return Some((again, fewer));
        }
    }
    Some((tree, errors))
}

/// The text with `new(` spelled as a call of an ordinary function, byte for byte as long: the grammar expects a type
/// inside, while since Go 1.26 (<https://go.dev/doc/go1.26>) it may be any expression. `None` when there is none.
/// What only a type can begin with stays.
fn without_new_keyword(text: &str) -> Option<String> {
    const KEYWORD: &str = "new(";
    const MASK: &str = "neW(";
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, _) in text.match_indices(KEYWORD) {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + KEYWORD.len()..).unwrap_or("");
        let is_word = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.');
        let is_type =
            ["[", "map[", "chan ", "func(", "struct{", "interface{"].iter().any(|start| after.starts_with(start));
        if is_word && !is_type {
            masked.push_str(text.get(copied..at).unwrap_or(""));
            masked.push_str(MASK);
            copied = at + KEYWORD.len();
        }
    }
    masked.push_str(text.get(copied..).unwrap_or(""));
    (copied > 0).then_some(masked)
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
