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
    if view.asks() || embedded_question(view, phrase) {
        return Sense::Question;
    }
    if !phrase.negative && negated(view, phrase) {
        return Sense::NotPromised;
    }
    if motive(view, phrase) || story(view, phrase) || condition(view, phrase) || explains_name(view, phrase) {
        return Sense::NotAClaim;
    }
    if weighed(view, phrase) || comparison_row(view) {
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
    for (distance, p) in view.before_in_clause(phrase.first, 7).enumerate() {
        if view.mark(p, b'.') || view.is(p, "but") {
            break;
        }
        commas += usize::from(view.mark(p, b',') || view.is(p, "and"));
        let lacks = (p + 1..p + 4).any(|q| view.any(q, &["support", "guarantee", "guarantees", "need", "requirement"]));
        let near = distance < 2 || !view.is(p, "no") || lacks;
        if view.class(p, Class::NEGATION) && commas == 0 && near && !view.is(p + 1, "only") {
            return true;
        }
        if view.any(p, &["not", "never", "without"]) && commas < 2 && !view.is(p + 1, "only") {
            return true;
        }
    }
    let verb = phrase.last;
    view.class(verb, Class::COPULA) && view.any(verb + 1, &["not", "never", "neither"])
        || view.class(verb, Class::NEGATION) && view.word(verb).ends_with("n't")
        || view.any(verb, &["cannot"])
}

/// "how we will keep these replicas in sync": the answer is elsewhere.
fn embedded_question(view: &View<'_>, phrase: Phrase) -> bool {
    let how = view.before_in_clause(phrase.first, 9).find(|p| view.is(*p, "how"));
    how.is_some_and(|p| !view.class(view.before(p), Class::COPULA))
}

/// "Improving the reliability of uploads", told as the reason: more than today, which promises no degree.
fn motive(view: &View<'_>, phrase: Phrase) -> bool {
    const MORE: &[&str] = &[
        "improve",
        "improves",
        "improved",
        "improving",
        "increase",
        "increases",
        "increasing",
        "enhance",
        "enhances",
        "enhancing",
        "more",
        "better",
        "greater",
    ];
    let compares = || view.before_in_clause(phrase.last, 8).any(|p| view.any(p, MORE));
    view.section() == SectionKind::Background && modality(view, phrase.first) == Modality::Stated && compares()
}

/// A setting or a moment, not a promise: "for highly-available clusters, ...", "until it reaches a consistent
/// state", "systems where a high-throughput service calls another".
fn condition(view: &View<'_>, phrase: Phrase) -> bool {
    const SETTINGS: &[&str] = &[
        "cluster",
        "clusters",
        "deployment",
        "deployments",
        "environment",
        "environments",
        "setup",
        "setups",
        "system",
        "systems",
        "installation",
        "installations",
        "workload",
        "workloads",
        "application",
        "applications",
    ];
    let first = view.sentence.first;
    let opens = view.any(first, &["for", "in", "on", "with", "under", "when", "if"]);
    let comma = (phrase.last..view.sentence.last).find(|p| view.mark(*p, b','));
    let setting = comma.is_some_and(|comma| (phrase.last - 1..comma).any(|p| view.any(p, SETTINGS)));
    let leads = opens && setting && !(first..phrase.first).any(|p| view.mark(p, b',') || view.boundary(p));
    let generic = view.before_in_clause(phrase.first, 3).any(|p| view.any(p, &["a", "an"]))
        && view.word_before(phrase.first, 4, &["where"]);
    leads || generic || view.word_before(phrase.first, 8, &["until", "once"])
}

/// "*Consistent Replica Read* supports consistent read": the feature is called that.
fn explains_name(view: &View<'_>, phrase: Phrase) -> bool {
    let word = view.word(phrase.first);
    let capital = |p: usize| view.token(p).is_some_and(|t| t.capital);
    (view.sentence.first..phrase.first).any(|p| view.is(p, word) && capital(p) && capital(p + 1) && capital(p + 2))
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
    let past = view.word_before(phrase.first, 8, &["had"]);
    let wish = |p: usize| view.is(p, "would") && view.any(p + 1, &["want", "like", "need"]);
    let hedges = ["would", "could", "might", "if", "whether", "suppose", "trade", "sacrificing"];
    let hedge = past || view.before_in_clause(phrase.first, 8).any(|p| view.any(p, &hedges) && !wish(p));
    let compared =
        view.any(view.before(phrase.first), &["more", "less", "most"]) && view.positions().any(|p| view.is(p, "than"));
    let likened = view.is(view.before(phrase.first), "as") && (phrase.last..phrase.last + 3).any(|p| view.is(p, "as"));
    opening || hedge || compared || likened
}

