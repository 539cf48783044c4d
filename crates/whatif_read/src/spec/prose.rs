//! A document cut into sentences of tokens, and a view of one sentence.

use super::blocks::{self, Block, BlockKind};
use super::lexer::{self, Kind, Token};
use super::lexicon::Class;
use super::{document, outline};
use whatif_model::facts::prose::{Section, SectionKind};
use whatif_model::text::Range;

/// A document as blocks, sections, sentences and tokens.
pub(crate) struct Prose<'t> {
    pub(crate) text: &'t str,
    pub(crate) blocks: Vec<Block>,
    pub(crate) sections: Vec<Section>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) sentences: Vec<Sentence>,
    /// Blocks left unread because they are not English.
    pub(crate) foreign: Vec<Range>,
}

/// A sentence: tokens `first..last` of block `block`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sentence {
    pub(crate) block: usize,
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) section: Option<usize>,
    /// Kind given by a bold label above the list this stands in ("**Alternatives considered:**").
    pub(crate) label: SectionKind,
    /// Classes of all its tokens together.
    pub(crate) classes: Class,
}

impl<'t> Prose<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let blocks = blocks::blocks(text);
        let sections = outline::sections(text, &blocks);
        let tokens = Vec::with_capacity(text.len() / 5);
        let mut prose = Self { text, blocks, sections, tokens, sentences: Vec::new(), foreign: Vec::new() };
        prose.cut();
        prose
    }

    /// Words of prose.
    pub(crate) fn words(&self) -> usize {
        self.tokens.iter().filter(|t| t.kind == Kind::Word).count()
    }

    /// Whether most of the document is not English: its English fragments are then terms, not sentences.
    pub(crate) fn mostly_foreign(&self) -> bool {
        let foreign: usize = self.foreign.iter().map(|range| (range.end - range.start) as usize).sum();
        let read: usize = self.tokens.iter().map(|token| token.range().len()).sum();
        foreign > read
    }

    pub(crate) fn view(&self, sentence: usize) -> View<'_> {
        View { prose: self, at: sentence, sentence: self.sentences[sentence] }
    }

    fn cut(&mut self) {
        let (mut section, mut ends, mut label) = (None, Vec::new(), SectionKind::Other);
        for at in 0..self.blocks.len() {
            let block = &self.blocks[at];
            label = self.label(block, label);
            match block.kind {
                BlockKind::Heading(_) => section = Some(section.map_or(0, |s: usize| s + 1)),
                BlockKind::Fence | BlockKind::Comment | BlockKind::Markup | BlockKind::FrontMatter => continue,
                _ => {}
            }
            let first = self.tokens.len();
            lexer::lex(self.text, block.range.clone(), &mut self.tokens);
            if document::foreign(self.text, &self.tokens[first..]) {
                self.foreign.push(block.range.clone().into());
                self.tokens.truncate(first);
                continue;
            }
            ends.clear();
            if matches!(block.kind, BlockKind::TableRow | BlockKind::TableHeader) {
                ends.push(self.tokens.len() - first);
            } else {
                lexer::sentence_ends(self.text, &self.tokens[first..], &mut ends);
            }
            let mut from = first;
            for end in ends.iter().map(|end| first + end) {
                while from < end {
                    let last = end.min(from + SENTENCE_TOKENS_MAX);
                    let classes = self.tokens[from..last].iter().fold(Class::NONE, |all, t| all.with(t.class));
                    self.sentences.push(Sentence { block: at, first: from, last, section, label, classes });
                    from = last;
                }
            }
        }
    }
}

impl Prose<'_> {
    /// The label in force at `block`: a bold lead-in opens one, a heading or plain paragraph ends it.
    fn label(&self, block: &Block, current: SectionKind) -> SectionKind {
        let text = self.text.get(block.range.clone()).unwrap_or("");
        let bold = text.strip_prefix("**").or_else(|| text.strip_prefix("__"));
        let lead = bold
            .and_then(|rest| rest.split(['*', '_']).next())
            .map(|l| if l.len() <= LABEL_BYTES_MAX { l } else { "" });
        match (block.kind, lead) {
            (BlockKind::Heading(_), _) | (BlockKind::Paragraph, None) => SectionKind::Other,
            (BlockKind::Paragraph | BlockKind::Item(_), Some(lead)) => match outline::section_kind(lead) {
                SectionKind::Alternatives => SectionKind::Alternatives,
                _ if matches!(block.kind, BlockKind::Item(_)) => current,
                _ => SectionKind::Other,
            },
            _ => current,
        }
    }
}

/// Longest bold lead-in that is a label.
const LABEL_BYTES_MAX: usize = 40;

/// One sentence with its surroundings; token positions are indices into the document's tokens.
#[derive(Clone, Copy)]
pub(crate) struct View<'p> {
    pub(crate) prose: &'p Prose<'p>,
    pub(crate) at: usize,
    pub(crate) sentence: Sentence,
}

impl<'p> View<'p> {
    pub(crate) fn positions(&self) -> std::ops::Range<usize> {
        self.sentence.first..self.sentence.last
    }

