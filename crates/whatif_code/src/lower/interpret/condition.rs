//! What conditions ask of earlier results, and under which answers the code that is run is reached.
//!
//! A comparison remembers what it asked ([`Origin::Tested`]), so that its value can be kept in a local, negated,
//! combined, or returned by a helper before it is tested. Constants returned under a condition remember it too:
//! `if taken >= limit { return ErrFull }` in a helper decides the caller's `if err != nil`.

use super::state::{Exit, Interpreter};
use crate::ir::{Expr, ExprKind};
use crate::lower::values::{Abs, Kind, Origin, Taint};
use std::rc::Rc;
use whatif_model::Span;
use whatif_model::basis::{Asks, Basis, GIVEN_MAX, Given};
use whatif_model::flow::EffectId;

/// Deepest expression that is looked through for the name of a field.
const FIELD_DEPTH_MAX: usize = 6;

/// Something asked of the result of an effect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) effect: u32,
    pub(crate) asks: Asks,
    pub(crate) field: Rc<str>,
    pub(crate) value: Rc<str>,
    /// The answer where the condition does not hold, and where it does.
    pub(crate) when: [Option<bool>; 2],
}

/// What one value tells when it is tested.
#[derive(Clone, Debug)]
pub(crate) enum Tested {
    /// A comparison.
    Compared(Vec<Asked>),
    /// A constant that was returned where this was known: tells something only if the value is that constant.
    Constant(bool, Vec<Asked>),
}

/// A condition on the way to what is run.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    effect: u32,
    asks: Asks,
    field: Rc<str>,
    value: Rc<str>,
    holds: Option<bool>,
    span: Span,
}

impl<'a> Interpreter<'a> {
    /// What a condition asks, when its value is tested by itself.
    pub(super) fn asked(&mut self, cond: &'a Expr, value: &Abs<'a>) -> Vec<Asked> {
        let known = self.remembered(&value.from);
        if !known.is_empty() {
            return known;
        }
        let effects = self.results(&value.from);
        let looked = self.looked_at_failure(&value.from);
        if effects.is_empty() {
            return looked;
        }
        let (asks, field, yes) = asked_by_name(cond);
        effects.into_iter().map(|effect| ask(effect, asks, &field, yes)).collect()
    }

    /// A failure that is being handled, and of which something is asked: not every one is treated alike.
    fn looked_at_failure(&self, from: &Taint) -> Vec<Asked> {
        let handled = from.failures().filter(|effect| self.guards.contains(effect) && *effect >= self.run.base);
        handled.map(|effect| ask(effect, Asks::Other, "", None)).collect()
    }

    /// What a test for nothing asks (`row == nil`); `is_nothing`: whether it holds when there is none.
    pub(super) fn asked_for_any(&mut self, tested: &'a Expr, value: &Abs<'a>, is_nothing: bool) -> Vec<Asked> {
        let mut asked = self.remembered(&value.from);
        if is_nothing {
            asked = negated(asked);
        }
        let field = field_name(tested, FIELD_DEPTH_MAX).unwrap_or_default();
        let asks = if matches!(tested.kind, ExprKind::Field(..)) { Asks::Equals } else { Asks::Exists };
        if self.is_go() && value.from.failures().next().is_some() {
            // An error tells whether it worked, not whether there is any.
            return asked;
        }
        for effect in self.results(&value.from) {
            asked.push(ask(effect, asks, field, Some(!is_nothing)));
        }
        asked
    }

