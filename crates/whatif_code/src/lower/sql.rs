//! Reads as much of SQL text as effects need: verb, table, and how a write changes its rows.

use whatif_model::flow::WriteKind;

/// What one statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Read {
        table: String,
        for_update: bool,
    },
    Write {
        table: String,
        how: WriteKind,
    },
    /// Begin, commit, rollback.
    Begin,
    Commit,
    Rollback,
    /// Schema, settings and everything else.
    Other,
}

/// The first statement of a text. `?` and placeholders are left as they are.
pub(crate) fn read(text: &str) -> Statement {
    let words = words(text);
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    match at(0) {
        "select" => Statement::Read {
            table: source(&words),
            for_update: has(&words, &["for", "update"]) || has(&words, &["for", "no", "key", "update"]),
        },
        "with" => with_clause(&words),
        "insert" | "replace" => {
            Statement::Write { table: after(&words, "into").unwrap_or_default(), how: insert(&words) }
        }
        "update" => Statement::Write { table: name(at(if at(1) == "only" { 2 } else { 1 })), how: update(&words) },
        "delete" => Statement::Write { table: after(&words, "from").unwrap_or_default(), how: WriteKind::Delete },
        "merge" => Statement::Write { table: after(&words, "into").unwrap_or_default(), how: WriteKind::Upsert },
        "truncate" => {
            Statement::Write { table: name(at(if at(1) == "table" { 2 } else { 1 })), how: WriteKind::Delete }
        }
        "begin" | "start" => Statement::Begin,
        "commit" => Statement::Commit,
        "rollback" => Statement::Rollback,
        _ => Statement::Other,
    }
}

/// Columns a condition compares with a value: `WHERE id = ?`.
pub(crate) fn compared(text: &str) -> Vec<String> {
    let words = words(text);
    let from = words.iter().position(|word| word == "where").unwrap_or(words.len());
    words[from..].windows(2).filter(|two| two[1] == "=").map(|two| last(&two[0]).to_owned()).collect()
}

/// The table an insert names, then its columns: `INSERT INTO t (a, b)`.
pub(crate) fn inserted(text: &str) -> Vec<String> {
    let words = words(text);
    let from = words.iter().position(|word| word == "into").unwrap_or(words.len());
    let to = words.iter().position(|word| matches!(word.as_str(), "values" | "select")).unwrap_or(words.len());
    let listed = words.get(from + 1..to).unwrap_or_default();
    listed.iter().map(|word| name(word)).filter(|name| !name.is_empty()).collect()
}

/// The columns a statement returns or sets: names, and aggregates as they are written (`max(position)`). Empty: all,
/// or not known.
pub(crate) fn fields(text: &str) -> Vec<String> {
    let words = words(text);
    match words.first().map(String::as_str) {
        Some("insert" | "replace") => inserted(text).into_iter().skip(1).collect(),
        Some("update") => assigned(&words),
        Some("select") => selected(&words),
        _ => Vec::new(),
    }
}

/// The constants an `UPDATE` sets its columns to, one for each of [`fields`]; empty where it is not one.
pub(crate) fn values(text: &str) -> Vec<String> {
    let words = words(text);
    if words.first().is_none_or(|word| word != "update") {
        return Vec::new();
    }
    assignments(&words).into_iter().map(|(_, value)| value).collect()
}

fn assigned(words: &[String]) -> Vec<String> {
    assignments(words).into_iter().map(|(column, _)| column).collect()
}

fn assignments(words: &[String]) -> Vec<(String, String)> {
    let Some(set) = words.iter().position(|word| word == "set") else { return Vec::new() };
    let end = words.iter().position(|word| matches!(word.as_str(), "where" | "returning")).unwrap_or(words.len());
    let part = words.get(set + 1..end.max(set + 1)).unwrap_or_default();
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (at, word) in part.iter().enumerate() {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "=" if depth == 0 && at > 0 => {
                let next = |ahead: usize| part.get(at + ahead).map_or("", String::as_str);
                let value = match (next(1), next(2)) {
                    (function, "(") => format!("{function}()"),
                    (literal, "," | "") if is_constant(literal) => literal.trim_matches('\'').to_owned(),
                    _ => String::new(),
                };
                found.push((name(&part[at - 1]), value));
            }
            _ => {}
        }
    }
    found
}

