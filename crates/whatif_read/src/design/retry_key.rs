//! Which parameters let a server tell a repeated request from a new one.

use whatif_model::evidence::How;

/// Names that mean nothing else (draft-ietf-httpapi-idempotency-key-header and its spellings in the wild).
const KEYS: &[&str] = &[
    "idempotencykey",
    "idempotentkey",
    "idempotencekey",
    "idempotencytoken",
    "idempotencyid",
    "idempotencyuuid",
    "idempotentid",
    "deduplicationid",
    "messagededuplicationid",
    "dedupid",
    "dedupkey",
    "deduplicationkey",
];

/// Names that mean it by convention: AWS (`ClientToken`, `ClientRequestToken`), AIP-155 (`request_id`,
/// <https://google.aip.dev/155>) and their relatives.
const KEYS_BY_CONVENTION: &[&str] =
    &["clienttoken", "clientrequesttoken", "clientrequestid", "requesttoken", "requestid", "clientreferenceid"];

/// Words of a description that settle what a parameter is for.
const WORDS: &[&str] = &["idempoten", "duplicate", "deduplicat", "safely retr"];

/// Whether a parameter is an idempotency key, and how that follows.
///
/// `X-Request-Id` as a header is a correlation id: it counts only when its description says otherwise. A body
/// or query field of that name counts by convention.
pub(super) fn idempotency_key(name: &str, place: &str, description: &str) -> Option<How> {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let bare = if place == "header" { letters.strip_prefix('x').unwrap_or(&letters) } else { letters.as_str() };
    let is_explained = speaks_of_repeats(description);
    if KEYS.contains(&bare) || KEYS.contains(&letters.as_str()) {
        return Some(How::Stated);
    }
    if !KEYS_BY_CONVENTION.contains(&bare) {
        return None;
    }
    match (is_explained, place) {
        (true, _) => Some(How::Stated),
        (false, "header") if bare == "requestid" => None,
        (false, "path") => None,
        (false, _) => Some(How::Derived),
    }
}

/// Whether a text is about repeated requests.
pub(super) fn speaks_of_repeats(text: &str) -> bool {
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// Whether a text promises idempotency (`true`), denies it (`false`), or says nothing of it.
pub(super) fn promise(text: &str) -> Option<bool> {
    let text = text.to_lowercase();
    let at = text.find("idempotent")?;
    let before = text.get(..at).unwrap_or("");
    let words: Vec<&str> = before.split_whitespace().rev().take(3).collect();
    Some(!words.iter().any(|word| matches!(*word, "not" | "isn't" | "non" | "never" | "no") || word.ends_with("non-")))
}

/// How long keys are valid, as a description says it: `24 hours`, `7 days`.
pub(super) fn validity(text: &str) -> Option<String> {
    if speaks_of_repeats(text) { remembered_for(text) } else { None }
}

/// The same in the description of a key itself, which need not say that repeats are what it is for.
pub(super) fn remembered_for(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '-')).collect();
    words.windows(2).find_map(|pair| {
        let unit = pair[1].trim_end_matches(['.', ';', ':']).to_lowercase();
        let is_unit = matches!(
            unit.as_str(),
            "second" | "seconds" | "minute" | "minutes" | "hour" | "hours" | "h" | "day" | "days" | "week" | "weeks"
        );
        (is_unit && pair[0].parse::<u32>().is_ok()).then(|| format!("{} {unit}", pair[0]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_places_and_descriptions_decide() {
        assert_eq!(idempotency_key("Idempotency-Key", "header", ""), Some(How::Stated));
        assert_eq!(idempotency_key("X-Idempotency-Key", "header", ""), Some(How::Stated));
        assert_eq!(idempotency_key("X-Request-Id", "header", "for tracing"), None);
        assert_eq!(idempotency_key("X-Request-Id", "header", "makes the call idempotent"), Some(How::Stated));
        assert_eq!(idempotency_key("request_id", "body", ""), Some(How::Derived));
        assert_eq!(idempotency_key("request_id", "path", ""), None);
        assert_eq!(idempotency_key("clientToken", "query", ""), Some(How::Derived));
        assert_eq!(idempotency_key("order_id", "body", "no duplicates"), None);
    }

    #[test]
    fn prose_promises_denies_and_limits() {
        assert_eq!(promise("This call is idempotent."), Some(true));
        assert_eq!(promise("The call is not idempotent"), Some(false));
        assert_eq!(promise("a non-idempotent call"), Some(false));
        assert_eq!(promise("a call"), None);
        assert_eq!(validity("Idempotency keys expire after 24 hours."), Some("24 hours".to_owned()));
        assert_eq!(validity("Answers within 3 seconds."), None);
    }
}
