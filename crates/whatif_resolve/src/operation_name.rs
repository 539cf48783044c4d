//! What an operation is called when its handler has no name of its own.
//!
//! A closure, a method called `create`, or a file that exports `POST` says nothing. The route does: it is read
//! the way standard and custom methods are named in API design guides (<https://google.aip.dev/130>):
//! `POST /v1/payments` is `CreatePayment`, `POST /v1/payments/{id}/capture` is `CapturePayment`.

use whatif_model::facts::code::{Entry, Trigger};

/// Names of handlers that tell what kind of method it is, and nothing of what it does.
const GENERIC: [&str; 22] = [
    "get",
    "list",
    "create",
    "update",
    "delete",
    "post",
    "put",
    "patch",
    "index",
    "show",
    "handle",
    "handler",
    "consume",
    "consumer",
    "process",
    "receive",
    "execute",
    "invoke",
    "callback",
    "default",
    "__call__",
    "on_message",
];

/// Path segments that only say where the API is.
const PREFIXES: [&str; 3] = ["api", "rest", "public"];

/// The name of an entry point: its handler's, or one made of what triggers it.
pub(crate) fn of(entry: &Entry) -> String {
    let is_anonymous = entry.name == entry.trigger.display() || entry.name.is_empty();
    let is_generic = GENERIC.contains(&entry.name.to_lowercase().as_str());
    if !is_anonymous && !is_generic {
        return entry.name.clone();
    }
    let made = match &entry.trigger {
        Trigger::Http { method, path } => of_route(method, path),
        Trigger::Message { topic, .. } => of_topic(&topic.name.as_text().unwrap_or_default()),
        _ => None,
    };
    made.unwrap_or_else(|| entry.name.clone())
}

/// `webhooks` is `HandleWebhook`; names that say nothing, or are not known, make none.
fn of_topic(topic: &str) -> Option<String> {
    let words = pascal(&singular(topic));
    (!words.is_empty()).then(|| format!("Handle{words}"))
}

fn of_route(method: &str, path: &str) -> Option<String> {
    let is_version =
        |s: &str| s.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let segments: Vec<&str> =
        path.split('/').filter(|s| !s.is_empty() && !PREFIXES.contains(s) && !is_version(s)).collect();
    let is_literal = |s: &&str| !s.contains(['{', '*', '<', ':']);
    let literals: Vec<&str> = segments.iter().copied().filter(is_literal).collect();
    let last = *literals.last()?;
    let before = literals.len().checked_sub(2).map(|at| literals[at]);
    let ends_in_parameter = segments.last().is_some_and(|s| !is_literal(s));
    if ends_in_parameter || is_plural(last) {
        return Some(standard(method, last, ends_in_parameter));
    }
    // Neither a collection nor one of its elements: what is done, or a part of what stands before it.
    let whole = before.filter(|it| is_plural(it) && !last.contains(['-', '_'])).map(|it| pascal(&singular(it)));
    // Behind the collection itself stands what is done to its elements: `PUT /orders/cancel`.
    let of_collection = segments.len() >= 2 && is_plural(segments[segments.len() - 2]);
    Some(match method {
        "PUT" | "PATCH" if of_collection => format!("{}{}", pascal(last), whole.unwrap_or_default()),
        "GET" => format!("Get{}{}", whole.unwrap_or_default(), pascal(last)),
        "PUT" | "PATCH" => format!("Update{}{}", whole.unwrap_or_default(), pascal(last)),
        "DELETE" => format!("Delete{}{}", whole.unwrap_or_default(), pascal(last)),
        _ => format!("{}{}", pascal(last), whole.unwrap_or_default()),
    })
}

/// The standard methods of a collection and of its elements.
fn standard(method: &str, collection: &str, is_element: bool) -> String {
    let one = pascal(&singular(collection));
    match (method, is_element) {
        ("GET", false) => format!("List{}", pascal(collection)),
        ("GET", true) => format!("Get{one}"),
        ("PUT" | "PATCH", _) => format!("Update{one}"),
        ("DELETE", _) => format!("Delete{one}"),
        // A word that is no collection, with what it needs behind it: `POST /confirm/{id}`.
        (_, true) if !is_plural(collection) => one,
        ("POST", _) => format!("Create{one}"),
        _ => one,
    }
}

fn is_plural(word: &str) -> bool {
    word.len() > 3 && word.ends_with('s') && !["ss", "us", "is"].iter().any(|end| word.ends_with(end))
}

fn singular(word: &str) -> String {
    if !is_plural(word) {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let with_e = ["ches", "shes", "xes", "sses", "zes"].iter().any(|end| word.ends_with(end));
    word.strip_suffix(if with_e { "es" } else { "s" }).unwrap_or(word).to_owned()
}

/// `rotate-key` is `RotateKey`.
fn pascal(word: &str) -> String {
    let mut name = String::new();
    for part in word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut characters = part.chars();
        name.extend(characters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(characters.as_str());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_methods_are_named_by_their_collection() {
        let named = |method, path| of_route(method, path).unwrap_or_default();
        assert_eq!(named("POST", "/api/v1/payments/"), "CreatePayment");
        assert_eq!(named("GET", "/api/v1/payments"), "ListPayments");
        assert_eq!(named("GET", "/categories/{id}"), "GetCategory");
        assert_eq!(named("PATCH", "/orders/{id}"), "UpdateOrder");
        assert_eq!(named("DELETE", "/blocks/{blockedId}"), "DeleteBlock");
        assert_eq!(named("GET", "/payments/{id}/refunds"), "ListRefunds");
    }

    #[test]
    fn other_methods_say_what_is_done_to_what() {
        let named = |method, path| of_route(method, path).unwrap_or_default();
        assert_eq!(named("POST", "/payments/{id}/capture"), "CapturePayment");
        assert_eq!(named("PUT", "/orders/cancel"), "CancelOrder");
        assert_eq!(named("POST", "/merchants/me/rotate-key"), "RotateKey");
        assert_eq!(named("PATCH", "/merchants/me/webhook"), "UpdateWebhook");
        assert_eq!(named("GET", "/events/{id}/capacity"), "GetEventCapacity");
        assert_eq!(named("POST", "/checkout"), "Checkout");
        assert_eq!(named("POST", "/confirm/{id}"), "Confirm");
        assert_eq!(of_route("GET", "/{id}"), None);
        assert_eq!(of_topic("webhooks").as_deref(), Some("HandleWebhook"));
    }
}
