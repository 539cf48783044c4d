//! Vague words of the vocabulary, and what they mean where they stand.
//!
//! Two steps. A *phrase* is found by the words around a trigger ("highly available", "cache ...
//! consistent"): ordinary English never gets past this step. The phrase is then *judged* by its
//! surroundings: negated, asked, rejected, quantified, named, explained, or really vague.

mod data;
mod dependable;
mod effects;
mod judge;
mod settle;
mod subject;

pub(crate) use judge::{modality, scoped_failure};
pub(crate) use settle::settle;

use super::blocks::BlockKind;
use super::lexicon::Class;
use super::prose::{Prose, View};
use whatif_model::facts::prose::{MissingPart, VagueTerm, VagueUse};

/// A phrase that speaks of behaviour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phrase {
    pub(crate) term: VagueTerm,
    /// Token positions `first..last`.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// The phrase itself contains its negation ("no data loss"): a negation before it denies nothing.
    pub(crate) negative: bool,
}

impl Phrase {
    fn new(term: VagueTerm, first: usize, last: usize) -> Self {
        Self { term, first, last: last + 1, negative: false }
    }
}

/// All vague uses of a document, in order; phrases of one term do not overlap.
pub(crate) fn uses(prose: &Prose<'_>) -> Vec<VagueUse> {
    let mut out: Vec<VagueUse> = Vec::new();
    let fragments = prose.mostly_foreign();
    for at in 0..prose.sentences.len() {
        let view = prose.view(at);
        let title = matches!(view.block().kind, BlockKind::Heading(_) | BlockKind::TableHeader);
        if title || !view.has(Class::TRIGGER) || fragments && view.sentence.last - view.sentence.first < FRAGMENT_TOKENS
        {
            continue;
        }
        let from = out.len();
        for position in view.positions() {
            if !view.class(position, Class::TRIGGER) {
                continue;
            }
            let Some(phrase) = phrase(&view, position) else { continue };
            let found = vague_use(&view, phrase);
            match out[from..].iter_mut().find(|u| u.term == found.term && u.words.end > found.words.start) {
                Some(known) if judge::rank(found.sense) > judge::rank(known.sense) => *known = found,
                Some(_) => {}
                None => out.push(found),
            }
        }
    }
    out
}

/// Fewer tokens in a document of another language are a borrowed term.
const FRAGMENT_TOKENS: usize = 8;

fn vague_use(view: &View<'_>, phrase: Phrase) -> VagueUse {
    VagueUse {
        term: phrase.term,
        words: view.bytes(phrase.first, phrase.last),
        sentence: view.range(),
        subject: subject::of(view, phrase),
        section: view.section(),
        modality: judge::modality(view, phrase.first),
        sense: judge::sense(view, phrase),
        missing: missing(phrase.term),
    }
}

fn phrase(view: &View<'_>, at: usize) -> Option<Phrase> {
    effects::transaction(view, at)
        .or_else(|| effects::lock(view, at))
        .or_else(|| data::consistent(view, at))
        .or_else(|| dependable::available(view, at))
        .or_else(|| dependable::reliable(view, at))
        .or_else(|| dependable::scalable(view, at))
        .or_else(|| effects::graceful(view, at))
        .or_else(|| data::fast(view, at))
        .or_else(|| effects::untestable(view, at))
}

fn missing(term: VagueTerm) -> Vec<MissingPart> {
    match term {
        VagueTerm::Consistent => vec![MissingPart::ConsistencyModel, MissingPart::StalenessBound],
        VagueTerm::Fast => vec![MissingPart::LatencyPercentile, MissingPart::Load],
        VagueTerm::Reliable => vec![MissingPart::DeliveryGuarantee, MissingPart::FailureScope],
        VagueTerm::Available => vec![MissingPart::AvailabilityTarget, MissingPart::FailureScope],
        VagueTerm::Transaction => vec![MissingPart::TransactionScope],
        VagueTerm::Lock => vec![MissingPart::LeaseAndFencing],
        VagueTerm::Scalable => vec![MissingPart::Load],
        VagueTerm::Graceful => vec![MissingPart::DegradedState],
        VagueTerm::Untestable => vec![MissingPart::Measure],
    }
}
