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
    NAMES.iter().find_map(|rule| {
        let named = rule.stems.contains(&stem)
            || rule.inside.iter().any(|part| stem.contains(part))
            || rule.starts.iter().any(|part| stem.starts_with(part))
            || rule.ends.iter().any(|part| stem.ends_with(part))
            || path.split('/').rev().skip(1).any(|folder| rule.folders.contains(&folder));
        named.then_some(rule.kind)
    })
}

/// What the name of a document or of a folder above it says about its kind.
struct NameRule {
    kind: DocumentKind,
    stems: &'static [&'static str],
    inside: &'static [&'static str],
    starts: &'static [&'static str],
    ends: &'static [&'static str],
    folders: &'static [&'static str],
}

const ANY: NameRule =
    NameRule { kind: DocumentKind::Other, stems: &[], inside: &[], starts: &[], ends: &[], folders: &[] };

/// First match wins.
const NAMES: &[NameRule] = &[
    NameRule {
        kind: DocumentKind::Changelog,
        stems: &["history", "news", "changes"],
        inside: &["changelog", "release-notes", "release_notes", "releasenotes"],
        folders: &["changelog", "changelogs"],
        ..ANY
    },
    NameRule {
        kind: DocumentKind::Other,
        stems: &["security"],
        inside: &[
            "license",
            "code_of_conduct",
            "code-of-conduct",
            "maintainers",
            "governance",
            "authors",
            "notice",
            "adopters",
        ],
        ..ANY
    },
    NameRule {
        kind: DocumentKind::Template,
        inside: &["template"],
        folders: &["templates", "template", "_template", "nnnn-template", "nnnn-kep-template"],
        ..ANY
    },
    NameRule { kind: DocumentKind::Requirements, stems: &["constitution"], ..ANY },
    NameRule {
        kind: DocumentKind::Guide,
        inside: &[
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
            "mentorship",
        ],
        folders: &[
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
        ],
        ..ANY
    },
    NameRule {
        kind: DocumentKind::Tasks,
        stems: &["tasks"],
        inside: &["todo"],
        starts: &["task_"],
        ends: &["report", "completion", "completed", "implementation_summary", "implementation-summary", "_status"],
        ..ANY
    },
    NameRule {
        kind: DocumentKind::Runbook,
        inside: &["runbook", "playbook"],
        folders: &["runbooks", "playbooks", "operations"],
        ..ANY
    },
    NameRule { kind: DocumentKind::Requirements, stems: &["prd"], inside: &["requirements"], ..ANY },
    NameRule { kind: DocumentKind::Specification, stems: &["spec", "specification"], ends: &["-spec"], ..ANY },
    NameRule {
        kind: DocumentKind::Decision,
        starts: &["adr"],
        folders: &["adr", "adrs", "decisions", "architecture-decisions"],
        ..ANY
    },
    NameRule {
        kind: DocumentKind::Design,
        inside: &["architecture", "design"],
        folders: &["design", "designs", "design-docs"],
        ..ANY
    },
    NameRule {
        kind: DocumentKind::Proposal,
        stems: &["proposal", "kep"],
        starts: &["rfc"],
        folders: &["keps", "rfcs", "rfc", "proposals", "proposals-done", "proposals-accepted", "enhancements", "pip"],
        ..ANY
    },
];

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

/// What may be asked of a document of this kind with these sections. A user interface is no service.
pub(crate) fn scope(path: &str, kind: DocumentKind, sections: &[Section]) -> Scope {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let interface =
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| ["frontend", "ui", "ux"].contains(&word));
    match kind {
        DocumentKind::Specification | DocumentKind::Requirements | DocumentKind::Design if interface => {
            Scope::Describes
        }
        DocumentKind::Specification
        | DocumentKind::Requirements
        | DocumentKind::Design
        | DocumentKind::Proposal
        | DocumentKind::Decision => Scope::Specifies,
        DocumentKind::Readme => {
            // "Requirements" alone are what has to be installed.
            let specifies = |s: &Section| matches!(s.kind, SectionKind::Quality | SectionKind::SuccessCriteria);
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
    other_script * 4 > total || total >= LANGUAGE_WORDS_MIN && english * 12 < total
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
        assert_eq!(scope("README.md", DocumentKind::Readme, &sections), Scope::Describes);
        assert_eq!(scope("docs/frontend-design.md", DocumentKind::Design, &sections), Scope::Describes);
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
