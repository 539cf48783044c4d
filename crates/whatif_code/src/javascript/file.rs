//! A JavaScript or TypeScript source file.
//!
//! References: <https://tc39.es/ecma262/>, <https://www.typescriptlang.org/docs/handbook/intro.html>.

use super::kind::{Field, Kind, TSX, TYPESCRIPT};
use crate::ir::{Module, Stmt};
use crate::syntax::{self, error_ranges, has_marker, in_test_folder};
use std::cell::RefCell;
use std::collections::BTreeSet;
use tree_sitter::{Parser, Tree};
use whatif_model::facts::code::Language;

/// Mean length of a line, in bytes, from which a file was made by a machine: bundled, minified or data.
const LINE_BYTES_MAX: usize = 400;

/// Tools whose settings are source files.
const TOOLS: [&str; 20] = [
    "vite",
    "vitest",
    "jest",
    "playwright",
    "eslint",
    "tailwind",
    "postcss",
    "next",
    "webpack",
    "rollup",
    "babel",
    "tsup",
    "cypress",
    "commitlint",
    "prettier",
    "drizzle",
    "metro",
    "astro",
    "svelte",
    "nuxt",
];

/// Extensions of source files.
pub(super) const EXTENSIONS: [&str; 8] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];

/// Reads one file. Never fails: what does not parse is listed in [`Module::errors`].
///
/// Beyond the conventions of [`crate::ir`]:
/// - `const f = () => {}` at module level is a function `f`; function declarations precede the statements of their block.
/// - `require("m")` and `import("m")` are imports; where no name is bound, the name is `require(m)`.
/// - `export default e` assigns the name `default`, `module.exports = e` the name `module.exports`, `exports.a = e` the name `a`.
/// - Default and namespace imports of a library are the library itself: `import axios from "axios"` is `axios`.
/// - Patterns are taken apart: `{a, b: c = 1} = e` is `a = e.a`, `c = e.b || 1`; `??` is `||`, `===` is `==`.
/// - A name declared in a function that hides one around it is the target `let name`.
/// - Assignments inside expressions precede the statement. `i++` is `i += 1`.
/// - A class property that holds an arrow function is a method; a getter is decorated with `property`.
/// - `x.then(f)` is `f(await x)`; `x.catch(h)` and `x.finally(k)` are a `try` before the statement, which runs on by
///   itself where nothing waits for it.
/// - A variable of the module that begins as a boolean is unknown, because it is a flag that is set later.
/// - JSX, regular expressions and types of values are dropped. Of a minified file nothing is read.
pub fn read(path: &str, text: &str) -> Module {
    let mut module = Module {
        package: stem(path).replace('/', "."),
        is_test: is_test(path),
        is_generated: is_generated(path, text),
        ..Module::new(path, Language::JavaScript)
    };
    if is_bundled(path, text) {
        module.is_generated = true;
        return module;
    }
    let is_typescript = [".ts", ".mts", ".cts"].iter().any(|extension| path.ends_with(extension));
    let parser = if is_typescript { &TYPESCRIPT_PARSER } else { &TSX_PARSER };
    let Some(tree) = parser.with_borrow_mut(|parser| syntax::parse(parser, text)) else {
        module.errors.push((0..text.len()).into());
        return module;
    };
    module.errors = error_ranges(tree.root_node());
    let mut top = Vec::new();
    let table = if is_typescript { &*TYPESCRIPT } else { &*TSX };
    let mut reader = Reader {
        walk: syntax::Walk::new(&tree, text, table),
        module: &mut module,
        hoisted: Vec::new(),
        class: None,
        scopes: vec![BTreeSet::new()],
        temporaries: 0,
    };
    reader.read_module(&tree, &mut top);
    module.top = top;
    module.is_test |= module.imports.iter().any(|import| is_test_runner(&import.path));
    module
}

thread_local! {
    static TYPESCRIPT_PARSER: RefCell<Parser> = RefCell::new(parser(&tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()));
    static TSX_PARSER: RefCell<Parser> = RefCell::new(parser(&tree_sitter_typescript::LANGUAGE_TSX.into()));
}

fn parser(language: &tree_sitter::Language) -> Parser {
    let mut parser = Parser::new();
    parser.set_language(language).expect("the grammar's version is pinned with the parser's");
    parser
}

/// A path without the extension of a source file.
pub(super) fn stem(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((stem, extension)) if EXTENSIONS.contains(&extension) => stem,
        _ => path,
    }
}

