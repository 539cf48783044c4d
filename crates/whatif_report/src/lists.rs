//! `whatif rules` and `whatif readers`.

use crate::text::{count, pad};
use crate::{ReaderText, RuleText, Style};

/// Every rule with its severity and its one line, grouped by practice.
pub fn rules(rules: &[RuleText], style: Style) -> String {
    let name = |rule: &RuleText| rule.id.split_once('/').map_or(rule.id, |(_, name)| name);
    let width = rules.iter().map(|rule| name(rule).chars().count()).max().unwrap_or(0);
    let (mut out, mut practice) = (String::new(), "");
    for rule in rules {
        let own = rule.id.split_once('/').map_or("", |(practice, _)| practice);
        if own != practice {
            practice = own;
            out.push_str(&format!("{}{}\n", if out.is_empty() { "" } else { "\n" }, style.bold(practice)));
        }
        let severity = pad(rule.severity.as_str(), "warning".len());
        out.push_str(&format!("  {}  {severity}  {}\n", pad(name(rule), width), rule.summary));
    }
    out.push_str(&format!("\n{}; `whatif explain <rule>` shows a rule's page\n", count(rules.len(), "rule")));
    out
}

/// Every reader with what it reads.
pub fn readers(readers: &[ReaderText]) -> String {
    let width = readers.iter().map(|reader| reader.name.chars().count()).max().unwrap_or(0);
    readers.iter().map(|reader| format!("{}  {}\n", pad(reader.name, width), reader.reads)).collect()
}
