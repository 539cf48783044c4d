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

fn is_parameter(segment: &str) -> bool {
    segment.starts_with(['{', ':', '<', '*', '…', '$']) || segment.contains('…') || segment.contains("${")
}

#[cfg(test)]
mod tests {
    use super::same_route;

    #[test]
    fn a_literal_is_no_parameter_of_a_longer_route() {
        assert!(same_route("/carts/{id}", "/api/carts/{cartId}"));
        assert!(!same_route("/healthz", "/orders/{}"));
        assert!(!same_route("/carts", "/orders"));
    }
}
