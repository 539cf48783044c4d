//! How fast prose is read: `cargo bench -p whatif_read --bench prose`.
//!
//! Generates Markdown of the shape of design documents (headings, paragraphs, lists, tables, code) from a fixed seed,
//! reads it on one thread, and prints megabytes per second of the best of several rounds. Target: 20 MB/s.
//! With folders as arguments it reads their Markdown files instead.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use whatif_read::spec;

const ROUNDS: usize = 5;
const DOCUMENTS: u64 = 200;
const BLOCKS_PER_DOCUMENT: usize = 120;

fn main() {
    let folders: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if folders.is_empty() {
        measure("generated", &(0..DOCUMENTS).map(generated).collect::<Vec<_>>());
    }
    for folder in folders {
        measure(&folder, &load(Path::new(&folder)));
    }
}

fn measure(name: &str, documents: &[(String, String)]) {
    let bytes: usize = documents.iter().map(|(_, text)| text.len()).sum();
    let timed = |_| {
        let start = Instant::now();
        for (path, text) in documents {
            black_box(spec::read(path, text));
        }
        start.elapsed()
    };
    let best = (0..ROUNDS).map(timed).min().unwrap_or(Duration::MAX);
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{name}: {} documents, {megabytes:.1} MB: {:.0} ms, {:.1} MB/s",
        documents.len(),
        best.as_secs_f64() * 1e3,
        megabytes / best.as_secs_f64()
    );
}

/// A document from a seed: blocks in the proportions of design documents, one sentence in four with a vague word.
fn generated(seed: u64) -> (String, String) {
    let mut random = Random(seed.wrapping_add(1));
    let mut text = String::from("# Order service\n\n");
    for _ in 0..BLOCKS_PER_DOCUMENT {
        match random.below(10) {
            0 => text.push_str(&format!("## {}\n\n", random.pick(HEADINGS))),
            1 | 2 => text.push_str(&format!("- {}\n- {}\n\n", sentence(&mut random), sentence(&mut random))),
            3 => text.push_str(&format!("| Name | Value |\n| --- | --- |\n| limit | {} |\n\n", sentence(&mut random))),
            4 => text.push_str("```go\nfunc main() { serve(\":8080\") }\n```\n\n"),
            _ => {
                for _ in 0..3 {
                    text.push_str(&sentence(&mut random));
                    text.push(' ');
                }
                text.push_str("\n\n");
            }
        }
    }
    (format!("docs/design/{seed}.md"), text)
}

fn sentence(random: &mut Random) -> String {
    let (subject, verb) = (random.pick(SUBJECTS), random.pick(VERBS));
    let claim = if random.below(4) == 0 { random.pick(CLAIMS) } else { random.pick(PLAIN) };
    format!("{subject} {verb} {claim}, and `{}` is read by the {}.", random.pick(NAMES), random.pick(NAMES))
}

const HEADINGS: &[&str] = &["Design", "Non-functional requirements", "Failure handling", "Alternatives", "Data model"];
const SUBJECTS: &[&str] =
    &["The order service", "Each consumer of the queue", "The team", "A request without a session", "The cache"];
const VERBS: &[&str] = &["must provide", "keeps", "reads", "is expected to offer", "writes", "returns"];
const CLAIMS: &[&str] = &[
    "low latency under load",
    "data that stays consistent with the database",
    "reliable delivery of events",
    "high availability in every region",
    "p99 below 200 ms at 500 requests/s",
    "a distributed lock around the payout",
    "graceful degradation when search is down",
];
const PLAIN: &[&str] = &[
    "the list of orders of one customer, newest first",
    "a page with the state of the delivery (see the picture)",
    "one row for each item that was ordered yesterday",
    "the name and the address that the customer has typed",
];
const NAMES: &[&str] = &["orders", "stock", "payments", "gateway", "warehouse"];

/// A xorshift generator: the text must be the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn pick(&mut self, words: &'static [&'static str]) -> &'static str {
        words[self.below(words.len() as u64) as usize]
    }
}

fn load(folder: &Path) -> Vec<(String, String)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| !path.is_symlink()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                files.push((path.to_string_lossy().into_owned(), text));
            }
        }
    }
    files.sort();
    files
}
