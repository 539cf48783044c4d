//! Damaged documents: whatever is changed in them, no reader panics, and every place lies inside the file.

mod damage;

use damage::mutate;
use serde_json::Value;
use whatif_read::reader::read;

const FIXTURES: &[(&str, &str)] = &[
    ("compose.yaml", include_str!("fixtures/compose.yaml")),
    ("orders.yaml", include_str!("fixtures/kubernetes.yaml")),
    ("mesh.yaml", include_str!("fixtures/istio.yaml")),
    ("api.yaml", include_str!("fixtures/openapi.yaml")),
    ("api.json", include_str!("fixtures/openapi.json")),
    ("pay.proto", include_str!("fixtures/pay.proto")),
    ("schema.sql", include_str!("fixtures/schema.sql")),
    ("web/nginx.conf", include_str!("fixtures/nginx.conf")),
    ("web/Dockerfile", include_str!("fixtures/Dockerfile")),
    ("application.yml", include_str!("fixtures/application.yml")),
    ("application.properties", include_str!("fixtures/application.properties")),
    ("appsettings.json", include_str!("fixtures/appsettings.json")),
    ("web/httpd.conf", include_str!("fixtures/httpd.conf")),
    (".env", include_str!("fixtures/variables.env")),
];

/// Enough to reach every reader a few hundred times in a debug build of a second or two.
const ROUNDS: u64 = 400;

#[test]
fn damaged_documents_do_no_harm() {
    for (path, text) in FIXTURES {
        check(path, text);
        for seed in 0..ROUNDS {
            check(path, &mutate(text, seed));
        }
    }
}

#[test]
fn every_fixture_yields_facts_and_no_problem() {
    for (path, text) in FIXTURES {
        let facts = read(path, text);
        assert_eq!(facts.problems, [], "{path}");
        assert_ne!(facts.design, Default::default(), "{path}");
    }
}

#[test]
fn truncated_documents_do_no_harm() {
    for (path, text) in FIXTURES {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).step_by(7) {
            check(path, &text[..end]);
        }
    }
}

fn check(path: &str, text: &str) {
    let facts = read(path, text);
    let value = serde_json::to_value(&facts).expect("facts are plain data");
    places(&value, &mut |start, end| {
        assert!(start <= end && end <= text.len() as u64, "{start}..{end} of {} in {path}:\n{text}", text.len());
        let slice = text.get(start as usize..end as usize);
        assert!(slice.is_some(), "{start}..{end} splits a character in {path}:\n{text}");
    });
}

fn places(value: &Value, found: &mut impl FnMut(u64, u64)) {
    match value {
        Value::Object(map) => {
            if let (Some(start), Some(end)) =
                (map.get("start").and_then(Value::as_u64), map.get("end").and_then(Value::as_u64))
            {
                found(start, end);
            }
            map.values().for_each(|value| places(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| places(value, found)),
        _ => {}
    }
}
