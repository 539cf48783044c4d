//! Numbers, models and guarantees a document states, with what they bound and how they are meant.

use super::blocks::BlockKind;
use super::lexer::Kind;
use super::lexicon::Class;
use super::prose::{Prose, View};
use super::quantity::{self, Quantity};
use super::{models, vague};
use whatif_model::facts::prose::{Bounds, Modality, Relation, SectionKind, StatedRequirement, Statistic, Unit};
use whatif_model::text::Range;

/// How far from a number the word is looked for that says what it bounds, in tokens.
const REACH: usize = 12;
/// Most names kept as subject.
const SUBJECT_MAX: usize = 8;

/// All stated requirements of a document, in order.
pub(crate) fn stated(prose: &Prose<'_>) -> Vec<StatedRequirement> {
    let mut out = Vec::new();
    for at in 0..prose.sentences.len() {
        let view = prose.view(at);
        if matches!(view.block().kind, BlockKind::TableHeader | BlockKind::Heading(_)) {
            continue;
        }
        for found in quantity::quantities(&view) {
            if let Some(requirement) = of_quantity(&view, found) {
                out.push(requirement);
            }
        }
        if view.has(Class::FACT) {
            models::named(&view, &mut out);
        }
    }
    out
}

fn of_quantity(view: &View<'_>, found: Quantity) -> Option<StatedRequirement> {
    if found.unit == Unit::Percent && view.any(found.last - 1, &["percentile"]) || view.is(found.last, "percentile") {
        return None;
    }
    let bounds = bounds(view, found)?;
    let mut requirement = blank(view, bounds, view.bytes(found.first, found.last));
    requirement.statistic = statistic(view, found);
    requirement.relation = relation(view, found);
    requirement.value = Some(found.value);
    requirement.unit = found.unit;
    requirement.condition = condition(view, found);
    Some(requirement)
}

/// A requirement at `words` with everything but its value.
pub(super) fn blank(view: &View<'_>, bounds: Bounds, words: Range) -> StatedRequirement {
    let first = view.positions().find(|p| view.bytes(*p, p + 1).start >= words.start).unwrap_or(view.sentence.first);
    StatedRequirement {
        id: id(view),
        bounds,
        statistic: Statistic::Unsaid,
        relation: Relation::About,
        value: None,
        unit: Unit::None,
        named: None,
        condition: None,
        subject: subject(view),
        modality: modality(view, first),
        section: view.section(),
        words,
        sentence: view.range(),
    }
}

/// Words that say what a number bounds. The one nearest to the number wins.
const TIME_WORDS: &[(Bounds, &[&str])] = &[
    (Bounds::RecoveryPoint, &["rpo"]),
    (Bounds::RecoveryTime, &["rto", "failover", "recover", "recovers", "recovery", "outage"]),
    (Bounds::Timeout, &["timeout", "timeouts", "deadline", "deadlines", "times"]),
    (Bounds::Backoff, &["backoff", "backoffs", "jitter", "retry", "retries", "retrying"]),
    (
        Bounds::Staleness,
        &[
            "stale",
            "staleness",
            "lag",
            "ttl",
            "cache",
            "cached",
            "fresh",
            "freshness",
            "refresh",
            "refreshed",
            "propagate",
            "propagation",
        ],
    ),
    (Bounds::Retention, &["retention", "retain", "retained", "kept", "history", "archive", "archived"]),
    (
        Bounds::Latency,
        &[
            "latency",
            "latencies",
            "response",
            "respond",
            "responds",
            "load",
            "loads",
            "render",
            "renders",
            "p50",
            "p90",
            "p95",
            "p99",
            "p999",
            "percentile",
            "return",
            "returns",
            "process",
            "processed",
            "deliver",
            "delivered",
            "delivery",
            "complete",
            "completes",
            "completed",
            "finish",
            "display",
            "displayed",
            "lookup",
            "query",
            "queries",
            "search",
            "end-to-end",
            "duration",
            "time",
        ],
    ),
];

