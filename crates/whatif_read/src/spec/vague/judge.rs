//! Whether a phrase is really vague where it stands.

use super::Phrase;
use crate::spec::blocks::BlockKind;
use crate::spec::lexer::Kind;
use crate::spec::lexicon::Class;
use crate::spec::prose::View;
use crate::spec::quantity::{self, Quantity};
use whatif_model::facts::prose::{Modality, SectionKind, Sense, Unit, VagueTerm};

/// The sense of a phrase; the first reason that holds decides.
pub(super) fn sense(view: &View<'_>, phrase: Phrase) -> Sense {
    if let Some(sense) = place(view) {
        return sense;
    }
    if view.asks() {
        return Sense::Question;
    }
    if !phrase.negative && negated(view, phrase) {
        return Sense::NotPromised;
    }
    if weighed(view, phrase) {
        return Sense::NotTheDesign;
    }
    if people_or_code(view, phrase) {
        return Sense::NotBehaviour;
    }
    if quantified(view, phrase) {
        return Sense::Quantified;
    }
    if named(view, phrase) {
        return Sense::Named;
    }
    if explained(view, phrase) {
        return Sense::Explained;
    }
    Sense::Vague
}

/// Of two uses of a term in one sentence the one that says more is kept.
pub(super) fn rank(sense: Sense) -> u8 {
    match sense {
        Sense::Vague => 3,
        Sense::Quantified | Sense::Named | Sense::Explained => 2,
        _ => 1,
    }
}

/// Places whose sentences claim nothing about the design.
fn place(view: &View<'_>) -> Option<Sense> {
    if view.block().kind == BlockKind::Quote {
        return Some(Sense::NotAClaim);
    }
    match view.section() {
        SectionKind::Alternatives | SectionKind::NonGoals => Some(Sense::NotTheDesign),
        SectionKind::Process
        | SectionKind::References
        | SectionKind::Glossary
        | SectionKind::Questions
        | SectionKind::Tests
        | SectionKind::Measurement => Some(Sense::NotAClaim),
        _ => None,
    }
}

/// Modality of a statement at token `at`.
pub(crate) fn modality(view: &View<'_>, at: usize) -> Modality {
    if matches!(view.section(), SectionKind::Alternatives | SectionKind::NonGoals) {
        return Modality::Rejected;
    }
    let strong = ["must", "shall", "required", "requires", "guarantee", "guarantees", "guaranteed", "will"];
    if view.word_before(at, 12, &strong) {
        return Modality::Must;
    }
    if view.word_before(at, 12, &["should", "need", "needs", "expected"]) {
        return Modality::Should;
    }
    if view.has_word(&["goal", "target", "targets", "aim", "aims", "objective", "slo"]) || goal_section(view) {
        return Modality::Target;
    }
    Modality::Stated
}

fn goal_section(view: &View<'_>) -> bool {
    matches!(
        view.section(),
        SectionKind::Goals | SectionKind::Quality | SectionKind::SuccessCriteria | SectionKind::Requirements
    )
}

fn negated(view: &View<'_>, phrase: Phrase) -> bool {
    let mut commas = 0;
    for p in view.before_in_clause(phrase.first, 7) {
        if view.mark(p, b',') || view.any(p, &["but", "and"]) {
            commas += 1;
            if commas == 1 && view.any(p, &["but"]) {
                return false;
            }
        }
        if view.class(p, Class::NEGATION) && commas == 0 {
            return true;
        }
        if view.any(p, &["not", "never", "without"]) && !view.is(p + 1, "only") {
            return true;
        }
    }
    (phrase.last..phrase.last + 4).take_while(|p| !view.boundary(*p)).any(|p| view.any(p, &["not", "isn't", "cannot"]))
}

/// Options, comparisons, complaints about the present.
fn weighed(view: &View<'_>, phrase: Phrase) -> bool {
    let first = view.sentence.first;
    let opening = view.any(
        first,
        &[
            "alternative",
            "alternatively",
            "option",
            "pros",
            "cons",
            "pro",
            "con",
            "currently",
            "previously",
            "historically",
            "today",
        ],
    );
    let hedge = view.word_before(
        phrase.first,
        8,
        &["would", "could", "might", "if", "whether", "suppose", "trade", "sacrificing"],
    );
    let compared =
        view.any(view.before(phrase.first), &["more", "less", "most"]) && view.positions().any(|p| view.is(p, "than"));
    opening || hedge || compared
}

