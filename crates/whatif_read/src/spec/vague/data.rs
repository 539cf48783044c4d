//! "consistent" of data, "fast" of behaviour.

use super::Phrase;
use crate::spec::lexer::Kind;
use crate::spec::lexicon::Class;
use crate::spec::prose::View;
use whatif_model::facts::prose::VagueTerm;

/// "consistent", "in sync", "up to date" said of something that holds data.
pub(super) fn consistent(view: &View<'_>, at: usize) -> Option<Phrase> {
    let found = match view.word(at).to_ascii_lowercase().as_str() {
        "date" => up_to_date(view, at)?,
        "sync" | "synchronized" => in_sync(view, at)?,
        "consistent" | "consistently" => adjective(view, at)?,
        "consistency" => noun(view, at)?,
        _ => return None,
    };
    Some(Phrase::new(VagueTerm::Consistent, found, at))
}

fn up_to_date(view: &View<'_>, at: usize) -> Option<usize> {
    let to = view.before(at);
    let up = view.before(to);
    if !(view.is(to, "to") && view.is(up, "up")) {
        return None;
    }
    let described = view.after(at);
    let data = |p: usize| view.class(p, Class::DATA) && !view.class(p, Class::CODE);
    let says_what = (described..described + 3).any(data);
    let said_of = view.class_before(up, 2, Class::COPULA) && view.before_in_clause(up, 6).any(data);
    (says_what || said_of).then_some(up)
}

fn in_sync(view: &View<'_>, at: usize) -> Option<usize> {
    let preposition = view.before(at);
    if !view.is(preposition, "in") || view.is(at + 1, "mode") {
        return None;
    }
    let said_of = view.before_in_clause(preposition, 6);
    let mut data = false;
    for p in said_of {
        if view.class(p, Class::CODE) && !view.class(p, Class::DATA) {
            return None;
        }
        data |= view.class(p, Class::DATA);
    }
    (data && (view.class_before(preposition, 5, Class::COPULA) || view.class_before(preposition, 8, Class::ENSURE)))
        .then_some(preposition)
}

/// Next words that make "consistent" a term of art or a matter of style.
const NOT_DATA: &[&str] =
    &["hash", "hashing", "hasher", "with", "across", "index", "sampling", "probability", "naming"];

fn adjective(view: &View<'_>, at: usize) -> Option<usize> {
    let next = view.after(at);
    let boosted =
        view.any(view.before(at), &["immediately", "always", "fully", "completely", "perfectly", "instantly"]);
    let start = if boosted { view.before(at) } else { at };
    let predicate = view.class_before(start, 3, Class::COPULA);
    let said_of_data = view.before_in_clause(start, 7).any(|p| data_not_code(view, p));
    let said_of_code =
        view.before_in_clause(start, 7).any(|p| view.class(p, Class::CODE) && !view.class(p, Class::DATA));
    if predicate && said_of_data && !said_of_code {
        let with_code = view.is(next, "with")
            && (next..next + 5).any(|p| view.class(p, Class::CODE) && !view.class(p, Class::DATA));
        return (!with_code).then_some(start);
    }
    if view.any(next, NOT_DATA) || view.class(next, Class::CODE) {
        return None;
    }
    data_not_code(view, next).then_some(start)
}

fn data_not_code(view: &View<'_>, at: usize) -> bool {
    view.class(at, Class::DATA)
        && !view.class(at, Class::CODE)
        && !view.any(at, &["results", "document", "documents", "record", "table", "tables", "store", "index"])
}

fn noun(view: &View<'_>, at: usize) -> Option<usize> {
    let before = view.before(at);
    let claimed = |from: usize| view.class_before(from, 6, Class::ENSURE) || view.class_before(from, 6, Class::MODAL);
    if data_not_code(view, before)
        && claimed(before)
        && !view.any(view.after(at), &["check", "checks", "level", "levels", "model"])
    {
        return Some(before);
    }
    let next = view.after(at);
    let between = view.any(next, &["between", "across", "among", "of", "with"]);
    let data = (next + 1..next + 5).any(|p| data_not_code(view, p) || view.any(p, &["services", "nodes"]));
    let code = (next + 1..next + 6).any(|p| view.class(p, Class::CODE) && !view.class(p, Class::DATA));
    (between && data && !code && view.class_before(at, 4, Class::ENSURE)).then_some(at)
}

