//! Strings that are only partly known.

use super::call::Argument;
use super::state::Interpreter;
use crate::lower::values::{Abs, Kind, ObjectId, Taint};
use whatif_model::{Part, Value};

/// Parts joined into one string.
pub(super) fn concat<'a>(parts: &[Abs<'a>]) -> Abs<'a> {
    let mut value = Value::default();
    let mut from = Taint::default();
    for part in parts {
        value.push(part.as_value());
        from = from.union(&part.from);
    }
    squeeze(&mut value);
    Abs::value(value).with(&from)
}

/// Neighbouring unknown parts are one.
fn squeeze(value: &mut Value) {
    value.parts.dedup_by(|next, before| matches!((&*next, &*before), (Part::Unknown, Part::Unknown)));
}

/// `%s`, `%d`, `%(name)s`-less templates of Go and Python.
pub(super) fn percent<'a>(template: &Value, args: &[Abs<'a>]) -> Abs<'a> {
    let mut args = args.iter();
    let mut out: Vec<Abs<'a>> = Vec::new();
    for part in &template.parts {
        let Part::Text(text) = part else {
            out.push(Abs::value(Value { parts: vec![part.clone()] }));
            continue;
        };
        let mut rest = text.as_str();
        while let Some(at) = rest.find('%') {
            out.push(Abs::text(&rest[..at]));
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                out.push(Abs::text("%"));
                rest = after;
                continue;
            }
            let end = rest
                .find(|c: char| c.is_alphabetic())
                .map_or(rest.len(), |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
            rest = &rest[end..];
            out.push(args.next().cloned().unwrap_or_else(Abs::unknown));
        }
        out.push(Abs::text(rest));
    }
    concat(&out)
}

/// Python's `"{a} {} {0}".format(...)`.
fn braces<'a>(template: &Value, args: &[Argument<'a>]) -> Abs<'a> {
    let positional: Vec<&Argument<'a>> = args.iter().filter(|arg| arg.name.is_empty()).collect();
    let mut next = 0;
    let mut out: Vec<Abs<'a>> = Vec::new();
    for part in &template.parts {
        let Part::Text(text) = part else {
            out.push(Abs::value(Value { parts: vec![part.clone()] }));
            continue;
        };
        let mut rest = text.as_str();
        while let Some(at) = rest.find('{') {
            out.push(Abs::text(&rest[..at]));
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('{') {
                out.push(Abs::text("{"));
                rest = after;
                continue;
            }
            let end = rest.find('}').unwrap_or(rest.len());
            let field = rest[..end].split([':', '!', '.', '[']).next().unwrap_or("");
            rest = rest.get(end + 1..).unwrap_or("");
            let by_name = args.iter().find(|arg| !arg.name.is_empty() && arg.name == field);
            let value = match (by_name, field.parse::<usize>()) {
                (Some(arg), _) => Some(arg.value.clone()),
                (None, Ok(at)) => positional.get(at).map(|arg| arg.value.clone()),
                _ if field.is_empty() => {
                    next += 1;
                    positional.get(next - 1).map(|arg| arg.value.clone())
                }
                _ => None,
            };
            out.push(value.unwrap_or_else(Abs::unknown));
        }
        out.push(Abs::text(rest));
    }
    concat(&out)
}

impl<'a> Interpreter<'a> {
    /// A method of a string.
    pub(super) fn text_method(&mut self, receiver: &Abs<'a>, name: &str, args: &[Argument<'a>]) -> Abs<'a> {
        let from = receiver.from.union(&super::call::taint_of(args));
        let Kind::Text(value) = &receiver.kind else { return Abs::tainted(from) };
        match name {
            "format" => braces(value, args).with(&receiver.from),
            "join" => match args.first().map(|arg| &arg.value.kind) {
                Some(Kind::List(items)) => {
                    let mut parts = Vec::new();
                    for (at, item) in items.iter().enumerate() {
                        if at > 0 {
                            parts.push(receiver.clone());
                        }
                        parts.push(item.clone());
                    }
                    concat(&parts)
                }
                _ => Abs::tainted(from),
            },
            "strip" | "rstrip" | "lstrip" | "encode" | "decode" | "lower" | "upper" | "replace" | "removesuffix"
            | "removeprefix" | "title" => Abs { kind: trimmed(value, name, args), from },
            _ => Abs::tainted(from),
        }
    }

    /// `"%(a)s" % {...}`.
    pub(super) fn named_percent(&mut self, template: &Value, dict: ObjectId) -> Abs<'a> {
        let mut out: Vec<Abs<'a>> = Vec::new();
        for part in &template.parts {
            let Part::Text(text) = part else { continue };
            let mut rest = text.as_str();
            while let Some(at) = rest.find("%(") {
                out.push(Abs::text(&rest[..at]));
                rest = &rest[at + 2..];
                let end = rest.find(')').unwrap_or(rest.len());
                let value = self.object(dict).fields.get(&rest[..end]).cloned();
                out.push(value.unwrap_or_else(Abs::unknown));
                rest = rest.get(end + 2..).unwrap_or("");
            }
            out.push(Abs::text(rest));
        }
        concat(&out)
    }
}

/// Trimming touches only the literal ends.
fn trimmed<'a>(value: &Value, name: &str, args: &[Argument<'a>]) -> Kind<'a> {
    let mut value = value.clone();
    let chars = args.first().and_then(|arg| arg.value.as_text());
    if let ("rstrip" | "removesuffix" | "strip", Some(chars), Some(Part::Text(last))) =
        (name, &chars, value.parts.last_mut())
    {
        *last = last.trim_end_matches(|c| chars.contains(c)).to_owned();
    }
    if let ("lower" | "upper", Some(text)) = (name, value.as_text()) {
        value = Value::text(if name == "lower" { text.to_lowercase() } else { text.to_uppercase() });
    }
    Kind::Text(std::rc::Rc::new(value))
}
