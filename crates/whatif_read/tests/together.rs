//! Damaged charts: whatever is changed in a template or in its values, nothing panics, nothing is a problem, and
//! every place lies inside the file it names.

mod damage;

use damage::mutate;
use serde_json::Value;
use whatif_model::FileId;
use whatif_read::reader::{File, read_together};

const TEMPLATE: &str = include_str!("fixtures/chart-template.yaml");
const VALUES: &str = include_str!("fixtures/chart-values.yaml");

/// Enough to reach most of the renderer in a debug build of a second or two.
const ROUNDS: u64 = 300;

#[test]
fn a_chart_yields_facts() {
    let facts = check(TEMPLATE, VALUES);
    assert_eq!(facts.matches("\"replicas\":{\"Known\"").count(), 1, "{facts}");
    assert_eq!(facts.matches("\"name\":\"URL\"").count(), 1, "{facts}");
}

#[test]
fn damaged_charts_do_no_harm() {
    for seed in 0..ROUNDS {
        check(&mutate(TEMPLATE, seed), VALUES);
        check(TEMPLATE, &mutate(VALUES, seed));
    }
    for end in (0..TEMPLATE.len()).filter(|end| TEMPLATE.is_char_boundary(*end)).step_by(5) {
        check(&TEMPLATE[..end], VALUES);
    }
}

fn check(template: &str, values: &str) -> String {
    let files = [
        ("store/Chart.yaml", "name: store\nappVersion: '1.0'\n"),
        ("store/templates/a.yaml", template),
        ("store/values.yaml", values),
    ];
    let documents = files.map(|(path, text)| File { path, text });
    let facts = read_together(&documents);
    for facts in facts.values() {
        assert!(facts.problems.is_empty(), "{:?}\n{template}", facts.problems);
        let value = serde_json::to_value(facts).expect("facts are plain data");
        spans(&value, &mut |file, start, end| {
            let Some((path, text)) = files.iter().find(|(path, _)| FileId::of(path).0 == file) else {
                panic!("a place in no file of the chart:\n{template}\n{values}");
            };
            assert!(text.get(start..end).is_some(), "{start}..{end} of {} in {path}:\n{text}", text.len());
        });
    }
    serde_json::to_string(&facts.values().collect::<Vec<_>>()).expect("facts are plain data")
}

fn spans(value: &Value, found: &mut impl FnMut(u64, usize, usize)) {
    match value {
        Value::Object(map) => {
            let number = |value: Option<&Value>| value.and_then(Value::as_u64);
            if let (Some(file), Some(range)) = (number(map.get("file")), map.get("range")) {
                let at = |key: &str| number(range.get(key)).map_or(0, |n| n as usize);
                found(file, at("start"), at("end"));
            }
            map.values().for_each(|value| spans(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| spans(value, found)),
        _ => {}
    }
}
