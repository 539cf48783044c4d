//! TOML to [`Config`]. The tree is walked by hand, because every complaint needs its place and a suggestion.

use crate::config::{Allow, Config, Level, LevelEntry};
use crate::date::Date;
use crate::error::ConfigError;
use crate::nearest::nearest;
use crate::promise;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use whatif_model::evidence::Confidence;
use whatif_model::facts::answer::{Answer, Same};
use whatif_model::finding::Severity;
use whatif_model::promise::Promise;
use whatif_model::text::{FileId, Range, Span};

const SECTIONS: &[&str] = &["review", "rules", "words", "same", "fact", "promise", "allow", "library"];
const REVIEW: &[&str] = &["fail-on", "confidence", "exclude", "max-states"];
const LEVEL_NAMES: &str = "one of \"off\", \"info\", \"warn\", \"error\"";

type Result<T> = std::result::Result<T, ConfigError>;
type Key<'t> = Spanned<std::borrow::Cow<'t, str>>;
type Item<'t> = Spanned<DeValue<'t>>;

pub(crate) fn parse(path: &str, text: &str) -> Result<Config> {
    let reader = Reader { path, text, file: FileId::of(path) };
    let root = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or_else(Range::default, Range::from);
        reader.error(at, error.message().to_lowercase().trim_end_matches('.'), "")
    })?;
    let mut config = Config { path: path.to_owned(), text: text.to_owned(), ..Config::default() };
    for (key, value) in sorted(root.get_ref()) {
        match &**key.get_ref() {
            "review" => reader.review(value, &mut config)?,
            "rules" => reader.rules(value, &mut config)?,
            "words" => reader.words(value, &mut config)?,
            "same" => config.same = reader.each(value, "same", Reader::same)?,
            "fact" => config.answers = reader.each(value, "fact", Reader::fact)?.into_iter().flatten().collect(),
            "promise" => config.promises = reader.each(value, "promise", Reader::promise)?,
            "allow" => config.allows = reader.each(value, "allow", Reader::allow)?,
            // Read with the schema of the library tables, which is not known here.
            "library" => {}
            _ => return Err(reader.unknown(key, "", SECTIONS)),
        }
    }
    Ok(config)
}

struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    file: FileId,
}

