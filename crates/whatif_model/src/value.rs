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
                Part::Env { default, .. } | Part::Setting { default, .. } => {
                    lookup(part).or_else(|| default.clone().map(Value::text))
                }
                Part::Text(_) | Part::Unknown => None,
            };
            out.push(found.unwrap_or_else(|| Value { parts: vec![part.clone()] }));
        }
        out
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
}
