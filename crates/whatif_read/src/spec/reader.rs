//! One document in, facts out.

use super::blocks::BlockKind;
use super::prose::Prose;
use super::{aspects, document, endpoints, requirements, vague};
use whatif_model::facts::prose::{Document, DocumentKind, Fence, ProseFacts, Scope};
use whatif_model::facts::{Ignored, Problem};
use whatif_model::limits::FILE_BYTES_MAX;
use whatif_model::text::{FileId, Range};

/// Reads one document in Markdown or AsciiDoc.
///
/// `path` is root-relative with `/`; it helps to tell the kind of document. Never fails: what is left
/// unread is listed as ignored, what could not be read as a problem.
pub fn read(path: &str, text: &str) -> ProseFacts {
    let whole = Range::new(0, text.len());
    let mut facts = ProseFacts::default();
    let ignore =
        |range: Range, reason: &str| Ignored { span: range.in_file(FileId::of(path)), reason: reason.to_owned() };
    if document::vendored(path) {
        facts.ignored.push(ignore(whole, "document of a vendored dependency"));
        return facts;
    }
    if text.len() as u64 > FILE_BYTES_MAX {
        facts.problems.push(Problem {
            path: path.to_owned(),
            span: None,
            message: format!("document is longer than {FILE_BYTES_MAX} bytes and was not read"),
        });
        return facts;
    }
    let text = &*super::asciidoc::as_markdown(path, text);
    let prose = Prose::new(text);
    let kind = document::kind(path, text, &prose.sections);
    let scope = document::scope(path, kind, &prose.sections);
    facts.document = Document {
        kind,
        title: prose.sections.iter().min_by_key(|s| s.level).map(|s| s.title),
        scope,
        words: u32::try_from(prose.words()).unwrap_or(u32::MAX),
    };
    facts.fences = fences(&prose);
    facts.ignored.extend(prose.foreign.iter().map(|range| ignore(*range, "text is not English")));
    if scope == Scope::Outside {
        facts.ignored.push(ignore(whole, outside(kind)));
    } else {
        facts.vague = vague::uses(&prose);
        facts.requirements = requirements::stated(&prose);
        vague::settle(&mut facts.vague, &facts.requirements, &prose.sections);
        facts.endpoints = endpoints::named(text, &prose.sections);
        facts.aspects = aspects::addressed(&prose, &facts.requirements, &facts.vague);
    }
    facts.sections = prose.sections;
    facts
}

fn outside(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Changelog => "a changelog promises nothing about behaviour",
        DocumentKind::Template => "a template is filled in elsewhere",
        DocumentKind::Tasks => "a task list plans work, not behaviour",
        DocumentKind::Guide => "a guide instructs people, it does not specify behaviour",
        _ => "the document does not speak about behaviour",
    }
}

fn fences(prose: &Prose<'_>) -> Vec<Fence> {
    let fence = |info: &str| info.split([' ', '{', ',']).find(|w| !w.is_empty()).unwrap_or("").to_ascii_lowercase();
    let blocks = prose.blocks.iter().filter(|b| b.kind == BlockKind::Fence);
    blocks
        .map(|b| Fence { language: fence(prose.text.get(b.info.clone()).unwrap_or("")), code: b.range.clone().into() })
        .collect()
}
