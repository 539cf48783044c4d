//! "reliable", "available", "scalable".

use super::Phrase;
use crate::spec::lexer::Kind;
use crate::spec::lexicon::Class;
use crate::spec::prose::View;
use whatif_model::facts::prose::VagueTerm;

/// "reliable delivery", "fault tolerant", "ensures durability", "no data loss".
pub(super) fn reliable(view: &View<'_>, at: usize) -> Option<Phrase> {
    let (first, last, negative) = match view.word(at).to_ascii_lowercase().as_str() {
        "reliable" | "robust" | "resilient" | "durable" => {
            let (first, last) = adjective(view, at)?;
            (first, last, false)
        }
        "reliably" => (at, reliably(view, at)?, false),
        "reliability" | "robustness" | "resilience" | "resiliency" | "durability" => (at, quality(view, at)?, false),
        "fault" => {
            let (first, last) = fault_tolerant(view, at)?;
            (first, last, false)
        }
        "guaranteed" | "guarantee" | "guarantees" => (at, guaranteed(view, at)?, false),
        "loss" | "lost" | "lose" => {
            let first = never_lost(view, at)?;
            (first, at, true)
        }
        "exactly" => (at, exactly_once(view, at)?, false),
        _ => return None,
    };
    Some(Phrase { negative, ..Phrase::new(VagueTerm::Reliable, first, last) })
}

fn adjective(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let next = view.after(at);
    let before = view.before(at);
    if view.any(next, &["manner", "fashion"]) && view.has(Class::SYSTEM) {
        return Some((at, next));
    }
    if view.any(
        next,
        &[
            "enough",
            "only",
            "by",
            "if",
            "when",
            "as",
            "sources",
            "source",
            "way",
            "indicator",
            "solution",
            "solutions",
            "component",
            "components",
            "signal",
        ],
    ) {
        return None;
    }
    let behaves = |p: usize| (view.class(p, Class::SYSTEM) || view.class(p, Class::DATA)) && !view.is(p, "sdk");
    if view.is(at, "durable") {
        return (view.any(before, &["highly", "very", "extremely"])).then_some((before, at));
    }
    if behaves(next) && !view.is(at, "resilient") {
        return Some((at, next));
    }
    let considered = view.any(before, &["considered", "deemed"]);
    let predicate = view.class_before(at, 3, Class::COPULA) && !considered;
    let of_system = view.before_in_clause(at, 8).any(behaves);
    if predicate && of_system && !view.word(next).ends_with("ly") {
        return Some((at, at));
    }
    (view.any(before, &["highly", "extremely"])).then_some((before, at))
}

fn reliably(view: &View<'_>, at: usize) -> Option<usize> {
    let acts = |p: usize| {
        view.any(
            p,
            &[
                "deliver",
                "delivers",
                "process",
                "processes",
                "store",
                "stores",
                "send",
                "sends",
                "handle",
                "handles",
                "execute",
                "executes",
                "run",
                "runs",
                "publish",
                "persist",
                "scalable",
            ],
        ) || (view.word(p).ends_with("ed") && view.class_before(p, 3, Class::COPULA))
    };
    if acts(view.after(at)) { Some(view.after(at)) } else { acts(view.before(at)).then_some(at) }
}

/// Nouns that turn a quality into a name: "Reliability team".
const NAMES: &[&str] = &[
    "team",
    "teams",
    "engineering",
    "engineer",
    "engineers",
    "logic",
    "policy",
    "policies",
    "tests",
    "testing",
    "group",
    "level",
    "levels",
    "feature",
    "features",
    "issue",
    "issues",
    "spec",
    "settings",
    "configuration",
    "component",
    "patterns",
    "derivation",
    "status",
    "state",
    "workload",
    "workloads",
    "and",
    "model",
];

fn quality(view: &View<'_>, at: usize) -> Option<usize> {
    let next = view.after(at);
    if view.any(view.before(at), &["code", "test", "tests", "build", "ci"]) {
        return None;
    }
    if view.any(next, &["guarantee", "guarantees", "guarantees."]) {
        return Some(next);
    }
    let named = view.token(at).is_some_and(|t| t.capital) && at != view.sentence.first;
    if named || (view.any(next, NAMES) && !view.is(next, "and")) {
        return None;
    }
    if view.any(next, &["to", "against", "in", "during"]) {
        return None;
    }
    view.class_before(at, 5, Class::ENSURE).then_some(at)
}

fn fault_tolerant(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let next = view.after(at);
    if view.any(next, &["tolerant", "tolerance"]) {
        let claimed = view.is(next, "tolerant") || view.class_before(at, 4, Class::ENSURE);
        return claimed.then_some((at, next));
    }
    None
}

fn guaranteed(view: &View<'_>, at: usize) -> Option<usize> {
    let next = view.after(at);
    if view.any(next, &["delivery", "processing", "execution"]) {
        return Some(next);
    }
    let later = view.after(next);
    (view.any(next, &["message", "event", "data", "reliable"]) && view.any(later, &["delivery", "processing"]))
        .then_some(later)
}

fn never_lost(view: &View<'_>, at: usize) -> Option<usize> {
    let before = view.before(at);
    if view.is(at, "loss") {
        let subject = view.any(before, &["data", "message", "event", "event", "events", "messages"]);
        let denied = view.before(before);
        return (subject && view.any(denied, &["no", "zero", "without", "any"])).then_some(denied);
    }
    if view.is(before, "never") || view.is(view.before(before), "never") {
        return (view.has(Class::DATA) || view.has(Class::SYSTEM)).then_some(before);
    }
    None
}

fn exactly_once(view: &View<'_>, at: usize) -> Option<usize> {
    let once = view.after(at);
    let next = view.after(once);
    (view.is(once, "once") && view.any(next, &["delivery", "delivered"])).then_some(next)
}