fn people_or_code(view: &View<'_>, phrase: Phrase) -> bool {
    let next = phrase.last;
    view.class(next, Class::HUMAN_ACT) && !view.class(next, Class::SYSTEM)
}

/// A number of the right kind: after the phrase, close before it, in the row, or in what continues it.
fn quantified(view: &View<'_>, phrase: Phrase) -> bool {
    if matches!(phrase.term, VagueTerm::Transaction) {
        return false;
    }
    let row = view.block().kind == BlockKind::TableRow;
    for found in quantity::quantities(view) {
        let reaches = found.first >= phrase.last || row || close_before(view, found, phrase);
        if reaches && fits(view, found, phrase.term) {
            return true;
        }
    }
    view.continued().take(2).any(|next| quantity::quantities(&next).any(|found| fits(&next, found, phrase.term)))
        || percentile_in_reach(view, phrase)
}

fn percentile_in_reach(view: &View<'_>, phrase: Phrase) -> bool {
    phrase.term == VagueTerm::Fast
        && view.has_word(&["p50", "p90", "p95", "p99", "p999", "percentile", "sub-second", "O"])
}

/// A number before the phrase belongs to it only when no new clause begins between them.
fn close_before(view: &View<'_>, found: Quantity, phrase: Phrase) -> bool {
    found.last <= phrase.first
        && phrase.first - found.last <= 12
        && !(found.last..phrase.first).any(|p| view.class(p, Class::CLAUSE) || view.boundary(p) || view.mark(p, b','))
}

fn fits(view: &View<'_>, found: Quantity, term: VagueTerm) -> bool {
    match term {
        VagueTerm::Fast | VagueTerm::Consistent => {
            found.unit == Unit::Milliseconds || (found.unit == Unit::Percent && view.is(found.last - 1, "percentile"))
        }
        VagueTerm::Available | VagueTerm::Reliable => match found.unit {
            Unit::Percent => true,
            Unit::Count => view.class(found.counted, Class::REDUNDANT) || view.class(found.last - 1, Class::REDUNDANT),
            Unit::Milliseconds => true,
            _ => false,
        },
        VagueTerm::Scalable => matches!(found.unit, Unit::Count | Unit::PerSecond | Unit::Times),
        VagueTerm::Untestable => !matches!(found.unit, Unit::None),
        VagueTerm::Graceful | VagueTerm::Lock => found.unit == Unit::Milliseconds,
        VagueTerm::Transaction => false,
    }
}

/// A model, guarantee, mechanism or failure named where the claim stands.
fn named(view: &View<'_>, phrase: Phrase) -> bool {
    match phrase.term {
        VagueTerm::Consistent => {
            names_model(view, phrase) || view.continued().take(1).any(|v| v.positions().any(|p| model_word(&v, p)))
        }
        VagueTerm::Reliable => {
            names_delivery(view)
                || names_failure(view, phrase)
                || view.continued().take(1).any(|v| names_delivery(&v) || names_failure(&v, phrase))
        }
        VagueTerm::Available => {
            names_failure(view, phrase) || view.continued().take(2).any(|v| names_failure(&v, phrase))
        }
        VagueTerm::Lock => lock_named(view) || view.continued().take(3).any(|v| lock_named(&v)),
        VagueTerm::Transaction => {
            view.has_word(&[
                "saga",
                "outbox",
                "compensating",
                "compensation",
                "compensate",
                "local",
                "2pc",
                "two-phase",
                "avoid",
                "avoids",
            ]) || view.word_before(phrase.first, 4, &["after", "once", "when"])
        }
        VagueTerm::Graceful => degraded_state(view, phrase),
        VagueTerm::Fast | VagueTerm::Scalable | VagueTerm::Untestable => false,
    }
}

fn names_model(view: &View<'_>, phrase: Phrase) -> bool {
    view.positions().any(|p| !(phrase.first..phrase.last).contains(&p) && model_word(view, p))
}

