//! Consistency models, delivery guarantees and survived failures that are named without a number.

use super::lexicon::Class;
use super::prose::View;
use super::{requirements, vague};
use whatif_model::facts::prose::{Bounds, Modality, StatedRequirement};

/// Appends what the sentence names; one entry per model.
pub(super) fn named(view: &View<'_>, out: &mut Vec<StatedRequirement>) {
    for at in view.positions() {
        let starts = view.class(at, Class::MODEL)
            || view.class(at, Class::FACT)
            || view.any(at, &["at", "exactly", "snapshot", "read", "repeatable"]);
        if !starts {
            continue;
        }
        let found = consistency(view, at)
            .map(|m| (Bounds::Consistency, m))
            .or_else(|| Some((Bounds::Delivery, delivery(view, at)?)));
        let Some((bounds, (model, last))) = found.or_else(|| Some((Bounds::SurvivedFailure, survived(view, at)?)))
        else {
            continue;
        };
        let mut requirement = requirements::blank(view, bounds, view.bytes(at, last + 1));
        requirement.named = Some(model.to_owned());
        if denied(view, at, last) {
            requirement.modality = Modality::Negated;
        }
        out.push(requirement);
    }
}

fn denied(view: &View<'_>, first: usize, last: usize) -> bool {
    view.before_in_clause(first, 5)
        .any(|p| view.any(p, &["not", "no", "never", "cannot", "don't", "doesn't", "without"]))
        || view.class(last + 1, Class::COPULA) && view.is(last + 2, "not")
}

/// A consistency model that begins at `at`: its name and its last token.
fn consistency(view: &View<'_>, at: usize) -> Option<(&'static str, usize)> {
    let next = view.after(at);
    let word = view.word(at).to_ascii_lowercase();
    let consistent = view.any(next, &["consistent", "consistency", "consistently"]);
    Some(match word.as_str() {
        "eventual" | "eventually" if consistent => ("eventual", next),
        "strong" | "strongly" if consistent => ("strong", next),
        "causal" | "causally" if consistent => ("causal", next),
        "sequential" | "sequentially" if consistent => ("sequential", next),
        "linearizable" | "linearizability" | "linearisable" => ("linearizable", at),
        "serializable" | "serializability" | "serialisable" => ("serializable", at),
        "snapshot" if view.is(next, "isolation") => ("snapshot isolation", next),
        "read" if view.is(next, "committed") => ("read committed", next),
        "repeatable" if view.is(next, "read") => ("repeatable read", next),
        "read" if view.any(next, &["your", "after"]) => {
            let last = view.after(next);
            view.any(last, &["writes", "write", "own"]).then_some(("read-your-writes", last))?
        }
        _ => return None,
    })
}

fn delivery(view: &View<'_>, at: usize) -> Option<(&'static str, usize)> {
    let quantity = view.after(at);
    let once = view.after(quantity);
    let (name, last) = if view.is(at, "at") && view.is(once, "once") {
        let least = view.is(quantity, "least");
        (least || view.is(quantity, "most")).then_some((if least { "at-least-once" } else { "at-most-once" }, once))?
    } else if view.is(at, "exactly") && view.is(quantity, "once") {
        ("exactly-once", quantity)
    } else {
        return None;
    };
    const OF: &[&str] = &[
        "delivery",
        "delivered",
        "deliver",
        "delivers",
        "processing",
        "processed",
        "semantics",
        "execution",
        "executed",
        "message",
        "messages",
        "event",
        "events",
        "guarantee",
        "guarantees",
        "consumer",
        "consumers",
        "publish",
        "kafka",
        "queue",
    ];
    let hyphenated = view.mark(at + 1, b'-');
    let around = (at.saturating_sub(6)..last + 7).any(|p| view.any(p, OF));
    (hyphenated || around).then_some((name, last))
}

/// "survives the loss of one zone", "tolerates node failures".
fn survived(view: &View<'_>, at: usize) -> Option<(&'static str, usize)> {
    if !view.any(
        at,
        &["survive", "survives", "tolerate", "tolerates", "withstand", "withstands", "surviving", "tolerating"],
    ) {
        return None;
    }
    let last = (at + 1..at + 9)
        .take_while(|p| !view.boundary(*p))
        .find(|p| view.class(*p, Class::FAILURE) || view.is(*p, "restarts"))?;
    vague::scoped_failure(view, last).then_some(("survived failure", last))
}
