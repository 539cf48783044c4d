//! "reliable", "guaranteed delivery", "never lost", without a guarantee or the failure it holds under.

use super::claims::{Claim, claims};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::prose::VagueTerm;
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::Node;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "vocabulary/reliable",
        severity: Severity::Info,
        summary: "A document promises reliability without a delivery guarantee or the failure it survives.",
        page: include_str!("reliable.md"),
        assumptions: &[Assumption::WontFail, Assumption::Once, Assumption::Network],
        questions: &[Mindset::Halfway, Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    claims(cx, VagueTerm::Reliable).iter().filter_map(|claim| finding(cx, claim)).collect()
}

/// What the author may have meant.
enum Promise {
    /// Messages arrive.
    Delivery,
    /// What was accepted stays.
    Durability,
    /// It goes on working.
    Survival,
}

fn meant(cx: &Context<'_>, claim: &Claim<'_>) -> Promise {
    let carries_messages = matches!(claim.element(), Some(Node::Topic(_) | Node::Broker(_)));
    if claim.says(cx, &["loss", "lost", "lose", "durab"]) {
        Promise::Durability
    } else if carries_messages
        || claim.says(cx, &["deliver", "exactly", "message", "event"])
        || claim.speaks_of(&["deliver", "messag", "event", "publish", "queue", "notif", "webhook", "broker"])
    {
        Promise::Delivery
    } else {
        Promise::Survival
    }
}

fn finding(cx: &Context<'_>, claim: &Claim<'_>) -> Option<Finding> {
    let (quoted, subject, promise) = (claim.quoted(), claim.subject(), meant(cx, claim));
    let flaw = match promise {
        Promise::Delivery => "names no delivery guarantee, so receivers must guess about repeats and gaps",
        Promise::Durability => "names no failure it holds under, so what a crash may lose is open",
        Promise::Survival => "names no failure it survives, so no test can fail it",
    };
    let wording = match promise {
        Promise::Delivery => {
            format!("{subject}: delivered at least once; receivers drop repeats by message id for N h")
        }
        Promise::Durability => {
            format!("{subject}: acknowledged once N replicas hold it; loses at most N s (RPO) when F fails")
        }
        Promise::Survival => format!("{subject}: goes on working when one F fails, with at most N % failed requests"),
    };
    let draft = claim.draft(cx, &RULE.meta).message(format!("{quoted} {flaw}"));
    draft.help(format!("write \"{wording}\"")).build()
}
