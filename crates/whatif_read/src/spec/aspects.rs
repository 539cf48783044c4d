//! Which of the things a specification has to address a document addresses, and where.

use super::blocks::BlockKind;
use super::lexicon::Class;
use super::prose::{Prose, View};
use super::vague;
use std::collections::BTreeMap;
use whatif_model::facts::prose::{
    Aspect, AspectMention, Bounds, Firmness, Modality, SectionKind, Sense, StatedRequirement, Statistic, VagueTerm,
    VagueUse,
};

/// Most mentions kept per aspect and firmness.
const MENTIONS_MAX: usize = 4;

/// All aspects addressed, in order of aspect, firmness and place.
pub(crate) fn addressed(
    prose: &Prose<'_>,
    requirements: &[StatedRequirement],
    vague: &[VagueUse],
) -> Vec<AspectMention> {
    let mut found: BTreeMap<(Aspect, Firmness), Vec<AspectMention>> = BTreeMap::new();
    let mut add = |mention: AspectMention| {
        let kept = found.entry((mention.aspect, mention.firmness)).or_default();
        if kept.len() < MENTIONS_MAX && kept.last().is_none_or(|m| m.sentence != mention.sentence) {
            kept.push(mention);
        }
    };
    for requirement in requirements {
        let firmness = match requirement.modality {
            _ if requirement.bounds == Bounds::Staleness => Firmness::Mentioned,
            Modality::Rejected | Modality::Example | Modality::Measured | Modality::Alert => Firmness::Mentioned,
            Modality::Negated => Firmness::Declined,
            _ => Firmness::Stated,
        };
        if let Some(aspect) = of_requirement(requirement) {
            add(AspectMention { aspect, firmness, sentence: requirement.sentence });
        }
    }
    for used in vague.iter().filter(|v| v.term == VagueTerm::Graceful && v.sense == Sense::Named) {
        add(AspectMention { aspect: Aspect::DegradedState, firmness: Firmness::Stated, sentence: used.sentence });
    }
    for at in 0..prose.sentences.len() {
        let view = prose.view(at);
        let rejected = matches!(view.section(), SectionKind::Alternatives | SectionKind::NonGoals);
        of_sentence(&view, &mut |aspect, firmness| {
            let firmness = if rejected { Firmness::Mentioned } else { firmness };
            add(AspectMention { aspect, firmness, sentence: view.range() });
        });
    }
    found.into_values().flatten().collect()
}

fn of_requirement(requirement: &StatedRequirement) -> Option<Aspect> {
    Some(match requirement.bounds {
        Bounds::Latency => match requirement.statistic {
            Statistic::Percentile(_) => Aspect::LatencyPercentile,
            _ => Aspect::LatencyOther,
        },
        Bounds::Availability | Bounds::SurvivedFailure | Bounds::ErrorRate => Aspect::Availability,
        Bounds::Throughput | Bounds::Concurrency => Aspect::Throughput,
        Bounds::RecoveryPoint | Bounds::RecoveryTime => Aspect::Durability,
        Bounds::Consistency | Bounds::Staleness => Aspect::ConsistencyModel,
        Bounds::Timeout => Aspect::Timeout,
        Bounds::Attempts | Bounds::Backoff => Aspect::RetryPolicy,
        Bounds::KeyValidity => Aspect::Idempotency,
        Bounds::Delivery | Bounds::Retention | Bounds::Share | Bounds::Duration => return None,
    })
}

fn of_sentence(view: &View<'_>, add: &mut dyn FnMut(Aspect, Firmness)) {
    if view.block().kind == BlockKind::Quote {
        return;
    }
    let title = matches!(view.block().kind, BlockKind::Heading(_) | BlockKind::TableHeader);
    if view.has(Class::FACT) {
        // A title announces and decides nothing.
        facts(view, &mut |aspect, firmness| add(aspect, if title { Firmness::Mentioned } else { firmness }));
    }
    if view.positions().any(|p| mutates(view, p)) {
        add(Aspect::MutatingOperation, Firmness::Stated);
    }
    if view.has(Class::DISTRIBUTED) {
        add(Aspect::Distribution, Firmness::Mentioned);
    }
    if view.has(Class::OWNERSHIP) && owns(view) {
        add(Aspect::Ownership, Firmness::Stated);
    }
}

/// A method that changes state, "must create", or a functional requirement that begins with the verb.
fn mutates(view: &View<'_>, at: usize) -> bool {
    let word = view.word(at);
    if let Some(code) = word.strip_prefix('`') {
        return code.split_once(' ').is_some_and(|(method, _)| METHODS.contains(&method));
    }
    let begins = || {
        let first = at == view.sentence.first || view.boundary(at - 1) || view.boundary(at.wrapping_sub(2));
        view.section() == SectionKind::Requirements && first
    };
    view.class(at, Class::MUTATION) && (METHODS.contains(&word) || view.class_before(at, 5, Class::MODAL) || begins())
}

/// HTTP methods that are meant to change state (RFC 9110, 9.2.1).
const METHODS: &[&str] = &["POST", "PUT", "DELETE", "PATCH"];

fn owns(view: &View<'_>) -> bool {
    let owner = view.has_word(&["owns", "owned"]) && view.has(Class::SYSTEM);
    owner || phrase(view, "source", "truth") || phrase(view, "system", "record")
}

fn facts(view: &View<'_>, add: &mut dyn FnMut(Aspect, Firmness)) {
    let stated = |yes: bool| if yes { Firmness::Stated } else { Firmness::Mentioned };
    if view.has_word(&[
        "idempotent",
        "idempotency",
        "idempotence",
        "idempotently",
        "deduplicate",
        "deduplication",
        "dedup",
    ]) {
        let how = view.has_word(&["key", "keys", "token", "unique", "id", "ids", "must", "is", "are"]);
        add(Aspect::Idempotency, stated(how));
    }
    if view.has_word(&["retry", "retries", "retried", "retrying"]) {
        let how = view.has_word(&["backoff", "exponential", "exponentially", "max", "maximum", "attempts", "jitter"]);
        add(Aspect::RetryPolicy, stated(how));
    }
    if view.has(Class::FAILURE) {
        let condition = view.has_word(&["if", "when", "during", "case", "after", "while", "until"]);
        // "No single point of failure" is a target, not a scenario.
        let what = view.positions().any(|p| vague::scoped_failure(view, p)) && !phrase(view, "point", "failure");
        if what
            || condition && (view.has(Class::SYSTEM) || view.has(Class::DATA))
            || view.section() == SectionKind::Failure
        {
            add(Aspect::FailureScenario, Firmness::Stated);
        }
    }
    if view.has_word(&["backup", "backups", "fsync", "wal"]) {
        add(Aspect::Durability, Firmness::Mentioned);
    }
    let falls_back = view.has_word(&["fallback", "degraded", "degrades"])
        || phrase(view, "falls", "back")
        || phrase(view, "fall", "back");
    if falls_back && !view.asks() {
        let state = view.has_word(&["to", "mode", "state", "if", "when", "returns", "serve", "serves", "cached"]);
        add(Aspect::DegradedState, stated(state));
    }
}

/// `first` and `last` within three tokens.
fn phrase(view: &View<'_>, first: &str, last: &str) -> bool {
    view.positions().any(|p| view.is(p, first) && (p + 1..p + 4).any(|q| view.is(q, last)))
}
