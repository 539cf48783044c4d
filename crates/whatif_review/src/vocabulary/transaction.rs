//! "transaction" over effects that one database cannot undo.

use super::claims::{Claim, claims};
use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::VagueTerm;
use whatif_model::finding::{Finding, Severity};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "vocabulary/transaction",
        severity: Severity::Info,
        summary: "A document puts an effect into a transaction that no database can roll back.",
        page: include_str!("transaction.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    claims(cx, VagueTerm::Transaction).iter().filter_map(|claim| finding(cx, claim)).collect()
}

fn finding(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let distributed = claim.says(cx, &["distributed"]);
    let flaw = if distributed {
        "names no coordinator: after a crash one side has it and the other has not"
    } else {
        "covers more than a database: a rollback leaves the outside effect in place"
    };
    let draft = claim.draft(cx, &RULE.meta).message(format!("{} {flaw}", claim.quoted()));
    draft.help(format!("write \"{}\"", wording(cx, claim))).build()
}

fn wording(cx: &Context<'_>, claim: &Claim<'_>) -> String {
    let outside = match claim.element() {
        Some(node) => listed([cx.system.address(node).to_owned()], 1),
        None => "the outside effect".to_owned(),
    };
    if claim.speaks_of(&["publish", "kafka", "rabbitmq", "event", "sns", "sqs", "emit"]) {
        format!("one local transaction stores the change and an outbox row; {outside} is published from the outbox")
    } else if claim.speaks_of(&["charge", "stripe", "paypal", "payment", "refund"]) {
        "a saga: reserve locally, charge with an idempotency key, confirm locally; on refusal release".to_owned()
    } else {
        format!("a saga of local transactions; when step K fails, steps 1 to K-1 are compensated; {outside} comes last")
    }
}
