//! Vague claims of a document: what they are said of, and what the model knows about that.
//!
//! Several equal claims of one document are one, with every place. A sentence that many documents
//! share word for word is a form somebody filled in, and claims nothing.

use super::named::Names;
use crate::rule::{Context, Draft, RuleMeta};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::prose::{MissingPart, Section, Sense, VagueTerm, VagueUse};
use whatif_model::system::{Document, Node};
use whatif_model::text::Range;

/// A sentence that more documents than this share is a form (measured on enhancement proposals, where a
/// quarter of all word hits lie on template lines).
const SHARED_SENTENCE_DOCUMENTS_MAX: usize = 5;
/// Longest quotation in a message, in characters.
const QUOTATION_MAX: usize = 46;
/// Longest subject in a proposed wording, in characters.
const SUBJECT_MAX: usize = 48;

/// One vague claim, made at one or several places of a document.
pub(crate) struct Claim<'a> {
    document: &'a Document,
    /// The uses, in order of place; never empty.
    uses: Vec<&'a VagueUse>,
    /// The sentence of the first use, on one line.
    sentence: String,
    quotation: String,
    subject: String,
    element: Option<Node>,
}

/// All vague claims of a row of the vocabulary, document by document, in order of place.
pub(crate) fn claims<'a>(cx: &Context<'a>, term: VagueTerm) -> Vec<Claim<'a>> {
    let names = Names::of(cx.system);
    let uses = vague_uses(cx, term);
    let forms = shared_sentences(cx, &uses);
    let mut claims: Vec<Claim<'a>> = Vec::new();
    let mut known: BTreeMap<(&str, String, Option<Node>), usize> = BTreeMap::new();
    for (document, used) in uses {
        if forms.contains(slice(cx, document, used.sentence)) {
            continue;
        }
        let claim = Claim::new(cx, &names, document, used);
        let words = plain(slice(cx, document, used.words)).to_lowercase();
        let at = *known.entry((&document.path, words, claim.element)).or_insert(claims.len());
        match claims.get_mut(at) {
            Some(known) => known.uses.push(used),
            None => claims.push(claim),
        }
    }
    claims
}

impl<'a> Claim<'a> {
    fn new(cx: &Context<'a>, names: &Names, document: &'a Document, used: &'a VagueUse) -> Self {
        let raw = slice(cx, document, used.sentence);
        let before = raw.get(..used.words.start.saturating_sub(used.sentence.start) as usize).unwrap_or("");
        let element = names.named_in(&used.subject).or_else(|| names.named_in(before));
        let subject = match element {
            Some(node) => format!("`{}`", cx.system.address(node)),
            None => subject(cx, document, used),
        };
        let quotation = quotation(raw, used.sentence, used.words);
        Self { document, uses: vec![used], sentence: plain(raw), quotation, subject, element }
    }

    /// The claim in the author's words, in double quotes.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.quotation)
    }

    /// What it is said of: an element of the model, else the words of the sentence, else its section.
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    /// The element of the model that the sentence names.
    pub(crate) fn element(&self) -> Option<Node> {
        self.element
    }

    /// Whether it stands in this document.
    pub(crate) fn is_in(&self, document: &Document) -> bool {
        self.document.path == document.path
    }

    /// Whether the sentence contains one of these beginnings of words.
    pub(crate) fn speaks_of(&self, stems: &[&str]) -> bool {
        let lower = self.sentence.to_lowercase();
        let mut words = lower.split(|c: char| !c.is_alphanumeric());
        words.any(|word| stems.iter().any(|stem| word.starts_with(stem)))
    }

    /// Whether the claim's own words contain one of these beginnings of words.
    pub(crate) fn says(&self, cx: &Context<'_>, stems: &[&str]) -> bool {
        let Some(first) = self.uses.first() else { return false };
        let lower = slice(cx, self.document, first.words).to_lowercase();
        let mut words = lower.split(|c: char| !c.is_alphanumeric());
        words.any(|word| stems.iter().any(|stem| word.starts_with(stem)))
    }

    /// A finding about it, with its places.
    pub(crate) fn draft(&self, cx: &Context<'_>, meta: &'static RuleMeta) -> Draft {
        let label = self.uses.first().map(|used| missing(&used.missing)).unwrap_or_default();
        let draft = cx.finding(meta, self.address(cx)).detail(format!("{} {}", self.quotation, self.subject));
        self.uses.iter().fold(draft, |draft, used| {
            draft.at(&Evidence::stated(Stage::Specification, used.words.in_file(self.document.file), label.clone()))
        })
    }

    /// `docs/design.md#checkout` when all its places are in that section, else the document.
    fn address(&self, cx: &Context<'_>) -> String {
        let sections = self.uses.iter().map(|used| section_of(self.document, used.words).map(|s| s.title));
        let mut distinct: Vec<Option<Range>> = sections.collect();
        distinct.dedup();
        match distinct.as_slice() {
            [Some(title)] if Some(*title) != self.document.facts.document.title => {
                format!("{}#{}", self.document.path, anchor(slice(cx, self.document, *title)))
            }
            _ => self.document.path.clone(),
        }
    }
}

fn vague_uses<'a>(cx: &Context<'a>, term: VagueTerm) -> Vec<(&'a Document, &'a VagueUse)> {
    let documents = cx.system.documents.iter();
    let uses = documents.flat_map(|document| document.facts.vague.iter().map(move |used| (document, used)));
    uses.filter(|(_, used)| used.term == term && used.sense == Sense::Vague).collect()
}

