//! The program as text, for tests and for looking at what a front end understood.
//!
//! One line per statement, expressions as S-expressions: `(call repo.Save ctx order)`.

use crate::ir::{Arg, Expr, ExprKind, Field, Function, LoopHead, Module, Param, Stmt, StmtKind, TypeDecl};
use std::fmt::Write as _;

/// The whole module.
pub fn print(module: &Module) -> String {
    let mut printer = Printer::default();
    printer.line(&format!("package {}", module.package));
    for import in &module.imports {
        printer.line(&format!("import {} = {}", import.name, import.path));
    }
    for decl in &module.types {
        printer.type_decl(decl);
    }
    printer.block(&module.top);
    for function in &module.functions {
        printer.function(function);
    }
    printer.out
}

/// Statements, one a line.
pub fn print_statements(statements: &[Stmt]) -> String {
    let mut printer = Printer::default();
    printer.block(statements);
    printer.out
}

/// An expression; only a function literal spans lines.
pub fn print_expr(expr: &Expr) -> String {
    let mut printer = Printer::default();
    printer.expr(expr);
    printer.out
}

#[derive(Default)]
struct Printer {
    out: String,
    indent: usize,
}

impl Printer {
    /// Begins a line, unless one has begun.
    fn start(&mut self) {
        let line_start = self.out.rfind('\n').map_or(0, |at| at + 1);
        let line = self.out.get(line_start..).unwrap_or("");
        if !line.is_empty() && line.trim_start().is_empty() {
            return;
        }
        if !line.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n("  ", self.indent));
    }

    fn line(&mut self, text: &str) {
        self.start();
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn block(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.start();
            self.statement(&statement.kind);
            if !self.out.ends_with('\n') {
                self.out.push('\n');
            }
        }
    }

    fn nested(&mut self, statements: &[Stmt]) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.indent += 1;
        self.block(statements);
        self.indent -= 1;
    }

    fn type_decl(&mut self, decl: &TypeDecl) {
        self.decorators(&decl.decorators);
        let bases = if decl.bases.is_empty() { String::new() } else { format!(": {}", decl.bases.join(", ")) };
        self.line(&format!("type {}{bases}", decl.name));
        self.indent += 1;
        for Field { name, ty, .. } in &decl.fields {
            self.line(&format!("field {name} {ty}"));
        }
        for method in &decl.interface_methods {
            self.line(&format!("method {method}"));
        }
        self.block(&decl.body);
        self.indent -= 1;
    }

    fn decorators(&mut self, decorators: &[Expr]) {
        for decorator in decorators {
            self.start();
            self.out.push('@');
            self.expr(decorator);
            self.out.push('\n');
        }
    }

    fn function(&mut self, function: &Function) {
        self.decorators(&function.decorators);
        self.start();
        if function.is_async {
            self.out.push_str("async ");
        }
        self.out.push_str("func ");
        if let Some(owner) = &function.owner {
            let receiver = if function.receiver.is_empty() { "-" } else { &function.receiver };
            let _ = write!(self.out, "({receiver} {owner}) ");
        }
        self.out.push_str(&function.name);
        self.signature(function);
        if !function.doc.is_empty() {
            let _ = write!(self.out, " {:?}", function.doc);
        }
        self.nested(&function.body);
    }

    fn signature(&mut self, function: &Function) {
        self.out.push('(');
        for (at, param) in function.params.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            self.param(param);
        }
        self.out.push(')');
        if !function.results.is_empty() {
            let _ = write!(self.out, " -> {}", function.results.join(", "));
        }
    }

    fn param(&mut self, param: &Param) {
        self.out.push_str(&param.name);
        if !param.ty.is_empty() {
            let _ = write!(self.out, ": {}", param.ty);
        }
        if let Some(default) = &param.default {
            self.out.push_str(" = ");
            self.expr(default);
        }
    }

    fn statement(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Assign { targets, values, op, ty } => {
                self.list(targets);
                if !ty.is_empty() {
                    let _ = write!(self.out, ": {ty}");
                }
                let _ = write!(self.out, " {op}=");
                for value in values {
                    self.out.push(' ');
                    self.expr(value);
                }
            }
            StmtKind::If { cond, then, otherwise } => {
                self.out.push_str("if ");
                self.expr(cond);
                self.nested(then);
                self.section("else", otherwise);
            }
            StmtKind::Return(values) => {
                self.out.push_str(if values.is_empty() { "return" } else { "return " });
                self.list(values);
            }
            StmtKind::Raise(value) => self.headed("raise", value.as_ref()),
            StmtKind::Defer(value) => self.headed("defer", Some(value)),
            StmtKind::Go(value) => self.headed("go", Some(value)),
            StmtKind::Send { channel, value } => {
                self.headed("send", Some(channel));
                self.headed("", Some(value));
            }
            StmtKind::Function(function) => self.function(function),
            StmtKind::Block(body) => {
                self.out.push_str("block");
                self.nested(body);
            }
            StmtKind::Break => self.out.push_str("break"),
            StmtKind::Continue => self.out.push_str("continue"),
            StmtKind::Loop { .. } | StmtKind::Switch { .. } | StmtKind::Try { .. } | StmtKind::With { .. } => {
                self.compound(kind);
            }
        }
    }

    fn compound(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Loop { head, body } => {
                self.loop_head(head);
                self.nested(body);
            }
            StmtKind::Switch { subject, arms, is_select } => {
                self.headed(if *is_select { "select" } else { "switch" }, subject.as_ref());
                for arm in arms {
                    self.start();
                    self.out.push_str(if arm.patterns.is_empty() { "default" } else { "case " });
                    self.list(&arm.patterns);
                    self.nested(&arm.body);
                }
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                self.out.push_str("try");
                self.nested(body);
                for handler in handlers {
                    self.start();
                    self.out.push_str("except");
                    if !handler.types.is_empty() {
                        let _ = write!(self.out, " {}", handler.types.join(", "));
                    }
                    if !handler.name.is_empty() {
                        let _ = write!(self.out, " as {}", handler.name);
                    }
                    self.nested(&handler.body);
                }
                self.section("else", otherwise);
                self.section("finally", finally);
            }
            StmtKind::With { items, body } => {
                self.out.push_str("with");
                for (manager, name) in items {
                    self.headed("", Some(manager));
                    if let Some(name) = name {
                        self.headed(" as", Some(name));
                    }
                }
                self.nested(body);
            }
            _ => {}
        }
    }

    fn section(&mut self, keyword: &str, body: &[Stmt]) {
        if !body.is_empty() {
            self.start();
            self.out.push_str(keyword);
            self.nested(body);
        }
    }

    fn headed(&mut self, keyword: &str, value: Option<&Expr>) {
        self.out.push_str(keyword);
        if let Some(value) = value {
            self.out.push(' ');
            self.expr(value);
        }
    }

    fn loop_head(&mut self, head: &LoopHead) {
        match head {
            LoopHead::Each { targets, iterable } => {
                self.out.push_str("each ");
                self.list(targets);
                self.out.push_str(" in ");
                self.expr(iterable);
            }
            LoopHead::While(cond) => self.headed("while", Some(cond)),
            LoopHead::Count { cond, setup } => {
                self.headed("count", cond.as_ref());
                for step in setup {
                    self.out.push_str("; ");
                    self.statement(&step.kind);
                }
            }
            LoopHead::Forever => self.out.push_str("forever"),
        }
    }

    fn list(&mut self, items: &[Expr]) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            self.expr(item);
        }
    }

    fn form<'e>(&mut self, head: &str, items: impl IntoIterator<Item = &'e Expr>) {
        self.out.push('(');
        self.out.push_str(head);
        for item in items {
            self.out.push(' ');
            self.expr(item);
        }
        self.out.push(')');
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(text) | ExprKind::Number(text) => self.out.push_str(text),
            ExprKind::Str(text) => {
                let _ = write!(self.out, "{text:?}");
            }
            ExprKind::Bool(value) => {
                let _ = write!(self.out, "{value}");
            }
            ExprKind::Nil => self.out.push_str("nil"),
            ExprKind::Field(base, name) => {
                self.expr(base);
                let _ = write!(self.out, ".{name}");
            }
            ExprKind::Template(parts) => self.form("template", parts),
            ExprKind::Index(base, index) => self.form("index", [&**base, index]),
            ExprKind::Unary(op, operand) => self.form(op, [&**operand]),
            ExprKind::Binary(op, left, right) => self.form(op, [&**left, right]),
            ExprKind::Await(inner) => self.form("await", [&**inner]),
            ExprKind::Conditional(cond, then, otherwise) => self.form("if", [&**cond, then, otherwise]),
            ExprKind::Comprehension(element, iterables) => {
                self.form("each", std::iter::once(&**element).chain(iterables));
            }
            ExprKind::Unknown(parts) => self.form("unknown", parts),
            ExprKind::List(items) => {
                self.out.push('[');
                self.list(items);
                self.out.push(']');
            }
            ExprKind::Call(call) => self.call(&call.callee, &call.args),
            ExprKind::Composite { ty, entries } => self.composite(ty, entries),
            ExprKind::Lambda(function) => {
                self.out.push_str("(lambda ");
                self.signature(function);
                self.nested(&function.body);
                self.start();
                self.out.push(')');
            }
        }
    }

    fn call(&mut self, callee: &Expr, args: &[Arg]) {
        self.out.push_str("(call ");
        self.expr(callee);
        for arg in args {
            self.out.push(' ');
            if !arg.name.is_empty() {
                let _ = write!(self.out, "{}=", arg.name);
            }
            if arg.spread {
                self.out.push('*');
            }
            self.expr(&arg.value);
        }
        self.out.push(')');
    }

    fn composite(&mut self, ty: &str, entries: &[(Option<Expr>, Expr)]) {
        self.out.push_str(ty);
        self.out.push('{');
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            if let Some(key) = key {
                self.expr(key);
                self.out.push_str(": ");
            }
            self.expr(value);
        }
        self.out.push('}');
    }
}
