//! Macros that stay macros for the grammar: their tokens are parsed again where they hold code.

use super::file::{PARSER, Part, Reader};
use super::kind::{Field, Kind};
use super::literal::unquoted;
use super::statement::{Sink, give, unknown};
use crate::ir::{Arm, Call, Expr, ExprKind, Function, Module, Stmt, StmtKind};
use crate::syntax;
use tree_sitter::{Node, Parser, Tree};
use whatif_model::Range;
use whatif_model::facts::code::Language;

/// Deepest nesting of macros whose tokens are parsed again.
const EXPANSIONS_MAX: usize = 6;

/// Macros whose braces hold statements.
const BLOCKS: [&str; 4] = ["cfg_if", "lazy_static", "thread_local", "once"];

/// Macros whose braces are the body of an asynchronous function.
const STREAMS: [&str; 3] = ["stream", "try_stream", "async_block"];

impl<'t> Reader<'t, '_> {
    pub(super) fn macro_statement(&mut self, part: Part<'t>, sink: &Sink, out: &mut Vec<Stmt>) {
        let range = part.range();
        let name = self.macro_name(part);
        let tokens = self.walk.parts(part.node).kind(Kind::TokenTree);
        match (name, tokens) {
            ("select" | "select_biased", Some(tokens)) => self.select(tokens, sink, out),
            (name, Some(tokens)) if BLOCKS.contains(&name) => self.expand(whole(tokens.node), &Sink::Drop, out),
            _ => {
                let hoisted = std::mem::take(&mut self.hoisted);
                let value = self.macro_expr(part);
                out.append(&mut self.hoisted);
                self.hoisted = hoisted;
                give(value, sink, range, out);
            }
        }
    }

    pub(super) fn macro_expr(&mut self, part: Part<'t>) -> Expr {
        let range = part.range();
        let name = self.macro_name(part);
        let tokens = self.walk.parts(part.node).kind(Kind::TokenTree);
        let kind = match (name, tokens) {
            ("json", Some(tokens)) => self.json(tokens.node),
            ("matches", Some(tokens)) => {
                let (start, end) = inner(tokens.node);
                let comma = children(tokens.node).into_iter().find(|child| child.kind() == ",");
                let end = comma.map_or(end, |comma| comma.start_byte());
                ExprKind::Unknown(vec![self.expanded((start, end))])
            }
            ("select" | "select_biased", Some(tokens)) => {
                let name = Expr { kind: ExprKind::Name(self.fresh("value", range)), range };
                let mut before = Vec::new();
                self.select(tokens, &Sink::Into(name.clone(), String::new()), &mut before);
                self.hoisted.append(&mut before);
                return name;
            }
            (name, Some(tokens)) if STREAMS.contains(&name) => {
                let mut function = Function { is_async: true, ..Function::new("", range, range) };
                self.expand(whole(tokens.node), &Sink::Return, &mut function.body);
                ExprKind::Lambda(Box::new(function))
            }
            _ => {
                let callee = self.macro_callee(part);
                ExprKind::Call(Box::new(Call { callee, args: Vec::new() }))
            }
        };
        Expr { kind, range }
    }

    /// The last name of a macro, without `!`.
    fn macro_name(&mut self, part: Part<'t>) -> &'t str {
        let name = self.walk.parts(part.node).field(Field::Macro);
        name.map_or("", |name| self.walk.text(name.node).rsplit("::").next().unwrap_or(""))
    }

    /// `tracing::info!` as a path whose last name keeps the `!`.
    fn macro_callee(&mut self, part: Part<'t>) -> Expr {
        let Some(name) = self.walk.parts(part.node).field(Field::Macro) else { return unknown(part.range()) };
        let mut callee = self.path_expr(name);
        if let ExprKind::Name(name) | ExprKind::Field(_, name) = &mut callee.kind {
            name.push('!');
        }
        callee
    }

    /// Parses a part of the text again, as statements.
    fn expand(&mut self, bytes: (usize, usize), sink: &Sink, out: &mut Vec<Stmt>) {
        let Some(text) = self.masked.get(bytes.0..bytes.1) else { return };
        if self.expansions >= EXPANSIONS_MAX || text.trim().is_empty() || !self.walk.enter() {
            return;
        }
        if let Some(tree) = PARSER.with_borrow_mut(|parser| parse_part(parser, self.masked, bytes)) {
            let mut module = Module::new("", Language::Rust);
            let mut reader = Reader::new(&tree, self.masked, self.source, &mut module);
            reader.owner.clone_from(&self.owner);
            reader.bounds.clone_from(&self.bounds);
            reader.breaks.clone_from(&self.breaks);
            reader.expansions = self.expansions + 1;
            reader.statements(tree.root_node(), sink, out);
            self.heads.append(&mut reader.heads);
        }
        self.walk.leave();
    }

    /// The statements of a part of a file; its last expression goes into the sink.
    fn statements(&mut self, root: Node<'t>, sink: &Sink, out: &mut Vec<Stmt>) {
        let parts: Vec<Part<'t>> = self.walk.parts(root).into_iter().collect();
        for (at, part) in parts.iter().enumerate() {
            let inner = match part.kind {
                Kind::ExpressionStatement => self.walk.parts(part.node).first().unwrap_or(*part),
                _ => *part,
            };
            let is_last = at + 1 == parts.len();
            match inner.kind {
                Kind::Block if is_last => self.block(inner, sink, out),
                _ if is_last && part.kind == Kind::ExpressionStatement => self.sunk(inner, sink, out),
                _ => self.statement(*part, out),
            }
        }
    }

    /// Parses a part of the text again, as an expression.
    fn expanded(&mut self, bytes: (usize, usize)) -> Expr {
        let range = Range::new(bytes.0, bytes.1);
        let mut statements = Vec::new();
        self.expand(bytes, &Sink::Drop, &mut statements);
        match statements.pop() {
            Some(Stmt { kind: StmtKind::Expr(value), .. }) => {
                self.hoisted.append(&mut statements);
                value
            }
            _ => unknown(range),
        }
    }

    /// `select! { pattern = future => body, ... }`.
    fn select(&mut self, tokens: Part<'t>, sink: &Sink, out: &mut Vec<Stmt>) {
        let tokens_inside = children(tokens.node);
        let (mut at, end) = inner(tokens.node);
        let mut arms = Vec::new();
        let mut next = 0;
        while let Some(arrow) = (next..tokens_inside.len()).find(|index| tokens_inside[*index].kind() == "=>") {
            let head = (at, tokens_inside[arrow].start_byte());
            let first = arrow + 1;
            let Some(body) = tokens_inside.get(first) else { break };
            let is_block = body.kind() == "token_tree" && self.masked.as_bytes().get(body.start_byte()) == Some(&b'{');
            let last = if is_block {
                first
            } else {
                (first..tokens_inside.len()).find(|index| tokens_inside[*index].kind() == ",").unwrap_or(first + 1) - 1
            };
            let stop = tokens_inside.get(last).map_or(end, Node::end_byte);
            let body = (body.start_byte(), stop);
            arms.push(self.select_arm(head, body, sink));
            next = last + 1;
            if tokens_inside.get(next).is_some_and(|token| token.kind() == ",") {
                next += 1;
            }
            at = tokens_inside.get(next).map_or(end, Node::start_byte);
        }
        out.push(Stmt { kind: StmtKind::Switch { subject: None, arms, is_select: true }, range: tokens.range() });
    }

    fn select_arm(&mut self, head: (usize, usize), body: (usize, usize), sink: &Sink) -> Arm {
        let text = self.masked.get(head.0..head.1).unwrap_or("");
        let text = text.trim_start().strip_prefix("biased;").unwrap_or(text);
        let mut arm = Arm { patterns: Vec::new(), body: Vec::new() };
        if text.trim() != "else"
            && let Some(equals) = plain_equals(text)
        {
            // The pattern and the future make a `let`.
            let pattern = text.get(..equals).unwrap_or("").trim();
            let start = head.1 - text.len() + equals + 1;
            let guard = text.get(equals + 1..).unwrap_or("").find(", if ");
            let stop = guard.map_or(head.1, |guard| start + guard);
            let future = self.expanded((start, stop));
            let range = future.range;
            arm.patterns.push(Expr { kind: ExprKind::Await(Box::new(future)), range });
            if let Some(name) = bound_in(pattern) {
                let target = Expr { kind: ExprKind::Name(name.to_owned()), range };
                let kind = StmtKind::Assign {
                    targets: vec![target],
                    values: Vec::new(),
                    op: String::new(),
                    ty: String::new(),
                };
                arm.body.push(Stmt { kind, range });
            }
        }
        self.expand(body, sink, &mut arm.body);
        arm
    }

    /// `json!({...})`.
    fn json(&mut self, tree: Node<'t>) -> ExprKind {
        let tokens = children(tree);
        match tokens.as_slice() {
            [only] if only.kind() == "token_tree" => self.json_value(*only),
            _ => self.expanded(inner(tree)).kind,
        }
    }

    fn json_value(&mut self, tree: Node<'t>) -> ExprKind {
        if !self.walk.enter() {
            return ExprKind::Unknown(Vec::new());
        }
        let is_object = self.masked.as_bytes().get(tree.start_byte()) == Some(&b'{');
        let mut entries = Vec::new();
        let tokens = children(tree);
        for item in tokens.split(|token| token.kind() == ",") {
            let colon = item.iter().position(|token| token.kind() == ":").filter(|_| is_object);
            let (key, value) = match colon {
                Some(colon) => (item.get(..colon).unwrap_or(&[]), item.get(colon + 1..).unwrap_or(&[])),
                None => (&[][..], item),
            };
            let (Some(first), Some(last)) = (value.first(), value.last()) else { continue };
            let range = Range::new(first.start_byte(), last.end_byte());
            let value = match value {
                [only] if only.kind() == "token_tree" => Expr { kind: self.json_value(*only), range },
                [only] if only.kind() == "string_literal" => {
                    Expr { kind: ExprKind::Str(unquoted(self.walk.text(*only))), range }
                }
                [only] if only.kind() == "identifier" => {
                    Expr { kind: ExprKind::Name(self.walk.text(*only).to_owned()), range }
                }
                _ => self.expanded((first.start_byte(), last.end_byte())),
            };
            let key = key.first().map(|key| {
                let kind = ExprKind::Str(unquoted(self.walk.text(*key)));
                Expr { kind, range: key.byte_range().into() }
            });
            entries.push((key, value));
        }
        self.walk.leave();
        if is_object {
            ExprKind::Composite { ty: String::new(), entries }
        } else {
            ExprKind::List(entries.into_iter().map(|(_, value)| value).collect())
        }
    }
}