    /// The token at a position of this sentence.
    pub(crate) fn token(&self, at: usize) -> Option<&'p Token> {
        if self.positions().contains(&at) { self.prose.tokens.get(at) } else { None }
    }

    /// The word at a position, as written; empty outside the sentence.
    pub(crate) fn word(&self, at: usize) -> &'p str {
        self.token(at).map_or("", |t| &self.prose.text[t.range()])
    }

    pub(crate) fn is(&self, at: usize, word: &str) -> bool {
        self.word(at).eq_ignore_ascii_case(word)
    }

    pub(crate) fn any(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|w| self.is(at, w))
    }

    pub(crate) fn class(&self, at: usize, class: Class) -> bool {
        self.token(at).is_some_and(|t| t.is(class))
    }

    pub(crate) fn mark(&self, at: usize, byte: u8) -> bool {
        self.token(at).is_some_and(|t| t.mark(byte))
    }

    /// Position before `at`, hyphens skipped.
    pub(crate) fn before(&self, at: usize) -> usize {
        let mut at = at.wrapping_sub(1);
        while self.mark(at, b'-') {
            at = at.wrapping_sub(1);
        }
        at
    }

    /// Position after `at`, hyphens between glued words skipped.
    pub(crate) fn after(&self, at: usize) -> usize {
        let next = at + 1;
        if self.mark(next, b'-') && self.token(next + 1).is_some_and(|t| t.glued) { next + 1 } else { next }
    }

    /// Whether a token of `class` stands within `reach` tokens before `at`, in the same clause.
    pub(crate) fn class_before(&self, at: usize, reach: usize, class: Class) -> bool {
        self.before_in_clause(at, reach).any(|p| self.class(p, class))
    }

    /// Positions before `at`, nearest first, up to `reach` or the start of the clause.
    pub(crate) fn before_in_clause(&self, at: usize, reach: usize) -> impl Iterator<Item = usize> + '_ {
        (self.sentence.first..at).rev().take(reach).take_while(|p| !self.boundary(*p))
    }

    pub(crate) fn word_before(&self, at: usize, reach: usize, words: &[&str]) -> bool {
        self.before_in_clause(at, reach).any(|p| self.any(p, words))
    }

    /// Whether any token of the sentence has the class.
    pub(crate) fn has(&self, class: Class) -> bool {
        self.sentence.classes.has(class)
    }

    pub(crate) fn has_word(&self, words: &[&str]) -> bool {
        self.positions().any(|p| self.any(p, words))
    }

    /// Semicolons, table cells, colons: a claim does not reach across.
    pub(crate) fn boundary(&self, at: usize) -> bool {
        self.token(at).is_some_and(|t| matches!(t.kind, Kind::Mark(b';' | b'|' | b':')))
    }

    pub(crate) fn block(&self) -> &'p Block {
        &self.prose.blocks[self.sentence.block]
    }

    pub(crate) fn section(&self) -> SectionKind {
        if self.sentence.label != SectionKind::Other {
            return self.sentence.label;
        }
        self.sentence.section.and_then(|s| self.prose.sections.get(s)).map_or(SectionKind::Other, |s| s.kind)
    }

    /// Byte range of the sentence.
    pub(crate) fn range(&self) -> Range {
        self.bytes(self.sentence.first, self.sentence.last)
    }

    /// Byte range of tokens `first..last`.
    pub(crate) fn bytes(&self, first: usize, last: usize) -> Range {
        let start = self.prose.tokens.get(first).map_or(0, |t| t.start);
        let end = self.prose.tokens.get(last.wrapping_sub(1)).map_or(start, |t| t.end);
        Range { start, end: end.max(start) }
    }

    /// Whether the sentence asks.
    pub(crate) fn asks(&self) -> bool {
        self.mark(self.sentence.last.wrapping_sub(1), b'?')
    }

    /// The sentences that continue this one: the next of the same block, and list items below it.
    pub(crate) fn continued(&self) -> impl Iterator<Item = View<'p>> + '_ {
        let own = depth(self.block().kind);
        let prose = self.prose;
        let block = self.sentence.block;
        let section = self.sentence.section;
        let ends_open = self.mark(self.sentence.last.wrapping_sub(1), b':');
        (self.at + 1..prose.sentences.len()).take(CONTINUED_MAX).map(move |s| prose.view(s)).enumerate().map_while(
            move |(nth, next)| {
                let same = next.sentence.block == block && nth == 0;
                let below = next.sentence.section == section
                    && match (own, depth(next.block().kind)) {
                        (Some(own), Some(other)) => other > own,
                        (None, Some(_)) => ends_open,
                        _ => false,
                    };
                (same || below).then_some(next)
            },
        )
    }
}

/// Longer sentences are cut: what is judged by looking around in a sentence then stays linear overall.
const SENTENCE_TOKENS_MAX: usize = 250;

/// How many sentences after a claim are looked at for its number.
const CONTINUED_MAX: usize = 4;

fn depth(kind: BlockKind) -> Option<u8> {
    match kind {
        BlockKind::Item(depth) => Some(depth),
        _ => None,
    }
}
