//! Libraries and wrappers that a team describes in its `whatif.toml`, in the schema of the built-in tables.

use super::schema::Library;
use crate::language::DIALECTS;
use serde::Deserialize;
use toml::Spanned;
use whatif_model::Range;
use whatif_model::facts::code::Language;

/// The part of a `whatif.toml` that is read here.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    library: Vec<Spanned<toml::Table>>,
}

/// Reads the `[[library]]` entries of a configuration.
///
/// # Errors
/// Where an entry is not one, and why, in words that follow the entry's place.
pub fn own(text: &str) -> Result<Vec<(Language, Library)>, (Range, String)> {
    let file: File = toml::from_str(text).map_err(|error| problem(Range::default(), &error))?;
    file.library.into_iter().map(entry).collect()
}

fn entry(spanned: Spanned<toml::Table>) -> Result<(Language, Library), (Range, String)> {
    let at = Range::from(spanned.span());
    let mut table = spanned.into_inner();
    let name = table.remove("language").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let languages = || DIALECTS.iter().map(|dialect| dialect.language());
    let Some(language) = languages().find(|language| language.as_str() == name) else {
        let known: Vec<&str> = languages().map(Language::as_str).collect();
        return Err((at, format!("a library has a `language`, one of {}", known.join(", "))));
    };
    let library: Library = table.try_into().map_err(|error| problem(at, &error))?;
    if library.prefix.is_empty() {
        return Err((at, "the `prefix` of a library says how it is imported and is not empty".to_owned()));
    }
    Ok((language, library))
}

fn problem(at: Range, error: &toml::de::Error) -> (Range, String) {
    (error.span().map_or(at, Range::from), error.message().trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[rules]
vocabulary = "off"

[[library]]
language = "go"
name = "acme http"
prefix = "example.com/acme/httpx"
form = [{ call = ["Fetch"], does = "http", args = { url = "1" } }]
"#;

    #[test]
    fn entries_are_read_beside_everything_else() {
        let found = own(TEXT).expect("it is read");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0, found[0].1.prefix.as_str()), (Language::Go, "example.com/acme/httpx"));
        assert!(own("").expect("nothing").is_empty());
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let told = |from: &str, to: &str| own(&TEXT.replace(from, to)).expect_err("it is refused");
        let (at, message) = told("\"go\"", "\"cobol\"");
        assert!(message.starts_with("a library has a `language`, one of csharp, go"), "{message}");
        assert!(TEXT[at.start as usize..].starts_with("[[library]]"));
        assert!(told("\"http\"", "\"htp\"").1.contains("htp"));
        assert!(told("prefix = ", "prefx = ").1.contains("prefx"));
    }
}
