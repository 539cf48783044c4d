//! From declarations to facts.

use super::syntax::{File, Message, Rpc, parse};
use crate::design::Reading;
use crate::design::retry_key;
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Fact, How, Stage};
use whatif_model::facts::contract::{Contract, ContractKind, ContractOperation, Field};

pub(crate) const ID: &str = "protobuf";

const RFC_9110: &str = "https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods";

/// First words of a method's name that read, by the standard methods of <https://google.aip.dev/130> and custom.
const READS: &[&str] = &[
    "get",
    "list",
    "search",
    "query",
    "find",
    "lookup",
    "fetch",
    "read",
    "check",
    "watch",
    "describe",
    "count",
    "count",
    "convert",
    "calculate",
    "compute",
    "estimate",
    "quote",
    "preview",
    "validate",
    "verify",
    "is",
    "has",
    "batchget",
    "stream",
    "export",
    "download",
    "resolve",
    "ping",
    "echo",
    "health",
    "status",
    "recommend",
];

/// First words that write.
const WRITES: &[&str] = &[
    "create",
    "insert",
    "add",
    "update",
    "set",
    "put",
    "patch",
    "delete",
    "remove",
    "empty",
    "clear",
    "charge",
    "pay",
    "refund",
    "place",
    "cancel",
    "send",
    "ship",
    "reserve",
    "release",
    "confirm",
    "register",
    "submit",
    "transfer",
    "apply",
    "publish",
    "enqueue",
    "write",
    "save",
    "store",
    "move",
    "undelete",
    "purge",
    "import",
    "start",
    "stop",
    "run",
    "reset",
    "revoke",
    "grant",
    "approve",
    "reject",
    "complete",
    "book",
    "order",
    "notify",
    "batch",
    "increment",
    "append",
    "commit",
    "rollback",
    "acquire",
    "lock",
    "unlock",
    "subscribe",
    "unsubscribe",
];

pub(crate) fn read(cx: &mut Reading<'_>) {
    let file = parse(cx.text);
    for (range, message) in &file.unknown {
        cx.problem(*range, message.clone());
    }
    let messages: BTreeMap<&str, &Message> =
        file.messages.iter().map(|message| (message.name.as_str(), message)).collect();
    for service in &file.services {
        let operations =
            service.rpcs.iter().map(|rpc| read_rpc(cx, rpc, request(&file, &messages, &rpc.request))).collect();
        let name =
            if file.package.is_empty() { service.name.clone() } else { format!("{}.{}", file.package, service.name) };
        let span = cx.span(service.range);
        cx.facts.contracts.push(Contract { kind: ContractKind::Protobuf, name, servers: Vec::new(), span, operations });
    }
}

/// The request message when it is declared in this file.
fn request<'m>(file: &File, messages: &BTreeMap<&str, &'m Message>, name: &str) -> Option<&'m Message> {
    let name = name.trim_start_matches('.');
    let local = name.strip_prefix(&file.package).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name);
    messages.get(local).or_else(|| messages.get(name)).copied()
}

fn read_rpc(cx: &mut Reading<'_>, rpc: &Rpc, request: Option<&Message>) -> ContractOperation {
    let (method, path) = http_binding(rpc);
    for (name, tokens) in &rpc.options {
        if !matches!(name.as_str(), "google.api.http" | "idempotency_level" | "deprecated")
            && let Some(first) = tokens.first()
        {
            cx.ignore(first.range, format!("option `{name}` is not read"));
        }
    }
    let fields: Vec<Field> = request
        .map(|message| message.fields.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|field| Field {
            name: field.name.clone(),
            place: "body".to_owned(),
            ty: field.ty.clone(),
            required: field.required,
            span: cx.span(field.range),
        })
        .collect();
    let key = read_key(cx, rpc, request);
    let key_validity = read_validity(cx, rpc, request, &key);
    ContractOperation {
        name: rpc.name.clone(),
        mutates: read_mutates(cx, rpc, &method),
        idempotent: read_idempotent(cx, rpc, &method),
        method,
        path,
        span: cx.span(rpc.range),
        key,
        key_validity,
        fields,
        responses: Vec::new(),
        description: rpc.comment.clone(),
        streaming: rpc.streaming,
    }
}

