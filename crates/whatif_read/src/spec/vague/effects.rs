//! "transaction" and "lock" beyond one database or process, "graceful", and qualities without measure.

use super::Phrase;
use crate::spec::lexicon::Class;
use crate::spec::prose::View;
use whatif_model::facts::prose::VagueTerm;

/// A transaction said to cover an effect that no database can undo.
pub(super) fn transaction(view: &View<'_>, at: usize) -> Option<Phrase> {
    let word = view.word(at).to_ascii_lowercase();
    if !matches!(word.as_str(), "transaction" | "transactions" | "transactionally" | "atomically" | "atomic") {
        return None;
    }
    let before = view.before(at);
    if view.is(before, "distributed") && word.starts_with("transaction") {
        return Some(Phrase::new(VagueTerm::Transaction, before, at));
    }
    let bounded = match word.as_str() {
        "transaction" => {
            view.word_before(at, 3, &["in", "within", "inside"])
                && view.any(before, &["a", "one", "same", "single", "the", "database", "db", "sql", "atomic"])
        }
        "atomically" | "transactionally" => true,
        _ => false,
    };
    (bounded && remote_effect(view, at)).then(|| Phrase::new(VagueTerm::Transaction, at, at))
}

/// How far from the word the other system is named, in tokens.
const EFFECT_REACH: usize = 16;

/// An effect on another system, told as part of what happens.
fn remote_effect(view: &View<'_>, at: usize) -> bool {
    let systems = ["kafka", "rabbitmq", "stripe", "paypal", "webhook", "webhooks", "sns", "sqs", "elasticsearch"];
    let acts = [
        "publish",
        "publishes",
        "published",
        "charge",
        "charges",
        "charged",
        "call",
        "calls",
        "email",
        "emails",
        "notify",
        "notifies",
    ];
    let stop = |p: &usize| view.mark(*p, b'.') || view.boundary(*p) && view.mark(*p, b'|');
    let before = (view.sentence.first..at).rev().take(EFFECT_REACH).take_while(|p| !stop(p));
    let near: Vec<usize> = before.chain((at..at + EFFECT_REACH).take_while(|p| !stop(p))).collect();
    let named = |words: &[&str]| near.iter().any(|p| view.any(*p, words));
    let apart = ["services", "microservices", "databases", "systems"];
    let across = near.iter().any(|p| view.is(*p, "across") && (p + 1..p + 4).any(|q| view.any(q, &apart)));
    across || (named(&systems) && named(&acts))
}

/// A lock across nodes.
pub(super) fn lock(view: &View<'_>, at: usize) -> Option<Phrase> {
    let word = view.word(at).to_ascii_lowercase();
    let (first, last) = match word.as_str() {
        "lock" | "locks" if held_across_call(view, at) => (at, at),
        "lock" | "locks" | "locking" => {
            let before = view.before(at);
            let across = view.any(before, &["distributed", "redis", "cluster-wide", "clusterwide", "cross-node"])
                || (view.is(before, "wide") && view.is(view.before(before), "cluster"));
            let client = view.any(view.after(at), &["contention", "manager", "service"]) && !across;
            (across && !client).then_some((before, at))?
        }
        "redlock" | "setnx" => (at, at),
        "nx" if view.is(view.before(at), "set") => (view.before(at), at),
        _ => return None,
    };
    Some(Phrase::new(VagueTerm::Lock, first, last))
}

/// "holds the lock while calling ...": told as what the system does.
fn held_across_call(view: &View<'_>, at: usize) -> bool {
    let held = view.word_before(at, 5, &["hold", "holds", "holding", "keeps"]);
    let remote = ["http", "rpc", "grpc", "request", "call", "calls", "calling", "network", "remote"];
    let during = (at + 1..at + 5).any(|p| view.any(p, &["while", "during", "across"]));
    held && during && (at + 1..at + 12).any(|p| view.any(p, &remote))
}