    /// A comparison as a value: it remembers what it asked.
    pub(super) fn compared(&mut self, op: &str, sides: [(&'a Expr, &Abs<'a>); 2], result: Abs<'a>) -> Abs<'a> {
        if !is_comparison(op) || matches!(result.kind, Kind::Bool(_)) {
            return result;
        }
        let result = untested(result);
        let mut asked = Vec::new();
        for (at, (expr, value)) in sides.iter().enumerate() {
            let (other, other_value) = sides[1 - at];
            for effect in self.results(&value.from) {
                let (asks, field, yes) = comparison(op, expr, other, other_value, at == 0);
                let value = match asks {
                    Asks::Equals | Asks::Below => constant_name(other, other_value),
                    _ => String::new(),
                };
                asked.push(Asked { value: Rc::from(value), ..ask(effect, asks, field, yes) });
            }
            asked.extend(self.looked_at_failure(&value.from));
            if matches!(op, "==" | "!=" | "is") && names_nothing_found(other) {
                for effect in value.from.failures().filter(|effect| *effect >= self.run.base) {
                    asked.push(ask(effect, Asks::Exists, "", Some(op == "!=")));
                }
            }
        }
        self.remember(result, Tested::Compared(asked))
    }

    /// `not`.
    pub(super) fn negated_value(&mut self, value: &Abs<'a>, inner: &'a Expr) -> Abs<'a> {
        let asked = negated(self.asked(inner, value));
        self.remember(Abs::tainted(untested(value.clone()).from), Tested::Compared(asked))
    }

    /// `and`, `or`.
    pub(super) fn combined_value(&mut self, and: bool, sides: [(&'a Expr, &Abs<'a>); 2], result: Abs<'a>) -> Abs<'a> {
        let [first, second] = sides.map(|(expr, value)| self.asked(expr, value));
        // `row || null` and `ok && true` ask what their first side asks.
        let is_idle = |value: &Abs<'a>| match value.kind {
            Kind::Nil | Kind::Bool(false) => !and,
            Kind::Bool(true) => and,
            _ => false,
        };
        let asked = if is_idle(sides[1].1) { first } else { both(and, first, second) };
        self.remember(untested(result), Tested::Compared(asked))
    }