fn people_or_code(view: &View<'_>, phrase: Phrase) -> bool {
    let next = phrase.last;
    let human_act = view.class(next, Class::HUMAN_ACT) && !view.class(next, Class::SYSTEM);
    let process = ["governance", "contributors", "maintainers", "codebase", "refactoring", "hardware"];
    human_act || view.has_word(&process) || name(view, phrase) || quoted(view, phrase)
}

/// "Consistent Replica Read": capitals run on into the next word and no label ends there.
fn name(view: &View<'_>, phrase: Phrase) -> bool {
    let capital = |p: usize| view.token(p).is_some_and(|t| t.capital);
    let label = (phrase.last..phrase.last + 5).any(|p| view.mark(p, b':'));
    phrase.last - phrase.first < 3 && (phrase.first..=phrase.last).all(|p| capital(p) || view.mark(p, b'-')) && !label
}

/// Longest quotation, in tokens, that is a name or somebody's words rather than a speaking author.
const QUOTED_MAX: usize = 6;

fn quoted(view: &View<'_>, phrase: Phrase) -> bool {
    let quote = |p: &usize| view.mark(*p, b'"');
    let open = (view.sentence.first..phrase.first).rev().take(QUOTED_MAX).find(quote);
    let close = (phrase.last..view.sentence.last).take(QUOTED_MAX).find(quote);
    matches!((open, close), (Some(open), Some(close)) if close - open <= QUOTED_MAX + 1)
}

/// "As a reader, I want ...": a wish of somebody in a story.
fn story(view: &View<'_>, phrase: Phrase) -> bool {
    let first = view.sentence.first;
    let opens = view.is(first, "as")
        && view.any(first + 1, &["a", "an"])
        && (first..first + 14).any(|p| view.any(p, &["I", "I'll", "we", "we'll"]));
    let wish = view.section() == SectionKind::Example
        && view.has_word(&["want", "wants", "he", "she", "his", "her", "I", "my"]);
    let person = (first..first + 4).any(|p| view.class(p, Class::HUMAN) && !view.is(p, "we"));
    let told = person && phrase.term == VagueTerm::Fast && !view.has_word(&["must", "shall", "should"]);
    opens || wish || told
}

/// A row of a table that weighs options against each other.
fn comparison_row(view: &View<'_>) -> bool {
    let blocks = &view.prose.blocks;
    let at = view.sentence.block;
    if blocks[at].kind != BlockKind::TableRow {
        return false;
    }
    let rows = |b: &&crate::spec::blocks::Block| matches!(b.kind, BlockKind::TableRow | BlockKind::Markup);
    let above = blocks[..at].iter().rev().take(TABLE_ROWS_MAX).find(|b| !rows(b));
    let Some(header) = above.filter(|b| b.kind == BlockKind::TableHeader) else { return false };
    let title = view.prose.text.get(header.range.clone()).unwrap_or("").to_ascii_lowercase();
    [
        "pros",
        "cons",
        "advantage",
        "trade-off",
        "tradeoff",
        "alternative",
        "rejected",
        "drawback",
        "approach",
        "option",
        "chosen",
    ]
    .iter()
    .any(|w| title.contains(w))
}

/// How many rows above a table row its header is looked for.
const TABLE_ROWS_MAX: usize = 60;

/// A number of the right kind: after the phrase, close before it, in the row, or in what continues it.
fn quantified(view: &View<'_>, phrase: Phrase) -> bool {
    if matches!(phrase.term, VagueTerm::Transaction) {
        return false;
    }
    let row = view.block().kind == BlockKind::TableRow;
    let throughput = (phrase.first..phrase.last).any(|p| view.any(p, &["throughput", "performance"]));
    for found in quantity::quantities(view) {
        if throughput && matches!(found.unit, Unit::PerSecond | Unit::Count) {
            return true;
        }
        let reaches = found.first >= phrase.last || row || close_before(view, found, phrase) || label(view, phrase);
        if reaches && fits(view, found, phrase.term) {
            return true;
        }
    }
    view.continued().take(2).any(|next| quantity::quantities(&next).any(|found| fits(&next, found, phrase.term)))
        || percentile_in_reach(view, phrase)
}

/// "p90 below 150 ms: acceptable performance": what stands before the colon is defined by the phrase.
fn label(view: &View<'_>, phrase: Phrase) -> bool {
    (1..4).any(|back| view.mark(phrase.first.wrapping_sub(back), b':'))
}

