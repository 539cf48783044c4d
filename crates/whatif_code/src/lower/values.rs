//! Abstract values: what lowering knows about the value of an expression.

use crate::lower::program::{FunctionId, TypeId};
use std::rc::Rc;
use whatif_model::flow::Backoff;
use whatif_model::{Part, Span, Value};

/// Most alternatives one value keeps; further ones make it unknown.
const CHOICES_MAX: usize = 4;

/// Most origins one value remembers.
const ORIGINS_MAX: usize = 24;

/// Index of an object in the interpreter's heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ObjectId(pub(crate) u32);

/// Index of a frame of local names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FrameId(pub(crate) u32);

/// A value and what it was computed from.
#[derive(Clone, Debug)]
pub(crate) struct Abs<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) from: Taint,
}

/// What is known about the value itself.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'a> {
    /// Nothing.
    Unknown,
    /// `nil`, `None`.
    Nil,
    /// A boolean.
    Bool(bool),
    /// A string.
    Text(Rc<Value>),
    /// A number without a unit.
    Number(f64),
    /// A span of time in milliseconds.
    Millis(f64),
    /// A declared function, bound to its receiver or not.
    Function(FunctionId, Option<Rc<Abs<'a>>>),
    /// A function literal or nested function with the frame it was made in.
    Closure(Rc<Closure<'a>>),
    /// A method of a library object, taken as a value.
    Method(Rc<Abs<'a>>, &'a str),
    /// An instance, a dict or a library object.
    Object(ObjectId),
    /// Elements in order.
    List(Rc<Vec<Abs<'a>>>),
    /// Several results of one call.
    Tuple(Rc<Vec<Abs<'a>>>),
    /// A module or package of the program.
    Package(usize),
    /// A package, function, type or constant of a library, by its canonical name.
    Library(Rc<str>),
    /// A type of the program.
    Type(TypeId),
    /// A request context with its deadline.
    Context(Rc<Context>),
    /// One of several.
    Choice(Rc<Vec<Abs<'a>>>),
}

/// A function literal.
#[derive(Debug)]
pub(crate) struct Closure<'a> {
    pub(crate) function: &'a crate::ir::Function,
    pub(crate) frame: FrameId,
    pub(crate) module: usize,
    /// The handler it wraps, when a middleware made it.
    pub(crate) wraps: Option<(String, Span)>,
}

/// Where a context comes from and how long it lives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Context {
    pub(crate) origin: ContextOrigin,
    /// Its deadline: milliseconds when known, and where it was set.
    pub(crate) deadline: Option<(Option<u64>, Span)>,
}

/// What a context descends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContextOrigin {
    /// The request or message that is being handled.
    Inbound,
    /// Made from nothing (`context.Background()`), here.
    Background(Span),
    /// Cut from the request on purpose but keeping its values (`context.WithoutCancel`).
    Detached(Span),
    /// Not known.
    Unknown,
}

/// What a value was computed from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// The result of an effect.
    Data(u32),
    /// The failure of an effect.
    Failure(u32),
    /// The incoming request or message, through this field.
    Request(Rc<str>),
    /// An identity made by an effect.
    Fresh(u32),
    /// A random number, so that a pause made from it has jitter.
    Random,
    /// A counter of the loop, so that a pause made from it grows.
    Counter,
    /// A comparison or a constant that tells something of earlier results, by its number.
    Tested(u32),
}

/// A small sorted set of origins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taint(Option<Rc<Vec<Origin>>>);

impl Taint {
    pub(crate) fn one(origin: Origin) -> Self {
        Self(Some(Rc::new(vec![origin])))
    }

    pub(crate) fn of(mut origins: Vec<Origin>) -> Self {
        origins.sort();
        origins.dedup();
        origins.truncate(ORIGINS_MAX);
        if origins.is_empty() { Self(None) } else { Self(Some(Rc::new(origins))) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Origin> {
        self.0.iter().flat_map(|origins| origins.iter())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (_, None) => self.clone(),
            (None, _) => other.clone(),
            (Some(a), Some(b)) if Rc::ptr_eq(a, b) || a == b => self.clone(),
            (Some(a), Some(b)) => Self::of(a.iter().chain(b.iter()).cloned().collect()),
        }
    }

    pub(crate) fn retain(&self, keep: impl Fn(&Origin) -> bool) -> Self {
        if self.iter().all(&keep) { self.clone() } else { Self::of(self.iter().filter(|o| keep(o)).cloned().collect()) }
    }

    /// The effects whose failure this value tells.
    pub(crate) fn failures(&self) -> impl Iterator<Item = u32> {
        self.iter().filter_map(|origin| if let Origin::Failure(effect) = origin { Some(*effect) } else { None })
    }

    /// The effects whose result this value was computed from.
    pub(crate) fn data(&self) -> impl Iterator<Item = u32> {
        self.iter().filter_map(|origin| if let Origin::Data(effect) = origin { Some(*effect) } else { None })
    }

    /// The failure of something that is no effect: a constructor, the beginning or end of a transaction.
    pub(crate) fn setup_failure() -> Self {
        Self::one(Origin::Failure(u32::MAX))
    }

    /// Without anything that tells of a failure.
    pub(crate) fn without_failures(&self) -> Self {
        self.retain(|origin| !matches!(origin, Origin::Failure(_)))
    }

    /// Only what tells of a failure.
    pub(crate) fn only_failures(&self) -> Self {
        self.retain(|origin| matches!(origin, Origin::Failure(_)))
    }
}

impl<'a> From<Kind<'a>> for Abs<'a> {
    fn from(kind: Kind<'a>) -> Self {
        Self { kind, from: Taint::default() }
    }
}