    /// What is returned where something is known tells it, when it is a constant; a call that asks does so too.
    pub(super) fn returned_condition(&mut self, expr: Option<&'a Expr>, value: Abs<'a>) -> Abs<'a> {
        let has_tested = value.from.iter().any(|origin| matches!(origin, Origin::Tested(_)));
        if has_tested {
            return value;
        }
        if let Kind::Object(id) = value.kind
            && self.object(id).class == super::state::Class::Dict
        {
            self.returned_fields(id);
            return value;
        }
        if let Some(expr) = expr
            && matches!(value.kind, Kind::Unknown)
            && !self.results(&value.from).is_empty()
        {
            let (asks, field, yes) = asked_by_name(expr);
            if asks != Asks::Other && yes.is_some() && matches!(expr.kind, ExprKind::Call(_)) {
                let effects = self.results(&value.from);
                let asked = effects.into_iter().map(|effect| ask(effect, asks, &field, yes)).collect();
                return self.remember(value, Tested::Compared(asked));
            }
        }
        let Some(side) = self.constant_side(&value) else { return value };
        let mark = self.active.last().map_or(0, |activation| activation.held);
        let held = self.run.held.get(mark..).unwrap_or_default();
        let asked: Vec<Asked> = held
            .iter()
            .map(|held| {
                let mut when = [None, None];
                when[usize::from(side)] = held.holds;
                Asked {
                    effect: held.effect,
                    asks: held.asks,
                    field: held.field.clone(),
                    value: held.value.clone(),
                    when,
                }
            })
            .collect();
        // Nothing known is worth remembering too: this constant may have been returned for another reason.
        self.remember_even(value, Tested::Constant(side, asked))
    }

    /// The same for the parts of a result that is an object: `{ ok: false, error: .. }`.
    fn returned_fields(&mut self, id: crate::lower::values::ObjectId) {
        let fields = self.object(id).fields.clone();
        for (name, value) in fields.into_iter().filter(|(_, value)| matches!(value.kind, Kind::Bool(_) | Kind::Nil)) {
            let value = self.returned_condition(None, value);
            self.heap[id.0 as usize].fields.insert(name, value);
        }
    }

    /// Whether a constant counts as true when it is tested; errors do.
    fn constant_side(&self, value: &Abs<'a>) -> Option<bool> {
        match &value.kind {
            Kind::Nil | Kind::Bool(false) => Some(false),
            Kind::Bool(true) | Kind::Library(_) => Some(true),
            Kind::Unknown | Kind::Object(_) | Kind::Text(_)
                if self.manners.errors_are_values && value.from.is_empty() =>
            {
                Some(true)
            }
            _ => None,
        }
    }

    fn remember(&mut self, value: Abs<'a>, tested: Tested) -> Abs<'a> {
        let (Tested::Compared(asked) | Tested::Constant(_, asked)) = &tested;
        if asked.is_empty() { value } else { self.remember_even(value, tested) }
    }

    fn remember_even(&mut self, value: Abs<'a>, tested: Tested) -> Abs<'a> {
        let at = u32::try_from(self.tested.len()).unwrap_or(u32::MAX);
        self.tested.push(tested);
        value.with(&Taint::one(Origin::Tested(at)))
    }

    /// What the comparisons and constants ask that a value may be.
    fn remembered(&self, from: &Taint) -> Vec<Asked> {
        let tested = from.iter().filter_map(|origin| match origin {
            Origin::Tested(at) => self.tested.get(*at as usize),
            _ => None,
        });
        let mut asked: Vec<Asked> = Vec::new();
        let mut constants: [Option<Vec<Asked>>; 2] = [None, None];
        for tested in tested {
            match tested {
                Tested::Compared(more) => asked.extend(more.iter().cloned()),
                Tested::Constant(side, more) => {
                    let known = &mut constants[usize::from(*side)];
                    *known = Some(match known.take() {
                        // Only what was known wherever this constant was returned is known of it.
                        Some(before) => before.into_iter().filter(|asked| more.contains(asked)).collect(),
                        None => more.clone(),
                    });
                }
            }
        }
        for more in constants.into_iter().flatten().flatten() {
            let same = |it: &&mut Asked| {
                (it.effect, it.asks, &it.field, &it.value) == (more.effect, more.asks, &more.field, &more.value)
            };
            match asked.iter_mut().find(same) {
                Some(known) => {
                    let [no, yes] = known.when;
                    known.when = [no.or(more.when[0]), yes.or(more.when[1])];
                }
                None => asked.push(more),
            }
        }
        asked.retain(|asked| asked.effect >= self.run.base);
        asked
    }

    /// The effects of this run whose results a value was computed from.
    fn results(&self, from: &Taint) -> Vec<u32> {
        from.data().filter(|effect| *effect >= self.run.base && *effect < self.next_effect()).collect()
    }

    /// Goes on where a condition holds, or does not.
    pub(super) fn suppose(&mut self, asked: &[Asked], holds: bool, span: Span) {
        for asked in asked {
            let Asked { effect, asks, field, value, when } = asked.clone();
            let holds = when[usize::from(holds)];
            self.run.held.push(Held { effect, asks, field, value, holds, span });
        }
    }

    /// Goes on where it is known which failure of these effects it is.
    pub(super) fn suppose_looked_at(&mut self, effects: &[u32], span: Span) {
        let asked: Vec<Asked> =
            effects.iter().take(GIVEN_MAX).map(|effect| ask(*effect, Asks::Other, "", None)).collect();
        self.suppose(&asked, true, span);
    }

    /// How much is known so far, to come back to with [`Self::release`].
    pub(super) fn held(&self) -> usize {
        self.run.held.len()
    }

    /// Forgets what was known only on the path that ends here.
    pub(super) fn release(&mut self, mark: usize) {
        self.run.held.truncate(mark);
    }

    /// After the rest of a list was run on the only path that goes on: what it rests on is known for longer when the
    /// other path raised.
    pub(super) fn carry_on(&mut self, mark: usize, other: Exit) {
        match other {
            Exit::Falls | Exit::Raises => {}
            Exit::Returns | Exit::Breaks | Exit::Continues => self.release(mark),
        }
    }

    /// What is done here rests on this.
    pub(super) fn basis(&self, from: &Taint) -> Basis {
        let base = self.run.base;
        let mut given: Vec<Given> = Vec::new();
        let held = self.run.held.iter().map(|held| Given {
            effect: EffectId(held.effect.saturating_sub(base)),
            asks: held.asks,
            field: held.field.to_string(),
            value: held.value.to_string(),
            holds: held.holds,
            span: held.span,
        });
        for one in held {
            let same = |seen: &Given| {
                (seen.effect, seen.asks, &seen.field, &seen.value) == (one.effect, one.asks, &one.field, &one.value)
            };
            given.retain(|seen| !same(seen));
            given.push(one);
        }
        let surplus = given.len().saturating_sub(GIVEN_MAX);
        given.drain(..surplus);
        let from = self.results(from).into_iter().map(|effect| EffectId(effect - base)).collect();
        Basis { given, from, failed: self.failed() }
    }

    /// The effects one of whose failures is being handled, those that other processes see.
    fn failed(&self) -> Vec<EffectId> {
        let base = self.run.base;
        let failed = self.guards.iter().filter_map(|effect| effect.checked_sub(base)).map(EffectId);
        let mut failed: Vec<EffectId> =
            failed.filter(|effect| self.has_remote(&[whatif_model::flow::Step::Effect(*effect)])).collect();
        failed.sort();
        failed.dedup();
        failed.truncate(GIVEN_MAX);
        failed
    }
}

/// A value without what it told when it was tested: a part of it, or something computed from it.
pub(super) fn untested(value: Abs<'_>) -> Abs<'_> {
    let from = value.from.retain(|origin| !matches!(origin, Origin::Tested(_)));
    Abs { kind: value.kind, from }
}

/// `and`: both hold where it holds. `or`: neither does where it does not.
pub(super) fn both(and: bool, first: Vec<Asked>, second: Vec<Asked>) -> Vec<Asked> {
    let certain = usize::from(and);
    let only_certain = |mut asked: Asked| {
        asked.when[1 - certain] = None;
        asked
    };
    first.into_iter().chain(second).map(only_certain).collect()
}

pub(super) fn negated(asked: Vec<Asked>) -> Vec<Asked> {
    asked.into_iter().map(|it| Asked { when: [it.when[1], it.when[0]], ..it }).collect()
}

fn ask(effect: u32, asks: Asks, field: &str, yes: Option<bool>) -> Asked {
    Asked { effect, asks, field: Rc::from(field), value: Rc::from(""), when: [yes.map(|yes| !yes), yes] }
}

fn is_comparison(op: &str) -> bool {
    matches!(op, "==" | "!=" | "<" | "<=" | ">" | ">=" | "is" | "is not" | "in" | "not in" | "instanceof")
}

/// What a comparison asks of one of its sides, and the answer when it holds.
fn comparison<'e>(
    op: &str,
    expr: &'e Expr,
    other: &Expr,
    other_value: &Abs<'_>,
    is_left: bool,
) -> (Asks, &'e str, Option<bool>) {
    let field = field_name(expr, FIELD_DEPTH_MAX).unwrap_or_default();
    let number = match &other.kind {
        ExprKind::Number(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    let op = if is_left { op } else { mirrored(op) };
    if let (true, Some(number)) = (is_count(field), number) {
        let any = match (op, number) {
            ("==" | "<=", 0.0) | ("<", 1.0) => Some(false),
            ("!=" | ">", 0.0) | (">=" | "==", 1.0) => Some(true),
            ("!=", 1.0) => Some(false),
            _ => None,
        };
        if any.is_some() {
            return (Asks::Exists, field, any);
        }
    }
    match op {
        "==" | "is" | "in" | "instanceof" if !matches!(other_value.kind, Kind::Nil) => {
            (Asks::Equals, field, Some(true))
        }
        "!=" | "is not" | "not in" if !matches!(other_value.kind, Kind::Nil) => (Asks::Equals, field, Some(false)),
        "==" | "is" => (Asks::Exists, field, Some(false)),
        "!=" | "is not" => (Asks::Exists, field, Some(true)),
        "<" | "<=" => (Asks::Below, field, Some(true)),
        ">" | ">=" => (Asks::Below, field, Some(false)),
        _ => (Asks::Other, field, None),
    }
}

/// What something is compared with: a literal, or the last part of a constant's name.
fn constant_name(expr: &Expr, value: &Abs<'_>) -> String {
    if let Some(text) = value.as_text() {
        return text;
    }
    match &expr.kind {
        ExprKind::Field(_, name) if value.from.is_empty() => name.clone(),
        ExprKind::Bool(known) => known.to_string(),
        ExprKind::Number(number) => number.clone(),
        _ => String::new(),
    }
}

fn mirrored(op: &str) -> &str {
    match op {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        op => op,
    }
}

/// What a value asks that is tested as it is, by what it is called.
fn asked_by_name(expr: &Expr) -> (Asks, String, Option<bool>) {
    let of_call = |call: &crate::ir::Call| match &call.callee.kind {
        ExprKind::Field(base, name) => {
            let inner = field_name(base, FIELD_DEPTH_MAX);
            let inner = inner.or_else(|| call.args.first().and_then(|arg| field_name(&arg.value, FIELD_DEPTH_MAX)));
            (plain(name), inner.unwrap_or_default().to_owned())
        }
        ExprKind::Name(name) => (plain(name), String::new()),
        _ => (String::new(), String::new()),
    };
    match &expr.kind {
        ExprKind::Call(call) => {
            let (name, field) = of_call(call);
            match name.as_str() {
                "isempty" | "isnull" | "isnone" | "empty" | "isundefined" | "isnil" => {
                    (Asks::Exists, field, Some(false))
                }
                "is" | "as" if call.args.iter().any(|arg| names_nothing_found(&arg.value)) => {
                    (Asks::Exists, String::new(), Some(false))
                }
                "equals" | "equalsignorecase" | "includes" | "contains" | "matches" | "equalfold" | "has" | "eq" => {
                    (Asks::Equals, field, Some(true))
                }
                _ => (Asks::Exists, String::new(), Some(true)),
            }
        }
        ExprKind::Field(_, name) if is_count(name) => (Asks::Exists, name.clone(), Some(true)),
        ExprKind::Field(_, name) => (Asks::Equals, name.clone(), Some(true)),
        ExprKind::Await(inner) => asked_by_name(inner),
        _ => (Asks::Exists, String::new(), Some(true)),
    }
}

/// The field an expression reads: the last one named.
fn field_name(expr: &Expr, depth: usize) -> Option<&str> {
    if depth == 0 {
        return None;
    }
    let inner = |expr| field_name(expr, depth - 1);
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Field(_, name) => Some(name),
        ExprKind::Index(base, index) => match &index.kind {
            ExprKind::Str(name) => Some(name),
            _ => inner(base),
        },
        ExprKind::Call(call) => match &call.callee.kind {
            ExprKind::Name(name) if is_count(name) => Some(name),
            ExprKind::Field(base, name) if call.args.is_empty() => {
                // `state.toString()` and `getState()` name a field, `status.trim()` does not.
                let read = name.strip_prefix("get").or_else(|| name.strip_prefix("Get")).unwrap_or(name);
                let converts =
                    ["to", "trim", "value", "unwrap", "clone", "as_"].iter().any(|it| plain(name).starts_with(it));
                if converts { inner(base) } else { Some(if read.is_empty() { name } else { read }) }
            }
            _ => call.args.first().and_then(|arg| inner(&arg.value)),
        },
        ExprKind::Unary(_, operand) | ExprKind::Await(operand) => inner(operand),
        ExprKind::Binary(_, left, right) => inner(left).or_else(|| inner(right)),
        _ => None,
    }
}

/// Whether a name is one for how many there are.
fn is_count(name: &str) -> bool {
    let counts = [
        "length",
        "len",
        "size",
        "count",
        "rowcount",
        "rowsaffected",
        "affectedrows",
        "modifiedcount",
        "matchedcount",
        "changes",
        "affected",
        "total",
        "n",
    ];
    counts.contains(&plain(name).as_str())
}

/// Whether an expression names the error of finding nothing: `sql.ErrNoRows`, `redis.Nil`.
fn names_nothing_found(expr: &Expr) -> bool {
    let Some(name) = expr.dotted() else { return false };
    let name = plain(&name);
    ["norows", "nodocuments", "notfound", "redisnil", "noresult", "doesnotexist"].iter().any(|it| name.ends_with(it))
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}
