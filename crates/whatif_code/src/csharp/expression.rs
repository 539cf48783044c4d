//! Expressions.

use super::declaration::split_type_arguments;
use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use super::statement::{last_target, unknown};
use crate::ir::{Arg, Call, Expr, ExprKind};
use whatif_model::Range;

impl<'t> Reader<'t, '_> {
    pub(super) fn expr(&mut self, part: Part<'t>) -> Expr {
        if !self.walk.enter() {
            return unknown(part.range());
        }
        let expr = match part.kind {
            Kind::Transparent | Kind::GlobalStatement | Kind::Argument => {
                let inner = self.walk.parts(part.node).iter().find(|inner| inner.field != Field::Name);
                match inner {
                    Some(inner) => self.expr(inner),
                    None => self.keyword_in(part),
                }
            }
            Kind::Cast => self.value_in(part, Field::Value),
            Kind::As => self.value_in(part, Field::Left),
            Kind::Assignment => self.nested_assignment(part),
            Kind::New => {
                let ty = self.type_in(part, Field::Type);
                self.creation(part, &ty)
            }
            Kind::ImplicitNew => self.creation(part, ""),
            Kind::Query => self.query(part),
            Kind::IsPattern => self.is_pattern(part),
            Kind::SwitchExpression => self.switch_expression(part),
            Kind::DeclarationExpression => self.value_in(part, Field::Name),
            _ => match self.expr_kind(part) {
                Some(kind) => Expr { kind, range: part.range() },
                None => self.parts_of_unknown(part),
            },
        };
        self.walk.leave();
        expr
    }

    /// The expression in a place, unknown when the place is empty.
    pub(super) fn optional(&mut self, part: Option<Part<'t>>, place: Range) -> Expr {
        part.map_or_else(|| unknown(place), |part| self.expr(part))
    }

    pub(super) fn value_in(&mut self, part: Part<'t>, field: Field) -> Expr {
        let inner = self.walk_field(part, field);
        self.optional(inner, part.range())
    }

    /// `this` in a place where only a token stands.
    fn keyword_in(&self, part: Part<'t>) -> Expr {
        match self.walk.text(part.node).trim_matches(['(', ')', ' ']) {
            text if text == "this" || text.ends_with(" this") => named("this", part.range()),
            _ => unknown(part.range()),
        }
    }

    fn expr_kind(&mut self, part: Part<'t>) -> Option<ExprKind> {
        Some(match part.kind {
            Kind::Identifier if part.node.is_missing() => return None,
            Kind::Identifier => ExprKind::Name(self.walk.text(part.node).trim_start_matches('@').to_owned()),
            Kind::Token => return self.keyword_kind(part),
            Kind::GenericName => self.generic_call(part),
            Kind::QualifiedName => self.member(part, Field::Qualifier),
            Kind::AliasQualified => return self.walk_field(part, Field::Name).map(|name| self.expr(name).kind),
            Kind::Member => self.member(part, Field::Expression),
            Kind::ConditionalAccess => self.conditional_access(part),
            Kind::ElementAccess => {
                let base = self.value_in(part, Field::Expression);
                let list = self.walk_field(part, Field::Subscript);
                self.indexed(base, list)
            }
            Kind::Invocation => self.invocation(part),
            Kind::String => self.string(part),
            Kind::VerbatimString => self.verbatim(part),
            Kind::RawString => self.raw_string(part),
            Kind::Interpolated => self.interpolated(part),
            Kind::Character => ExprKind::Str(self.walk.text(part.node).trim_matches('\'').to_owned()),
            Kind::Number => self.number(part),
            Kind::Boolean => ExprKind::Bool(self.walk.text(part.node) == "true"),
            Kind::Null | Kind::Default => ExprKind::Nil,
            Kind::Binary => self.binary(part),
            Kind::Is => {
                let value = self.value_in(part, Field::Left);
                let ty = self.value_in(part, Field::Right);
                ExprKind::Binary("is".to_owned(), Box::new(value), Box::new(ty))
            }
            Kind::Prefix | Kind::Postfix => self.unary(part),
            Kind::ThrowExpression => {
                // Nothing remains of it but what its parts do.
                let raised = self.only(part);
                let nothing = Expr { kind: ExprKind::Nil, range: part.range() };
                ExprKind::Unknown(vec![raised, nothing])
            }
            Kind::Await => ExprKind::Await(Box::new(self.only(part))),
            Kind::Spread => ExprKind::Unary("*".to_owned(), Box::new(self.only(part))),
            Kind::TypeOf => ExprKind::Name(self.type_in(part, Field::Type)),
            Kind::Lambda => ExprKind::Lambda(Box::new(self.function(part))),
            Kind::List | Kind::Tuple => {
                let items: Vec<_> = self.walk.parts(part.node).into_iter().collect();
                ExprKind::List(items.into_iter().map(|item| self.expr(item)).collect())
            }
            Kind::ArrayCreation => self.array(part),
            Kind::Initializer => self.initializer(part),
            Kind::AnonymousObject => self.anonymous(part),
            Kind::WithExpression => self.with_expression(part),
            Kind::Ternary => {
                let cond = self.value_in(part, Field::Condition);
                let then = self.value_in(part, Field::Consequence);
                let otherwise = self.value_in(part, Field::Alternative);
                ExprKind::Conditional(Box::new(cond), Box::new(then), Box::new(otherwise))
            }
            _ => return None,
        })
    }

    /// `this`, `base`.
    fn keyword_kind(&mut self, part: Part<'t>) -> Option<ExprKind> {
        match self.walk.text(part.node) {
            "this" => Some(ExprKind::Name("this".to_owned())),
            "base" => {
                let call = Call { callee: named("super", part.range()), args: Vec::new() };
                Some(ExprKind::Call(Box::new(call)))
            }
            _ => None,
        }
    }

    /// `Name<T>` by itself is a call of `Name` with its type arguments; a call of it takes them over.
    fn generic_call(&mut self, part: Part<'t>) -> ExprKind {
        let name = self.walk.parts(part.node).first();
        let callee = self.optional(name, part.range());
        let arguments = self.type_arguments(part);
        let args: Vec<Arg> = arguments.into_iter().enumerate().map(|(at, ty)| type_argument(at, &ty, part)).collect();
        if args.is_empty() { callee.kind } else { ExprKind::Call(Box::new(Call { callee, args })) }
    }

    fn member(&mut self, part: Part<'t>, base: Field) -> ExprKind {
        let base = self.value_in(part, base);
        let name = self.walk_field(part, Field::Name);
        self.member_of(base, name, part.range())
    }

    fn member_of(&mut self, base: Expr, name: Option<Part<'t>>, range: Range) -> ExprKind {
        let Some(name) = name else { return base.kind };
        let simple = if name.kind == Kind::GenericName { self.walk.parts(name.node).first() } else { Some(name) };
        let text = simple.map_or("", |simple| self.walk.text(simple.node)).to_owned();
        let field = ExprKind::Field(Box::new(base), text);
        if name.kind != Kind::GenericName {
            return field;
        }
        let arguments = self.type_arguments(name);
        let args: Vec<Arg> = arguments.into_iter().enumerate().map(|(at, ty)| type_argument(at, &ty, name)).collect();
        let callee = Expr { kind: field, range };
        if args.is_empty() { callee.kind } else { ExprKind::Call(Box::new(Call { callee, args })) }
    }

    /// `a?.b` is `a.b`, `a?[i]` is `a[i]`.
    fn conditional_access(&mut self, part: Part<'t>) -> ExprKind {
        let base = self.value_in(part, Field::Condition);
        let bound = self.walk.parts(part.node).iter().find(|bound| bound.field != Field::Condition);
        match bound {
            Some(bound) if bound.kind == Kind::MemberBinding => {
                let name = self.walk_field(bound, Field::Name);
                self.member_of(base, name, part.range())
            }
            bound => self.indexed(base, bound),
        }
    }

    fn indexed(&mut self, base: Expr, list: Option<Part<'t>>) -> ExprKind {
        let Some(list) = list else { return base.kind };
        let first = self.walk.parts(list.node).first();
        let index = self.optional(first, list.range());
        ExprKind::Index(Box::new(base), Box::new(index))
    }

    fn invocation(&mut self, part: Part<'t>) -> ExprKind {
        let callee = self.value_in(part, Field::Function);
        let (callee, mut args) = split_type_arguments(callee);
        let list = self.walk_field(part, Field::Arguments);
        if matches!(&callee.kind, ExprKind::Name(name) if name == "nameof") {
            let text = self.walk_field(part, Field::Arguments).map_or("", |list| self.walk.text(list.node));
            let last = text.trim_matches(['(', ')', ' ']).rsplit('.').next().unwrap_or("");
            return ExprKind::Str(last.to_owned());
        }
        let (given, outs) = match list {
            Some(list) => (self.args(list), self.outs(list)),
            None => Default::default(),
        };
        args.extend(given);
        let call = ExprKind::Call(Box::new(Call { callee, args }));
        if outs.is_empty() {
            return call;
        }
        // `Try(k, out var v)` has two results.
        let result = self.temporary(part.range());
        let targets = std::iter::once(result.clone()).chain(outs).collect();
        let values = vec![Expr { kind: call, range: part.range() }];
        let kind = crate::ir::StmtKind::Assign { targets, values, op: String::new(), ty: String::new() };
        self.hoisted.push(crate::ir::Stmt { kind, range: part.range() });
        result.kind
    }

    /// The variables a call writes.
    fn outs(&mut self, list: Part<'t>) -> Vec<Expr> {
        let arguments: Vec<_> = self.walk.parts(list.node).into_iter().collect();
        let outs = arguments.into_iter().filter(|argument| self.walk.text(argument.node).starts_with("out "));
        let outs: Vec<_> = outs.collect();
        outs.into_iter().map(|argument| self.expr(argument)).collect()
    }

    pub(super) fn args(&mut self, list: Part<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for part in self.walk.parts(list.node) {
            let name = match part.kind {
                Kind::Argument => self.walk_field(part, Field::Name).map_or("", |name| self.walk.text(name.node)),
                _ => "",
            };
            args.push(Arg { name: name.to_owned(), value: self.expr(part), spread: false });
        }
        args
    }

    /// `new T(a) { b = c }`.
    pub(super) fn creation(&mut self, part: Part<'t>, ty: &str) -> Expr {
        let parts = self.walk.parts(part.node);
        let args = parts.field(Field::Arguments).or_else(|| parts.kind(Kind::ArgumentList));
        let initializer = parts.field(Field::Initializer).or_else(|| parts.kind(Kind::Initializer));
        let mut given = args.map(|args| self.args(args)).unwrap_or_default();
        let entries = initializer.map(|initializer| self.entries(initializer)).unwrap_or_default();
        let is_plain = given.is_empty() && !entries.is_empty();
        if is_plain {
            return Expr { kind: ExprKind::Composite { ty: ty.to_owned(), entries }, range: part.range() };
        }
        for (key, value) in entries {
            if let Some(Expr { kind: ExprKind::Name(name), .. }) = key {
                given.push(Arg { name, value, spread: false });
            }
        }
        let bare = crate::ir::bare(ty);
        let range = part.range();
        let mut names = bare.split('.');
        let first = named(names.next().filter(|name| !name.is_empty()).unwrap_or("new"), range);
        let callee =
            names.fold(first, |base, name| Expr { kind: ExprKind::Field(Box::new(base), name.to_owned()), range });
        let types = crate::ir::type_arguments(ty).into_iter().enumerate();
        let mut args: Vec<Arg> = types.map(|(at, ty)| type_argument(at, ty, part)).collect();
        args.append(&mut given);
        Expr { kind: ExprKind::Call(Box::new(Call { callee, args })), range }
    }

    fn binary(&mut self, part: Part<'t>) -> ExprKind {
        let parts = self.walk.parts(part.node);
        let left = self.optional(parts.field(Field::Left), part.range());
        let operator = match parts.field(Field::Operator).map_or("", |operator| self.walk.text(operator.node)) {
            "??" => "||",
            operator => operator,
        };
        // `a ?? throw e`: nothing remains of the second operand but its effects.
        let right = self.optional(parts.field(Field::Right), part.range());
        ExprKind::Binary(operator.to_owned(), Box::new(left), Box::new(right))
    }

    fn unary(&mut self, part: Part<'t>) -> ExprKind {
        let text = self.walk.text(part.node);
        let operator: String = text.chars().take_while(|c| "+-!~&^*".contains(*c)).take(2).collect();
        let inner = self.only(part);
        match operator.as_str() {
            // `x!` only silences the compiler; the value of `i++` is that of `i`.
            "" | "++" | "--" | "+" | "&" | "*" | "^" => inner.kind,
            operator => ExprKind::Unary(operator.chars().take(1).collect(), Box::new(inner)),
        }
    }

    /// An assignment inside an expression is its target, assigned before.
    fn nested_assignment(&mut self, part: Part<'t>) -> Expr {
        let mut statements = Vec::new();
        self.expression_statement(part, part.range(), &mut statements);
        let value = last_target(&statements).unwrap_or_else(|| unknown(part.range()));
        self.hoisted.append(&mut statements);
        value
    }

    /// What could not be read: its parts.
    fn parts_of_unknown(&mut self, part: Part<'t>) -> Expr {
        let parts = self.walk.parts(part.node);
        if parts.len() == 0 {
            return unknown(part.range());
        }
        let kind = ExprKind::Unknown(parts.into_iter().map(|inner| self.expr(inner)).collect());
        Expr { kind, range: part.range() }
    }
}

/// Deepest nesting of type arguments that is kept.
const TYPE_DEPTH_MAX: usize = 3;

/// A type where a value stands: `Set<Order>` is `Set[[Order]]`.
fn type_value(ty: &str, range: Range, depth: usize) -> Expr {
    let bare = crate::ir::bare(ty);
    let name = named(bare.rsplit('.').next().unwrap_or(bare), range);
    let arguments = crate::ir::type_arguments(ty);
    if arguments.is_empty() || depth == 0 {
        return name;
    }
    let arguments = arguments.into_iter().map(|argument| type_value(argument, range, depth - 1)).collect();
    let index = Expr { kind: ExprKind::List(arguments), range };
    Expr { kind: ExprKind::Index(Box::new(name), Box::new(index)), range }
}

/// A type argument as an argument.
fn type_argument(at: usize, ty: &str, part: Part<'_>) -> Arg {
    Arg { name: format!("<{at}>"), value: type_value(ty, part.range(), TYPE_DEPTH_MAX), spread: false }
}

pub(super) fn named(name: &str, range: Range) -> Expr {
    Expr { kind: ExprKind::Name(name.to_owned()), range }
}
