//! The tables, indexed by canonical name.

use super::schema::{Default, File, Form, Library, Pattern, TypeForm, Words};
use super::signal::Signal;
use super::version::Versions;
use crate::language::{DIALECTS, dialect};
use std::collections::HashMap;
use std::sync::OnceLock;
use whatif_model::facts::code::Language;

/// Everything known about libraries.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// One per dialect, read when first asked for: most repositories use one or two languages.
    tables: Vec<(Language, OnceLock<Table>)>,
    /// What the reviewed team says of its own libraries and wrappers; it comes before what is built in.
    own: Vec<(Language, Library)>,
}

/// The tables of one language.
#[derive(Clone, Debug)]
struct Table {
    libraries: Vec<Library>,
    patterns: Vec<Pattern>,
    words: Words,
    signals: Vec<Signal>,
    forms: HashMap<String, (usize, usize)>,
    types: HashMap<String, (usize, usize)>,
}

/// A form and the library it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Found<'k> {
    /// The library.
    pub library: &'k Library,
    /// The form.
    pub form: &'k Form,
}

impl Knowledge {
    /// The tables that come with the product.
    ///
    /// # Panics
    /// Never: the tables are part of the program, and a test reads them.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: OnceLock<Knowledge> = OnceLock::new();
        BUILT_IN.get_or_init(|| Self::with(Vec::new()))
    }

    /// The built-in tables and these libraries, which come first.
    pub fn with(own: Vec<(Language, Library)>) -> Self {
        Self { tables: DIALECTS.iter().map(|dialect| (dialect.language(), OnceLock::new())).collect(), own }
    }

    /// Whether a path belongs to a library the reviewed team described: then what it said holds, and not what the
    /// repository's own code for it does.
    pub(crate) fn is_described(&self, language: Language, path: &str) -> bool {
        let own = self.own.iter().filter(|(of, _)| *of == language);
        own.flat_map(|(_, library)| std::iter::once(&library.prefix).chain(&library.also)).any(|prefix| {
            let rest = path.strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
        })
    }

    /// Everything that was described, as a text that changes when it does.
    pub fn described(&self) -> String {
        if self.own.is_empty() { String::new() } else { format!("{:?}", self.own) }
    }

    /// The form of a call by canonical name.
    pub fn form(&self, language: Language, symbol: &str) -> Option<Found<'_>> {
        let table = self.table(language);
        let (library, form) = *table.forms.get(symbol)?;
        let library = &table.libraries[library];
        Some(Found { library, form: &library.form[form] })
    }

    /// What is known about a type, by canonical name.
    pub fn type_form(&self, language: Language, symbol: &str) -> Option<(&Library, &TypeForm)> {
        let table = self.table(language);
        let (library, form) = *table.types.get(symbol)?;
        let library = &table.libraries[library];
        Some((library, &library.types[form]))
    }

    /// The pattern a generated name fits, and what stands for `{service}`.
    pub fn pattern<'n>(&self, language: Language, name: &'n str) -> Option<(&Pattern, &'n str)> {
        self.table(language).patterns.iter().find_map(|pattern| {
            let (before, after) = pattern.call.split_once("{service}")?;
            let service = name.strip_prefix(before)?.strip_suffix(after)?;
            (!service.is_empty()).then_some((pattern, service))
        })
    }

    /// The names known directly below a path, each with its whole canonical name.
    pub(crate) fn names_below(&self, language: Language, path: &str) -> Vec<(&str, &str)> {
        let table = self.table(language);
        let below = |symbol: &'_ str| {
            let rest = symbol.strip_prefix(path)?.strip_prefix('.')?;
            let length = rest.find('.').unwrap_or(rest.len());
            Some((path.len() + 1, path.len() + 1 + length))
        };
        let symbols = table.forms.keys().chain(table.types.keys());
        let mut found: Vec<(&str, &str)> = symbols
            .filter_map(|symbol| below(symbol).map(|(start, end)| (&symbol[start..end], &symbol[..end])))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The words of a language.
    pub fn words(&self, language: Language) -> &Words {
        &self.table(language).words
    }

    /// The libraries that count, time or mark log lines.
    pub fn signals(&self, language: Language) -> &[Signal] {
        &self.table(language).signals
    }

    /// Every library.
    pub fn libraries(&self, language: Language) -> &[Library] {
        &self.table(language).libraries
    }

    fn table(&self, language: Language) -> &Table {
        let (_, table) = self.tables.iter().find(|(own, _)| *own == language).expect("every dialect has a table");
        let texts = || dialect(language).tables();
        table.get_or_init(|| {
            let mut table = Table::read(texts()).expect("the built-in tables are read by a test");
            table.add(self.own.iter().filter(|(of, _)| *of == language).map(|(_, library)| library.clone()));
            table
        })
    }
}

