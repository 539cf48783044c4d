//! SQL schemas: PostgreSQL and MySQL dialects
//! (<https://www.postgresql.org/docs/current/sql-createtable.html>, <https://dev.mysql.com/doc/refman/8.4/en/create-table.html>).
//!
//! | what we read | fact |
//! | --- | --- |
//! | `CREATE TABLE`: columns, `PRIMARY KEY`, `UNIQUE`, `NOT NULL` | a table and the column sets no two rows share |
//! | `CREATE UNIQUE INDEX`, `ALTER TABLE ... ADD` of a constraint | further such sets of a table of the same file |
//!
//! A partial index and an index over expressions or prefixes do not make whole rows unique, and are left out; a set
//! with a nullable column does not either, and is kept apart.

mod lexer;
mod table;

use super::Reading;
use lexer::Word;
use std::collections::BTreeMap;
use table::{Draft, Key};
use whatif_model::Range;

pub(crate) const ID: &str = "sql-schema";

pub(crate) fn read(cx: &mut Reading<'_>) {
    let mut tables: Vec<Draft> = Vec::new();
    let mut others: BTreeMap<String, (usize, Range)> = BTreeMap::new();
    for statement in lexer::statements(cx.text) {
        let range = statement.first().map(|word| word.range).unwrap_or_default();
        if !read_statement(cx, &mut tables, &statement) {
            let verb = statement.iter().take(2).map(|word| word.text.to_uppercase()).collect::<Vec<_>>().join(" ");
            let first = others.entry(verb).or_insert((0, range));
            first.0 += 1;
        }
    }
    // Thousands of rows of test data are one line of output.
    for (verb, (count, range)) in others {
        let times = if count == 1 { String::new() } else { format!(" and {} more", count - 1) };
        cx.ignore(range, format!("statement `{verb}`{times} is not read"));
    }
    for draft in tables {
        let span = cx.span(draft.range);
        cx.facts.tables.push(draft.finish(span));
    }
}

/// Whether the statement is one we read.
fn read_statement(cx: &mut Reading<'_>, tables: &mut Vec<Draft>, statement: &[Word]) -> bool {
    let is = |at: usize, word: &str| statement.get(at).is_some_and(|found| found.is(word));
    if is(0, "create") {
        let table_at = statement.iter().take(5).position(|word| word.is("table"));
        if let Some(at) = table_at {
            return Draft::create(statement, at + 1).map(|draft| tables.push(draft)).is_some();
        }
        if is(1, "unique") && is(2, "index") {
            return read_unique_index(cx, tables, statement);
        }
    }
    is(0, "alter") && is(1, "table") && read_alter(cx, tables, statement)
}

/// `CREATE UNIQUE INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table [USING method] (columns)`.
fn read_unique_index(cx: &mut Reading<'_>, tables: &mut [Draft], statement: &[Word]) -> bool {
    let Some(on) = statement.iter().position(|word| word.is("on")) else { return false };
    let at = if statement.get(on + 1).is_some_and(|word| word.is("only")) { on + 2 } else { on + 1 };
    let Some((name, after)) = table::name(statement, at) else { return false };
    let Some(open) = statement.iter().skip(after).position(|word| word.text == "(").map(|found| found + after) else {
        return false;
    };
    let Some((columns, end)) = table::column_list(statement, open) else {
        cx.ignore(statement[on].range, "a unique index over expressions or prefixes makes no row unique");
        return true;
    };
    let condition = statement.iter().skip(end).skip_while(|word| !word.is("where"));
    let partial = condition.clone().next().is_some();
    if partial {
        cx.ignore(statement[on].range, "a partial unique index holds for some rows only");
    }
    // A condition on one of the columns may be there to keep NULLs out of it.
    let is_sorted_out = condition.clone().any(|word| columns.contains(&word.text));
    if !is_sorted_out && !table::counts_nulls(statement) {
        add(cx, tables, &name, Key { columns, range: statement[on].range, partial });
    }
    true
}

/// `ALTER TABLE [IF EXISTS] [ONLY] table ADD [CONSTRAINT name] {PRIMARY KEY | UNIQUE} (columns)`.
fn read_alter(cx: &mut Reading<'_>, tables: &mut [Draft], statement: &[Word]) -> bool {
    let at = statement.iter().skip(2).position(|word| !["if", "exists", "only"].iter().any(|skip| word.is(skip)));
    let Some((name, after)) = at.and_then(|at| table::name(statement, at + 2)) else { return false };
    let mut understood = false;
    for at in after..statement.len() {
        let is_key = statement[at].is("primary") || statement[at].is("unique");
        let open = (at..statement.len().min(at + 4)).find(|found| statement[*found].text == "(");
        let Some((columns, _)) = open.filter(|_| is_key).and_then(|open| table::column_list(statement, open)) else {
            continue;
        };
        understood = true;
        if statement[at].is("primary")
            && let Some(table) = tables.iter_mut().find(|table| table.name == name)
        {
            table.require(&columns);
        }
        add(cx, tables, &name, Key { columns, range: statement[at].range, partial: false });
    }
    understood
}