fn bounds(view: &View<'_>, found: Quantity) -> Option<Bounds> {
    let near = |words: &[&str]| nearest(view, found, words).is_some();
    Some(match found.unit {
        Unit::Milliseconds => time_bounds(view, found),
        Unit::Percent if near(&["error", "errors", "failed", "5xx"]) => Bounds::ErrorRate,
        Unit::Percent if near(&["availability", "available", "uptime", "up"]) => Bounds::Availability,
        Unit::Percent if near(&["requests", "calls", "slo", "succeed", "success"]) && found.value >= 90.0 => {
            Bounds::Availability
        }
        Unit::Percent => Bounds::Share,
        Unit::PerSecond => Bounds::Throughput,
        Unit::Count | Unit::Times if near(&["retry", "retries", "attempts", "retried", "attempt"]) => Bounds::Attempts,
        Unit::Count
            if near(&[
                "concurrent",
                "concurrently",
                "simultaneous",
                "simultaneously",
                "users",
                "dau",
                "mau",
                "connections",
            ]) =>
        {
            Bounds::Concurrency
        }
        Unit::Count if view.has_word(&["survive", "survives", "tolerate", "tolerates"]) && view.has(Class::FAILURE) => {
            Bounds::SurvivedFailure
        }
        _ => return None,
    })
}

fn time_bounds(view: &View<'_>, found: Quantity) -> Bounds {
    if view.has_word(&["idempotency", "idempotent", "deduplication"])
        && view.has_word(&["key", "keys", "window", "ttl"])
    {
        return Bounds::KeyValidity;
    }
    let nearest = TIME_WORDS
        .iter()
        .filter_map(|(bounds, words)| Some((nearest(view, found, words)?, *bounds)))
        .min_by_key(|(d, _)| *d);
    nearest.map_or(Bounds::Duration, |(_, bounds)| bounds)
}

/// Distance in tokens to the nearest of `words`; a word before the number counts as nearer than one after.
fn nearest(view: &View<'_>, found: Quantity, words: &[&str]) -> Option<usize> {
    let from = found.first.saturating_sub(REACH).max(view.sentence.first);
    let to = (found.last + REACH).min(view.sentence.last);
    (from..to)
        .filter(|p| view.any(*p, words) && !view.is(view.before(*p), "real"))
        .map(|p| if p < found.first { (found.first - p) * 2 } else { p.saturating_sub(found.last) * 2 + 3 })
        .min()
}

fn statistic(view: &View<'_>, found: Quantity) -> Statistic {
    let from = found.first.saturating_sub(REACH).max(view.sentence.first);
    let to = (found.last + REACH).min(view.sentence.last);
    let distance =
        |p: usize| if p < found.first { (found.first - p) * 2 } else { p.saturating_sub(found.last) * 2 + 1 };
    (from..to)
        .filter_map(|p| Some((distance(p), statistic_at(view, p)?)))
        .min_by_key(|(d, _)| *d)
        .map_or(Statistic::Unsaid, |(_, statistic)| statistic)
}

fn statistic_at(view: &View<'_>, at: usize) -> Option<Statistic> {
    let word = view.word(at);
    if let Some(digits) =
        word.strip_prefix(['p', 'P']).filter(|d| d.len() >= 2 && d.bytes().all(|b| b.is_ascii_digit()))
    {
        return percentile(digits);
    }
    if view.any(at, &["percentile", "ile"]) {
        let number = (at.saturating_sub(4).max(view.sentence.first)..at)
            .rev()
            .find(|p| view.token(*p).is_some_and(|t| t.kind == Kind::Number));
        return percentile(view.word(number?));
    }
    if view.any(at, &["average", "avg", "mean"]) {
        return Some(Statistic::Mean);
    }
    if view.any(at, &["median"]) {
        return Some(Statistic::Percentile(50.0));
    }
    view.any(at, &["maximum", "max", "always", "every", "worst"]).then_some(Statistic::Maximum)
}