impl<'a> Abs<'a> {
    pub(crate) fn unknown() -> Self {
        Kind::Unknown.into()
    }

    pub(crate) fn nil() -> Self {
        Kind::Nil.into()
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::value(Value::text(text))
    }

    pub(crate) fn value(value: Value) -> Self {
        Kind::Text(Rc::new(value)).into()
    }

    pub(crate) fn library(symbol: &str) -> Self {
        Kind::Library(Rc::from(symbol)).into()
    }

    pub(crate) fn tainted(from: Taint) -> Self {
        Self { kind: Kind::Unknown, from }
    }

    pub(crate) fn with(mut self, from: &Taint) -> Self {
        self.from = self.from.union(from);
        self
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown)
    }

    /// The string it is or prints as; numbers included.
    pub(crate) fn as_value(&self) -> Value {
        match &self.kind {
            Kind::Text(value) => (**value).clone(),
            Kind::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => Value::text(format!("{number:.0}")),
            Kind::Number(number) => Value::text(number.to_string()),
            Kind::Bool(value) => Value::text(value.to_string()),
            Kind::Choice(options) => options
                .iter()
                .find(|option| matches!(option.kind, Kind::Text(_)))
                .map_or_else(Value::unknown, Abs::as_value),
            _ => Value::unknown(),
        }
    }

    /// The literal text, if it is one.
    pub(crate) fn as_text(&self) -> Option<String> {
        if let Kind::Text(value) = &self.kind { value.as_text() } else { None }
    }

    /// The number it is, also through a string or the default of a variable.
    pub(crate) fn as_number(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(number) => Some(*number),
            Kind::Text(value) => match value.parts.as_slice() {
                [Part::Text(text)] => text.trim().parse().ok(),
                [Part::Env { default, .. } | Part::Setting { default, .. }] => default.as_ref()?.trim().parse().ok(),
                _ => None,
            },
            Kind::Choice(options) => options.iter().find_map(Abs::as_number),
            _ => None,
        }
    }

    /// A span of time: with its own unit, or as a number of `unit` milliseconds.
    pub(crate) fn as_millis(&self, unit: f64) -> Option<u64> {
        let millis = match &self.kind {
            Kind::Millis(millis) => Some(*millis),
            Kind::Choice(options) => options.iter().find_map(|option| option.as_millis(unit)).map(|ms| ms as f64),
            Kind::Text(value) => {
                value.as_text().and_then(|text| duration_text(&text)).or_else(|| self.as_number().map(|n| n * unit))
            }
            _ => self.as_number().map(|number| number * unit),
        }?;
        (millis.is_finite() && millis >= 0.0).then_some(millis.min(u64::MAX as f64) as u64)
    }

    /// Every alternative.
    pub(crate) fn alternatives(&self) -> &[Abs<'a>] {
        if let Kind::Choice(options) = &self.kind { options } else { std::slice::from_ref(self) }
    }

    /// What holds after either of two paths.
    pub(crate) fn join(self, other: Self) -> Self {
        let from = self.from.union(&other.from);
        Self { kind: join_kinds(self.kind, other.kind), from }
    }
}

/// A duration as Go and many configuration files write it: `1m30s`, `250ms`.
pub(crate) fn duration_text(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() || !rest.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        total += number
            * match &rest[..letters] {
                "ns" => 1e-6,
                "us" | "µs" => 1e-3,
                "ms" => 1.0,
                "s" => 1e3,
                "m" => 60e3,
                "h" => 3600e3,
                _ => return None,
            };
        rest = &rest[letters..];
    }
    Some(total)
}

fn join_kinds<'a>(a: Kind<'a>, b: Kind<'a>) -> Kind<'a> {
    match (a, b) {
        // Possibly nothing is not nothing: an error that may be nil is still an error.
        (Kind::Nil, Kind::Unknown) | (Kind::Unknown, Kind::Nil) => Kind::Unknown,
        (Kind::Unknown | Kind::Nil, known) | (known, Kind::Unknown | Kind::Nil) => known,
        (Kind::Text(a), Kind::Text(b)) => join_texts(a, b),
        (Kind::Context(a), Kind::Context(b)) => Kind::Context(Rc::new(join_contexts(&a, &b))),
        (Kind::Tuple(a), Kind::Tuple(b)) if a.len() == b.len() => {
            Kind::Tuple(Rc::new(a.iter().zip(b.iter()).map(|(a, b)| a.clone().join(b.clone())).collect()))
        }
        (a, b) if same(&a, &b) => a,
        (a, b) => choice(a, b),
    }
}

