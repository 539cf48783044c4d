//! Runs the cases of a page through the whole line and compares what its rule reports.

use crate::page::{Case, HEADINGS, parse};
use whatif_config::Config;
use whatif_model::verdict::Mindset;
use whatif_review::RuleMeta;

/// Checks form and examples of one rule's page. Every complaint says what to change.
pub fn check(rule: &RuleMeta) -> Result<(), String> {
    let page = parse(rule.page);
    let mut complaints = Vec::new();
    let slug = rule.id.split_once('/').map_or(rule.id, |(_, slug)| slug);
    if page.title != slug {
        complaints.push(format!("the page is called `{}`, the rule `{slug}`", page.title));
    }
    if page.summary != rule.summary {
        complaints.push(format!("summary of page and rule differ:\n  {}\n  {}", page.summary, rule.summary));
    }
    let found: Vec<&str> = page.headings.iter().map(String::as_str).filter(|h| *h != "## What if").collect();
    if found != HEADINGS {
        complaints.push(format!("headings are {found:?}, must be {HEADINGS:?} (with `## What if` where wanted)"));
    }
    let counts = [true, false].map(|finds| page.cases.iter().filter(|case| case.finds == finds).count());
    if counts[0] < 1 || counts[1] < 2 {
        complaints
            .push(format!("{} positive and {} negative examples; at least 1 and 2 are needed", counts[0], counts[1]));
    }
    for case in &page.cases {
        let got = report(rule, case);
        if case.finds && got.is_empty() {
            complaints.push(format!("`{}` is under `Finds this`, and nothing is found", case.name));
        } else if got != case.expected {
            complaints.push(format!("`{}`:\n-- expected\n{}-- got\n{got}", case.name, case.expected));
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n\n")) }
}

/// What the rule reports about a case, in the words of a `finding` block.
pub fn report(rule: &RuleMeta, case: &Case) -> String {
    let config = case.files.iter().find(|(path, _)| path == "whatif.toml");
    let config = config.map_or_else(Config::default, |(path, text)| {
        Config::parse(path, text).unwrap_or_else(|error| panic!("`{}`: {error}", case.name))
    });
    let review = whatif_engine::review_sources(case.files.clone(), &config, &Mindset::ALL);
    let own = review.findings.iter().filter(|finding| finding.rule == rule.id && finding.allowed.is_none());
    own.map(|finding| {
        let places: Vec<String> = finding
            .evidence
            .iter()
            .map(|evidence| {
                let (path, line, _) = review.sources.locate(evidence.span);
                format!("  {path}:{line} {}", evidence.label).trim_end().to_owned()
            })
            .collect();
        let (severity, confidence) = (finding.severity.as_str(), finding.confidence.as_str());
        format!("{severity}[{}] {confidence}: {}\n{}\n", rule.id, finding.message, places.join("\n"))
    })
    .collect()
}

/// The page with every `finding` block replaced by what is reported now. A case that finds something
/// and has no block yet must get an empty one by hand first.
pub fn updated(rule: &RuleMeta) -> String {
    let page = parse(rule.page);
    let mut lines: Vec<String> = rule.page.lines().map(str::to_owned).collect();
    for case in page.cases.iter().rev() {
        if let Some((start, end)) = case.expected_lines {
            lines.splice(start..end, report(rule, case).lines().map(str::to_owned));
        }
    }
    lines.join("\n") + "\n"
}
