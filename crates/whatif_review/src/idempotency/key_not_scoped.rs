//! An idempotency key that is unique for everybody rather than for its owner.

use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::deploy::Table;
use whatif_model::finding::{Finding, Severity};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/key-not-scoped",
        severity: Severity::Warning,
        summary: "An idempotency key chosen by clients is unique across all of them, so one can meet another's.",
        page: include_str!("key_not_scoped.md"),
        assumptions: &[Assumption::Once],
        questions: &[Mindset::Twice],
    },
    check,
};

/// Columns that say whose a row is.
const OWNERS: &[&str] = &[
    "merchantid",
    "tenantid",
    "customerid",
    "userid",
    "accountid",
    "clientid",
    "organizationid",
    "orgid",
    "ownerid",
    "storeid",
    "shopid",
    "workspaceid",
    "consumerid",
    "partnerid",
];

fn check(cx: &Context<'_>) -> Vec<Finding> {
    cx.system.tables.iter().filter_map(|table| finding(cx, table)).collect()
}

/// The key column that is unique by itself, and where that is declared.
fn global_key(table: &Table) -> Option<(&str, Span)> {
    let required = table.unique.iter().map(|columns| (columns, table.span));
    let optional = table.nullable_keys.iter().map(|key| (&key.columns, key.span));
    required.chain(optional).find_map(|(columns, span)| match columns.as_slice() {
        [one] if is_request_key(one) => Some((one.as_str(), span)),
        _ => None,
    })
}

fn is_request_key(column: &str) -> bool {
    plain(column).contains("idempoten")
}

fn owner(table: &Table) -> Option<&str> {
    table.columns.iter().map(String::as_str).find(|column| OWNERS.contains(&plain(column).as_str()))
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn finding(cx: &Context<'_>, table: &Table) -> Option<Finding> {
    let (key, span) = global_key(table)?;
    let owner = owner(table)?;
    let name = &table.name;
    cx.finding(&RULE.meta, format!("table:{name}"))
        .message(format!(
            "`{key}` of `{name}` is unique across all `{owner}`s: two clients with one key meet each other"
        ))
        .at(&Evidence::stated(Stage::Design, span, format!("unique without `{owner}`")))
        .at(&Evidence::stated(Stage::Design, table.span, format!("its rows belong to a `{owner}`")))
        .help(format!("make the pair unique: `UNIQUE ({owner}, {key})`, and look keys up by both"))
        .detail(key)
        .build()
}
