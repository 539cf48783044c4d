//! One table under construction.

use super::lexer::Word;
use whatif_model::facts::deploy::{NullableKey, Table};
use whatif_model::{Range, Span};

/// Keywords that begin a table constraint rather than a column.
const CONSTRAINTS: &[&str] =
    &["constraint", "primary", "unique", "foreign", "check", "exclude", "key", "index", "like", "fulltext", "spatial"];

/// Whether an element that begins with a soft keyword is a column of that name: `key TEXT`, `index varchar(9)`,
/// as opposed to `KEY (a)`, `KEY name (a)`.
fn is_column(words: &[Word]) -> bool {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let is_soft = ["key", "index", "like"].iter().any(|keyword| words.first().is_some_and(|word| word.is(keyword)));
    let is_list = |at: usize| text(at) == "(" && text(at + 1).parse::<u32>().is_err();
    let is_copy = text(0).eq_ignore_ascii_case("like") && words.len() == 2;
    let is_constraint = is_list(1) || is_list(2) || is_copy;
    is_soft && !is_constraint
}

/// A table and what is known to be unique in it, nullable columns not yet taken into account.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) range: Range,
    pub(super) unique: Vec<Key>,
    columns: Vec<String>,
    not_null: Vec<String>,
    primary: Option<Vec<String>>,
}

/// A declared unique set.
pub(super) struct Key {
    pub(super) columns: Vec<String>,
    /// Where it is declared.
    pub(super) range: Range,
    /// Whether it holds for some rows only (a partial index).
    pub(super) partial: bool,
}

impl Draft {
    /// Reads `[IF NOT EXISTS] [schema.]name ( elements )`; none for `CREATE TABLE ... AS SELECT`.
    pub(super) fn create(statement: &[Word], mut at: usize) -> Option<Self> {
        while statement.get(at).is_some_and(|word| ["if", "not", "exists"].iter().any(|skip| word.is(skip))) {
            at += 1;
        }
        let (name, open) = name(statement, at)?;
        if statement.get(open)?.text != "(" {
            return None;
        }
        let range = statement.get(open.checked_sub(1)?)?.range;
        let mut draft =
            Self { name, range, unique: Vec::new(), columns: Vec::new(), not_null: Vec::new(), primary: None };
        for element in elements(statement, open) {
            draft.element(element);
        }
        Some(draft)
    }

    /// Columns that a constraint added later makes `NOT NULL` and the primary key.
    pub(super) fn require(&mut self, columns: &[String]) {
        self.not_null.extend(columns.iter().cloned());
        self.primary.get_or_insert_with(|| columns.to_vec());
    }

    /// The table, without the sets a NULL gets around.
    pub(super) fn finish(self, span: Span) -> Table {
        let is_required = |column: &String| self.not_null.contains(column);
        let mut unique: Vec<Vec<String>> = self.primary.iter().cloned().collect();
        let mut nullable_keys = Vec::new();
        for key in &self.unique {
            let nullable: Vec<String> = key.columns.iter().filter(|column| !is_required(column)).cloned().collect();
            if !nullable.is_empty() {
                let span = key.range.in_file(span.file);
                nullable_keys.push(NullableKey { columns: key.columns.clone(), nullable, span });
            } else if !key.partial && !unique.contains(&key.columns) {
                unique.push(key.columns.clone());
            }
        }
        Table { name: self.name, columns: self.columns, unique, nullable_keys, span }
    }

    fn element(&mut self, words: &[Word]) {
        let Some(first) = words.first() else { return };
        if CONSTRAINTS.iter().any(|keyword| first.is(keyword)) && !is_column(words) {
            let skip = if first.is("constraint") { 2 } else { 0 };
            self.constraint(words.get(skip..).unwrap_or_default());
            return;
        }
        let column = first.text.clone();
        let follows = |first: &str, second: &str| words.windows(2).any(|pair| pair[0].is(first) && pair[1].is(second));
        if follows("primary", "key") {
            self.require(std::slice::from_ref(&column));
        }
        // `SERIAL` and identity columns are never NULL.
        let is_generated = words.iter().any(|word| word.text.to_ascii_lowercase().ends_with("serial"));
        if follows("not", "null") || is_generated {
            self.not_null.push(column.clone());
        }
        if words.iter().skip(1).any(|word| word.is("unique")) {
            self.unique.push(Key { columns: vec![column.clone()], range: first.range, partial: false });
        }
        self.columns.push(column);
    }

    /// `PRIMARY KEY (a, b)`, `UNIQUE [KEY | INDEX] [name] (a, b)`.
    fn constraint(&mut self, words: &[Word]) {
        let Some(open) = words.iter().position(|word| word.text == "(" && !word.is_name) else { return };
        let Some((columns, _)) = column_list(words, open) else { return };
        match words.first() {
            Some(word) if word.is("primary") => self.require(&columns),
            Some(word) if word.is("unique") && !counts_nulls(words) => {
                self.unique.push(Key { columns, range: word.range, partial: false });
            }
            _ => {}
        }
    }
}

/// `NULLS NOT DISTINCT` (<https://www.postgresql.org/docs/current/sql-createtable.html>): such a key is neither of
/// the two kinds we keep.
pub(super) fn counts_nulls(words: &[Word]) -> bool {
    words.windows(2).any(|pair| pair[0].is("nulls") && pair[1].is("not"))
}

/// `[schema.]name` at `at`: the name, and the position behind it.
pub(super) fn name(words: &[Word], at: usize) -> Option<(String, usize)> {
    let mut at = at;
    loop {
        let word = words.get(at)?;
        if words.get(at + 1).is_some_and(|next| next.text == "." && !next.is_name) {
            at += 2;
            continue;
        }
        let is_sign = !word.is_name && !word.text.chars().all(|c| c.is_alphanumeric() || c == '_');
        return (!is_sign).then(|| (word.text.clone(), at + 1));
    }
}

/// Plain column names between the parenthesis at `open` and its partner, and the position behind that.
/// None when one is an expression or the prefix of a column.
pub(super) fn column_list(words: &[Word], open: usize) -> Option<(Vec<String>, usize)> {
    let mut columns = Vec::new();
    let mut expects_name = true;
    for (at, word) in words.iter().enumerate().skip(open + 1) {
        match word.text.as_str() {
            ")" if !word.is_name => return (!columns.is_empty()).then_some((columns, at + 1)),
            "," if !word.is_name => expects_name = true,
            "(" if !word.is_name => return None,
            _ if expects_name => {
                columns.push(word.text.clone());
                expects_name = false;
            }
            // Sort order, collation, operator class.
            _ => {}
        }
    }
    None
}

/// The parts between commas inside the parenthesis at `open`.
fn elements(words: &[Word], open: usize) -> Vec<&[Word]> {
    let (mut found, mut start, mut depth) = (Vec::new(), open + 1, 0usize);
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.text.as_str() {
            "(" if !word.is_name => depth += 1,
            ")" if !word.is_name => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    found.push(words.get(start..at).unwrap_or_default());
                    return found;
                }
            }
            "," if !word.is_name && depth == 1 => {
                found.push(words.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(words.get(start..).unwrap_or_default());
    found
}
