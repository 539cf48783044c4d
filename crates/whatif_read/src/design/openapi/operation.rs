//! One operation: what it takes, answers and promises.

use super::reference::{References, Resolved};
use crate::design::{Reading, retry_key};
use crate::tree::Node;
use whatif_model::Range;
use whatif_model::evidence::{Evidence, Fact, How, Stage};
use whatif_model::facts::contract::{ContractOperation, Field};

const SAFE_LINK: &str = "https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods";
const IDEMPOTENT_LINK: &str = "https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods";

/// Deepest nesting of `allOf`, `oneOf`, `anyOf` that is followed for top-level fields.
const COMPOSITION_MAX: usize = 8;

/// Words of an operation's name or path that make a POST a query.
const QUERIES: &[&str] = &[
    "search",
    "query",
    "find",
    "lookup",
    "filter",
    "list",
    "get",
    "fetch",
    "preview",
    "validate",
    "verify",
    "calculate",
    "estimate",
    "quote",
    "check",
    "count",
    "introspect",
    "graphql",
    "login",
];

/// What holds for every operation of a document.
pub(super) struct Api {
    /// Whether the introduction is about repeated requests.
    pub(super) speaks_of_repeats: bool,
    /// Whether bodies are described by `requestBody` (3.x) rather than by a parameter (2.0).
    pub(super) body: bool,
}

/// Where an operation stands.
pub(super) struct Place<'n> {
    pub(super) path: &'n str,
    pub(super) method: &'n str,
    pub(super) range: Range,
}

/// A parameter or field with its description, and whether all of them were seen.
#[derive(Default)]
struct Inputs {
    fields: Vec<(Field, String, Range)>,
    is_complete: bool,
}

pub(super) fn read<'n, 't>(
    cx: &mut Reading<'_>,
    references: &mut References<'n, 't>,
    api: &Api,
    place: &Place<'_>,
    node: &'n Node<'t>,
    shared: &'n [Node<'t>],
) -> ContractOperation {
    let method = place.method.to_ascii_uppercase();
    let id = node.get("operationId");
    let range = id.map_or(place.range, |id| id.range);
    let description = description(node);
    let mut inputs = Inputs { is_complete: true, ..Inputs::default() };
    let own = node.get("parameters").map(Node::items).unwrap_or_default();
    for parameter in own.iter().chain(shared) {
        read_parameter(cx, references, api, parameter, &mut inputs);
    }
    if let Some(body) = node.get("requestBody") {
        read_body(cx, references, body, &mut inputs);
    }
    let key = read_key(cx, api, &inputs, &description, range);
    let key_validity = read_validity(cx, &inputs, &key, &description, range);
    ContractOperation {
        name: id.and_then(Node::text).map_or_else(|| format!("{method} {}", place.path), str::to_owned),
        mutates: read_mutates(cx, place, id, &method),
        idempotent: read_idempotent(cx, place, &method, &description, range),
        path: place.path.to_owned(),
        method,
        span: cx.span(range),
        key,
        key_validity,
        fields: inputs.fields.into_iter().map(|(field, _, _)| field).collect(),
        responses: node
            .get("responses")
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .map(|e| e.key.to_string())
            .collect(),
        streaming: false,
        description,
    }
}

fn description(node: &Node<'_>) -> String {
    let parts: Vec<&str> = ["summary", "description"].iter().filter_map(|key| node.text_at(&[key])).collect();
    parts.join("\n")
}

fn read_parameter<'n, 't>(
    cx: &mut Reading<'_>,
    references: &mut References<'n, 't>,
    api: &Api,
    node: &'n Node<'t>,
    inputs: &mut Inputs,
) {
    let Resolved::Here(parameter) = references.resolve(cx, node) else {
        inputs.is_complete = false;
        return;
    };
    let place = parameter.text_at(&["in"]).unwrap_or("");
    if !api.body && place == "body" {
        if let Some(schema) = parameter.get("schema") {
            read_schema(cx, references, schema, inputs, 0);
        }
        return;
    }
    let Some(name) = parameter.get("name") else { return };
    let is_overridden = |field: &Field| Some(field.name.as_str()) == name.text() && field.place == place;
    if inputs.fields.iter().any(|(field, _, _)| is_overridden(field)) {
        return;
    }
    let ty = parameter.text_at(&["schema", "type"]).or_else(|| parameter.text_at(&["type"])).unwrap_or("");
    let field = Field {
        name: name.text().unwrap_or("").to_owned(),
        // A form field of 2.0 is part of the body.
        place: if place == "formData" { "body" } else { place }.to_owned(),
        ty: ty.to_owned(),
        required: parameter.get("required").and_then(Node::as_bool) == Some(true),
        span: cx.span(name.range),
    };
    inputs.fields.push((field, description(parameter), name.range));
}