fn is_test(path: &str) -> bool {
    let name = stem(path.rsplit('/').next().unwrap_or(path));
    let named = [".test", ".spec", ".e2e-spec", ".stories", ".cy", "-test"].iter().any(|end| name.ends_with(end));
    let tool = name.strip_suffix(".config").is_some_and(|tool| TOOLS.contains(&tool.trim_start_matches('.')));
    if tool {
        return true;
    }
    let folder = path.split('/').any(|folder| matches!(folder, "__mocks__" | "cypress" | "spec" | "e2e"));
    named || folder || in_test_folder(path)
}

/// Code that uses a test runner is a test, wherever it lies.
fn is_test_runner(path: &str) -> bool {
    const RUNNERS: [&str; 9] = [
        "vitest",
        "jest",
        "@jest/globals",
        "mocha",
        "@playwright/test",
        "playwright/test",
        "cypress",
        "@testing-library/react",
        "node:test",
    ];
    RUNNERS.iter().any(|runner| path.strip_prefix(runner).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

fn is_generated(path: &str, text: &str) -> bool {
    let is_marker = |comment: &str| {
        comment.contains("@generated") || comment.contains("DO NOT EDIT") || comment.starts_with("GENERATED CODE")
    };
    let stem = stem(path);
    let is_stub = ["_pb", "_grpc_pb", "_pb_service", "_connect"].iter().any(|end| stem.ends_with(end));
    is_stub || has_marker(text, "//", is_marker) || has_marker(text, " *", is_marker)
}

/// Bundles, minified files and declarations without code.
fn is_bundled(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let in_output = path.split('/').any(|folder| matches!(folder, "node_modules" | "bower_components" | ".next"));
    let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    name.contains(".min.") || name.ends_with(".d.ts") || in_output || text.len() / lines > LINE_BYTES_MAX
}

pub(super) type Part<'t> = syntax::Part<'t, Kind, Field>;

/// Converts one tree.
pub(super) struct Reader<'t, 'm> {
    pub(super) walk: syntax::Walk<'t, Kind, Field>,
    pub(super) module: &'m mut Module,
    /// Assignments found inside expressions of the statement being read.
    pub(super) hoisted: Vec<Stmt>,
    /// The class whose members are read.
    pub(super) class: Option<String>,
    /// Names declared so far, one set per function around; the first is the module's.
    pub(super) scopes: Vec<BTreeSet<String>>,
    /// How many names were made up.
    pub(super) temporaries: usize,
}

impl<'t> Reader<'t, '_> {
    fn read_module(&mut self, tree: &'t Tree, top: &mut Vec<Stmt>) {
        let parts: Vec<_> = self.walk.parts(tree.root_node()).into_iter().collect();
        for part in &parts {
            self.declare_variables(*part);
        }
        self.statements(&parts, top);
    }

    /// Names declared anywhere in the module can be hidden anywhere.
    fn declare_variables(&mut self, part: Part<'t>) {
        match part.kind {
            Kind::ExportStatement => {
                if let Some(inner) = self.walk.parts(part.node).field(Field::Declaration)
                    && inner.kind == Kind::Declaration
                {
                    self.declare_variables(inner);
                }
            }
            Kind::Declaration => {
                for declarator in self.walk.parts(part.node) {
                    let name = self.walk.parts(declarator.node).field(Field::Name);
                    if let Some(name) = name.filter(|name| name.kind == Kind::Identifier) {
                        self.declare(self.walk.text(name.node));
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether statements at module level are read.
    pub(super) fn at_top(&self) -> bool {
        self.scopes.len() == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_follows_from_path_and_text() {
        for path in ["vitest.config.ts", "a.test.ts", "src/b.spec.js", "src/__tests__/x.ts", "test/x.js"] {
            assert!(is_test(path), "{path}");
        }
        assert!(!is_test("src/contest.ts") && !is_test("src/latest.ts"));
        assert!(is_generated("a_pb.js", "") && is_generated("a.ts", "// @generated by x\n"));
        assert!(is_bundled("lib/jquery.min.js", "") && is_bundled("a.js", &"x=1;".repeat(200)));
        assert!(!is_bundled("a.js", "x = 1;\n"));
        assert!(
            is_test_runner("vitest.describe") && is_test_runner("@playwright/test.test") && !is_test_runner("jester")
        );
    }
}
