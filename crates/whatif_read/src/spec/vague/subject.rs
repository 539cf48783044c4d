//! What a vague word is said of, as written.

use super::Phrase;
use crate::spec::lexer::Kind;
use crate::spec::lexicon::Class;
use crate::spec::prose::View;

/// Longest subject, in tokens.
const SUBJECT_MAX: usize = 6;

/// The noun phrase the claim is about: what is described, else what stands before the verb, else the label.
pub(super) fn of(view: &View<'_>, phrase: Phrase) -> String {
    let named = described(view, phrase).or_else(|| completed(view, phrase)).or_else(|| before_verb(view, phrase));
    named.or_else(|| label(view, phrase)).unwrap_or_default()
}

/// "reliable **delivery of payment events**": the phrase ends in the noun, and the sentence says of what.
fn completed(view: &View<'_>, phrase: Phrase) -> Option<String> {
    let noun = phrase.last.checked_sub(1).filter(|p| *p > phrase.first && noun_like(view, *p))?;
    let of = view.any(phrase.last, &["of", "for"]);
    let last = (phrase.last + 1..phrase.last + 1 + SUBJECT_MAX).take_while(|p| noun_like(view, *p)).last()?;
    of.then(|| text(view, noun, last + 1))
}

/// "**Webhooks**: reliable delivery": what the line is about.
fn label(view: &View<'_>, phrase: Phrase) -> Option<String> {
    let first = view.positions().find(|p| noun_like(view, *p))?;
    let colon = (first..phrase.first.min(first + SUBJECT_MAX)).find(|p| view.mark(*p, b':'))?;
    let words = first..colon;
    words.clone().all(|p| noun_like(view, p) || view.mark(p, b'*')).then(|| text(view, first, colon))
}

/// "a highly available **replica-based storage system**".
fn described(view: &View<'_>, phrase: Phrase) -> Option<String> {
    let first = if view.mark(phrase.last, b'-') { phrase.last + 1 } else { phrase.last };
    let nouns = (first..first + SUBJECT_MAX).take_while(|p| noun_like(view, *p)).last()?;
    let known = (first..=nouns).any(|p| view.class(p, Class::SYSTEM) || view.class(p, Class::DATA));
    known.then(|| text(view, first, nouns + 1))
}

/// "**the payment service** must be highly available".
fn before_verb(view: &View<'_>, phrase: Phrase) -> Option<String> {
    let verb = view
        .before_in_clause(phrase.first, 10)
        .find(|p| view.class(*p, Class::COPULA) || view.class(*p, Class::MODAL))?;
    let mut last = verb;
    while last > view.sentence.first && !noun_like(view, last - 1) {
        last -= 1;
    }
    let mut first = last;
    while first > view.sentence.first && last - first < SUBJECT_MAX && noun_like(view, first - 1) {
        first -= 1;
    }
    (first < last).then(|| text(view, first, last))
}

fn noun_like(view: &View<'_>, at: usize) -> bool {
    let function = [
        "the", "a", "an", "of", "to", "with", "in", "on", "by", "which", "that", "it", "this", "from", "at", "be",
        "for", "or", "as", "when", "into", "over", "via", "per", "across", "between", "has", "have", "not", "so",
        "also", "enough", "because", "using", "during", "even",
    ];
    view.token(at).is_some_and(|t| match t.kind {
        Kind::Word => {
            !t.is(Class::COPULA)
                && !t.is(Class::MODAL)
                && !t.is(Class::CLAUSE)
                && !t.is(Class::NEGATION)
                && !view.any(at, &function)
        }
        Kind::Code => true,
        Kind::Mark(b'-') => t.glued,
        _ => false,
    })
}

fn text(view: &View<'_>, first: usize, last: usize) -> String {
    let range = view.bytes(first, last);
    let raw = view.prose.text.get(range.start as usize..range.end as usize).unwrap_or("");
    raw.split_ascii_whitespace().collect::<Vec<_>>().join(" ").replace(['*', '`'], "")
}
