//! Prints what the readers of design documents say about files or folders, for the people who write readers.
//!
//! `cargo run --release -p whatif_read --example design -- [--quiet] PATH...`

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let quiet = arguments.iter().any(|argument| argument == "--quiet");
    arguments.retain(|argument| argument != "--quiet");
    let mut files = Vec::new();
    arguments.iter().for_each(|root| collect(Path::new(root), &mut files));
    files.sort();
    let (mut bytes, mut slowest, started) = (0usize, (0u128, PathBuf::new()), Instant::now());
    let mut counts = [0usize; 6];
    for path in &files {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let name = path.to_string_lossy().replace('\\', "/");
        let before = Instant::now();
        let facts = whatif_read::reader::read(name.trim_start_matches('/'), &text);
        let took = before.elapsed().as_millis();
        bytes += text.len();
        if took > slowest.0 {
            slowest = (took, path.clone());
        }
        let operations = facts.design.contracts.iter().map(|contract| contract.operations.len()).sum::<usize>();
        let found = [
            facts.design.units.len(),
            facts.design.names.len(),
            facts.design.routes.len(),
            operations,
            facts.ignored.len(),
            facts.problems.len(),
        ];
        counts.iter_mut().zip(found).for_each(|(sum, n)| *sum += n);
        if !quiet {
            println!(
                "{{\"path\": {name:?}, \"design\": {}}}",
                serde_json::to_string(&facts.design).unwrap_or_default()
            );
            facts.ignored.iter().for_each(|ignored| println!("ignored {:?} {}", ignored.span.range, ignored.reason));
        }
        facts.problems.iter().for_each(|p| println!("{name}: {:?} {}", p.span.map(|span| span.range), p.message));
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{} files, {bytes} bytes, {seconds:.3} s, slowest {} ms {}", files.len(), slowest.0, slowest.1.display());
    println!("units, names, routes, operations, ignored, problems: {counts:?}");
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| collect(&entry.path(), files));
    } else if whatif_read::reader::may_claim(&path.to_string_lossy()) {
        files.push(path.to_owned());
    }
}
