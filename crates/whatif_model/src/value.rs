//! Strings that are only partly known before the program runs: addresses, topics, table names.

use serde::{Deserialize, Serialize};

/// One part of a [`Value`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// An environment variable, with the default the code or template gives.
    Env {
        /// Its name.
        name: String,
        /// Used when it is not set.
        default: Option<String>,
    },
    /// A key of the service's configuration file (`spring.datasource.url`, `app.config["X"]`).
    Setting {
        /// The key as written.
        key: String,
        /// Used when it is not set.
        default: Option<String>,
    },
    /// Decided at run time.
    Unknown,
}

/// A string made of known and unknown parts; no parts means the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value {
    /// In order.
    pub parts: Vec<Part>,
}

impl Value {
    /// A literal.
    pub fn text(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// An environment variable without a default.
    pub fn env(name: impl Into<String>) -> Self {
        Self { parts: vec![Part::Env { name: name.into(), default: None }] }
    }

    /// A value nothing is known about.
    pub fn unknown() -> Self {
        Self { parts: vec![Part::Unknown] }
    }

    /// Appends another value, joining neighbouring literals.
    pub fn push(&mut self, other: Value) {
        for part in other.parts {
            match (self.parts.last_mut(), part) {
                (Some(Part::Text(last)), Part::Text(next)) => last.push_str(&next),
                (_, part) => self.parts.push(part),
            }
        }
    }

    /// The whole text when every part is literal.
    pub fn as_text(&self) -> Option<String> {
        self.parts.iter().map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect()
    }

    /// Whether nothing at all is known.
    pub fn is_unknown(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| matches!(part, Part::Unknown))
    }

    /// The environment variables it depends on.
    pub fn env_names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| if let Part::Env { name, .. } = part { Some(name.as_str()) } else { None })
    }

    /// Replaces environment variables and settings by what `lookup` answers, else by their default;
    /// what neither answers stays as it is.
    pub fn substitute(&self, mut lookup: impl FnMut(&Part) -> Option<Value>) -> Value {
        let mut out = Value::default();
        for part in &self.parts {
            let found = match part {
                Part::Env { default, .. } => lookup(part).or_else(|| default.clone().map(Value::text)),
                Part::Setting { default, .. } => {
                    lookup(part).or_else(|| default.as_deref().map(Value::with_placeholders))
                }
                Part::Text(_) | Part::Unknown => None,
            };
            out.push(found.unwrap_or_else(|| Value { parts: vec![part.clone()] }));
        }
        out
    }

    /// Reads `${key}` and `${key:default}`, as Spring's configuration and annotations write them
    /// (<https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.files.property-placeholders>).
    /// A default keeps its own placeholders until it is used. Expressions (`#{...}`) are decided at run time.
    pub fn with_placeholders(text: &str) -> Self {
        if text.contains("#{") {
            return Self::unknown();
        }
        let mut value = Self::default();
        let mut rest = text;
        while let Some((before, from)) = rest.split_once("${") {
            let Some(end) = closing_brace(from) else { break };
            if !before.is_empty() {
                value.push(Self::text(before));
            }
            let inner = from.get(..end).unwrap_or("");
            let (key, default) = match separator(inner) {
                Some(at) => (inner.get(..at).unwrap_or(""), inner.get(at + 1..).map(str::to_owned)),
                None => (inner, None),
            };
            value.push(Self { parts: vec![Part::Setting { key: key.trim().to_owned(), default }] });
            rest = from.get(end + 1..).unwrap_or("");
        }
        if !rest.is_empty() {
            value.push(Self::text(rest));
        }
        value
    }

    /// For people: literals as they are, variables as `${NAME}`, unknown parts as `…`.
    pub fn display(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Env { name, .. } => format!("${{{name}}}"),
                Part::Setting { key, .. } => format!("${{{key}}}"),
                Part::Unknown => "…".to_owned(),
            })
            .collect()
    }
}

/// Offset of the brace that closes a placeholder whose inside begins here.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 1usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// Offset of the first colon outside nested placeholders.
fn separator(text: &str) -> Option<usize> {
    let mut open = 0usize;
    text.bytes().enumerate().find_map(|(at, byte)| {
        match byte {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        (byte == b':' && open == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substitution_prefers_the_environment_over_the_default() {
        let mut url = Value::text("http://");
        url.push(Value { parts: vec![Part::Env { name: "CART".into(), default: Some("cart".into()) }] });
        url.push(Value::text(":8080"));
        let set = url.substitute(|_| Some(Value::text("basket")));
        assert_eq!(set.as_text().as_deref(), Some("http://basket:8080"));
        assert_eq!(url.substitute(|_| None).as_text().as_deref(), Some("http://cart:8080"));
        assert_eq!(url.display(), "http://${CART}:8080");
    }

    #[test]
    fn placeholders_keep_their_defaults() {
        let url = Value::with_placeholders("http://${cart.host:${CART:cart}}:${PORT}/x");
        assert_eq!(url.display(), "http://${cart.host}:${PORT}/x");
        let once = url
            .substitute(|part| matches!(part, Part::Setting { key, .. } if key == "PORT").then(|| Value::text("80")));
        assert_eq!(once.substitute(|_| None).as_text().as_deref(), Some("http://cart:80/x"));
        let service = Value::with_placeholders("${a.${P:}b:http://u:p@localhost:8761}/eureka/");
        assert_eq!(service.substitute(|_| None).as_text().as_deref(), Some("http://u:p@localhost:8761/eureka/"));
        assert_eq!(Value::with_placeholders("5$ ${ a").as_text().as_deref(), Some("5$ ${ a"));
        assert!(Value::with_placeholders("#{1 + 1}").is_unknown());
        assert_eq!(Value::with_placeholders(""), Value::default());
    }
}