/// "fast", "real-time", "instantly", "low latency", "high-performance" said of behaviour.
pub(super) fn fast(view: &View<'_>, at: usize) -> Option<Phrase> {
    let (first, last) = match view.word(at).to_ascii_lowercase().as_str() {
        "real" => real_time(view, at)?,
        "instant" | "instantly" | "instantaneously" => instant(view, at)?,
        "low" | "acceptable" | "reasonable" | "minimal" | "high" => latency(view, at)?,
        "fast" | "quick" | "rapid" => speedy(view, at)?,
        "quickly" | "rapidly" | "promptly" | "timely" => quickly(view, at)?,
        "performant" => (at, at),
        "responsive" => responsive(view, at)?,
        _ => return None,
    };
    Some(Phrase::new(VagueTerm::Fast, first, last))
}

fn real_time(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let time = view.after(at);
    if !view.is(time, "time") {
        return None;
    }
    let next = view.after(time);
    if view.any(view.before(at), &["the", "a"]) && !behaviour(view, next) && !behaviour(view, next + 1) {
        return None;
    }
    // "Real-time traffic from drivers" is what comes in, not what the system promises.
    let input = view.any(next, &["traffic", "data", "feed", "feeds", "prices", "information", "signals"])
        && view.is(next + 1, "from");
    if input {
        return None;
    }
    let adverb = view.any(view.before(at), &["in", "near"]);
    let described = behaviour(view, next)
        || view.any(
            next,
            &[
                "feel",
                "visibility",
                "sync",
                "insights",
                "information",
                "status",
                "feedback",
                "risk",
                "fraud",
                "data",
                "view",
            ],
        );
    let of_art = view.any(
        next,
        &[
            "ordering",
            "clock",
            "constraint",
            "constraints",
            "os",
            "operating",
            "kernel",
            "scheduling",
            "strategy",
            "collaboration",
            "collaborative",
        ],
    );
    ((adverb || described) && !of_art).then_some((at, time))
}

fn instant(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let next = view.after(at);
    let of_art =
        ["query", "queries", "vector", "vectors", "messaging", "messenger", "message", "messages", "in", "when", "of"];
    let point_in_time = view.is(at, "instant")
        && view.any(view.before(at), &["that", "this", "the", "any", "each", "same"])
        && !behaviour(view, next);
    let name = view.token(at).is_some_and(|t| t.capital) && at != view.sentence.first && view.class(next, Class::CODE);
    let adjective = view.is(at, "instant");
    let ends =
        |p: usize| view.class(p, Class::FAILURE) || view.any(p, &["vanish", "vanishes", "disappear", "disappears"]);
    if ends(view.before(at)) || ends(next) {
        return None;
    }
    let claimed = !adjective
        || behaviour(view, next)
        || view.any(view.before(at), &["feel", "feels", "be", "is", "are", "near", "guaranteed", "appear", "appears"]);
    let fixed = point_in_time || name || adjective && view.any(next, &of_art);
    (claimed && !fixed).then_some((at, at))
}

fn latency(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let next = view.after(at);
    let after = view.after(next);
    if view.is(at, "high") {
        let adjective = behaviour(view, after) || view.class(after, Class::DATA);
        let performance = view.any(next, &["performance", "throughput"])
            && !view.any(after, &["computing", "compute", "cost", "impact", "for"]);
        return (performance && adjective).then_some((at, next));
    }
    let latency =
        view.any(next, &["latency", "latencies"]) || (view.is(next, "response") && view.any(after, &["time", "times"]));
    let bucket = view.any(after, &["bucket", "buckets", "but", "vs"]);
    // "A low-latency use case": what somebody needs, not what is promised.
    let need = view.any(after, &["use", "case", "cases", "workload", "workloads", "scenario", "scenarios"]);
    (latency && !bucket && !need).then_some((at, next))
}