/// Method and path of `google.api.http`; the first binding counts.
fn http_binding(rpc: &Rpc) -> (String, String) {
    let Some((_, tokens)) = rpc.options.iter().find(|(name, _)| name.starts_with("google.api.http")) else {
        return (String::new(), String::new());
    };
    // `get: "/v1/..."`, or a custom verb as `custom: { kind: "HEAD" path: "/v1" }`.
    let words: Vec<_> = tokens.iter().filter(|token| token.text != ":").collect();
    words
        .windows(2)
        .find(|pair| {
            matches!(pair[0].text.as_str(), "get" | "put" | "post" | "delete" | "patch")
                && pair[1].quoted
                && !pair[0].quoted
        })
        .or_else(|| words.windows(2).find(|pair| pair[0].text == "get:" && pair[1].quoted))
        .map(|pair| (pair[0].text.trim_end_matches(':').to_ascii_uppercase(), pair[1].text.clone()))
        .unwrap_or_default()
}

fn idempotency_level(rpc: &Rpc) -> Option<(&str, whatif_model::Range)> {
    let (_, tokens) = rpc.options.iter().find(|(name, _)| name == "idempotency_level")?;
    let value = tokens.iter().find(|token| token.text != "=" && token.text != ";")?;
    Some((value.text.as_str(), value.range))
}

fn read_mutates(cx: &Reading<'_>, rpc: &Rpc, method: &str) -> Fact<bool> {
    if let Some((level, range)) = idempotency_level(rpc) {
        match level {
            "NO_SIDE_EFFECTS" => return Fact::known(false, cx.stated(range, "declared free of side effects")),
            "IDEMPOTENT" => {
                return Fact::known(true, cx.stated(range, "declared idempotent, not free of side effects"));
            }
            _ => {}
        }
    }
    if method == "GET" {
        return Fact::known(false, cx.stated(rpc.range, "bound to GET"));
    }
    let first = first_word(&rpc.name);
    let verdict = if READS.contains(&first.as_str()) {
        Some(false)
    } else if WRITES.contains(&first.as_str()) || matches!(method, "PUT" | "PATCH" | "DELETE") {
        Some(true)
    } else {
        None
    };
    verdict.map_or(Fact::Unknown, |mutates| Fact::known(mutates, cx.derived(rpc.range, format!("the verb `{first}`"))))
}

/// `PlaceOrder` → `place`.
fn first_word(name: &str) -> String {
    let end = name.char_indices().skip(1).find(|(_, c)| c.is_uppercase() || *c == '_').map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or(name).to_lowercase()
}

fn read_idempotent(cx: &Reading<'_>, rpc: &Rpc, method: &str) -> Fact<bool> {
    if let Some((level, range)) = idempotency_level(rpc)
        && matches!(level, "NO_SIDE_EFFECTS" | "IDEMPOTENT")
    {
        return Fact::known(true, cx.stated(range, "idempotency level"));
    }
    if matches!(method, "GET" | "PUT" | "DELETE") {
        return Fact::known(true, cx.default(rpc.range, "RFC 9110", RFC_9110, "an idempotent method"));
    }
    retry_key::promise(&rpc.comment)
        .map_or(Fact::Unknown, |promised| Fact::known(promised, cx.derived(rpc.range, "its comment")))
}

fn read_key(cx: &Reading<'_>, rpc: &Rpc, request: Option<&Message>) -> Fact<String> {
    let Some(message) = request else {
        // The empty message has no field at all.
        return if rpc.request.ends_with("google.protobuf.Empty") {
            Fact::absent(cx.stated(rpc.range, "the request has no field"))
        } else {
            Fact::Unknown
        };
    };
    for field in &message.fields {
        if let Some(how) = retry_key::idempotency_key(&field.name, "body", &field.comment) {
            let label = "lets the server recognise a repeated request".to_owned();
            return Fact::known(field.name.clone(), evidence(cx, field.range, how, label));
        }
    }
    if retry_key::speaks_of_repeats(&rpc.comment) {
        return Fact::Unknown;
    }
    let label = format!("{} fields of `{}`, none is a key", message.fields.len(), message.name);
    let label = if label.len() <= 72 { label } else { "no field of the request is a key".to_owned() };
    Fact::absent(cx.stated(rpc.range, label))
}

fn evidence(cx: &Reading<'_>, range: whatif_model::Range, how: How, label: String) -> Evidence {
    Evidence { span: cx.span(range), stage: Stage::Design, how, label }
}