fn add(cx: &mut Reading<'_>, tables: &mut [Draft], name: &str, key: Key) {
    match tables.iter_mut().find(|table| table.name == name) {
        Some(table) => table.unique.push(key),
        None => cx.ignore(key.range, format!("table `{name}` is not declared in this file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatif_model::facts::deploy::Table;

    fn tables(text: &str) -> Vec<Table> {
        let mut cx = Reading::new("db/schema.sql", text);
        read(&mut cx);
        cx.facts.tables
    }

    #[test]
    fn keys_of_columns_and_of_tables() {
        let tables = tables(
            "-- ledger\nCREATE TABLE IF NOT EXISTS public.\"Charges\" (\n  id BIGSERIAL PRIMARY KEY,\n  key TEXT NOT NULL UNIQUE,\n  nick TEXT UNIQUE,\n  a INT NOT NULL, b NUMERIC(10, 2) NOT NULL DEFAULT 0,\n  CONSTRAINT ab UNIQUE (a, b),\n  CHECK (a > (b))\n);",
        );
        assert_eq!(tables[0].name, "Charges");
        assert_eq!(tables[0].columns, ["id", "key", "nick", "a", "b"]);
        assert_eq!(tables[0].unique, [vec!["id"], vec!["key"], vec!["a", "b"]]);
    }

    #[test]
    fn mysql_spellings() {
        let tables = tables(
            "CREATE TABLE `t` (`id` int NOT NULL AUTO_INCREMENT, `k` varchar(9) NOT NULL, `n` int, `o` int, PRIMARY KEY (`id`,`o`), UNIQUE KEY `u` (`k`) USING BTREE, UNIQUE INDEX (`n`), KEY `x` (`n`)) ENGINE=InnoDB;",
        );
        assert_eq!(tables[0].columns, ["id", "k", "n", "o"]);
        assert_eq!(tables[0].unique, [vec!["id", "o"], vec!["k"]]);
    }

    #[test]
    fn indexes_and_constraints_added_later() {
        let tables = tables(
            "create table t (a int not null, b int not null, c int);\ncreate unique index concurrently i on t using btree (a desc);\ncreate unique index j on t (lower(a));\ncreate unique index k on t (b) where c > 0;\nalter table only t add constraint p primary key (c);\nalter table t add unique (b);",
        );
        assert_eq!(tables[0].unique, [vec!["c"], vec!["a"], vec!["b"]]);
    }

    #[test]
    fn a_null_gets_around_some_keys() {
        let tables = tables(
            "create table t (a int not null, b int not null, c int, d int, unique (a, c), unique nulls not distinct (b, c));\ncreate unique index i on t (a, b, d) where e > 1;\ncreate unique index j on t (b, d) where d is not null;",
        );
        let keys = |of: &Table| of.nullable_keys.iter().map(|key| key.columns.join(" ")).collect::<Vec<_>>();
        assert_eq!(keys(&tables[0]), ["a c", "a b d"]);
        assert_eq!(tables[0].nullable_keys[1].nullable, ["d"]);
    }

    #[test]
    fn strings_comments_and_bodies_do_not_confuse() {
        let text = "INSERT INTO t VALUES ('a;b'''), ('CREATE TABLE x (y int)');\nCREATE FUNCTION f() RETURNS int AS $b$ BEGIN; CREATE TABLE z (a int); END $b$;\n/* CREATE TABLE c (d int); */ CREATE TABLE u (v int, w int GENERATED ALWAYS AS (v) STORED);";
        let mut cx = Reading::new("a.sql", text);
        read(&mut cx);
        assert_eq!(cx.facts.tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["u"]);
        assert!(cx.ignored.iter().any(|ignored| ignored.reason.contains("INSERT INTO")));
    }

    #[test]
    fn broken_statements_end() {
        for text in [
            "CREATE TABLE",
            "CREATE TABLE t (",
            "CREATE TABLE t (((((",
            "create unique index on",
            "'",
            "$$",
            "alter table",
        ] {
            tables(text);
        }
    }
}
