//! What a template computes with: values of a chart, and what functions make of them.

use crate::tree::{Entry, Kind as Shape, Node};
use std::rc::Rc;
use whatif_model::{FileId, Span};

/// Stands in rendered text for what only an installation knows: Unicode's mark for an object that is not text.
pub(super) const UNKNOWN: char = '\u{fffc}';

/// A value, and the place in a file of values that gives it.
#[derive(Clone, Debug)]
pub(super) struct Datum {
    pub(super) kind: Kind,
    pub(super) from: Option<Span>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Only known when the chart is installed.
    Unknown,
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(String),
    Text(String),
    List(Rc<Vec<Datum>>),
    /// In the order of the file; keys are unique.
    Map(Rc<Vec<(String, Datum)>>),
}

/// Where a value comes from does not make it another one.
impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl From<Kind> for Datum {
    fn from(kind: Kind) -> Self {
        Self { kind, from: None }
    }
}

impl Datum {
    pub(super) const UNKNOWN: Self = Self { kind: Kind::Unknown, from: None };
    pub(super) const NULL: Self = Self { kind: Kind::Null, from: None };

    pub(super) fn text(text: impl Into<String>) -> Self {
        Kind::Text(text.into()).into()
    }

    pub(super) fn bool(value: bool) -> Self {
        Kind::Bool(value).into()
    }

    pub(super) fn list(items: Vec<Datum>) -> Self {
        Kind::List(Rc::new(items)).into()
    }

    pub(super) fn map(entries: Vec<(String, Datum)>) -> Self {
        Kind::Map(Rc::new(entries)).into()
    }

    /// The same value, said to come from where another one does unless it has a place of its own.
    pub(super) fn or_from(mut self, from: Option<Span>) -> Self {
        self.from = self.from.or(from);
        self
    }

    /// The same value, computed rather than written in a file; depth is bounded by the loader.
    pub(super) fn placeless(self) -> Self {
        match self.kind {
            Kind::List(items) => Self::list(items.iter().cloned().map(Self::placeless).collect()),
            Kind::Map(entries) => {
                Self::map(entries.iter().map(|(key, value)| (key.clone(), value.clone().placeless())).collect())
            }
            kind => kind.into(),
        }
    }

    /// A tree of YAML; depth is bounded by the loader.
    pub(super) fn of_node(node: &Node<'_>, file: FileId) -> Self {
        let kind = match &node.kind {
            Shape::Map(entries) => {
                let entry = |it: &Entry<'_>| (it.key.to_string(), Self::of_node(&it.value, file));
                Kind::Map(Rc::new(entries.iter().map(entry).collect()))
            }
            Shape::Seq(items) => Kind::List(Rc::new(items.iter().map(|item| Self::of_node(item, file)).collect())),
            Shape::Scalar { .. } if node.is_null() => Kind::Null,
            Shape::Scalar { text, plain } => match node.as_bool() {
                Some(value) => Kind::Bool(value),
                None if *plain && is_number(text) => Kind::Number(text.to_string()),
                None => Kind::Text(text.to_string()),
            },
        };
        Self { kind, from: Some(node.range.in_file(file)) }
    }

    /// The value of a key: null where there is none, unknown below what is unknown.
    pub(super) fn get(&self, key: &str) -> Datum {
        match &self.kind {
            Kind::Map(entries) => {
                entries.iter().find(|(name, _)| name == key).map_or(Self::NULL, |(_, value)| value.clone())
            }
            Kind::Unknown => Self::UNKNOWN,
            _ => Self::NULL,
        }
    }

