//! Route templates, compared as people write them.

/// Whether two route templates match: `/carts/{id}` and `/api/carts/{cartId}` do (a gateway prefix may
/// be missing on one side), `/carts` and `/orders` do not.
pub fn same_route(a: &str, b: &str) -> bool {
    let segments = |path: &str| -> Vec<String> {
        let path = path.split(['?', '#']).next().unwrap_or(path);
        path.split('/')
            .filter(|s| !s.is_empty())
            .map(|s| if is_parameter(s) { "{}".to_owned() } else { s.to_owned() })
            .collect()
    };
    let (a, b) = (segments(a), segments(b));
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let tail = &long[long.len() - short.len()..];
    let fits = tail.iter().zip(&short).all(|(x, y)| x == y || x == "{}" || y == "{}");
    // A literal that only meets a parameter says nothing about a route of another length.
    let agree = tail.iter().zip(&short).any(|(x, y)| x == y && x != "{}");
    let prefix_is_literal = long[..long.len() - short.len()].iter().all(|segment| segment != "{}");
    fits && prefix_is_literal && (agree || long.len() == short.len())
}

/// Words that begin the names of requests that only ask, as API guides name them (Google AIP-131, 132 and 136).
const ASKING: [&str; 22] = [
    "calculate",
    "check",
    "compare",
    "compute",
    "convert",
    "count",
    "estimate",
    "evaluate",
    "exists",
    "fetch",
    "find",
    "get",
    "list",
    "lookup",
    "match",
    "preview",
    "query",
    "quote",
    "read",
    "search",
    "validate",
    "verify",
];

/// Whether a request, `POST /carts/{id}/items`, asks for a change as far as its method and route say: by method alone
/// (RFC 9110, 9.2.1), except that a `POST` whose last word asks a question (`/search`, `/get-quote`) is one.
pub fn asks_for_change(request: &str) -> bool {
    let (method, path) = request.split_once(' ').unwrap_or((request, ""));
    match method {
        "PUT" | "PATCH" | "DELETE" => true,
        "POST" => !asks(path),
        _ => false,
    }
}

/// Whether a request, sent again, asks for another change: `POST` and `PATCH` are not idempotent (RFC 9110, 9.2.2).
pub fn repeats_change(request: &str) -> bool {
    asks_for_change(request) && ["POST", "PATCH"].iter().any(|method| request.starts_with(method))
}

fn asks(path: &str) -> bool {
    let path = path.split(['?', '#', ' ']).next().unwrap_or_default();
    let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty() && !is_parameter(segment));
    let Some(last) = segments.next() else { return false };
    let verb = last.rsplit(':').next().unwrap_or(last);
    let word = |c: char| !c.is_alphanumeric();
    let camel = verb.char_indices().skip(1).find(|(_, c)| c.is_uppercase()).map_or(verb.len(), |(at, _)| at);
    let first = verb[..camel].split(word).next().unwrap_or_default().to_ascii_lowercase();
    // `getquote`: no other of these words begins a word of its own.
    ASKING.contains(&first.as_str()) || (first.starts_with("get") && first.len() > "get".len())
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with(['{', ':', '<', '*', '…', '$']) || segment.contains('…') || segment.contains("${")
}

#[cfg(test)]
mod tests {
    use super::{asks_for_change, repeats_change, same_route};

    #[test]
    fn a_post_that_asks_changes_nothing() {
        for asks in ["POST /getquote", "POST /v1/orders/search", "POST /get-quote", "POST /rates:convert", "GET /x"] {
            assert!(!asks_for_change(asks), "{asks}");
        }
        for changes in ["POST /checkout", "POST /orders", "POST /", "POST", "PUT /search/{id}"] {
            assert!(asks_for_change(changes), "{changes}");
        }
        assert!(repeats_change("POST /orders") && !repeats_change("PUT /orders/{id}"));
    }

    #[test]
    fn a_literal_is_no_parameter_of_a_longer_route() {
        assert!(same_route("/carts/{id}", "/api/carts/{cartId}"));
        assert!(!same_route("/healthz", "/orders/{}"));
        assert!(!same_route("/carts", "/orders"));
    }
}
