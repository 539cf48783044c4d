//! One program representation for every language: what a front end produces and lowering consumes.
//!
//! It keeps what matters for effects (names, calls, literals, control structure, types as declared)
//! and drops the rest. A construct a front end does not understand becomes [`ExprKind::Unknown`] or is
//! flattened into its sub-expressions, so that calls inside it are still seen.
//!
//! Conventions every front end follows:
//! - Names are resolved no further than the file allows: an imported name stays as written, and
//!   [`Module::imports`] says what it stands for.
//! - A method call is `Call { callee: Field { base, name } }`, whatever the language's syntax.
//! - `&x`, `*x`, parentheses and type assertions are transparent; `await e` is [`ExprKind::Await`].
//!   One exception: in `*x = v` the target is `Unary("*", x)`, because it writes through a pointer
//!   while `x = v` only rebinds the name.
//! - Types are the text as written without pointers and what makes a value optional: `*sql.DB` is `sql.DB`,
//!   `Optional[Session]` and `Session?` are `Session`, `[]T` and `T[]` are `[]T`. Languages whose frameworks are
//!   told things by type arguments keep them in angle brackets, without spaces: `JpaRepository<Order,Long>`;
//!   [`bare`] and [`type_arguments`] take such a text apart.
//! - Type arguments of a call, where they tell a framework something, are arguments named `<0>`, `<1>`, ... before the others.
//! - A constructor is a function named [`CONSTRUCTOR`] with its class as owner; `new T(a)` is a call of `T`, and
//!   `new T { a = b }` a [`ExprKind::Composite`] (or a call with keyword arguments when it has arguments as well).
//! - Methods without a body (interfaces, abstract classes) are functions with [`Function::is_abstract`].
//! - Annotations, attributes and decorators are expressions: a name, or a call of it.
//! - `throw` is [`StmtKind::Raise`]; a lambda that is an expression has a body of one `return`.
//! - Where a language has no name for the receiver, methods get `this`; bare names of members stay names.
//! - Nested types are listed with the others, by their own name (Python: `Outer.Inner`).

pub mod print;
pub mod walk;

use serde::{Deserialize, Serialize};
use whatif_model::Range;
use whatif_model::facts::code::Language;

/// One source file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// Root-relative path.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// Go: the package clause. Java, C#: the package or (first) namespace. Everything else: the dotted module
    /// name relative to the root (`src.app.main`).
    pub package: String,
    /// What names of other modules it uses.
    pub imports: Vec<Import>,
    /// Functions and methods, nested ones excluded (they are [`ExprKind::Lambda`] or [`Stmt::Function`]).
    pub functions: Vec<Function>,
    /// Types with their fields.
    pub types: Vec<TypeDecl>,
    /// Statements at module level: Go's `var`/`const` as assignments, Python's whole top level.
    pub top: Vec<Stmt>,
    /// Whether the file is a test.
    pub is_test: bool,
    /// Whether the file says it is generated.
    pub is_generated: bool,
    /// Ranges the grammar could not parse.
    pub errors: Vec<Range>,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The name it has in this file (`pb`, `requests`, `get`); `*` for a wildcard, `_` for side effects only.
    pub name: String,
    /// What it stands for: Go import path; Python, Java, C# and Rust dotted path, including the imported name
    /// (`from requests import get` → `requests.get`; `use reqwest::Client` → `reqwest.Client`; wildcards without
    /// `.*`). Relative Python imports are resolved against the package. JavaScript: the specifier, for own files
    /// resolved to a root-relative path without extension, and after a `.` the imported name (`axios.default`).
    pub path: String,
    /// Where.
    pub range: Range,
}

/// A function or method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The type it is a method of.
    pub owner: Option<String>,
    /// The name of its receiver (`s` in Go, `self` in Python); empty for functions and static methods.
    pub receiver: String,
    /// Names of its type parameters, where the framework is told things by type arguments (C#, Java).
    #[serde(default)]
    pub type_params: Vec<String>,
    /// Parameters without the receiver.
    pub params: Vec<Param>,
    /// Result types as declared.
    pub results: Vec<String>,
    /// Decorators or annotations, outermost first.
    pub decorators: Vec<Expr>,
    /// Its body.
    pub body: Vec<Stmt>,
    /// `async def` and the like.
    pub is_async: bool,
    /// Declared without a body: a method of an interface or an abstract one.
    #[serde(default)]
    pub is_abstract: bool,
    /// Its doc comment or docstring, empty when none.
    pub doc: String,
    /// The name.
    pub name_range: Range,
    /// The whole declaration.
    pub range: Range,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type as declared, empty when none.
    pub ty: String,
    /// Its default.
    pub default: Option<Expr>,
    /// Annotations.
    #[serde(default)]
    pub decorators: Vec<Expr>,
}