fn model_word(view: &View<'_>, at: usize) -> bool {
    view.class(at, Class::MODEL) && !view.any(at, &["point", "session-consistency"])
}

fn names_delivery(view: &View<'_>) -> bool {
    view.positions().any(|p| {
        (view.is(p, "at") && view.any(view.after(p), &["least", "most"]))
            || (view.is(p, "exactly") && view.is(view.after(p), "once"))
            || view.any(p, &["wal", "fsync", "quorum", "idempotent", "deduplication", "dead-letter", "dlq", "outbox"])
    })
}

/// "a single replica crashing", "in case of node failure", "no single point of failure".
fn names_failure(view: &View<'_>, phrase: Phrase) -> bool {
    const WHAT: &[&str] = &[
        "node",
        "nodes",
        "zone",
        "zones",
        "region",
        "regions",
        "replica",
        "replicas",
        "instance",
        "instances",
        "disk",
        "disks",
        "machine",
        "machines",
        "leader",
        "primary",
        "broker",
        "brokers",
        "pod",
        "pods",
        "server",
        "servers",
        "datacenter",
        "host",
        "hosts",
        "network",
        "az",
        "single",
        "one",
    ];
    const VAGUE: &[&str] = &["certain", "some", "various", "many", "most"];
    view.positions().any(|p| {
        let fails = view.class(p, Class::FAILURE) || view.word(p).to_ascii_lowercase().starts_with("crash");
        if !fails || (phrase.first..phrase.last).contains(&p) {
            return false;
        }
        let around = view.before_in_clause(p, 4).collect::<Vec<_>>();
        let what = around.iter().any(|q| view.any(*q, WHAT)) || (p + 1..p + 4).any(|q| view.any(q, WHAT));
        what && !around.iter().any(|q| view.any(*q, VAGUE))
    }) || view.positions().any(|p| view.is(p, "point") && view.is(p + 1, "of") && view.is(p + 2, "failure"))
        || view.positions().any(|p| view.is(p, "more") && view.is(p + 1, "than") && view.is(p + 2, "one"))
}

fn lock_named(view: &View<'_>) -> bool {
    view.has(Class::LEASE)
}

/// "degrades to read-only mode", "graceful degradation: ...", "if X is down, ...".
fn degraded_state(view: &View<'_>, phrase: Phrase) -> bool {
    let next = phrase.last;
    let into =
        (next..next + 3).any(|p| view.any(p, &["to", "into", "by", "through", "via"]) && view.token(p + 1).is_some());
    let condition = view.positions().any(|p| {
        view.any(p, &["if", "when", "unavailable", "fallback", "fall", "falls", "read-only", "cached", "stale"])
            && !(phrase.first..phrase.last).contains(&p)
    });
    into || condition || label_explained(view, phrase, 3)
}

/// A reason or definition in brackets, after a colon or a dash, or after "because".
fn explained(view: &View<'_>, phrase: Phrase) -> bool {
    let next = phrase.last;
    if view.mark(next, b'(') && view.token(next + 1).is_some() {
        return true;
    }
    let cause = ["because", "since", "thanks", "due"];
    if (next..next + 3).any(|p| view.any(p, &cause)) {
        return true;
    }
    match phrase.term {
        VagueTerm::Available | VagueTerm::Reliable => {
            label_explained(view, phrase, 6)
                && view.has_word(&["multiple", "replicas", "no", "failover", "standby", "redundant"])
        }
        VagueTerm::Untestable | VagueTerm::Fast => view.any(next, &["by", "through"]),
        _ => false,
    }
}

/// The phrase is a label ("**High availability**: ...") and at least `words` words follow.
fn label_explained(view: &View<'_>, phrase: Phrase, words: usize) -> bool {
    let label = phrase.first <= view.sentence.first + 1;
    let colon = (phrase.last..phrase.last + 2).any(|p| view.mark(p, b':') || view.mark(p, b'-'));
    let follow =
        (phrase.last..view.sentence.last).filter(|p| view.token(*p).is_some_and(|t| t.kind == Kind::Word)).count();
    label && colon && follow >= words
}