/// `99` and `99.9` as written, `999` as 99.9.
fn percentile(digits: &str) -> Option<Statistic> {
    let value: f64 = digits.parse().ok()?;
    let value = if value > 1000.0 {
        value / 100.0
    } else if value > 100.0 {
        value / 10.0
    } else {
        value
    };
    (value <= 100.0).then_some(Statistic::Percentile(value))
}

fn relation(view: &View<'_>, found: Quantity) -> Relation {
    for p in (found.first.saturating_sub(4).max(view.sentence.first)..found.first).rev() {
        if view.mark(p, b'<')
            || view.any(p, &["within", "under", "less", "below", "most", "up", "maximum", "max", "fewer"])
        {
            return Relation::AtMost;
        }
        if view.mark(p, b'>') || view.any(p, &["least", "above", "over", "minimum", "min", "exceed", "exceeds"]) {
            return Relation::AtLeast;
        }
        if view.is(p, "more") {
            let at_most = view.any(p.wrapping_sub(1), &["no", "not"]);
            return if at_most { Relation::AtMost } else { Relation::AtLeast };
        }
    }
    if view.mark(found.last, b'+') || view.mark(found.last - 1, b'+') { Relation::AtLeast } else { Relation::About }
}

/// "at 500 requests/s", "for a 60 s video", "under peak load": from the preposition to the end of its phrase.
fn condition(view: &View<'_>, found: Quantity) -> Option<Range> {
    let to = (found.last + REACH).min(view.sentence.last);
    let starts =
        |p: usize| view.any(p, &["at", "under", "for", "during", "with", "over"]) && view.token(p + 1).is_some();
    let first = (found.last..to).find(|p| starts(*p))?;
    let ends = |p: &usize| view.boundary(*p) || view.mark(*p, b',') || view.mark(*p, b'.') || view.mark(*p, b')');
    let last = (first..to).find(ends).unwrap_or(to);
    Some(view.bytes(first, last))
}

/// `NFR-001`, `FR-12`, `SC-3` at the start of the sentence.
fn id(view: &View<'_>) -> Option<String> {
    let start = if view.mark(view.sentence.first, b'|') { view.sentence.first + 1 } else { view.sentence.first };
    let letters = view.word(start);
    let number = start + 2;
    let numbered = view.mark(start + 1, b'-') && view.token(number).is_some_and(|t| t.kind == Kind::Number);
    let short = letters.len() <= 6 && !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_uppercase());
    (short && numbered).then(|| format!("{letters}-{}", view.word(number)))
}

/// Names and nouns a requirement may be about, as written.
fn subject(view: &View<'_>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for p in view.positions() {
        let Some(token) = view.token(p) else { continue };
        let name = token.kind == Kind::Code
            || token.kind == Kind::Word
                && (token.is(Class::SYSTEM) || token.is(Class::DATA) || (token.capital && p != view.sentence.first));
        let word = view.word(p).trim_matches('`');
        if name && !out.iter().any(|known| known == word) {
            out.push(word.to_owned());
        }
        if out.len() == SUBJECT_MAX {
            break;
        }
    }
    out
}

fn modality(view: &View<'_>, at: usize) -> Modality {
    let section = view.section();
    if section == SectionKind::Measurement
        || view.has_word(&["measured", "observed", "took", "benchmark", "benchmarked", "experiments"])
    {
        return Modality::Measured;
    }
    if view.has_word(&["alert", "alerts", "alarm", "warning", "fires"]) {
        return Modality::Alert;
    }
    if view.has_word(&["limit", "limits", "quota", "limited", "capped"]) || view.has_word(&["ratelimit"]) {
        return Modality::Limit;
    }
    if section == SectionKind::Example
        || view.has_word(&["example", "instance:", "e.g", "suppose", "assume", "assuming"])
    {
        return Modality::Example;
    }
    vague::modality(view, at)
}