fn is_constant(word: &str) -> bool {
    word.starts_with(|c: char| c == '\'' || c.is_ascii_digit())
        || matches!(word, "true" | "false" | "null" | "current_timestamp" | "default")
}

fn selected(words: &[String]) -> Vec<String> {
    let end = words.iter().position(|word| word == "from").unwrap_or(words.len());
    let mut found = Vec::new();
    let (mut depth, mut current) = (0_usize, Vec::new());
    for word in words.get(1..end).unwrap_or_default() {
        match word.as_str() {
            "," if depth == 0 => {
                found.extend(column(&current));
                current.clear();
                continue;
            }
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        current.push(word.as_str());
    }
    found.extend(column(&current));
    if found.iter().any(|column| column == "*") { Vec::new() } else { found }
}

/// `o.status as s` is `status`, `coalesce(max(position), 0)` is `max(position)`.
fn column(words: &[&str]) -> Option<String> {
    let aggregate =
        words.windows(2).position(|two| matches!(two[0], "count" | "max" | "min" | "sum" | "avg") && two[1] == "(");
    if let Some(at) = aggregate {
        let inner = words.get(at + 2).filter(|word| **word != ")").map_or("*", |word| last(word));
        return Some(format!("{}({inner})", words[at]));
    }
    let first = words.iter().find(|word| **word != "distinct")?;
    let plain = name(first);
    (!plain.is_empty()).then_some(plain)
}

/// The columns a statement's condition compares, whatever with.
pub(crate) fn conditions(text: &str) -> Vec<String> {
    let words = words(text);
    let from = words.iter().position(|word| word == "where").unwrap_or(words.len());
    let to = words.iter().rposition(|word| matches!(word.as_str(), "returning" | "order" | "group" | "limit"));
    let part = words.get(from..to.filter(|to| *to > from).unwrap_or(words.len())).unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for two in part.windows(2) {
        let compares = matches!(two[1].as_str(), "=" | "in" | "is" | "not" | "like" | "between" | "any")
            || two[1].starts_with(['<', '>', '!'])
            || two[0].ends_with(['<', '>', '!']);
        let column = name(two[0].trim_end_matches(['<', '>', '!']));
        let is_name = column.starts_with(|c: char| c.is_ascii_alphabetic())
            && !matches!(column.as_str(), "and" | "or" | "not" | "where" | "is" | "in");
        if compares && is_name && !found.contains(&column) {
            found.push(column);
        }
    }
    found
}

/// `WITH ... INSERT/UPDATE/DELETE/SELECT`: the writing statement decides.
fn with_clause(words: &[String]) -> Statement {
    let verb = words.iter().position(|word| matches!(word.as_str(), "insert" | "update" | "delete"));
    let verb = verb.or_else(|| words.iter().rposition(|word| word == "select"));
    match verb {
        Some(at) => read(&words[at..].join(" ")),
        None => Statement::Other,
    }
}

fn insert(words: &[String]) -> WriteKind {
    if words.first().is_some_and(|word| word == "replace")
        || has(words, &["on", "conflict"])
        || has(words, &["insert", "ignore"])
    {
        return WriteKind::Upsert;
    }
    if has(words, &["on", "duplicate", "key"]) {
        // `n = n + 1` on a duplicate adds, everything else puts the same again.
        return if sets_itself(words) { WriteKind::Increment } else { WriteKind::Upsert };
    }
    WriteKind::Insert
}

fn update(words: &[String]) -> WriteKind {
    if sets_itself(words) && !versioned(words) {
        return WriteKind::Increment;
    }
    if versioned(words) || leaves_a_state(words) { WriteKind::Conditional } else { WriteKind::Set }
}

/// Which parameters, counted from 0, an `UPDATE` assigns; those of its condition do not count. Numbered (`$2`) and
/// positional (`?`, `%s`) ones; `None` where they are named.
pub(super) fn assigned_parameters(text: &str) -> Option<Vec<usize>> {
    let lower = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let set = lower.find(" set ")? + 5;
    let end = lower[set..].find(" where ").map_or(lower.len(), |at| set + at);
    if names_parameters(&lower) {
        return None;
    }
    let positional = |part: &str| part.matches('?').count() + part.matches("%s").count();
    let before = positional(&lower[..set]);
    let mut found: Vec<usize> = (before..before + positional(&lower[set..end])).collect();
    for after in lower[set..end].split('$').skip(1) {
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        found.extend(digits.parse::<usize>().ok().and_then(|number| number.checked_sub(1)));
    }
    Some(found)
}

/// Whether parameters have names: `= :status`. A cast (`x::text`) and a label (`"at: Time"`) are none.
fn names_parameters(text: &str) -> bool {
    text.match_indices(':').any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + 1..).and_then(|text| text.chars().next());
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '=' | '(' | ','))
            && after.is_some_and(char::is_alphabetic)
    })
}