fn choice<'a>(a: Kind<'a>, b: Kind<'a>) -> Kind<'a> {
    let mut options: Vec<Abs<'a>> = Vec::new();
    for kind in [a, b] {
        match kind {
            Kind::Choice(more) => more.iter().for_each(|option| push_option(&mut options, option.clone())),
            kind => push_option(&mut options, kind.into()),
        }
    }
    match options.len() {
        0 => Kind::Unknown,
        1 => options.remove(0).kind,
        n if n > CHOICES_MAX => {
            options.truncate(CHOICES_MAX);
            Kind::Choice(Rc::new(options))
        }
        _ => Kind::Choice(Rc::new(options)),
    }
}

fn push_option<'a>(options: &mut Vec<Abs<'a>>, option: Abs<'a>) {
    if !options.iter().any(|seen| same(&seen.kind, &option.kind)) {
        options.push(option);
    }
}

/// A literal joined with a variable is the variable's default.
fn join_texts<'a>(a: Rc<Value>, b: Rc<Value>) -> Kind<'a> {
    if a == b || a.parts.is_empty() || a.as_text().is_some_and(|text| text.is_empty()) {
        return Kind::Text(b);
    }
    if b.parts.is_empty() || b.as_text().is_some_and(|text| text.is_empty()) {
        return Kind::Text(a);
    }
    match (with_default(&a, &b), with_default(&b, &a)) {
        (Some(value), _) | (None, Some(value)) => Kind::Text(Rc::new(value)),
        _ if b.is_unknown() => Kind::Text(a),
        _ if a.is_unknown() => Kind::Text(b),
        _ => choice(Kind::Text(a), Kind::Text(b)),
    }
}

/// `variable` with the literal as its default, when it has none.
pub(crate) fn with_default(variable: &Value, literal: &Value) -> Option<Value> {
    let text = literal.as_text()?;
    match variable.parts.as_slice() {
        [Part::Env { name, default: None }] => {
            Some(Value { parts: vec![Part::Env { name: name.clone(), default: Some(text) }] })
        }
        [Part::Setting { key, default: None }] => {
            Some(Value { parts: vec![Part::Setting { key: key.clone(), default: Some(text) }] })
        }
        _ => None,
    }
}

/// The weaker of two contexts: a deadline only when both have one.
fn join_contexts(a: &Context, b: &Context) -> Context {
    let origin = if a.origin == b.origin { a.origin } else { ContextOrigin::Unknown };
    let deadline = match (a.deadline, b.deadline) {
        (Some((Some(x), at)), Some((Some(y), _))) => Some((Some(x.max(y)), at)),
        (Some((_, at)), Some(_)) => Some((None, at)),
        _ => None,
    };
    Context { origin, deadline }
}

pub(crate) fn same(a: &Kind<'_>, b: &Kind<'_>) -> bool {
    match (a, b) {
        (Kind::Bool(a), Kind::Bool(b)) => a == b,
        (Kind::Text(a), Kind::Text(b)) => a == b,
        (Kind::Number(a), Kind::Number(b)) | (Kind::Millis(a), Kind::Millis(b)) => a == b,
        (Kind::Function(a, x), Kind::Function(b, y)) => {
            a == b
                && match (x, y) {
                    (Some(x), Some(y)) => same(&x.kind, &y.kind),
                    (x, y) => x.is_none() == y.is_none(),
                }
        }
        (Kind::Closure(a), Kind::Closure(b)) => std::ptr::eq(a.function, b.function),
        (Kind::Object(a), Kind::Object(b)) => a == b,
        (Kind::Package(a), Kind::Package(b)) => a == b,
        (Kind::Library(a), Kind::Library(b)) => a == b,
        (Kind::Type(a), Kind::Type(b)) => a == b,
        (Kind::Context(a), Kind::Context(b)) => a == b,
        (Kind::List(a), Kind::List(b)) | (Kind::Tuple(a), Kind::Tuple(b)) => Rc::ptr_eq(a, b),
        (Kind::Method(a, m), Kind::Method(b, n)) => m == n && same(&a.kind, &b.kind),
        _ => false,
    }
}

/// How a pause grows, from what it was computed from.
pub(crate) fn backoff_of(pause: &Abs<'_>, unit: f64) -> (Backoff, bool) {
    let millis = pause.as_millis(unit).unwrap_or(0);
    let grows = pause.from.iter().any(|origin| *origin == Origin::Counter);
    let random = pause.from.iter().any(|origin| *origin == Origin::Random);
    (if grows { Backoff::Exponential(millis) } else { Backoff::Fixed(millis) }, random)
}
