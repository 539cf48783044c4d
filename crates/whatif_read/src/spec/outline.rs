//! Sections and what their sentences are: design, wish, past, or an option not taken.

use super::blocks::{Block, BlockKind};
use whatif_model::facts::prose::{Section, SectionKind};
use whatif_model::text::Range;

/// One section per heading. A heading of no known kind takes the kind of its nearest known ancestor.
pub(crate) fn sections(text: &str, blocks: &[Block]) -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for block in blocks {
        let BlockKind::Heading(level) = block.kind else { continue };
        while let Some(last) = open.last().copied().filter(|at| out[*at].level >= level) {
            out[last].range.end = Range::from(block.range.clone()).start;
            open.pop();
        }
        let own = section_kind(&text[block.range.clone()]);
        let inherited = open.last().map_or(SectionKind::Other, |at| out[*at].kind);
        let kind = if own == SectionKind::Other || (sticky(inherited) && level > 2) && own != SectionKind::NonGoals {
            if own != SectionKind::Other && !sticky(inherited) { own } else { inherited }
        } else {
            own
        };
        open.push(out.len());
        out.push(Section {
            title: block.range.clone().into(),
            level,
            kind,
            range: Range::new(block.range.start, text.len()),
        });
    }
    out
}

/// Kinds that colour everything below them, whatever a subsection is called.
fn sticky(kind: SectionKind) -> bool {
    matches!(
        kind,
        SectionKind::Alternatives
            | SectionKind::NonGoals
            | SectionKind::Process
            | SectionKind::References
            | SectionKind::Glossary
    )
}

/// Kind of a section from its heading.
pub(crate) fn section_kind(title: &str) -> SectionKind {
    let lower = title.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|w| !w.is_empty()).collect();
    let question = lower.trim_end().ends_with('?');
    if question && words.iter().any(|w| ["over", "not", "instead", "vs"].contains(w)) {
        return SectionKind::Alternatives;
    }
    for (kind, phrases) in KINDS {
        for phrase in *phrases {
            if contains_words(&words, phrase) {
                return *kind;
            }
        }
    }
    SectionKind::Other
}

fn contains_words(words: &[&str], phrase: &str) -> bool {
    let wanted = phrase.split(' ').count();
    words.windows(wanted).any(|w| w.iter().copied().eq(phrase.split(' ')))
}

/// First match wins; the more telling words come first.
const KINDS: &[(SectionKind, &[&str])] = &[
    (SectionKind::NonGoals, &["non-goals", "non goals", "nongoals", "out of scope", "non-goal", "not in scope"]),
    (
        SectionKind::Alternatives,
        &[
            "alternatives",
            "alternative",
            "considered options",
            "options considered",
            "rejected",
            "other approaches",
            "prior art",
            "pros and cons",
            "trade-offs",
            "tradeoffs",
            "trade-off",
            "tradeoff",
            "comparison",
            "versus",
            "vs",
            "compared",
            "why not",
            "options",
            "choice",
            "choices",
            "related work",
            "proposed alternatives",
        ],
    ),
    (
        SectionKind::Process,
        &[
            "implementation history",
            "changelog",
            "release notes",
            "release",
            "releases",
            "graduation criteria",
            "graduation",
            "milestones",
            "roadmap",
            "rollout plan",
            "infrastructure needed",
            "checklist",
            "release signoff checklist",
            "contributing",
            "license",
            "feature lifecycle outline",
            "change log",
            "lessons learned",
        ],
    ),
    (
        SectionKind::References,
        &["references", "table of contents", "links", "see also", "further reading", "contents", "resources"],
    ),
    (SectionKind::Glossary, &["glossary", "terminology", "definitions", "terms", "vocabulary"]),
    (SectionKind::Questions, &["open questions", "unresolved questions", "questions", "unresolved"]),
    (
        SectionKind::SuccessCriteria,
        &["success criteria", "measurable outcomes", "success metrics", "kpis", "acceptance metrics"],
    ),
    (
        SectionKind::Quality,
        &[
            "non-functional",
            "nonfunctional",
            "nfr",
            "nfrs",
            "quality requirements",
            "quality attributes",
            "slo",
            "slos",
            "sla",
            "slas",
            "service level",
            "performance goals",
            "performance requirements",
            "constraints",
            "availability target",
            "performance targets",
            "quality goals",
            "quality gates",
            "performance budget",
            "performance budgets",
            "latency targets",
            "service targets",
        ],
    ),
    (
        SectionKind::Measurement,
        &["benchmark", "benchmarks", "results", "evaluation", "experiment", "experiments", "measurements"],
    ),
    (
        SectionKind::Requirements,
        &["requirements", "requirement", "acceptance criteria", "scenario", "functional", "constraints"],
    ),
    (
        SectionKind::Tests,
        &["test plan", "tests", "testing", "test", "e2e", "unit tests", "testing strategy", "validation plan"],
    ),
    (SectionKind::Monitoring, &["monitoring", "observability", "alerts", "alerting", "metrics"]),
    (
        SectionKind::Failure,
        &[
            "failure",
            "failures",
            "failure modes",
            "fault",
            "error handling",
            "degradation",
            "troubleshooting",
            "disaster recovery",
            "edge cases",
            "recovery",
        ],
    ),
    (
        SectionKind::Risks,
        &["risks", "drawbacks", "limitations", "caveats", "concerns", "drawback", "known issues", "cons"],
    ),
    (SectionKind::Goals, &["goals", "objectives", "goal", "objective"]),
    (
        SectionKind::Example,
        &[
            "example",
            "examples",
            "user story",
            "user stories",
            "story",
            "use case",
            "use cases",
            "tutorial",
            "quickstart",
        ],
    ),
    (SectionKind::Background, &["motivation", "background", "problem", "context", "rationale"]),
    (SectionKind::Consequences, &["consequences", "consequence", "decision outcome", "positive", "negative"]),
    (SectionKind::Summary, &["summary", "overview", "introduction", "abstract", "tldr"]),
    (
        SectionKind::Design,
        &["design", "architecture", "proposal", "implementation", "decision", "solution", "deep dive"],
    ),
];

#[cfg(test)]
mod tests {
    use super::super::blocks::blocks;
    use super::*;

    fn kinds(text: &str) -> Vec<SectionKind> {
        sections(text, &blocks(text)).iter().map(|s| s.kind).collect()
    }

    #[test]
    fn a_subsection_inherits_and_rejected_options_stay_rejected() {
        use SectionKind::*;
        let text = "# Orders\n## Non-Functional Requirements\n### Scale\n## Alternatives considered\n### Design B\n## Design\n";
        assert_eq!(kinds(text), [Other, Quality, Quality, Alternatives, Alternatives, Design]);
    }

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_level() {
        let text = "# A\n## B\nx\n## C\n";
        let out = sections(text, &blocks(text));
        assert_eq!(out[1].range.end, out[2].range.start);
        assert_eq!(out[0].range.end as usize, text.len());
    }
}