impl Reader<'_> {
    fn review(&self, value: &Item<'_>, config: &mut Config) -> Result<()> {
        for (key, value) in sorted(self.table(value, "[review]")?) {
            match &**key.get_ref() {
                "fail-on" => config.fail_on = Some(self.fail_on(value)?),
                "confidence" => config.confidence = Some(self.confidence(value)?),
                "exclude" => config.exclude = self.strings(value)?,
                "max-states" => config.max_states = Some(self.count(value)?),
                _ => return Err(self.unknown(key, " in [review]", REVIEW)),
            }
        }
        Ok(())
    }

    fn rules(&self, value: &Item<'_>, config: &mut Config) -> Result<()> {
        for (key, value) in sorted(self.table(value, "[rules]")?) {
            let level = match value.get_ref() {
                DeValue::Table(table) => self.level_table(value, table)?,
                _ => self.level(value)?,
            };
            let rule = key.get_ref().to_string();
            config.levels.push(LevelEntry { rule, level, span: self.span(key.span()) });
        }
        Ok(())
    }

    fn level_table(&self, whole: &Item<'_>, table: &DeTable<'_>) -> Result<Level> {
        let mut level = None;
        for (key, value) in sorted(table) {
            match &**key.get_ref() {
                "severity" => level = Some(self.level(value)?),
                _ => return Err(self.unknown(key, " of a rule", &["severity"])),
            }
        }
        level.ok_or_else(|| self.missing(whole.span(), "severity", "a rule"))
    }

    fn words(&self, value: &Item<'_>, config: &mut Config) -> Result<()> {
        for (key, value) in sorted(self.table(value, "[words]")?) {
            config.words.insert(key.get_ref().to_string(), self.string(value)?);
        }
        Ok(())
    }

    fn same(&self, whole: Span, table: &DeTable<'_>) -> Result<Same> {
        let mut names = Vec::new();
        for (key, value) in sorted(table) {
            match &**key.get_ref() {
                "names" => names = self.strings(value)?,
                "because" => drop(self.string(value)?),
                _ => return Err(self.unknown(key, " in [[same]]", &["names", "because"])),
            }
        }
        if names.len() < 2 {
            return Err(self.error(whole.range, "[[same]] needs at least two names", "names = [\"a\", \"b\"]"));
        }
        Ok(Same { names, span: whole })
    }

    /// Every key that is not `at`, `because` or `link` is an attribute; resolve says which ones exist.
    fn fact(&self, whole: Span, table: &DeTable<'_>) -> Result<Vec<Answer>> {
        let (mut at, mut because, mut attributes) = (None, None, Vec::new());
        for (key, value) in sorted(table) {
            match &**key.get_ref() {
                "at" => at = Some(self.string(value)?),
                "because" => because = Some(self.reason(value)?),
                "link" => drop(self.string(value)?),
                attribute => attributes.push((attribute.to_owned(), self.scalar(value)?, self.span(key.span()))),
            }
        }
        let range = whole.range.start as usize..whole.range.end as usize;
        let at = at.ok_or_else(|| self.missing(range.clone(), "at", "[[fact]]"))?;
        let because = because.ok_or_else(|| self.missing(range, "because", "[[fact]]"))?;
        if attributes.is_empty() {
            let help = "`whatif questions` shows the attribute each question asks for";
            return Err(self.error(whole.range, "[[fact]] states no attribute", help));
        }
        let answer =
            |(attribute, value, span)| Answer { at: at.clone(), attribute, value, because: because.clone(), span };
        Ok(attributes.into_iter().map(answer).collect())
    }

    fn promise(&self, whole: Span, table: &DeTable<'_>) -> Result<Promise> {
        let mut promise = None;
        for (key, value) in sorted(table) {
            match &**key.get_ref() {
                "holds" => {
                    let text = self.string(value)?;
                    let claim = promise::parse(&text).map_err(|mistake| {
                        self.error(self.inside(value, &text, mistake.at), mistake.message, mistake.help)
                    })?;
                    promise = Some(Promise { text, claim, span: self.span(value.span()) });
                }
                "because" => drop(self.reason(value)?),
                _ => return Err(self.unknown(key, " in [[promise]]", &["holds", "because"])),
            }
        }
        let range = whole.range.start as usize..whole.range.end as usize;
        promise.ok_or_else(|| self.missing(range, "holds", "[[promise]]"))
    }

    /// The place of a part of a string; the whole string where escapes make them differ.
    fn inside(&self, value: &Item<'_>, text: &str, part: std::ops::Range<usize>) -> Range {
        let whole = value.span();
        let start = whole.start + 1;
        if self.text.get(start..start + text.len()) != Some(text) {
            return whole.into();
        }
        (start + part.start..start + part.end.max(part.start)).into()
    }

    fn allow(&self, whole: Span, table: &DeTable<'_>) -> Result<Allow> {
        let (mut rule, mut at, mut because, mut until) = (None, None, None, None);
        for (key, value) in sorted(table) {
            match &**key.get_ref() {
                "rule" => rule = Some(self.string(value)?),
                "at" => at = Some(self.string(value)?),
                "because" => because = Some(self.reason(value)?),
                "until" => until = Some(self.date(value)?),
                _ => return Err(self.unknown(key, " in [[allow]]", &["rule", "at", "because", "until"])),
            }
        }
        let range = whole.range.start as usize..whole.range.end as usize;
        let need = |value: Option<String>, key| value.ok_or_else(|| self.missing(range.clone(), key, "[[allow]]"));
        Ok(Allow {
            rule: need(rule, "rule")?,
            at: need(at, "at")?,
            because: need(because, "because")?,
            until,
            span: whole,
        })
    }

    fn each<T>(
        &self,
        value: &Item<'_>,
        name: &str,
        read: impl Fn(&Self, Span, &DeTable<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let list = value.get_ref().as_array();
        let list = list.ok_or_else(|| {
            let help = format!("write [[{name}]] with double brackets");
            self.error(value.span().into(), format!("`{name}` must be a list of tables"), help)
        })?;
        list.iter()
            .map(|entry| read(self, self.span(entry.span()), self.table(entry, &format!("[[{name}]]"))?))
            .collect()
    }

    fn fail_on(&self, value: &Item<'_>) -> Result<Option<Severity>> {
        let word = self.string(value)?;
        if word == "never" {
            return Ok(None);
        }
        let help = "one of \"error\", \"warn\", \"info\", \"never\"";
        severity(&word)
            .map(Some)
            .ok_or_else(|| self.error(value.span().into(), format!("`{word}` is no severity"), help))
    }

    fn confidence(&self, value: &Item<'_>) -> Result<Confidence> {
        let word = self.string(value)?;
        match word.as_str() {
            "certain" => Ok(Confidence::Certain),
            "likely" => Ok(Confidence::Likely),
            "possible" => Ok(Confidence::Possible),
            _ => {
                let help = "one of \"certain\", \"likely\", \"possible\"";
                Err(self.error(value.span().into(), format!("`{word}` is no confidence"), help))
            }
        }
    }

    fn count(&self, value: &Item<'_>) -> Result<usize> {
        let number = value.get_ref().as_integer().and_then(|number| number.to_string().parse().ok());
        let least = number.filter(|number| *number > 0);
        least.ok_or_else(|| {
            self.error(value.span().into(), "`max-states` must be a whole number from 1", "max-states = 100000")
        })
    }

    fn level(&self, value: &Item<'_>) -> Result<Level> {
        let word = self.string(value)?;
        if word == "off" {
            return Ok(Level::Off);
        }
        let level = severity(&word).map(Level::Report);
        level.ok_or_else(|| self.error(value.span().into(), format!("`{word}` is no level"), LEVEL_NAMES))
    }

    fn date(&self, value: &Item<'_>) -> Result<Date> {
        let date = value.get_ref().as_datetime().and_then(|datetime| datetime.date);
        date.map(|date| Date { year: i32::from(date.year), month: date.month, day: date.day }).ok_or_else(|| {
            self.error(value.span().into(), "`until` must be a date", "until = 2027-06-30, without quotes")
        })
    }

    fn reason(&self, value: &Item<'_>) -> Result<String> {
        let reason = self.string(value)?;
        if reason.trim().is_empty() {
            return Err(self.error(
                value.span().into(),
                "`because` is empty",
                "say why, for whoever reads this next year",
            ));
        }
        Ok(reason)
    }

    fn string(&self, value: &Item<'_>) -> Result<String> {
        let found = value.get_ref();
        found.as_str().map(str::to_owned).ok_or_else(|| self.mistyped(value, "a string"))
    }

    fn strings(&self, value: &Item<'_>) -> Result<Vec<String>> {
        let list = value.get_ref().as_array().ok_or_else(|| self.mistyped(value, "a list of strings"))?;
        list.iter().map(|item| self.string(item)).collect()
    }

    fn scalar(&self, value: &Item<'_>) -> Result<String> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) => Ok(number.to_string()),
            DeValue::Float(number) => Ok(number.to_string()),
            DeValue::Boolean(truth) => Ok(truth.to_string()),
            _ => Err(self.mistyped(value, "a string, number or boolean")),
        }
    }

    fn table<'v, 'i>(&self, value: &'v Item<'i>, name: &str) -> Result<&'v DeTable<'i>> {
        value.get_ref().as_table().ok_or_else(|| self.error(value.span().into(), format!("{name} must be a table"), ""))
    }

    fn mistyped(&self, value: &Item<'_>, wanted: &str) -> ConfigError {
        let message = format!("expected {wanted}, found {}", value.get_ref().type_str());
        self.error(value.span().into(), message, "")
    }

    fn missing(&self, range: std::ops::Range<usize>, key: &str, place: &str) -> ConfigError {
        let help = if key == "because" { "say why, for whoever reads this next year" } else { "" };
        self.error(range.into(), format!("{place} needs `{key}`"), help)
    }

    fn unknown(&self, key: &Key<'_>, place: &str, known: &[&str]) -> ConfigError {
        let name = key.get_ref();
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.error(key.span().into(), format!("unknown key `{name}`{place}"), help)
    }

    fn error(&self, range: Range, message: impl Into<String>, help: impl Into<String>) -> ConfigError {
        ConfigError::at(self.path, self.text, range, message, help)
    }

    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Range::from(range).in_file(self.file)
    }
}

/// The words of the file and of the command line.
fn severity(word: &str) -> Option<Severity> {
    match word {
        "info" => Some(Severity::Info),
        "warn" | "warning" => Some(Severity::Warning),
        "error" => Some(Severity::Error),
        _ => None,
    }
}

/// Entries in file order, so that the first mistake is the one reported.
fn sorted<'v, 'i>(table: &'v DeTable<'i>) -> Vec<(&'v Key<'i>, &'v Item<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

#[cfg(test)]
mod tests;
