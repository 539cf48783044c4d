//! A unique key that does not hold, because one of its columns may be NULL.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::deploy::{NullableKey, Table};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Store;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/unique-null",
        severity: Severity::Warning,
        summary: "A unique key that keeps duplicates out has a column that may be NULL, and NULLs are never equal.",
        page: include_str!("unique_null.md"),
        assumptions: &[Assumption::Once],
        questions: &[Mindset::Twice, Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let tables = cx.system.tables.iter().filter(|table| compares_nulls_as_different(cx, table));
    tables
        .flat_map(|table| table.nullable_keys.iter().map(move |key| (table, key)))
        .filter(|(table, key)| names_a_thing(key) && !has_a_stricter_key(table, key))
        .filter_map(|(table, key)| finding(cx, table, key))
        .collect()
}

/// SQL Server and Oracle compare NULLs of a key as equal in part; PostgreSQL (11.6, "Unique Indexes") and MySQL
/// ("CREATE INDEX", "Unique Indexes") never do.
fn compares_nulls_as_different(cx: &Context<'_>, table: &Table) -> bool {
    let differs = |store: &&Store| ["postgresql", "mysql", "mariadb", "sqlite", ""].contains(&store.engine.as_str());
    let holders = || cx.system.stores.iter().filter(|store| store.tables.iter().any(|own| own.span == table.span));
    holders().all(|store| differs(&store))
        && (holders().next().is_some() || cx.system.stores.iter().all(|s| s.engine != "sqlserver"))
}

/// Two columns that are always there say what the row is about, and the one that may be missing only qualifies it. A
/// key of one such column and one that may be missing is an optional second name.
fn names_a_thing(key: &NullableKey) -> bool {
    key.columns.len() - key.nullable.len() >= 2
}

/// Another key already keeps the duplicates out, NULL or not.
fn has_a_stricter_key(table: &Table, key: &NullableKey) -> bool {
    table.unique.iter().any(|other| other.iter().all(|column| key.columns.contains(column)))
}

fn finding(cx: &Context<'_>, table: &Table, key: &NullableKey) -> Option<Finding> {
    let (name, columns) = (&table.name, key.columns.join(", "));
    let nullable = listed(key.nullable.iter().cloned(), 2);
    cx.finding(&RULE.meta, format!("table:{name}"))
        .message(format!(
            "the unique key ({columns}) of `{name}` admits any number of equal rows while {nullable} is NULL"
        ))
        .at(&Evidence::stated(Stage::Design, key.span, "NULLs are distinct here, so nothing is refused"))
        .at(&Evidence::stated(Stage::Design, table.span, format!("{nullable} may be NULL")))
        .help("declare the column NOT NULL with a neutral value, or the key `NULLS NOT DISTINCT` (PostgreSQL 15)")
        .detail(columns)
        .build()
}