/// The tokens of a token tree without its delimiters.
fn children(tree: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = tree.walk();
    let all: Vec<Node<'_>> = tree.children(&mut cursor).filter(|child| !child.is_extra()).collect();
    all.get(1..all.len().saturating_sub(1)).unwrap_or(&[]).to_vec()
}

/// Parses these bytes of a text; ranges in the tree are those of the whole text.
fn parse_part(parser: &mut Parser, text: &str, bytes: (usize, usize)) -> Option<Tree> {
    let point = tree_sitter::Point::default();
    let part = tree_sitter::Range { start_byte: bytes.0, end_byte: bytes.1, start_point: point, end_point: point };
    parser.set_included_ranges(&[part]).ok()?;
    let tree = syntax::parse(parser, text);
    parser.set_included_ranges(&[]).ok()?;
    tree
}

/// The bytes of a token tree with its delimiters.
fn whole(tree: Node<'_>) -> (usize, usize) {
    (tree.start_byte(), tree.end_byte())
}

/// The bytes between the delimiters of a token tree.
fn inner(tree: Node<'_>) -> (usize, usize) {
    let (start, end) = (tree.start_byte() + 1, tree.end_byte().saturating_sub(1));
    (start, end.max(start))
}

/// Where the `=` between a pattern and a future stands.
fn plain_equals(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().position(|(at, byte)| {
        let beside = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        *byte == b'='
            && !matches!(beside(at.checked_sub(1)), b'=' | b'!' | b'<' | b'>' | b'.')
            && !matches!(beside(Some(at + 1)), b'=' | b'>')
    })
}

/// The name a simple pattern binds: `Some(message)`, `Ok(x)`, `result`.
fn bound_in(pattern: &str) -> Option<&str> {
    let inside = pattern.rsplit('(').next().unwrap_or(pattern).trim_end_matches(')').trim();
    let name = inside.strip_prefix("mut ").unwrap_or(inside).trim();
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(name)
}