/// What constructors are called, whatever the language's own word.
pub const CONSTRUCTOR: &str = "__init__";

/// What kind of type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TypeKind {
    /// A class, struct, record or alias of one.
    #[default]
    Class,
    /// An interface, trait or protocol.
    Interface,
    /// An enumeration.
    Enum,
}

/// A field of a type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name; embedded Go fields have the type's last name.
    pub name: String,
    /// Its declared type, empty when none.
    pub ty: String,
    /// Annotations.
    #[serde(default)]
    pub decorators: Vec<Expr>,
    /// The name.
    pub range: Range,
}

/// A type with fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeDecl {
    /// Its name.
    pub name: String,
    /// Names of its type parameters.
    #[serde(default)]
    pub type_params: Vec<String>,
    /// What it extends or embeds, as written.
    pub bases: Vec<String>,
    /// What kind of type it is.
    #[serde(default)]
    pub kind: TypeKind,
    /// Its fields; parameters of a constructor that declare one (records, TypeScript) included.
    pub fields: Vec<Field>,
    /// Method names of an interface; empty for everything else.
    pub interface_methods: Vec<String>,
    /// Class-level assignments (Python class attributes, field initialisers, static blocks).
    pub body: Vec<Stmt>,
    /// Decorators.
    pub decorators: Vec<Expr>,
    /// The name.
    pub range: Range,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stmt {
    /// What kind.
    pub kind: StmtKind,
    /// Where.
    pub range: Range,
}

/// What kind of statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StmtKind {
    /// An expression evaluated for its effect. A call whose results are dropped.
    Expr(Expr),
    /// An assignment. `_` is [`ExprKind::Name`] `"_"`. Several targets: several values, or one call with several results.
    Assign {
        /// Left side.
        targets: Vec<Expr>,
        /// Right side.
        values: Vec<Expr>,
        /// The operator of an augmented assignment (`+` for `+=`), empty otherwise.
        op: String,
        /// The declared type (`var x T`, `x: T = ...`), empty when none.
        ty: String,
    },
    /// A conditional. Go's init statement precedes it as a statement of its own.
    If {
        /// The condition.
        cond: Expr,
        /// When it holds.
        then: Vec<Stmt>,
        /// Otherwise; `else if` is an `If` in here.
        otherwise: Vec<Stmt>,
    },
    /// A loop.
    Loop {
        /// Its head.
        head: LoopHead,
        /// Its body.
        body: Vec<Stmt>,
    },
    /// `switch`, `match`, `select`: one arm runs.
    Switch {
        /// What is looked at, if anything.
        subject: Option<Expr>,
        /// The arms. A `default` arm has no patterns.
        arms: Vec<Arm>,
        /// Go's `select`: patterns are channel operations.
        is_select: bool,
    },
    /// `try`.
    Try {
        /// The guarded statements.
        body: Vec<Stmt>,
        /// `except` clauses.
        handlers: Vec<Handler>,
        /// `else`.
        otherwise: Vec<Stmt>,
        /// `finally`.
        finally: Vec<Stmt>,
    },
    /// `with`, `using`: the context manager and the name it is bound to.
    With {
        /// Managers.
        items: Vec<(Expr, Option<Expr>)>,
        /// The body.
        body: Vec<Stmt>,
    },
    /// `return`.
    Return(Vec<Expr>),
    /// `raise`, `panic` is a call.
    Raise(Option<Expr>),
    /// `defer e`: runs when the function ends.
    Defer(Expr),
    /// `go e`: runs concurrently.
    Go(Expr),
    /// `ch <- e`.
    Send {
        /// The channel.
        channel: Expr,
        /// The value.
        value: Expr,
    },
    /// A nested named function.
    Function(Box<Function>),
    /// A bare block.
    Block(Vec<Stmt>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// A `case`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Patterns; empty for `default`. In a `select`: the channel operation as an expression.
    pub patterns: Vec<Expr>,
    /// The statements.
    pub body: Vec<Stmt>,
}

/// An `except`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handler {
    /// Exception types as written; empty catches everything.
    pub types: Vec<String>,
    /// The name the exception is bound to, empty when none.
    pub name: String,
    /// The statements.
    pub body: Vec<Stmt>,
    /// The clause.
    pub range: Range,
}

/// The head of a loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LoopHead {
    /// `for x in xs`, `for i, x := range xs`.
    Each {
        /// Loop variables.
        targets: Vec<Expr>,
        /// What is iterated.
        iterable: Expr,
    },
    /// `while cond`, `for cond`. `while True` and `for {}` are [`LoopHead::Forever`].
    While(Expr),
    /// `for init; cond; post`.
    Count {
        /// The condition.
        cond: Option<Expr>,
        /// Initialisation and step.
        setup: Vec<Stmt>,
    },
    /// Without a condition.
    Forever,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What kind.
    pub kind: ExprKind,
    /// Where.
    pub range: Range,
}

