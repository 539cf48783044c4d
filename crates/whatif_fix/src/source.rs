//! The text a finding cites, as a program.

use std::collections::BTreeMap;
use whatif_code::ir::walk::{each_expr, each_inner, parts};
use whatif_code::ir::{Call, Expr, ExprKind, Function, Module, Stmt, StmtKind};
use whatif_code::{knowledge::Knowledge, language};
use whatif_model::text::{FileId, Range, SourceFile, Sources, Span};

/// Every file that findings cite, read once.
pub(crate) struct Files<'a> {
    sources: &'a Sources,
    modules: BTreeMap<FileId, Option<Module>>,
}

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a SourceFile,
    pub(crate) module: &'a Module,
}

impl<'a> Files<'a> {
    /// Reads the source files among those cited; others cannot be repaired here.
    pub(crate) fn of(sources: &'a Sources, cited: impl IntoIterator<Item = Span>) -> Self {
        let mut modules = BTreeMap::new();
        for span in cited {
            let read = || sources.get(span.file).and_then(|file| language::read(&file.path, &file.text));
            modules.entry(span.file).or_insert_with(read);
        }
        Self { sources, modules }
    }

    /// The program text of a file. One with syntax errors is left alone: what stands there may be misread.
    pub(crate) fn get(&self, file: FileId) -> Option<Source<'_>> {
        let module = self.modules.get(&file)?.as_ref().filter(|module| module.errors.is_empty())?;
        Some(Source { file: self.sources.get(file)?, module })
    }
}

impl<'a> Source<'a> {
    /// The statements of every function, and those outside of any.
    fn bodies(self) -> impl Iterator<Item = &'a [Stmt]> {
        let functions = self.module.functions.iter().map(|function| function.body.as_slice());
        let classes = self.module.types.iter().map(|class| class.body.as_slice());
        functions.chain(classes).chain([self.module.top.as_slice()])
    }

    /// Every expression inside a range, outer ones first. Annotations are expressions too.
    pub(crate) fn expressions_in(self, range: Range) -> Vec<&'a Expr> {
        let mut found = Vec::new();
        let mut visit = |expr: &'a Expr| {
            if range.contains(expr.range) {
                found.push(expr);
            }
        };
        self.bodies().for_each(|body| each_expr(body, &mut visit));
        let functions = self.module.functions.iter().flat_map(|function| &function.decorators);
        let classes = self.module.types.iter().flat_map(|class| &class.decorators);
        functions.chain(classes).for_each(|expr| each_inner(expr, &mut visit));
        found
    }

    /// The expression at exactly this place; of several the outermost.
    pub(crate) fn expression_at(self, range: Range) -> Option<&'a Expr> {
        self.expressions_in(range).into_iter().find(|expr| expr.range == range)
    }

    /// The declared function around a place.
    pub(crate) fn function_around(self, range: Range) -> Option<&'a Function> {
        self.module.functions.iter().filter(|function| function.range.contains(range)).min_by_key(|f| length(f.range))
    }

    /// Blocks around a place, outermost first, each with the number of the statement that holds the place.
    pub(crate) fn blocks_around(self, range: Range) -> Vec<(&'a [Stmt], usize)> {
        let mut around = Vec::new();
        for body in self.bodies() {
            let mut block = body;
            while let Some(at) = block.iter().position(|stmt| stmt.range.contains(range)) {
                around.push((block, at));
                let (_, inner) = parts(&block[at]);
                let next = inner.into_iter().find(|inner| inner.iter().any(|stmt| stmt.range.contains(range)));
                match next {
                    Some(next) => block = next,
                    None => break,
                }
            }
        }
        around
    }

    /// The smallest loop around a place.
    pub(crate) fn loop_around(self, range: Range) -> Option<&'a Stmt> {
        let mut around = self.blocks_around(range).into_iter().map(|(block, at)| &block[at]);
        around.rfind(|stmt| matches!(stmt.kind, StmtKind::Loop { .. }))
    }

    /// The canonical name of what an expression names, by the imports of its file: `requests.get`. What is not
    /// imported may be a name the language itself has.
    pub(crate) fn symbol(self, expr: &Expr) -> Option<String> {
        let dotted = expr.dotted()?;
        let (first, rest) = dotted.split_once('.').map_or((dotted.as_str(), ""), |(first, rest)| (first, rest));
        let Some(import) = self.module.imports.iter().find(|import| import.name == first) else { return Some(dotted) };
        Some(if rest.is_empty() { import.path.clone() } else { format!("{}.{rest}", import.path) })
    }

    /// What the tables say a call is, by the imports of its file.
    pub(crate) fn form(self, call: &Call) -> Option<&'static whatif_code::knowledge::Form> {
        let found = Knowledge::built_in().form(self.module.language, &self.symbol(&call.callee)?)?;
        Some(found.form)
    }

    /// The text of a range.
    pub(crate) fn text(self, range: Range) -> &'a str {
        self.file.slice(range)
    }

    /// The blanks a line begins with.
    pub(crate) fn indent(self, at: u32) -> &'a str {
        let (line, _) = self.file.position(at);
        let text = self.file.line(line);
        &text[..text.len() - text.trim_start().len()]
    }
}

/// The call an expression is, under what waits for it.
pub(crate) fn call_of(expr: &Expr) -> Option<&Call> {
    match &expr.kind {
        ExprKind::Call(call) => Some(call),
        ExprKind::Await(inner) => call_of(inner),
        _ => None,
    }
}

fn length(range: Range) -> u32 {
    range.end - range.start
}