/// `SET status = 'b' WHERE ... AND status = 'a'`: happens only once, because afterwards the condition is false.
fn leaves_a_state(words: &[String]) -> bool {
    let position = |wanted: &str| words.iter().position(|word| word == wanted);
    let (Some(set), Some(condition)) = (position("set"), position("where")) else { return false };
    if condition < set {
        return false;
    }
    let assigned = words[set..condition].windows(2).filter(|two| two[1] == "=").map(|two| last(&two[0]));
    assigned.into_iter().any(|column| {
        words[condition..].windows(2).any(|two| last(&two[0]) == column && (two[1] == "=" || two[1] == "in"))
    })
}

/// `SET n = n + 1`; a version counter does not count.
fn sets_itself(words: &[String]) -> bool {
    let Some(set) = words.iter().position(|word| word == "set" || word == "update") else { return false };
    words[set..].windows(4).any(|four| {
        four[1] == "="
            && last(&four[0]) == last(&four[2])
            && (four[3] == "+" || four[3] == "-")
            && !is_version(&four[0])
    })
}

/// `WHERE version = ?`.
fn versioned(words: &[String]) -> bool {
    let Some(condition) = words.iter().position(|word| word == "where") else { return false };
    words[condition..].windows(2).any(|two| is_version(&two[0]) && two[1] == "=")
}

fn is_version(column: &str) -> bool {
    matches!(last(column), "version" | "lock_version" | "row_version" | "etag" | "revision" | "rev")
}

fn last(column: &str) -> &str {
    column.rsplit('.').next().unwrap_or(column)
}

fn has(words: &[String], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|window| window.iter().zip(phrase).all(|(word, wanted)| word == wanted))
}

fn after(words: &[String], keyword: &str) -> Option<String> {
    let at = words.iter().position(|word| word == keyword)?;
    words.get(at + 1).map(|word| name(word)).filter(|name| !name.is_empty() && name != "(")
}

/// The table a query reads: a function in its place is passed over for what is joined to it.
fn source(words: &[String]) -> String {
    let from = words.iter().position(|word| word == "from");
    let is_function = from.is_some_and(|at| words.get(at + 2).is_some_and(|next| next == "("));
    let joined = if is_function { after(words, "join") } else { None };
    joined.or_else(|| after(words, "from")).unwrap_or_default()
}

/// A table's name without schema and quotes.
fn name(word: &str) -> String {
    let bare = word.trim_matches(['"', '`', '[', ']', ';', ',', '(', ')']);
    last(bare).trim_matches(['"', '`']).to_owned()
}