/// Absent when there is a key, and neither its comment nor the method's says how long it is remembered.
fn read_validity(cx: &Reading<'_>, rpc: &Rpc, request: Option<&Message>, key: &Fact<String>) -> Fact<String> {
    let Some(name) = key.value() else { return Fact::Unknown };
    let field = request.and_then(|message| message.fields.iter().find(|field| field.name == *name));
    let texts =
        field.iter().map(|field| (field.comment.as_str(), field.range)).chain([(rpc.comment.as_str(), rpc.range)]);
    for (text, range) in texts {
        if let Some(found) = retry_key::validity(text) {
            return Fact::known(found, cx.stated(range, "validity of the key"));
        }
    }
    Fact::absent(cx.stated(field.map_or(rpc.range, |field| field.range), "nothing says how long it is remembered"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
// Licence.

syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
option go_package = "x;y";

// Takes money.
service Payments {
  option (foo) = { bar: "}" };
  // Charges a card.
  // Repeats with one request_id charge once within 24 hours: no duplicates.
  rpc Charge(ChargeRequest) returns (ChargeReply) {
    option (google.api.http) = { post: "/v1/charges" body: "*" };
  }
  rpc Refund(.shop.v1.RefundRequest) returns (google.protobuf.Empty) { option idempotency_level = IDEMPOTENT; }
  rpc GetCharge (GetChargeRequest) returns (ChargeReply);
  rpc Frobnicate(stream other.Thing) returns (stream ChargeReply) {}
}

message ChargeRequest {
  message Card { string number = 1; }
  Card card = 1 [(google.api.field_behavior) = REQUIRED];
  map<string, int32> labels = 2;
  oneof how { string token = 3; /* key */ string request_id = 4; }
  reserved 9, 10;
  string bucket = 11 [
    (google.api.resource_reference) = { type: "storage/Bucket" }
  ];
  enum Kind { A = 0; }
}
message RefundRequest {
  string charge_id = 1;
  other.Long
      .Name reason = 2;
}
"#;

    fn operations() -> Vec<ContractOperation> {
        let mut cx = Reading::new("proto/payments.proto", FILE);
        read(&mut cx);
        assert!(cx.problems.is_empty(), "{:?}", cx.problems);
        assert_eq!(cx.facts.contracts[0].name, "shop.v1.Payments");
        cx.facts.contracts.remove(0).operations
    }

    #[test]
    fn methods_bindings_fields_and_keys() {
        let operations = operations();
        let charge = &operations[0];
        assert_eq!((charge.method.as_str(), charge.path.as_str()), ("POST", "/v1/charges"));
        assert_eq!(
            charge.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
            ["card", "labels", "token", "request_id", "bucket"]
        );
        assert_eq!((charge.fields[0].required, charge.fields[1].ty.as_str()), (true, "map<string,int32>"));
        assert_eq!(charge.key.value().map(String::as_str), Some("request_id"));
        assert_eq!(charge.key_validity.value().map(String::as_str), Some("24 hours"));
        assert!(charge.mutates.holds(|mutates| *mutates) && charge.description.starts_with("Charges a card"));
        let refund = &operations[1];
        assert_eq!(refund.fields[1].ty, "other.Long.Name");
        assert!(refund.key.is_absent() && refund.idempotent.holds(|promised| *promised));
        assert!(operations[2].mutates.holds(|mutates| !*mutates) && operations[2].key.is_unknown());
        assert!(operations[3].streaming && operations[3].mutates.is_unknown());
    }

    #[test]
    fn broken_files_keep_what_can_be_read() {
        let text = "service A { rpc X(Y) oops; rpc Z(Y) returns (Y); }\nmessage Y { string a; string b = 2; }\nnonsense {}\nservice B {";
        let mut cx = Reading::new("a.proto", text);
        read(&mut cx);
        assert_eq!(cx.facts.contracts.len(), 2);
        assert_eq!(cx.facts.contracts[0].operations[0].name, "Z");
        assert_eq!(cx.facts.contracts[0].operations[0].fields[0].name, "b");
        assert_eq!(cx.problems.len(), 3);
    }

    #[test]
    fn deep_messages_end() {
        let text = "message A { ".repeat(5_000);
        let mut cx = Reading::new("a.proto", &text);
        read(&mut cx);
        assert!(cx.facts.contracts.is_empty());
    }
}
