//! What kind of document this is and what may be asked of it, from its path and its headings.

use super::lexer::{Kind, Token};
use super::lexicon::Class;
use whatif_model::facts::prose::{DocumentKind, Scope, Section, SectionKind};

/// Somebody else's documents.
pub(crate) fn vendored(path: &str) -> bool {
    path.split('/').any(|part| {
        ["vendor", "node_modules", "third_party", "thirdparty", "site-packages", "bower_components", ".venv"]
            .contains(&part)
    })
}

/// Kind of document.
pub(crate) fn kind(path: &str, text: &str, sections: &[Section]) -> DocumentKind {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let stem = name.split('.').next().unwrap_or(name);
    by_name(&lower, stem).unwrap_or_else(|| by_headings(&lower, stem, text, sections))
}

fn by_name(path: &str, stem: &str) -> Option<DocumentKind> {
    let has = |parts: &[&str]| parts.iter().any(|p| stem.contains(p));
    let dir = |parts: &[&str]| path.split('/').rev().skip(1).any(|d| parts.contains(&d));
    if has(&["changelog", "release-notes", "release_notes", "releasenotes"])
        || ["history", "news", "changes"].contains(&stem)
        || dir(&["changelog", "changelogs"])
    {
        return Some(DocumentKind::Changelog);
    }
    if has(&[
        "license",
        "code_of_conduct",
        "code-of-conduct",
        "maintainers",
        "governance",
        "authors",
        "notice",
        "adopters",
    ]) || stem == "security"
    {
        return Some(DocumentKind::Other);
    }
    if has(&["template"]) || dir(&["templates", "template", "_template", "nnnn-template"]) || path.contains("template/")
    {
        return Some(DocumentKind::Template);
    }
    if has(&[
        "contributing",
        "agents",
        "claude",
        "copilot",
        "quickstart",
        "getting-started",
        "tutorial",
        "install",
        "development",
        "checklist",
        "constitution",
        "mentorship",
    ]) || dir(&[
        ".github",
        ".claude",
        ".cursor",
        "prompts",
        "commands",
        "tutorials",
        "getting-started",
        "guides",
        "blog",
        "skills",
        "memory",
        "case-studies",
    ]) {
        return Some(DocumentKind::Guide);
    }
    let report = ["report", "completion", "completed", "implementation_summary", "implementation-summary", "_status"];
    if stem == "tasks" || stem.starts_with("task_") || has(&["todo"]) || report.iter().any(|r| stem.ends_with(r)) {
        return Some(DocumentKind::Tasks);
    }
    if has(&["runbook", "playbook"]) || dir(&["runbooks", "playbooks", "operations"]) {
        return Some(DocumentKind::Runbook);
    }
    if stem.contains("requirements") || stem == "prd" {
        return Some(DocumentKind::Requirements);
    }
    if ["spec", "specification"].contains(&stem) || stem.ends_with("-spec") {
        return Some(DocumentKind::Specification);
    }
    if stem.starts_with("adr") || dir(&["adr", "adrs", "decisions", "architecture-decisions"]) {
        return Some(DocumentKind::Decision);
    }
    if has(&["architecture", "design"]) || dir(&["design", "designs", "design-docs"]) {
        return Some(DocumentKind::Design);
    }
    let proposal = ["keps", "rfcs", "rfc", "proposals", "proposals-done", "proposals-accepted", "enhancements", "pip"];
    if stem.starts_with("rfc") || dir(&proposal) || ["proposal", "kep"].contains(&stem) {
        return Some(DocumentKind::Proposal);
    }
    if stem == "readme" && !path.contains("/keps/") {
        return None;
    }
    None
}

