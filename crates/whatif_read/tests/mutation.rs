//! Damaged documents: whatever is changed in them, no reader panics, and every place lies inside the file.

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

/// Pieces that have a meaning somewhere.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    ":",
    "- ",
    "&a ",
    "*a",
    "<<: *a\n",
    "---\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "é",
    "😀",
    "$",
    "${",
    "$ref: '#'",
    "#",
    "|\n",
    "!tag ",
    "99999999999999999999",
    "-1",
    "\\",
    ";",
    "(",
    ")",
    "/*",
    "--",
    "$$",
    "\0",
    "null",
    ",",
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

/// A few random edits; the same seed gives the same text.
fn mutate(text: &str, seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len().max(1));
        match random.below(4) {
            0 => {
                let end = (at + random.below(40)).min(chars.len());
                chars.drain(at.min(end)..end);
            }
            1 => {
                let end = (at + random.below(80)).min(chars.len());
                let copy: Vec<char> = chars[at.min(end)..end].to_vec();
                let to = random.below(chars.len().max(1)).min(chars.len());
                chars.splice(to..to, copy);
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                let at = at.min(chars.len());
                chars.splice(at..at, piece.chars());
            }
        }
    }
    chars.into_iter().collect()
}

/// xorshift64 (Marsaglia, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