    pub(super) fn entries(&self) -> &[(String, Datum)] {
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    pub(super) fn items(&self) -> &[Datum] {
        if let Kind::List(items) = &self.kind { items } else { &[] }
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.kind == Kind::Unknown
    }

    pub(super) fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// What a condition makes of it (<https://pkg.go.dev/text/template#hdr-Actions>); none when it is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        Some(match &self.kind {
            Kind::Unknown => return None,
            Kind::Null => false,
            Kind::Bool(value) => *value,
            Kind::Number(text) => text.parse::<f64>().is_ok_and(|number| number != 0.0),
            Kind::Text(text) => !text.is_empty(),
            Kind::List(items) => !items.is_empty(),
            Kind::Map(entries) => !entries.is_empty(),
        })
    }

    pub(super) fn number(&self) -> Option<i64> {
        match &self.kind {
            Kind::Number(text) => text.parse().ok().or_else(|| text.parse::<f64>().ok().map(|number| number as i64)),
            Kind::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// How an action prints it; Helm prints nothing for what is not there.
    pub(super) fn print(&self) -> String {
        match &self.kind {
            Kind::Unknown => UNKNOWN.to_string(),
            Kind::Null => String::new(),
            Kind::Bool(value) => value.to_string(),
            Kind::Number(text) | Kind::Text(text) => text.clone(),
            Kind::List(items) => {
                let items: Vec<String> = items.iter().map(Datum::print).collect();
                format!("[{}]", items.join(" "))
            }
            Kind::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key}:{}", value.print())).collect();
                format!("map[{}]", entries.join(" "))
            }
        }
    }

    /// This value with another one's entries over it, as Helm merges values: maps by key, a null takes a key away.
    pub(super) fn merged(&self, over: &Datum) -> Datum {
        let (Kind::Map(mine), Kind::Map(theirs)) = (&self.kind, &over.kind) else { return over.clone() };
        let mut entries = mine.as_ref().clone();
        for (key, value) in theirs.iter() {
            match entries.iter().position(|(name, _)| name == key) {
                Some(at) if value.is_null() => {
                    entries.remove(at);
                }
                Some(at) => entries[at].1 = entries[at].1.merged(value),
                None => entries.push((key.clone(), value.clone())),
            }
        }
        Datum { kind: Kind::Map(Rc::new(entries)), from: self.from }
    }

    /// This value with one key set.
    pub(super) fn with(&self, key: &str, value: Datum) -> Datum {
        let mut entries: Vec<(String, Datum)> = self.entries().to_vec();
        entries.retain(|(name, _)| name != key);
        entries.push((key.to_owned(), value));
        Datum { kind: Kind::Map(Rc::new(entries)), from: self.from }
    }

    /// As a block of YAML that reads as the same value.
    pub(super) fn to_yaml(&self) -> String {
        let mut out = String::new();
        self.write_yaml(0, &mut out);
        out.truncate(out.trim_end_matches('\n').len());
        out
    }

    fn write_yaml(&self, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match &self.kind {
            Kind::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries.iter() {
                    out.push_str(&pad);
                    out.push_str(&scalar(key));
                    out.push(':');
                    value.write_below(indent, out);
                }
            }
            Kind::List(items) if !items.is_empty() => {
                for item in items.iter() {
                    out.push_str(&pad);
                    out.push('-');
                    item.write_below(indent, out);
                }
            }
            _ => {
                out.push_str(&pad);
                out.push_str(&self.inline());
                out.push('\n');
            }
        }
    }

    fn write_below(&self, indent: usize, out: &mut String) {
        let is_block = !self.items().is_empty() || !self.entries().is_empty();
        if is_block {
            out.push('\n');
            self.write_yaml(indent + 2, out);
        } else {
            out.push(' ');
            out.push_str(&self.inline());
            out.push('\n');
        }
    }

    fn inline(&self) -> String {
        match &self.kind {
            Kind::Null => "null".to_owned(),
            Kind::List(_) => "[]".to_owned(),
            Kind::Map(_) => "{}".to_owned(),
            Kind::Text(text) => scalar(text),
            _ => self.print(),
        }
    }
}

/// A text that YAML reads as the same text.
fn scalar(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | UNKNOWN))
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == UNKNOWN)
        && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "null");
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes, with the escapes of Go, JSON and YAML alike.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) && text.parse::<f64>().is_ok()
}
