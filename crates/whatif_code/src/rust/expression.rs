//! Expressions.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::{Sink, unknown};
use crate::ir::{Arg, Call, Expr, ExprKind, Function, Stmt, StmtKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    pub(super) fn expr(&mut self, part: Part<'t>) -> Expr {
        if !self.walk.enter() {
            return unknown(part.range());
        }
        let expr = match part.kind {
            Kind::ParenthesizedExpression | Kind::ExpressionStatement => {
                let inner = self.walk.parts(part.node).first();
                self.optional(inner, part.range())
            }
            Kind::ReferenceExpression | Kind::TypeCastExpression => {
                let inner = self.walk.parts(part.node).field(Field::Value);
                self.optional(inner, part.range())
            }
            Kind::UnaryExpression => self.unary(part),
            Kind::GenericFunction => {
                let function = self.walk.parts(part.node).field(Field::Function);
                self.optional(function, part.range())
            }
            Kind::ScopedIdentifier | Kind::ScopedTypeIdentifier | Kind::Identifier => self.path_expr(part),
            Kind::CallExpression => self.call(part),
            Kind::IfExpression
            | Kind::MatchExpression
            | Kind::Block
            | Kind::UnsafeBlock
            | Kind::ConstBlock
            | Kind::TryBlock
            | Kind::LoopExpression
            | Kind::WhileExpression
            | Kind::ForExpression
            | Kind::ReturnExpression
            | Kind::BreakExpression
            | Kind::ContinueExpression
            | Kind::AssignmentExpression
            | Kind::CompoundAssignExpr => self.hoist(part),
            Kind::MacroInvocation => self.macro_expr(part),
            _ => Expr { kind: self.expr_kind(part), range: part.range() },
        };
        self.walk.leave();
        expr
    }

    /// The expression in a place, unknown when the place is empty.
    pub(super) fn optional(&mut self, part: Option<Part<'t>>, place: Range) -> Expr {
        part.map_or_else(|| unknown(place), |part| self.expr(part))
    }

    pub(super) fn name(&mut self, part: Part<'t>) -> Expr {
        Expr { kind: ExprKind::Name(self.walk.text(part.node).to_owned()), range: part.range() }
    }

    /// A control structure where a value is expected: it runs before, and leaves its value in a name.
    fn hoist(&mut self, part: Part<'t>) -> Expr {
        let range = part.range();
        let outer = std::mem::take(&mut self.hoisted);
        let name = Expr { kind: ExprKind::Name(self.fresh("value", range)), range };
        let mut before = Vec::new();
        self.sunk(part, &Sink::Into(name.clone(), String::new()), &mut before);
        self.hoisted = outer;
        self.hoisted.append(&mut before);
        name
    }

    fn expr_kind(&mut self, part: Part<'t>) -> ExprKind {
        match part.kind {
            Kind::SelfName => ExprKind::Name("self".to_owned()),
            Kind::CrateName => ExprKind::Name("crate".to_owned()),
            Kind::SuperName => ExprKind::Name("super".to_owned()),
            Kind::FieldExpression => {
                let parts = self.walk.parts(part.node);
                let base = self.optional(parts.field(Field::Value), part.range());
                let name = parts.field(Field::Selector).map_or("", |field| self.walk.text(field.node));
                ExprKind::Field(Box::new(base), name.to_owned())
            }
            Kind::Number | Kind::Str | Kind::RawStr | Kind::Char | Kind::BooleanLiteral => self.literal(part),
            Kind::AwaitExpression => ExprKind::Await(Box::new(self.only(part))),
            Kind::TryExpression => ExprKind::Unary("?".to_owned(), Box::new(self.only(part))),
            Kind::BinaryExpression => self.binary(part),
            Kind::RangeExpression => self.range_call(part),
            Kind::IndexExpression => self.index(part),
            Kind::StructExpression => self.composite(part),
            Kind::ArrayExpression | Kind::TupleExpression => {
                let items = self.walk.parts(part.node).into_iter().filter(|item| item.kind != Kind::AttributeItem);
                ExprKind::List(items.map(|item| self.expr(item)).collect())
            }
            Kind::UnitExpression => ExprKind::List(Vec::new()),
            Kind::ClosureExpression => ExprKind::Lambda(Box::new(self.closure(part))),
            Kind::AsyncBlock => ExprKind::Lambda(Box::new(self.async_block(part))),
            Kind::LetCondition | Kind::LetChain => {
                let mut before = Vec::new();
                let cond = self.condition(part, &mut before);
                self.hoisted.append(&mut before);
                cond.kind
            }
            _ => ExprKind::Unknown(self.walk.parts(part.node).into_iter().map(|inner| self.expr(inner)).collect()),
        }
    }

    fn only(&mut self, part: Part<'t>) -> Expr {
        let first = self.walk.parts(part.node).first();
        self.optional(first, part.range())
    }

    /// A name or path: `a::b::c` is the field `c` of `a.b`. Macros read as calls keep their `!`.
    pub(super) fn path_expr(&mut self, part: Part<'t>) -> Expr {
        let range = part.range();
        if part.node.is_missing() {
            return unknown(range);
        }
        if matches!(part.kind, Kind::ScopedIdentifier | Kind::ScopedTypeIdentifier) {
            self.note_head(part);
        }
        let mut path = self.dotted(part);
        if path.ends_with('_') && self.source.as_bytes().get(part.node.end_byte() - 1) == Some(&b'!') {
            path.pop();
            path.push('!');
        }
        let path = match (&self.owner, path.as_str()) {
            (Some(owner), "Self") => owner.clone(),
            (_, "None") => return Expr { kind: ExprKind::Nil, range },
            _ => self.own_path(path),
        };
        let mut segments = path.split('.');
        let first = segments.next().unwrap_or("").to_owned();
        let mut expr = Expr { kind: ExprKind::Name(first), range };
        for segment in segments {
            expr = Expr { kind: ExprKind::Field(Box::new(expr), segment.to_owned()), range };
        }
        expr
    }

    fn call(&mut self, part: Part<'t>) -> Expr {
        let range = part.range();
        let parts = self.walk.parts(part.node);
        let callee = self.optional(parts.field(Field::Function), range);
        let mut args = parts.field(Field::Arguments).map(|list| self.args(list)).unwrap_or_default();
        let called = match &callee.kind {
            ExprKind::Name(name) | ExprKind::Field(_, name) => name.as_str(),
            _ => "",
        };
        if called.ends_with('!') {
            return self.expression_macro(callee, args, range);
        }
        // What is optional is what it holds.
        if called == "Some" && args.len() == 1 && matches!(callee.kind, ExprKind::Name(_)) {
            return args.remove(0).value;
        }
        Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range }
    }

    /// Arguments; `name = value` in a macro is a keyword.
    fn args(&mut self, list: Part<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for part in self.walk.parts(list.node) {
            match part.kind {
                Kind::AttributeItem => {}
                Kind::AssignmentExpression => {
                    let parts = self.walk.parts(part.node);
                    let name = parts.field(Field::Left).map_or("", |left| self.walk.text(left.node)).to_owned();
                    let value = self.optional(parts.field(Field::Right), part.range());
                    args.push(Arg { name, value, spread: false });
                }
                _ => args.push(Arg { name: String::new(), value: self.expr(part), spread: false }),
            }
        }
        args
    }

    fn unary(&mut self, part: Part<'t>) -> Expr {
        let operand = self.only(part);
        let operator = self.walk.text(part.node).chars().next().unwrap_or('*');
        if operator == '*' {
            return operand;
        }
        Expr { kind: ExprKind::Unary(operator.to_string(), Box::new(operand)), range: part.range() }
    }

    fn binary(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let left = self.optional(parts.field(Field::Left), part.range());
        let right = self.optional(parts.field(Field::Right), part.range());
        let operator = parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node));
        ExprKind::Binary(operator.to_owned(), Box::new(left), Box::new(right))
    }

    /// `0..n` is `range(0, n)`, and `0..=n` one more; `0..` is `range_from(0)`.
    fn range_call(&mut self, part: Part<'t>) -> ExprKind {
        let range = part.range();
        let inclusive = self.walk.text(part.node).contains("..=");
        let mut bounds: Vec<Expr> = self.walk.parts(part.node).into_iter().map(|bound| self.expr(bound)).collect();
        if inclusive && let Some(last) = bounds.pop() {
            let one = Expr { kind: ExprKind::Number("1".to_owned()), range };
            bounds.push(Expr { kind: ExprKind::Binary("+".to_owned(), Box::new(last), Box::new(one)), range });
        }
        let word = if self.walk.text(part.node).ends_with("..") { "range_from" } else { "range" };
        let callee = Expr { kind: ExprKind::Name(word.to_owned()), range };
        let args = bounds.into_iter().map(|value| Arg { name: String::new(), value, spread: false }).collect();
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    fn index(&mut self, part: Part<'t>) -> ExprKind {
        let mut parts = self.walk.parts(part.node).into_iter();
        let base = self.optional(parts.next(), part.range());
        match parts.next() {
            // `x[..]` is all of `x`.
            Some(whole) if self.walk.text(whole.node) == ".." => base.kind,
            index => {
                let index = self.optional(index, part.range());
                ExprKind::Index(Box::new(base), Box::new(index))
            }
        }
    }

    fn composite(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let ty = parts.field(Field::Name).map(|name| self.ty(name)).unwrap_or_default();
        let mut entries = Vec::new();
        if let Some(body) = parts.field(Field::Body) {
            for field in self.walk.parts(body.node) {
                match field.kind {
                    Kind::FieldInitializer => {
                        let parts = self.walk.parts(field.node);
                        let key = parts.field(Field::Selector).map(|key| self.name(key));
                        let value = self.optional(parts.field(Field::Value), field.range());
                        entries.push((key, value));
                    }
                    Kind::ShorthandFieldInitializer => {
                        let name = self.walk.parts(field.node).kind(Kind::Identifier).map(|name| self.name(name));
                        if let Some(name) = name {
                            entries.push((Some(name.clone()), name));
                        }
                    }
                    Kind::BaseFieldInitializer => entries.push((None, self.only(field))),
                    _ => {}
                }
            }
        }
        ExprKind::Composite { ty, entries }
    }

    /// A closure; one that returns an `async` block is the asynchronous function it stands for.
    fn closure(&mut self, part: Part<'t>) -> Function {
        let outer = std::mem::take(&mut self.hoisted);
        let breaks = std::mem::take(&mut self.breaks);
        let parts = self.walk.parts(part.node);
        let params = parts.field(Field::Parameters).map(|list| self.params(list).0).unwrap_or_default();
        let mut function = Function { params, ..Function::new("", part.range(), part.range()) };
        if let Some(body) = parts.field(Field::Body) {
            function.is_async = body.kind == Kind::AsyncBlock;
            if matches!(body.kind, Kind::AsyncBlock | Kind::Block) {
                self.block(body, &Sink::Return, &mut function.body);
            } else {
                self.sunk(body, &Sink::Return, &mut function.body);
            }
        }
        self.breaks = breaks;
        self.hoisted = outer;
        function
    }

    fn async_block(&mut self, part: Part<'t>) -> Function {
        let outer = std::mem::take(&mut self.hoisted);
        let breaks = std::mem::take(&mut self.breaks);
        let mut function = Function { is_async: true, ..Function::new("", part.range(), part.range()) };
        self.block(part, &Sink::Return, &mut function.body);
        self.breaks = breaks;
        self.hoisted = outer;
        function
    }

    /// A macro whose arguments are expressions.
    fn expression_macro(&mut self, callee: Expr, mut args: Vec<Arg>, range: Range) -> Expr {
        let (ExprKind::Name(name) | ExprKind::Field(_, name)) = &callee.kind else { return unknown(range) };
        let kind = match name.as_str() {
            "format!" | "concat!" => self.format(args, range),
            "anyhow!" | "eyre!" | "format_err!" => ExprKind::Unknown(args.into_iter().map(|arg| arg.value).collect()),
            "dbg!" | "pin!" if args.len() == 1 => return args.remove(0).value,
            "join!" | "try_join!" => {
                let wait = |arg: Arg| Expr { range: arg.value.range, kind: ExprKind::Await(Box::new(arg.value)) };
                ExprKind::List(args.into_iter().map(wait).collect())
            }
            "bail!" => {
                let failed = super::statement::variant("Err", unknown(range), range);
                self.hoisted.push(Stmt { kind: StmtKind::Return(vec![failed]), range });
                ExprKind::Unknown(Vec::new())
            }
            "ensure!" if !args.is_empty() => {
                let cond = args.remove(0).value;
                let failed = super::statement::variant("Err", unknown(range), range);
                let leave = vec![Stmt { kind: StmtKind::Return(vec![failed]), range }];
                self.hoisted.push(Stmt { kind: StmtKind::If { cond, then: Vec::new(), otherwise: leave }, range });
                ExprKind::Unknown(Vec::new())
            }
            _ => ExprKind::Call(Box::new(Call { callee, args })),
        };
        Expr { kind, range }
    }
}