/// What kind of expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// A name.
    Name(String),
    /// A string without interpolation, unescaped.
    Str(String),
    /// An interpolated string (f-string; `fmt.Sprintf` stays a call): literals are [`ExprKind::Str`].
    Template(Vec<Expr>),
    /// A number as written, without separators.
    Number(String),
    /// `true`, `false`.
    Bool(bool),
    /// `nil`, `None`.
    Nil,
    /// `base.name`.
    Field(Box<Expr>, String),
    /// `base[index]`.
    Index(Box<Expr>, Box<Expr>),
    /// A call.
    Call(Box<Call>),
    /// A unary operation with its operator (`-`, `not`, `!`, `<-`).
    Unary(String, Box<Expr>),
    /// A binary operation with its operator; comparison and boolean operators included.
    Binary(String, Box<Expr>, Box<Expr>),
    /// A struct, map or keyword literal: `T{a: b}`, `{k: v}`; the type as written, empty for a dict.
    Composite {
        /// The type.
        ty: String,
        /// Entries; the key is a name (struct) or any expression (map), absent when positional.
        entries: Vec<(Option<Expr>, Expr)>,
    },
    /// A list, tuple, set or slice literal.
    List(Vec<Expr>),
    /// A function literal or lambda.
    Lambda(Box<Function>),
    /// `await e`.
    Await(Box<Expr>),
    /// `a if c else b`: condition, then, otherwise.
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A comprehension: element and what is iterated; effects inside happen once per element.
    Comprehension(Box<Expr>, Vec<Expr>),
    /// Not understood; its understood parts.
    Unknown(Vec<Expr>),
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called.
    pub callee: Expr,
    /// Arguments in order.
    pub args: Vec<Arg>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arg {
    /// Its keyword, empty when positional.
    pub name: String,
    /// Its value.
    pub value: Expr,
    /// `xs...`, `*xs`, `**xs`.
    pub spread: bool,
}

impl Expr {
    /// The dotted path of a chain of names (`app.config`), if it is one.
    pub fn dotted(&self) -> Option<String> {
        match &self.kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Field(base, name) => base.dotted().map(|base| format!("{base}.{name}")),
            _ => None,
        }
    }
}

impl TypeDecl {
    /// A class of which only the name is known.
    pub fn new(name: impl Into<String>, range: Range) -> Self {
        Self {
            name: name.into(),
            kind: TypeKind::Class,
            type_params: Vec::new(),
            bases: Vec::new(),
            fields: Vec::new(),
            interface_methods: Vec::new(),
            body: Vec::new(),
            decorators: Vec::new(),
            range,
        }
    }
}

impl Function {
    /// A function without parameters that does nothing.
    pub fn new(name: impl Into<String>, name_range: Range, range: Range) -> Self {
        Self {
            name: name.into(),
            owner: None,
            receiver: String::new(),
            type_params: Vec::new(),
            params: Vec::new(),
            results: Vec::new(),
            decorators: Vec::new(),
            body: Vec::new(),
            is_async: false,
            is_abstract: false,
            doc: String::new(),
            name_range,
            range,
        }
    }
}

impl Module {
    /// An empty file.
    pub fn new(path: &str, language: Language) -> Self {
        Self {
            path: path.to_owned(),
            language,
            package: String::new(),
            imports: Vec::new(),
            functions: Vec::new(),
            types: Vec::new(),
            top: Vec::new(),
            is_test: false,
            is_generated: false,
            errors: Vec::new(),
        }
    }
}

/// A type without its arguments: `List` of `List<Order>`.
pub fn bare(ty: &str) -> &str {
    ty.split_once('<').map_or(ty, |(bare, _)| bare)
}

/// The arguments of a type: `Order` and `Long` of `JpaRepository<Order,Long>`.
pub fn type_arguments(ty: &str) -> Vec<&str> {
    let Some(inner) = ty.split_once('<').and_then(|(_, rest)| rest.strip_suffix('>')) else { return Vec::new() };
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (at, c) in inner.char_indices() {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(inner.get(start..at).unwrap_or("").trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(inner.get(start..).unwrap_or("").trim());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_taken_apart_at_the_outermost_brackets() {
        assert_eq!(bare("Map<String,List<Order>>"), "Map");
        assert_eq!(type_arguments("Map<String,List<Order>>"), ["String", "List<Order>"]);
        assert!(type_arguments("Order").is_empty());
        assert_eq!(type_arguments("Broken<"), Vec::<&str>::new());
    }
}
