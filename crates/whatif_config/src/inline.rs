//! `whatif: allow(rule) because reason` in a comment beside the place.

use whatif_model::text::SourceFile;

const MARKER: &str = "whatif: allow(";
/// What opens a comment, in the languages and formats we read; prose allows only HTML comments.
const OPENERS: &[&str] = &["//", "#", "/*", "*", "--", ";", "<!--"];
const PROSE_OPENERS: &[&str] = &["<!--"];

/// One suppression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineAllow {
    /// Rule ids, slugs or practices.
    pub rules: Vec<String>,
    /// The line of the comment, from 1.
    pub line: usize,
    /// The line it covers besides its own: the next one that is neither blank nor only a comment.
    pub covers: usize,
    /// Why; `None` is a mistake.
    pub because: Option<String>,
}

impl InlineAllow {
    /// Whether a place on this line is covered.
    pub fn covers_line(&self, line: usize) -> bool {
        line == self.line || line == self.covers
    }
}

/// Every suppression in a file.
pub fn inline_allows(file: &SourceFile) -> Vec<InlineAllow> {
    if !file.text.contains(MARKER) {
        return Vec::new();
    }
    let prose = file.path.ends_with(".md") || file.path.ends_with(".mdx");
    let openers = if prose { PROSE_OPENERS } else { OPENERS };
    let lines: Vec<&str> = file.text.lines().collect();
    let allows = lines.iter().enumerate().filter_map(|(at, line)| {
        let (before, after) = line.split_once(MARKER)?;
        opens_comment(before, openers).then(|| read(&lines, at, after, openers))
    });
    allows.collect()
}

/// The marker must follow a comment opener directly, so that a string or a sentence about suppressions is none.
fn opens_comment(before: &str, openers: &[&str]) -> bool {
    let before = before.trim_end();
    openers.iter().any(|opener| before.ends_with(opener))
}

fn read(lines: &[&str], at: usize, after: &str, openers: &[&str]) -> InlineAllow {
    let (rules, rest) = after.split_once(')').unwrap_or((after, ""));
    let rules = rules.split(',').map(|rule| rule.trim().to_owned()).filter(|rule| !rule.is_empty()).collect();
    let reason = rest.trim().strip_prefix("because").map(|reason| {
        let reason = reason.trim();
        reason.strip_suffix("-->").or_else(|| reason.strip_suffix("*/")).unwrap_or(reason).trim().to_owned()
    });
    let because = reason.filter(|reason| !reason.is_empty());
    InlineAllow { rules, line: at + 1, covers: covered(lines, at, openers), because }
}

/// A comment behind code covers its own line only; a comment of its own covers the next line of substance.
fn covered(lines: &[&str], at: usize, openers: &[&str]) -> usize {
    let alone = |line: &str| openers.iter().any(|opener| line.trim_start().starts_with(opener));
    if !alone(lines[at]) {
        return at + 1;
    }
    let next = lines.iter().skip(at + 1).position(|line| !line.trim().is_empty() && !alone(line));
    next.map_or(at + 1, |offset| at + 1 + offset + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(path: &str, text: &str) -> Vec<InlineAllow> {
        inline_allows(&SourceFile::new(path, text))
    }

    #[test]
    fn a_comment_of_its_own_covers_the_next_line_of_substance() {
        let text = "x: 1\n# whatif: allow(timeouts/missing, no-jitter) because batch job\n\n# more\ny: 2\n";
        let [allow] = &allows("a.yaml", text)[..] else { panic!("one suppression") };
        assert_eq!(allow.rules, ["timeouts/missing", "no-jitter"]);
        assert_eq!((allow.line, allow.covers, allow.because.as_deref()), (2, 5, Some("batch job")));
    }

    #[test]
    fn a_comment_behind_code_covers_its_own_line() {
        let allow = &allows("a.go", "call() // whatif: allow(missing) because fire and forget\nnext()\n")[0];
        assert!(allow.covers_line(1) && !allow.covers_line(2));
    }

    #[test]
    fn a_missing_reason_is_kept_as_missing() {
        assert_eq!(allows("a.go", "// whatif: allow(missing)\nx()\n")[0].because, None);
        assert_eq!(allows("a.go", "// whatif: allow(missing) because \nx()\n")[0].because, None);
    }

    #[test]
    fn only_comments_count() {
        assert!(allows("a.go", "s := \"whatif: allow(missing) because x\"\n").is_empty());
        assert!(allows("a.md", "Write `# whatif: allow(missing) because x`.\n").is_empty());
        let allow = &allows("a.md", "<!-- whatif: allow(fast) because quoted -->\nIt is fast.\n")[0];
        assert_eq!((allow.covers, allow.because.as_deref()), (2, Some("quoted")));
    }
}