/// "highly available", "zero downtime", "always on", "improves availability".
pub(super) fn available(view: &View<'_>, at: usize) -> Option<Phrase> {
    let (first, last, negative) = match view.word(at).to_ascii_lowercase().as_str() {
        "available" => {
            let before = view.before(at);
            let high = view.any(before, &["highly", "continuously"]);
            (high.then_some(before)?, at, false)
        }
        "availability" => {
            let (first, last) = availability(view, at)?;
            (first, last, false)
        }
        "always" => (at, always(view, at)?, false),
        "downtime" | "interruption" | "disruption" => (no_downtime(view, at)?, at, true),
        "uninterrupted" => (view.class(view.after(at), Class::SYSTEM).then_some(at)?, at, false),
        "fault" => {
            let next = view.after(at);
            let purpose = view.is(next, "tolerance") && view.any(view.before(at), &["for", "provides", "provide"]);
            (purpose.then_some(at)?, next, false)
        }
        _ => return None,
    };
    Some(Phrase { negative, ..Phrase::new(VagueTerm::Available, first, last) })
}

fn availability(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let (before, next) = (view.before(at), view.after(at));
    if view
        .any(next, &["zone", "zones", "set", "sets", "check", "checks", "updates", "calendar", "status", "mode", "of"])
        && !view.is(before, "high")
    {
        return None;
    }
    if view.is(before, "high") {
        // "In high availability clusters": a kind of installation.
        let settings = ["scenario", "scenarios", "cluster", "clusters", "environment", "environments", "configuration"];
        let named = view.any(next, &["period", "pair", "pairs", "mode", "setup", "section", "guide"])
            || view.any(next, &settings) && !view.class_before(before, 4, Class::ENSURE);
        return (!named).then_some((before, at));
    }
    let goal = [
        "improve",
        "improves",
        "improving",
        "enhance",
        "enhances",
        "enhancing",
        "ensure",
        "ensures",
        "ensuring",
        "maximize",
        "increases",
        "increase",
        "maintain",
        "maintains",
        "guarantee",
        "guarantees",
    ];
    let of_service = view.class(before, Class::SYSTEM) && !view.any(before, &["queue", "store", "resource"]);
    (view.word_before(at, 4, &goal) && of_service).then_some((at, at))
}

fn always(view: &View<'_>, at: usize) -> Option<usize> {
    let next = view.after(at);
    let on = view.is(next, "on") && view.token(next + 1).is_none_or(|t| !t.glued && t.kind != Kind::Word);
    let ends_there = view.token(next + 1).is_none_or(|t| t.kind != Kind::Word) || view.is(next + 1, "even");
    let available = view.any(next, &["available", "up"])
        && ends_there
        && view.class_before(at, 5, Class::SYSTEM)
        && view.class_before(at, 3, Class::COPULA);
    (on && view.class_before(at, 6, Class::SYSTEM) || available).then_some(next)
}

fn no_downtime(view: &View<'_>, at: usize) -> Option<usize> {
    let before = view.before(at);
    if view.any(before, &["zero", "no", "minimal", "without"]) {
        let downtime = view.is(at, "downtime");
        return (downtime || view.is(before, "without")).then_some(before);
    }
    let service =
        view.class(before, Class::SYSTEM) && view.any(view.before(before), &["no", "without", "zero", "minimal"]);
    (service && !view.is(at, "disruption")).then(|| view.before(before))
}

/// What a running system carries or consists of.
const CARRIED: &[&str] = &[
    "load",
    "traffic",
    "users",
    "requests",
    "throughput",
    "services",
    "microservices",
    "cluster",
    "clusters",
    "nodes",
    "tenants",
    "data",
    "horizontally",
    "messages",
    "events",
    "workloads",
    "instances",
    "concurrent",
    "storage",
];

/// "scalable", "scales horizontally", "supports large traffic".
pub(super) fn scalable(view: &View<'_>, at: usize) -> Option<Phrase> {
    let (first, last) = match view.word(at).to_ascii_lowercase().as_str() {
        "scalable" => {
            let next = view.after(at);
            let behaves = view.class(next, Class::SYSTEM)
                || view.class(next, Class::DATA)
                || view.any(next, &["query", "solution", "foundation"]);
            let predicate = view.class_before(at, 4, Class::COPULA) && view.class_before(at, 10, Class::SYSTEM);
            let named = (next..next + 3).any(|p| view.any(p, &["proposal", "project", "team", "workshop"]));
            // "A scalable architecture for further shells" is a shape of code unless something runs.
            let shape = view.any(next, &["architecture", "solution", "foundation"]) && !view.has_word(CARRIED);
            ((behaves || predicate) && !named && !shape).then_some((at, at))?
        }
        "scalability" => view.class_before(at, 4, Class::ENSURE).then_some((at, at))?,
        "scales" => {
            let how = view.after(at);
            let well = view.any(
                how,
                &["well", "easily", "seamlessly", "efficiently", "effortlessly", "automatically", "infinitely"],
            );
            (well && view.class_before(at, 6, Class::SYSTEM)).then_some((at, how))?
        }
        "traffic" | "load" => {
            let before = view.before(at);
            let big = |p: usize| view.any(p, &["large", "high", "heavy", "massive", "huge"]);
            let sized = big(before) || big(view.before(before));
            let carried = view.word_before(
                at,
                5,
                &["support", "supports", "handle", "handles", "handling", "sustain", "sustains", "serve", "supporting"],
            );
            (sized && carried).then_some((if big(before) { before } else { view.before(before) }, at))?
        }
        _ => return None,
    };
    Some(Phrase::new(VagueTerm::Scalable, first, last))
}
