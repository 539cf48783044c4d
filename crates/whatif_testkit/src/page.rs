//! The structure of a rule page.

/// Headings every page has, in this order; `## What if` may be missing where nothing can happen.
pub const HEADINGS: [&str; 7] = [
    "## What it catches",
    "## Why it matters",
    "## Finds this",
    "## Accepts this",
    "## Fix",
    "## When to allow it",
    "## References",
];

/// A parsed page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The text after `# `.
    pub title: String,
    /// The first paragraph.
    pub summary: String,
    /// `##` headings as written.
    pub headings: Vec<String>,
    /// The example systems.
    pub cases: Vec<Case>,
}

/// One example system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// The text after `### `.
    pub name: String,
    /// Whether it stands under `## Finds this`.
    pub finds: bool,
    /// Its files: path and text.
    pub files: Vec<(String, String)>,
    /// The expected findings as printed in the page; empty when none.
    pub expected: String,
    /// Lines of the expectation in the page, first and one past the last, counted from 0; `None` without a block.
    pub expected_lines: Option<(usize, usize)>,
}

/// Parses a page. Cases start at `###` headings below the two example headings.
pub fn parse(text: &str) -> Page {
    let mut page = Page::default();
    let mut finds = None;
    let mut fence: Option<Fence> = None;
    for (at, line) in text.lines().enumerate() {
        if let Some(open) = &mut fence {
            if line.trim_end() == "`".repeat(open.ticks) {
                let closed = fence.take().unwrap_or_default();
                close(&mut page, closed, at);
            } else {
                open.text.push_str(line);
                open.text.push('\n');
            }
        } else if line.starts_with("```") {
            let ticks = line.chars().take_while(|c| *c == '`').count();
            fence = Some(Fence { ticks, info: line[ticks..].trim().to_owned(), start: at + 1, text: String::new() });
        } else if let Some(title) = line.strip_prefix("# ") {
            page.title = title.trim().to_owned();
        } else if line.starts_with("## ") {
            page.headings.push(line.trim().to_owned());
            finds = match line.trim() {
                "## Finds this" => Some(true),
                "## Accepts this" => Some(false),
                _ => None,
            };
        } else if let (Some(name), Some(finds)) = (line.strip_prefix("### "), finds) {
            page.cases.push(Case { name: name.trim().to_owned(), finds, ..Case::default() });
        } else if page.summary.is_empty() && page.headings.is_empty() && !line.trim().is_empty() {
            page.summary = line.trim().to_owned();
        }
    }
    page
}

#[derive(Default)]
struct Fence {
    ticks: usize,
    info: String,
    start: usize,
    text: String,
}

fn close(page: &mut Page, fence: Fence, end: usize) {
    let Some(case) = page.cases.last_mut() else { return };
    if fence.info == "finding" {
        case.expected = fence.text;
        case.expected_lines = Some((fence.start, end));
    } else if let Some(path) = fence.info.split_whitespace().find_map(|word| word.strip_prefix("path=")) {
        case.files.push((path.to_owned(), fence.text));
    }
}