/// Hours and days bound no response: they are lifetimes, windows or schedules.
const RESPONSE_MAX_MILLIS: f64 = 3_600_000.0;

/// Percentiles, and orders of magnitude ("every few seconds", "tens of milliseconds").
fn percentile_in_reach(view: &View<'_>, phrase: Phrase) -> bool {
    let order = |p: usize| {
        view.class(p, Class::TIME)
            && view.any(view.before(p), &["few", "couple", "several", "of", "sub"])
            && view.word(p).len() > 3
    };
    if matches!(phrase.term, VagueTerm::Fast | VagueTerm::Consistent)
        && view.has(Class::TIME)
        && view.positions().any(order)
    {
        return true;
    }
    phrase.term == VagueTerm::Fast
        && view.has_word(&["p50", "p90", "p95", "p99", "p999", "percentile", "sub-second", "O"])
}

/// A number before the phrase belongs to it only when no new clause begins between them.
fn close_before(view: &View<'_>, found: Quantity, phrase: Phrase) -> bool {
    found.last <= phrase.first
        && phrase.first - found.last <= 12
        && !(found.last..phrase.first).any(|p| view.class(p, Class::CLAUSE) || view.boundary(p))
}

fn fits(view: &View<'_>, found: Quantity, term: VagueTerm) -> bool {
    match term {
        VagueTerm::Fast => {
            found.unit == Unit::Milliseconds && found.value < RESPONSE_MAX_MILLIS
                || found.unit == Unit::Percent && view.is(found.last - 1, "percentile")
        }
        VagueTerm::Consistent => found.unit == Unit::Milliseconds,
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
        VagueTerm::Scalable => {
            view.any(view.before(phrase.first), &["horizontal", "horizontally", "vertical", "vertically"])
        }
        VagueTerm::Fast | VagueTerm::Untestable => false,
    }
}

fn names_model(view: &View<'_>, phrase: Phrase) -> bool {
    let contrast = view.has_word(&["unlike", "whereas", "while"]);
    let from = (view.sentence.first..phrase.first).rev().find(|p| contrast && view.mark(*p, b','));
    (from.unwrap_or(view.sentence.first)..view.sentence.last)
        .any(|p| !(phrase.first..phrase.last).contains(&p) && model_word(view, p))
}

fn model_word(view: &View<'_>, at: usize) -> bool {
    view.class(at, Class::MODEL)
}

fn names_delivery(view: &View<'_>) -> bool {
    view.positions().any(|p| {
        (view.is(p, "at") && view.any(view.after(p), &["least", "most"]))
            || (view.is(p, "exactly") && view.is(view.after(p), "once"))
            || view.any(p, &["wal", "fsync", "quorum", "idempotent", "deduplication", "dead-letter", "dlq", "outbox"])
    })
}

/// A failure of something in particular: "a single replica crashing", "node failure", not "certain failures".
pub(crate) fn scoped_failure(view: &View<'_>, at: usize) -> bool {
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
    if !(view.class(at, Class::FAILURE) || view.word(at).to_ascii_lowercase().starts_with("crash")) {
        return false;
    }
    let before = |words: &[&str]| view.before_in_clause(at, 4).any(|q| view.any(q, words));
    (before(WHAT) || (at + 1..at + 4).any(|q| view.any(q, WHAT))) && !before(VAGUE)
}

fn names_failure(view: &View<'_>, phrase: Phrase) -> bool {
    let inside = phrase.first..phrase.last;
    let words = |p: usize, wanted: &[&str]| wanted.iter().enumerate().all(|(n, w)| view.is(p + n, w));
    threat(view, phrase)
        || view.positions().any(|p| {
            !inside.contains(&p) && scoped_failure(view, p)
                || words(p, &["point", "of", "failure"])
                || words(p, &["more", "than", "one"])
                || during(view, p) && (p + 1..p + 8).any(|q| view.class(q, Class::FAILURE))
        })
}

fn during(view: &View<'_>, at: usize) -> bool {
    view.any(at, &["during", "across", "despite", "even"]) || (view.is(at, "case") && view.is(at + 1, "of"))
}

/// "resilient to hijacked routes": what it withstands is said, and is not "certain failures".
fn threat(view: &View<'_>, phrase: Phrase) -> bool {
    let to = phrase.last;
    let said = view.any(to, &["to", "against"]) && view.token(to + 1).is_some();
    said && !(to + 1..to + 3)
        .any(|p| view.any(p, &["certain", "some", "various", "failure", "failures", "fault", "faults", "errors"]))
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
        VagueTerm::Consistent => view.mark(next, b':'),
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