fn by_headings(path: &str, stem: &str, text: &str, sections: &[Section]) -> DocumentKind {
    let count = |kind| sections.iter().filter(|s| s.kind == kind).count();
    let has = |words: &[&str]| {
        sections.iter().any(|s| {
            let title = text.get(s.title.start as usize..s.title.end as usize).unwrap_or("");
            words.iter().any(|w| title.eq_ignore_ascii_case(w))
        })
    };
    if has(&["graduation criteria", "unresolved questions", "trade-offs and mitigations", "alternatives considered"]) {
        DocumentKind::Proposal
    } else if has(&["decision", "decision outcome"])
        && has(&["consequences", "context", "context and problem statement"])
    {
        DocumentKind::Decision
    } else if has(&["functional requirements", "non-functional requirements"]) || count(SectionKind::Quality) > 0 {
        if path.contains("spec") { DocumentKind::Specification } else { DocumentKind::Design }
    } else if stem == "readme" {
        DocumentKind::Readme
    } else if has(&["motivation", "proposal"]) && count(SectionKind::Design) > 0 {
        DocumentKind::Proposal
    } else {
        DocumentKind::Manual
    }
}

/// What may be asked of a document of this kind with these sections.
pub(crate) fn scope(kind: DocumentKind, sections: &[Section]) -> Scope {
    match kind {
        DocumentKind::Specification
        | DocumentKind::Requirements
        | DocumentKind::Design
        | DocumentKind::Proposal
        | DocumentKind::Decision => Scope::Specifies,
        DocumentKind::Readme => {
            let specifies = |s: &Section| {
                matches!(s.kind, SectionKind::Requirements | SectionKind::Quality | SectionKind::SuccessCriteria)
            };
            if sections.iter().any(specifies) { Scope::Specifies } else { Scope::Describes }
        }
        DocumentKind::Manual | DocumentKind::Runbook => Scope::Describes,
        DocumentKind::Changelog
        | DocumentKind::Guide
        | DocumentKind::Tasks
        | DocumentKind::Template
        | DocumentKind::Other => Scope::Outside,
    }
}

/// Fewest words on which the language of a passage is judged.
const LANGUAGE_WORDS_MIN: usize = 8;

/// Whether a passage is not English: hardly any of English's most frequent words, or another script.
pub(crate) fn foreign(text: &str, tokens: &[Token]) -> bool {
    let words = tokens.iter().filter(|t| t.kind == Kind::Word);
    let (mut total, mut english, mut other_script) = (0_usize, 0_usize, 0_usize);
    for token in words {
        total += 1;
        english += usize::from(token.is(Class::ENGLISH) || token.class != Class::NONE);
        other_script += usize::from(text.as_bytes().get(token.start as usize).is_some_and(|b| *b >= 0x80));
    }
    total >= LANGUAGE_WORDS_MIN && (other_script * 3 > total || english * 12 < total)
}

#[cfg(test)]
mod tests {
    use super::super::{blocks, lexer, outline};
    use super::*;

    fn kind_of(path: &str, text: &str) -> DocumentKind {
        kind(path, text, &outline::sections(text, &blocks::blocks(text)))
    }

    #[test]
    fn kinds_come_from_the_path_first_and_headings_second() {
        assert_eq!(kind_of("CHANGELOG-3.4.md", ""), DocumentKind::Changelog);
        assert_eq!(kind_of("docs/adr/0001-x.md", ""), DocumentKind::Decision);
        assert_eq!(kind_of("specs/001-x/spec.md", ""), DocumentKind::Specification);
        assert_eq!(kind_of("x/README.md", "# X\n## Build\n"), DocumentKind::Readme);
        assert_eq!(kind_of("x.md", "# X\n## Non-Functional Requirements\n"), DocumentKind::Design);
        assert_eq!(kind_of("x.md", "# X\n## Context\n## Decision\n## Consequences\n"), DocumentKind::Decision);
    }

    #[test]
    fn a_readme_that_tells_how_to_build_specifies_nothing() {
        let text = "# X\n## Build\n";
        let sections = outline::sections(text, &blocks::blocks(text));
        assert_eq!(scope(DocumentKind::Readme, &sections), Scope::Describes);
    }

    #[test]
    fn other_languages_are_recognised() {
        let foreign_text = |text: &str| {
            let mut tokens = Vec::new();
            lexer::lex(text, 0..text.len(), &mut tokens);
            foreign(text, &tokens)
        };
        assert!(foreign_text("Сервис должен обрабатывать все запросы клиентов быстро и надёжно всегда"));
        assert!(foreign_text("Der Dienst muss alle Anfragen schnell und zuverlässig bearbeiten können"));
        assert!(!foreign_text("The service must handle all requests quickly and reliably at any time"));
    }
}