fn read_body<'n, 't>(
    cx: &mut Reading<'_>,
    references: &mut References<'n, 't>,
    node: &'n Node<'t>,
    inputs: &mut Inputs,
) {
    let Resolved::Here(body) = references.resolve(cx, node) else {
        inputs.is_complete = false;
        return;
    };
    let media = body.get("content").map(Node::entries).unwrap_or_default();
    let json = media.iter().find(|entry| entry.key.contains("json")).or(media.first());
    match json.and_then(|entry| entry.value.get("schema")) {
        Some(schema) => read_schema(cx, references, schema, inputs, 0),
        None => inputs.is_complete = false,
    }
}

/// Top-level properties, those of composed schemas included.
fn read_schema<'n, 't>(
    cx: &mut Reading<'_>,
    references: &mut References<'n, 't>,
    node: &'n Node<'t>,
    inputs: &mut Inputs,
    depth: usize,
) {
    let resolved = if depth > COMPOSITION_MAX { Resolved::Unknown } else { references.resolve(cx, node) };
    let Resolved::Here(schema) = resolved else {
        inputs.is_complete = false;
        return;
    };
    let required = schema.get("required").map(Node::items).unwrap_or_default();
    for entry in schema.get("properties").map(Node::entries).unwrap_or_default() {
        let ty = entry.value.get("type").and_then(Node::text).or_else(|| entry.value.text_at(&["$ref"])).unwrap_or("");
        let field = Field {
            name: entry.key.to_string(),
            place: "body".to_owned(),
            ty: ty.to_owned(),
            required: required.iter().any(|name| name.text() == Some(entry.key.as_ref())),
            span: cx.span(entry.key_range),
        };
        inputs.fields.push((field, description(&entry.value), entry.key_range));
    }
    for composition in ["allOf", "oneOf", "anyOf"] {
        for part in schema.get(composition).map(Node::items).unwrap_or_default() {
            read_schema(cx, references, part, inputs, depth + 1);
        }
    }
}

fn read_mutates(cx: &Reading<'_>, place: &Place<'_>, id: Option<&Node<'_>>, method: &str) -> Fact<bool> {
    match method {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" | "QUERY" => {
            Fact::known(false, cx.default(place.range, "RFC 9110", SAFE_LINK, "a safe method"))
        }
        "PUT" | "PATCH" | "DELETE" => Fact::known(true, cx.stated(place.range, "a method that changes state")),
        _ => {
            let path_end = place.path.rsplit(['/', ':']).find(|part| !part.starts_with('{')).unwrap_or("");
            let names = [id.and_then(Node::text).unwrap_or(""), path_end];
            let query = names.into_iter().flat_map(words).take(8).find(|word| QUERIES.contains(&word.as_str()));
            match query {
                Some(word) => Fact::known(false, cx.derived(place.range, format!("the word `{word}`"))),
                None => Fact::known(true, cx.derived(place.range, "a POST changes state unless it is a query")),
            }
        }
    }
}

/// First and only words that can be verbs: `searchOrders` → `search`, `orders-search` → `orders`, `search`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c.is_uppercase() || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    let last = words.len().saturating_sub(1);
    words.into_iter().enumerate().filter(|(at, _)| *at == 0 || *at == last).map(|(_, word)| word).collect()
}

fn read_idempotent(cx: &Reading<'_>, place: &Place<'_>, method: &str, description: &str, range: Range) -> Fact<bool> {
    if let Some(promised) = retry_key::promise(description) {
        return Fact::known(promised, cx.derived(range, "its description"));
    }
    if matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE" | "QUERY") {
        return Fact::known(true, cx.default(place.range, "RFC 9110", IDEMPOTENT_LINK, "an idempotent method"));
    }
    Fact::Unknown
}

fn read_key(cx: &Reading<'_>, api: &Api, inputs: &Inputs, text: &str, place: Range) -> Fact<String> {
    let mut best: Option<(&Field, How, Range)> = None;
    for (field, description, range) in &inputs.fields {
        let Some(how) = retry_key::idempotency_key(&field.name, &field.place, description) else { continue };
        if best.as_ref().is_none_or(|(_, known, _)| how < *known) {
            best = Some((field, how, *range));
        }
    }
    if let Some((field, how, range)) = best {
        let label = "lets the server recognise a repeated request".to_owned();
        let evidence = Evidence { span: cx.span(range), stage: Stage::Design, how, label };
        return Fact::known(field.name.clone(), evidence);
    }
    if !inputs.is_complete || api.speaks_of_repeats || retry_key::speaks_of_repeats(text) {
        return Fact::Unknown;
    }
    Fact::absent(cx.stated(place, format!("{} parameters and fields, none is a key", inputs.fields.len())))
}

fn read_validity(cx: &Reading<'_>, inputs: &Inputs, key: &Fact<String>, text: &str, place: Range) -> Fact<String> {
    let Some(name) = key.value() else { return Fact::Unknown };
    let field = inputs.fields.iter().find(|(field, _, _)| field.name == *name);
    let own = field.and_then(|(_, text, range)| Some((retry_key::remembered_for(text)?, *range)));
    if let Some((found, range)) = own.or_else(|| Some((retry_key::validity(text)?, place))) {
        return Fact::known(found, cx.stated(range, "validity of the key"));
    }
    let range = field.map_or(place, |(_, _, range)| *range);
    Fact::absent(cx.stated(range, "nothing says how long it is remembered"))
}