impl Library {
    /// The default that holds for the version a manifest names; `None` when it is not known which.
    pub fn default_of(&self, what: &str, versions: &Versions) -> Option<&Default> {
        let mut candidates = self.default.iter().filter(|default| default.what == what);
        let version = versions.of(&self.package);
        match version {
            Some(version) => candidates.find(|default| version.is_between(&default.since, &default.until)),
            None => {
                let first = candidates.next()?;
                let alone = candidates.next().is_none() && first.since.is_empty() && first.until.is_empty();
                alone.then_some(first)
            }
        }
    }
}

impl Table {
    fn read(texts: &[&str]) -> Result<Self, toml::de::Error> {
        let mut table = Self {
            libraries: Vec::new(),
            patterns: Vec::new(),
            words: Words::default(),
            signals: Vec::new(),
            forms: HashMap::new(),
            types: HashMap::new(),
        };
        for text in texts {
            let file: File = toml::from_str(text)?;
            table.add(file.library);
            table.patterns.extend(file.pattern);
            table.signals.extend(file.signal);
            if let Some(words) = file.words {
                table.words = words;
            }
        }
        Ok(table)
    }

    /// Of two forms with one name the later holds.
    fn add(&mut self, libraries: impl IntoIterator<Item = Library>) {
        for library in libraries {
            let at = self.libraries.len();
            for prefix in std::iter::once(&library.prefix).chain(&library.also) {
                for (nth, form) in library.form.iter().enumerate() {
                    self.forms.extend(form.call.iter().map(|call| (symbol(prefix, call), (at, nth))));
                }
                for (nth, ty) in library.types.iter().enumerate() {
                    self.types.insert(symbol(prefix, &ty.name), (at, nth));
                }
            }
            self.libraries.push(library);
        }
    }
}

/// A canonical name: names that begin with `:` are absolute.
pub(crate) fn symbol(prefix: &str, name: &str) -> String {
    match name.strip_prefix(':') {
        Some(absolute) => absolute.to_owned(),
        None if prefix.is_empty() => name.to_owned(),
        None => format!("{prefix}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn libraries() -> Vec<(String, Library)> {
        let texts = DIALECTS.iter().flat_map(|dialect| dialect.tables().iter().map(|text| (dialect.language(), text)));
        texts
            .flat_map(|(language, text)| {
                let file: File = toml::from_str(text).expect("table");
                assert_eq!(file.language, language.as_str());
                file.library.into_iter().map(move |library| (file.language.clone(), library))
            })
            .collect()
    }

    #[test]
    fn every_default_has_a_source_and_a_label_that_fits() {
        for (_, library) in libraries() {
            for default in &library.default {
                assert!(default.link.starts_with("https://"), "{}: {}", library.name, default.note);
                assert!(
                    !default.note.is_empty() && default.note.chars().count() <= 72,
                    "{}: {}",
                    library.name,
                    default.note
                );
                assert!(!default.note.ends_with('.') && ["timeout", "retry"].contains(&default.what.as_str()));
                let bounded = default.state == super::super::State::Bounded && default.what == "timeout";
                assert_eq!(bounded, default.ms > 0, "{}: {}", library.name, default.note);
            }
        }
    }

    #[test]
    fn no_form_is_defined_twice() {
        let mut seen = BTreeSet::new();
        for (language, library) in libraries() {
            for prefix in std::iter::once(&library.prefix).chain(&library.also) {
                for call in library.form.iter().flat_map(|form| &form.call) {
                    if call.starts_with(':') && prefix != &library.prefix {
                        continue;
                    }
                    assert!(seen.insert((language.clone(), symbol(prefix, call))), "{}.{call} twice", library.prefix);
                }
            }
        }
    }

    #[test]
    fn a_default_that_moved_is_unknown_without_a_version() {
        let knowledge = Knowledge::built_in();
        let redis = knowledge.libraries(Language::Python).iter().find(|l| l.name == "redis-py").expect("redis-py");
        assert!(redis.default_of("timeout", &Versions::default()).is_none());
        let pinned = Versions::default().with("redis", "5.0.1");
        assert_eq!(redis.default_of("timeout", &pinned).map(|d| d.state), Some(super::super::State::Absent));
    }
}
