//! HTTP operations a document names: `POST /orders`, in prose, tables, code and requests alike.

use std::collections::BTreeSet;
use whatif_model::facts::prose::{Endpoint, Section, SectionKind};
use whatif_model::text::Range;

/// Most endpoints kept of one document.
const ENDPOINTS_MAX: usize = 500;

/// Methods of RFC 9110, 9.3, and PATCH of RFC 5789; `HEAD`, `OPTIONS` and the rest name no operation of a system.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What may stand between a method and its path: spaces, and the marks of code spans and table cells.
const BETWEEN: [char; 5] = [' ', '`', '|', '*', '\t'];

/// Every method followed by a path, each pair once.
pub(crate) fn named(text: &str, sections: &[Section]) -> Vec<Endpoint> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (start, method) in methods(text) {
        let Some((path, end)) = path_after(text, start + method.len()) else { continue };
        if found.len() < ENDPOINTS_MAX && seen.insert((method, path.clone())) {
            let section = section_at(sections, start);
            found.push(Endpoint { method: method.to_owned(), path, section, range: Range::new(start, end) });
        }
    }
    found
}

/// Methods that stand as words of their own, in order.
fn methods(text: &str) -> Vec<(usize, &'static str)> {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-' || c == '/');
    let mut found: Vec<(usize, &'static str)> = METHODS
        .iter()
        .flat_map(|method| text.match_indices(method).map(|(at, _)| (at, *method)))
        .filter(|(at, method)| {
            let before = text.get(..*at).and_then(|before| before.chars().next_back());
            let after = text.get(at + method.len()..).and_then(|after| after.chars().next());
            !is_part(before) && after.is_some_and(|c| BETWEEN.contains(&c))
        })
        .collect();
    found.sort_unstable();
    found
}

/// The path that follows on the same line, and where it ends.
fn path_after(text: &str, from: usize) -> Option<(String, usize)> {
    let rest = text.get(from..)?;
    let path = rest.trim_start_matches(BETWEEN);
    let start = from + (rest.len() - path.len());
    if !path.starts_with('/') {
        return None;
    }
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/-_.:{}<>$~".contains(c);
    let length = path.find(|c| !is_path(c)).unwrap_or(path.len());
    let written = path.get(..length)?.trim_end_matches(['.', ':']);
    let names_something = written.chars().any(|c| c.is_ascii_alphabetic());
    names_something.then(|| (written.to_owned(), start + written.len()))
}

fn section_at(sections: &[Section], at: usize) -> SectionKind {
    let here = Range::new(at, at).start;
    let inside = sections.iter().filter(|section| section.range.start <= here && here < section.range.end);
    inside.max_by_key(|section| section.range.start).map_or(SectionKind::Other, |section| section.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        named(text, &[]).into_iter().map(|found| format!("{} {}", found.method, found.path)).collect()
    }

    #[test]
    fn operations_are_found_in_prose_tables_and_code() {
        let text =
            "Call `POST /v1/orders`.\n\n| GET | `/v1/orders/{id}` | one |\n```\nDELETE /v1/orders/:id?force=1\n```\n";
        assert_eq!(of(text), ["POST /v1/orders", "GET /v1/orders/{id}", "DELETE /v1/orders/:id"]);
    }

    #[test]
    fn words_and_other_paths_are_none() {
        assert!(of("GETTING /x, FORGET /y; the GET request; PUT / and POST it").is_empty());
        assert!(of("X-GET /a").is_empty());
    }

    #[test]
    fn each_is_named_once_and_any_text_is_read() {
        assert_eq!(of("GET /a GET /a, GET /ä"), ["GET /a"]);
        assert!(of("POST").is_empty() && of("GET \u{fe0f}/a").is_empty());
    }
}