#[cfg(test)]
mod tests {
    use crate::design::Reading;
    use crate::design::openapi::{read, recognises};
    use crate::tree::{parse_json, parse_yaml};
    use whatif_model::facts::contract::Contract;

    const API: &str = "openapi: 3.1.0\ninfo: {title: Orders, version: '1'}\nservers:\n- url: https://{env}.shop.example/v1\n  variables: {env: {default: live}}\npaths:\n  /orders:\n    parameters:\n    - {name: tenant, in: header, schema: {type: string}}\n    post:\n      operationId: createOrder\n      description: Keys are idempotent for 24 hours.\n      parameters:\n      - $ref: '#/components/parameters/Key'\n      requestBody:\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/Order'}\n      responses: {'201': {description: ok}, '409': {description: no}}\n    get: {responses: {'200': {description: ok}}}\n  /orders/search:\n    post: {operationId: searchOrders}\n  /refunds:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Loop'}}}}\n  /outside:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: '../../secret.yaml#/x'}}}}\n  /plain:\n    post: {operationId: addPlain}\ncomponents:\n  parameters:\n    Key: {name: Idempotency-Key, in: header, required: true, schema: {type: string}}\n  schemas:\n    Order:\n      allOf:\n      - {properties: {sku: {type: string}}, required: [sku]}\n      - {properties: {amount: {type: integer}}}\n    Loop: {$ref: '#/components/schemas/Loop2'}\n    Loop2: {$ref: '#/components/schemas/Loop'}\n";

    fn contract(cx: &mut Reading<'_>, text: &str) -> Contract {
        let documents = parse_yaml(text);
        assert!(documents.problems.is_empty(), "{:?}", documents.problems);
        assert!(recognises(&documents.documents[0].root));
        read(cx, &documents.documents[0].root);
        cx.facts.contracts.remove(0)
    }

    #[test]
    fn parameters_fields_keys_and_their_absence() {
        let mut cx = Reading::new("api/orders.yaml", API);
        let contract = contract(&mut cx, API);
        assert_eq!((contract.name.as_str(), contract.servers[0].as_str()), ("Orders", "https://live.shop.example/v1"));
        let create = &contract.operations[0];
        assert_eq!(create.key.value().map(String::as_str), Some("Idempotency-Key"));
        assert_eq!(create.key_validity.value().map(String::as_str), Some("24 hours"));
        assert!(create.idempotent.holds(|promised| *promised) && create.mutates.holds(|mutates| *mutates));
        let fields: Vec<_> = create.fields.iter().map(|f| format!("{}:{}:{}", f.place, f.name, f.required)).collect();
        assert_eq!(
            fields,
            ["header:Idempotency-Key:true", "header:tenant:false", "body:sku:true", "body:amount:false"]
        );
        assert_eq!(create.responses, ["201", "409"]);
        assert!(contract.operations[1].mutates.holds(|mutates| !*mutates));
        assert!(contract.operations[2].mutates.holds(|mutates| !*mutates));
        let plain = contract.operations.iter().find(|operation| operation.name == "addPlain").unwrap();
        assert!(plain.key.is_absent() && plain.idempotent.is_unknown());
    }

    #[test]
    fn circles_and_other_documents_leave_the_key_unknown() {
        let mut cx = Reading::new("api/orders.yaml", API);
        let contract = contract(&mut cx, API);
        let by_path = |path: &str| contract.operations.iter().find(|operation| operation.path == path).unwrap();
        assert!(by_path("/refunds").key.is_unknown() && by_path("/outside").key.is_unknown());
        assert!(cx.problems.iter().any(|problem| problem.message.contains("circle")));
        assert!(cx.ignored.iter().any(|ignored| ignored.reason.contains("another document")));
    }

    #[test]
    fn version_two_and_json_read_the_same_way() {
        let text = r##"{"swagger": "2.0", "info": {"title": "Old"}, "host": "a.example", "basePath": "/v1",
            "paths": {"/pay": {"post": {"parameters": [
              {"in": "body", "name": "body", "schema": {"$ref": "#/definitions/Pay"}}]}}},
            "definitions": {"Pay": {"properties": {"clientToken": {"type": "string"}}}}}"##;
        let mut cx = Reading::new("api.json", text);
        let documents = parse_json(text);
        read(&mut cx, &documents.documents[0].root);
        let contract = &cx.facts.contracts[0];
        assert_eq!(contract.servers, ["https://a.example/v1"]);
        assert_eq!(contract.operations[0].name, "POST /pay");
        assert_eq!(contract.operations[0].key.value().map(String::as_str), Some("clientToken"));
    }
}
