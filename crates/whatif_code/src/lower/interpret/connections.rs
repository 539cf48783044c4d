//! What objects are connected to and configured with: connection strings, sections, service configs.

use super::state::{Class, Interpreter};
use crate::lower::program::TypeId;
use crate::lower::values::{Abs, Kind, ObjectId, duration_text};
use std::collections::BTreeMap;
use std::rc::Rc;
use whatif_model::{Part, Value};

impl<'a> Interpreter<'a> {
    /// What the framework configures for a property, unless the program provides the data source itself: then its
    /// address, and where it is made.
    pub(super) fn configured_property(&self, key: &str, text: &str) -> (Abs<'a>, Option<whatif_model::Span>) {
        let provided = || {
            let mut sources = self.provided.iter().filter(|(symbol, _)| symbol.ends_with("DataSource"));
            let (source, other) = (sources.next()?.1, sources.next());
            let Kind::Object(id) = source.kind else { return None };
            let address = self.object(id).fields.get("address").filter(|_| other.is_none())?;
            Some((address.clone(), self.object(id).made))
        };
        let own = (key == "address" && text.starts_with("${spring.datasource.")).then(provided).flatten();
        own.unwrap_or_else(|| (Abs::value(super::annotation::placeholders(text)), None))
    }

    /// What a context's sets are connected to is what the context is connected to.
    pub(super) fn share_connection(&mut self, whole: ObjectId, part: &Abs<'a>) {
        let Kind::Object(part) = part.kind else { return };
        if !matches!(self.object(part).class, Class::Library(_))
            || !self.object(whole).fields.contains_key("technology")
        {
            return;
        }
        const SHARED: [&str; 10] = [
            "technology",
            "address",
            "database",
            "host",
            "timeout",
            "retry_attempts",
            "retry_backoff",
            "retry_jitter",
            "retry_block",
            "tracer",
        ];
        for key in SHARED {
            if let Some(value) = self.object(whole).fields.get(key).cloned() {
                let fields = &mut self.heap[part.0 as usize].fields;
                // The name of a driver's family says less than the engine the program chose.
                if key == "technology" || !fields.contains_key(key) {
                    fields.insert(Rc::from(key), value);
                }
            }
        }
        let made = self.object(whole).made;
        let part = &mut self.heap[part.0 as usize];
        part.made = part.made.or(made);
    }

    /// A field that a section of the configuration fills.
    pub(super) fn setting_of(&mut self, ty: TypeId, name: &str) -> Option<Abs<'a>> {
        let summary = self.class_object(ty);
        let section = self.object(summary).fields.get(super::injection::SECTION)?.as_text()?;
        Some(Abs::value(Value { parts: vec![Part::Setting { key: format!("{section}:{name}"), default: None }] }))
    }

    /// A field that is an object of the library itself.
    pub(super) fn part(&mut self, id: ObjectId, class: &str, name: &str) -> Option<Abs<'a>> {
        let (library, form) = self.knowledge.type_form(self.program.language, class)?;
        let part = form.parts.get(name)?;
        let made = self.object(id).made;
        let value = self.library_object(&crate::knowledge::symbol(&library.prefix, part), made);
        self.heap[id.0 as usize].fields.insert(Rc::from(name), value.clone());
        Some(value)
    }

    /// A connection string, or the settings beside it, may bound every statement.
    pub(super) fn text_settings(&self, fields: &mut BTreeMap<Rc<str>, Abs<'a>>) {
        let nested = fields.get("settings").and_then(|settings| match settings.kind {
            Kind::Object(id) => self.object(id).fields.get("options").cloned(),
            _ => None,
        });
        let texts = [fields.get("address").cloned(), nested].into_iter().flatten();
        let texts: Vec<String> = texts.map(|text| text.as_value().display()).collect();
        for setting in &self.knowledge.words(self.program.language).timeout_settings {
            for text in &texts {
                let Some((_, rest)) = text.split_once(&format!("{setting}=")) else { continue };
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                if let Ok(limit) = digits.parse() {
                    fields.insert(Rc::from("timeout"), Kind::Millis(limit).into());
                }
            }
        }
    }

    /// gRPC's service config is JSON text in an option: its retry policy is the client's.
    pub(super) fn service_config(&self, fields: &mut BTreeMap<Rc<str>, Abs<'a>>) {
        let Some(text) = fields.get("service_config").and_then(Abs::as_text) else { return };
        if let Some(attempts) = json_number(&text, "maxAttempts") {
            fields.insert(Rc::from("retry_attempts"), Kind::Number(attempts).into());
            fields.insert(Rc::from("retry_counts"), Abs::text("attempts"));
        }
        if let Some(pause) = json_text(&text, "initialBackoff").and_then(duration_text) {
            fields.insert(Rc::from("retry_backoff"), Kind::Millis(pause).into());
        }
        if let Some(limit) = json_text(&text, "timeout").and_then(duration_text) {
            fields.insert(Rc::from("timeout"), Kind::Millis(limit).into());
        }
    }
}

/// A connection that is named by the key of its connection string.
pub(super) fn named_connection(fields: &mut BTreeMap<Rc<str>, Abs<'_>>) {
    let text = |key: &str| fields.get(key).and_then(Abs::as_text);
    let (Some(name), Some(section)) = (text("connection"), text("connection_section")) else { return };
    let part = Part::Setting { key: format!("{section}:{name}"), default: None };
    fields.insert(Rc::from("address"), Abs::value(Value { parts: vec![part] }));
}

/// The number a key of a JSON text has, wherever it stands.
fn json_number(text: &str, key: &str) -> Option<f64> {
    let rest = json_value(text, key)?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The string a key of a JSON text has, wherever it stands.
fn json_text<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    json_value(text, key)?.strip_prefix('"')?.split('"').next()
}

fn json_value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let at = text.find(&format!("\"{key}\""))?;
    Some(text[at + key.len() + 2..].trim_start().strip_prefix(':')?.trim_start())
}