/// Lower-case words, operators and parentheses; string literals and comments are one word or none.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let flush = |word: &mut String, words: &mut Vec<String>| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                word.push(c);
                for inner in chars.by_ref() {
                    word.push(inner);
                    if inner == '\'' {
                        break;
                    }
                }
            }
            '-' if chars.peek() == Some(&'-') => {
                for inner in chars.by_ref() {
                    if inner == '\n' {
                        break;
                    }
                }
            }
            c if c.is_whitespace() => flush(&mut word, &mut words),
            '(' | ')' | ',' | '=' | '+' | '*' | '/' | ';' => {
                flush(&mut word, &mut words);
                words.push(c.to_string());
            }
            '-' => {
                flush(&mut word, &mut words);
                words.push("-".to_owned());
            }
            c => word.extend(c.to_lowercase()),
        }
        if words.len() > 2_000 {
            break;
        }
    }
    flush(&mut word, &mut words);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn write(text: &str, table: &str, how: WriteKind) {
        assert_eq!(read(text), Statement::Write { table: table.into(), how });
    }

    #[test]
    fn columns_of_conditions_and_inserts() {
        assert_eq!(compared("SELECT id FROM t WHERE t.key = $1 AND n > 2 AND b = 3"), ["key", "b"]);
        assert_eq!(inserted("INSERT INTO t (a, \"b\") VALUES ($1, $2)"), ["t", "a", "b"]);
        assert!(compared("select a = b from t").is_empty() && inserted("update t set a = 1").is_empty());
    }

    #[test]
    fn columns_of_results_assignments_and_conditions() {
        assert_eq!(fields("SELECT o.status AS s, count(*) n FROM orders o"), ["status", "count(*)"]);
        assert_eq!(fields("SELECT COALESCE(MAX(w.position), 0) FROM w"), ["max(position)"]);
        assert!(fields("SELECT * FROM orders").is_empty());
        assert_eq!(fields("UPDATE t SET a = $1, b = (a = 2), c=now() WHERE id = $2"), ["a", "b", "c"]);
        assert_eq!(
            values("UPDATE t SET a = $1, b = 'in use', c=now(), d = d + 1, e = true"),
            ["", "in use", "now()", "", "true"]
        );
        assert_eq!(fields("INSERT INTO t (a, b) VALUES (1, 2)"), ["a", "b"]);
        let text = "UPDATE s SET n = n - 1 WHERE s.sku = $1 AND n >= $2 AND state <> 'gone' RETURNING n";
        assert_eq!(conditions(text), ["sku", "n", "state"]);
        assert_eq!(conditions("SELECT a FROM t WHERE b IS NULL AND c IN (1) ORDER BY d"), ["b", "c"]);
    }

    #[test]
    fn reads_name_their_table_and_lock() {
        assert_eq!(
            read("SELECT * FROM public.\"orders\" o WHERE id = $1 FOR UPDATE"),
            Statement::Read { table: "orders".into(), for_update: true }
        );
        assert_eq!(read("select 1"), Statement::Read { table: String::new(), for_update: false });
    }

    #[test]
    fn a_function_is_not_a_table() {
        let text = "SELECT s.n FROM unnest($1::text[]) AS l (sku) JOIN stock s ON s.sku = l.sku";
        assert_eq!(read(text), Statement::Read { table: "stock".into(), for_update: false });
    }

    #[test]
    fn parameters_of_a_condition_are_not_assigned() {
        assert_eq!(assigned_parameters("UPDATE o SET status = $1 WHERE id = $2"), Some(vec![0]));
        assert_eq!(assigned_parameters("UPDATE o SET a = ?, b = ? WHERE id = ?"), Some(vec![0, 1]));
        assert_eq!(assigned_parameters("UPDATE o SET status = 'done' WHERE id = %s"), Some(vec![]));
        assert_eq!(assigned_parameters("UPDATE o SET a = :a WHERE id = :id"), None);
    }

    #[test]
    fn writes_tell_how_they_change_rows() {
        write("INSERT INTO orders(id) VALUES ($1)", "orders", WriteKind::Insert);
        write("INSERT INTO orders (id) VALUES ($1) ON CONFLICT (id) DO NOTHING", "orders", WriteKind::Upsert);
        write("UPDATE stock SET available = available - $1 WHERE sku = $2", "stock", WriteKind::Increment);
        write("UPDATE stock SET n=n+1", "stock", WriteKind::Increment);
        write(
            "UPDATE carts SET body = $1, version = version + 1 WHERE id = $2 AND version = $3",
            "carts",
            WriteKind::Conditional,
        );
        write(
            "UPDATE reservations SET status = 'released' WHERE order_id = $1 AND status = 'held'",
            "reservations",
            WriteKind::Conditional,
        );
        write("update carts set body = 'a = a + 1' where id = 1", "carts", WriteKind::Set);
        write("DELETE FROM carts WHERE id = ?", "carts", WriteKind::Delete);
        write("WITH x AS (SELECT 1) UPDATE t SET a = 1", "t", WriteKind::Set);
    }
}