/// "graceful degradation", "fails gracefully".
pub(super) fn graceful(view: &View<'_>, at: usize) -> Option<Phrase> {
    let word = view.word(at).to_ascii_lowercase();
    let (before, next) = (view.before(at), view.after(at));
    let acts = ["degrade", "degrades", "degrading", "fail", "fails", "failing", "recover", "recovers", "degraded"];
    let (first, last) = match word.as_str() {
        "graceful" if view.any(next, &["degradation", "fallback", "failure", "recovery"]) => (at, next),
        "gracefully" if view.any(next, &acts) => (at, next),
        "gracefully" if view.any(before, &acts) => (before, at),
        "gracefully"
            if view.has(Class::FAILURE)
                && (view.word_before(at, 5, &["handle", "handles", "handled", "handling"])
                    || view.any(next, &["handle", "handles", "handled"])) =>
        {
            (at, at)
        }
        _ => return None,
    };
    Some(Phrase::new(VagueTerm::Graceful, first, last))
}

/// "efficient", "seamless", "minimal overhead": nothing anybody could observe.
pub(super) fn untestable(view: &View<'_>, at: usize) -> Option<Phrase> {
    let (first, last) = match view.word(at).to_ascii_lowercase().as_str() {
        "efficient" => efficient(view, at)?,
        "seamless" | "seamlessly" => seamless(view, at)?,
        "minimal" | "negligible" | "low" => small(view, at)?,
        "reasonable" | "acceptable" => bearable(view, at)?,
        _ => return None,
    };
    Some(Phrase::new(VagueTerm::Untestable, first, last))
}

fn efficient(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let (before, next) = (view.before(at), view.after(at));
    if view.any(before, &["more", "less", "cost", "energy", "space", "resource", "not"])
        || view.class(next, Class::CAUSE)
    {
        return None;
    }
    if view.is(next, "enough") || view.is(before, "most") {
        return Some((at, next));
    }
    let work = view.word(next).ends_with("tion") || view.word(next).ends_with("ing");
    if work
        && view.word_before(at, 2, &["for", "allow", "allows", "enable", "enables", "provide", "provides", "supports"])
    {
        return Some((at, next));
    }
    (view.class(next, Class::SYSTEM) || identifier(view, next)).then_some((at, next)).or_else(|| {
        let noun = view.after(next);
        (view.class(noun, Class::SYSTEM) && view.class_before(at, 4, Class::ENSURE)).then_some((at, noun))
    })
}

/// A code span or a name with inner capitals ("StoreAPI").
fn identifier(view: &View<'_>, at: usize) -> bool {
    let word = view.word(at);
    word.starts_with('`') || (word.len() > 3 && word.bytes().skip(1).any(|b| b.is_ascii_uppercase()))
}

fn seamless(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    if view.has(Class::SCREEN) || view.has_word(&["experience", "user", "users", "developer", "workflow"]) {
        return None;
    }
    let next = view.after(at);
    let joined = view.is(next, "and");
    let acts =
        ["integrate", "integrates", "scale", "scales", "continue", "continues", "switch", "switches", "failover"];
    if view.any(view.before(at), &acts) || view.any(next, &acts) {
        return Some((at, at));
    }
    let noun = if joined { view.after(view.after(next)) } else { next };
    let behaves = view.class(next, Class::SYSTEM) || view.class(noun, Class::SYSTEM);
    let claimed = view.class_before(at, 5, Class::ENSURE) || view.class_before(at, 5, Class::MODAL);
    (behaves && claimed).then_some((at, at))
}

fn small(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let mut noun = view.after(at);
    let limit = noun + 3;
    while noun < limit && !view.any(noun, &["overhead", "impact", "effect"]) {
        if view.class(noun, Class::CLAUSE) || view.boundary(noun) {
            return None;
        }
        noun += 1;
    }
    if view.is(at, "low") && !view.is(noun, "overhead") {
        return None;
    }
    view.any(noun, &["overhead", "impact", "effect"]).then_some((at, noun))
}

fn bearable(view: &View<'_>, at: usize) -> Option<(usize, usize)> {
    let next = view.after(at);
    let waits = [
        "time",
        "timeout",
        "timeouts",
        "delay",
        "delays",
        "period",
        "performance",
        "overhead",
        "load",
        "duration",
        "bound",
    ];
    if view.any(next, &waits) {
        return Some((at, next));
    }
    let of_time = view.word_before(at, 4, &["time", "latency", "duration"]) && view.class_before(at, 2, Class::COPULA);
    (of_time && view.is(next, "for")).then_some((at, at))
}