/// Fixed expressions with "fast".
const FAST_OF_ART: &[&str] = &[
    "path",
    "paths",
    "forward",
    "forwards",
    "forwarded",
    "fail",
    "failing",
    "track",
    "tracked",
    "lane",
    "retry",
    "retries",
    "batch",
    "check",
    "moving",
    "paced",
    "growing",
    "start",
    "overview",
    "reference",
    "links",
    "fix",
    "win",
    "wins",
    "look",
    "summary",
    "test",
    "tests",
    "enough",
    "feedback",
    "iteration",
    "development",
    "prototyping",
    "reset",
];

fn speedy(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let (before, next) = (view.before(at), view.after(at));
    if view.any(before, &["fail", "fails", "failing", "too", "how", "as"]) {
        return None;
    }
    if view.is(next, "enough") {
        return Some((at, next));
    }
    let ends_there = view.token(next).is_none_or(|t| t.kind != Kind::Word)
        || view.any(next, &["and", "for", "on", "in", "at", "with", "even", "so"]);
    let predicate = view.class_before(at, 3, Class::COPULA) && ends_there;
    let boosted =
        view.any(before, &["very", "extremely", "blazing", "really", "super", "ultra", "lightning", "incredibly"]);
    if boosted {
        return Some((before, at));
    }
    let of_art = view.any(next, FAST_OF_ART) || view.is(view.after(next), "mode");
    let reason_follows = view.mark(next, b'(');
    if predicate && !of_art && !reason_follows && subject_is_system(view, at) {
        return Some((at, at));
    }
    (!of_art && operation_noun(view, next) && view.is(at, "fast")).then_some((at, next))
}

/// Operations whose speed somebody waits for.
fn operation_noun(view: &View<'_>, at: usize) -> bool {
    view.any(
        at,
        &[
            "response",
            "responses",
            "lookup",
            "lookups",
            "reads",
            "writes",
            "queries",
            "access",
            "retrieval",
            "search",
            "failover",
            "recovery",
            "startup",
            "delivery",
            "processing",
            "propagation",
            "execution",
            "ingestion",
            "cancellation",
            "scaling",
            "performance",
            "checkout",
            "loading",
            "load",
        ],
    )
}

fn quickly(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    if view.is(at, "timely") {
        let work = view.has_word(&["implement", "review", "reviewed", "release", "released", "merge", "merged", "kep"]);
        return (view.is(at + 1, "manner") && view.has(Class::SYSTEM) && !work).then_some((at, at + 1));
    }
    let (before, next) = (view.before(at), view.after(at));
    if view.class(next, Class::HUMAN_ACT) || view.any(before, &["how", "as", "too", "more"]) {
        return None;
    }
    let participle = |p: usize| view.word(p).ends_with("ed") && view.token(p).is_some();
    let passive = |p: usize| participle(p) && view.class_before(p, 3, Class::COPULA);
    if (passive(before) || passive(next)) && subject_is_system(view, at) {
        return Some((at, at));
    }
    let acts = [
        "respond",
        "responds",
        "recover",
        "recovers",
        "complete",
        "completes",
        "return",
        "returns",
        "propagate",
        "propagates",
        "converge",
        "converges",
        "failover",
        "finish",
        "finishes",
        "react",
        "reacts",
        "load",
        "loads",
        "process",
        "processes",
    ];
    let acting = view.any(before, &acts) || view.any(next, &acts);
    (acting && subject_is_system(view, at) && !view.class_before(at, 6, Class::HUMAN)).then_some((at, at))
}

fn responsive(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    if view.has(Class::SCREEN) || view.has(Class::HUMAN) && !view.has(Class::MODAL) {
        return None;
    }
    (view.class_before(at, 3, Class::COPULA) && subject_is_system(view, at)).then_some((at, at))
}

/// Whether the clause before `at` names something that runs.
fn subject_is_system(view: &View<'_>, at: usize) -> bool {
    view.before_in_clause(at, 10)
        .any(|p| view.class(p, Class::SYSTEM) || view.class(p, Class::DATA) || view.any(p, &["it", "reports"]))
}

/// A noun that names behaviour of a running system.
fn behaviour(view: &View<'_>, at: usize) -> bool {
    view.class(at, Class::SYSTEM)
}