fn shared_sentences<'a>(cx: &Context<'a>, uses: &[(&'a Document, &'a VagueUse)]) -> BTreeSet<&'a str> {
    let mut documents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (document, used) in uses {
        documents.entry(slice(cx, document, used.sentence)).or_default().insert(&document.path);
    }
    documents.retain(|_, paths| paths.len() > SHARED_SENTENCE_DOCUMENTS_MAX);
    documents.into_keys().collect()
}

/// The words the sentence has for it; where these say nothing, the section's title.
fn subject(cx: &Context<'_>, document: &Document, used: &VagueUse) -> String {
    let said = plain(&used.subject);
    let lower = said.to_lowercase();
    let telling = lower.split(' ').any(|word| !UNTELLING.contains(&word));
    if telling && !said.is_empty() && said.chars().count() <= SUBJECT_MAX {
        return said;
    }
    let title = section_of(document, used.words).map(|section| section.title).or(document.facts.document.title);
    let title = title.map(|title| plain(slice(cx, document, title))).unwrap_or_default();
    if title.is_empty() { "it".to_owned() } else { shortened(&title, SUBJECT_MAX) }
}

/// Words that alone do not say what is meant.
const UNTELLING: &[&str] = &[
    "it",
    "this",
    "that",
    "these",
    "they",
    "we",
    "system",
    "systems",
    "service",
    "services",
    "solution",
    "approach",
    "application",
    "design",
    "which",
    "and",
    "data",
    "access",
    "operations",
    "operation",
    "support",
];

fn section_of(document: &Document, place: Range) -> Option<&Section> {
    document.facts.sections.iter().rev().find(|section| section.range.contains(place))
}

fn slice<'a>(cx: &Context<'a>, document: &Document, range: Range) -> &'a str {
    cx.sources.get(document.file).map_or("", |file| file.slice(range))
}

/// GitHub's anchor of a heading.
fn anchor(title: &str) -> String {
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Text without marks of emphasis, code and links, on one line.
pub(crate) fn plain(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut target = 0_usize;
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '(' if last == ']' => target += 1,
            '(' if target > 0 => target += 1,
            ')' if target > 0 => target -= 1,
            '*' | '`' | '[' | ']' | '~' => {}
            '"' if target == 0 => kept.push('\''),
            _ if target == 0 => kept.push(c),
            _ => {}
        }
        last = c;
    }
    let words: Vec<&str> = kept.split_whitespace().collect();
    words.join(" ").trim_matches(|c: char| matches!(c, '|' | ' ' | '-' | '.' | ':' | ',')).to_owned()
}

/// The words in question with as much of the sentence around them as fits.
pub(crate) fn quotation(sentence: &str, whole: Range, words: Range) -> String {
    let inside = |at: u32| at.saturating_sub(whole.start) as usize;
    let (from, to) = (inside(words.start), inside(words.end));
    let (Some(before), Some(words), Some(after)) = (sentence.get(..from), sentence.get(from..to), sentence.get(to..))
    else {
        return shortened(&plain(sentence), QUOTATION_MAX);
    };
    let before = before.rsplit(['|', '\n']).next().unwrap_or("");
    let after = after.split(['|', '\n']).next().unwrap_or("");
    let whole = plain(&format!("{before}{words}{after}"));
    if whole.chars().count() <= QUOTATION_MAX {
        return whole;
    }
    plain(&grown(before, words, after))
}

/// `words` with whole words from both sides, the left first, until the quotation is full.
fn grown(before: &str, words: &str, after: &str) -> String {
    let mut from = before.len() - before.rsplit(char::is_whitespace).next().map_or(0, str::len);
    let mut to = after.find(char::is_whitespace).unwrap_or(after.len());
    let text = |from: usize, to: usize| format!("{}{words}{}", &before[from..], &after[..to]);
    let fits = |from: usize, to: usize| plain(&text(from, to)).chars().count() <= QUOTATION_MAX;
    loop {
        let left = before[..from].trim_end();
        let further_left = left.len() - left.rsplit(char::is_whitespace).next().map_or(0, str::len);
        let right = to + after[to..].len() - after[to..].trim_start().len();
        let further_right = after[right..].find(char::is_whitespace).map_or(after.len(), |at| right + at);
        if further_left < from && fits(further_left, to) {
            from = further_left;
        } else if further_right > to && fits(from, further_right) {
            to = further_right;
        } else {
            return text(from, to);
        }
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    for word in text.split(' ') {
        if short.chars().count() + word.chars().count() + 1 > most {
            break;
        }
        short.push_str(word);
        short.push(' ');
    }
    short.trim_end().to_owned()
}

fn missing(parts: &[MissingPart]) -> String {
    let words: Vec<&str> = parts.iter().map(|part| part_in_words(*part)).collect();
    format!("names no {}", words.join(" and no "))
}

fn part_in_words(part: MissingPart) -> &'static str {
    match part {
        MissingPart::LatencyPercentile => "percentile with a bound",
        MissingPart::Load => "load",
        MissingPart::ConsistencyModel => "consistency model",
        MissingPart::StalenessBound => "bound on staleness",
        MissingPart::DeliveryGuarantee => "delivery guarantee",
        MissingPart::FailureScope => "failure it survives",
        MissingPart::AvailabilityTarget => "availability target",
        MissingPart::TransactionScope => "local transaction, saga or outbox",
        MissingPart::LeaseAndFencing => "lease time and fencing token",
        MissingPart::DegradedState => "degraded state",
        MissingPart::Measure => "measure",
    }
}
