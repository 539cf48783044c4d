//! Development tool: reads Markdown files under a folder and prints the vague uses as findings.
//!
//! usage: prose FOLDER [--all | --facts FILE | --time]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use whatif_model::facts::prose::Sense;
use whatif_model::text::SourceFile;
use whatif_read::spec;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let root = PathBuf::from(&args[0]);
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    let texts: Vec<(String, String)> = files
        .iter()
        .filter_map(|f| {
            let bytes = std::fs::read(f).ok()?;
            let path = f.strip_prefix(&root).ok()?.to_string_lossy().replace('\\', "/");
            Some((path, String::from_utf8_lossy(&bytes).into_owned()))
        })
        .collect();
    match args.get(1).map(String::as_str) {
        Some("--time") => time(&texts),
        Some("--facts") => facts(&texts, &args[2]),
        mode => findings(&texts, mode == Some("--all")),
    }
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            walk(&path, out);
        } else if path.extension().is_some_and(|e| e == "md" || e == "mdx") {
            out.push(path);
        }
    }
}

fn findings(texts: &[(String, String)], all: bool) {
    let (mut out, mut words) = (Vec::new(), 0_u64);
    for (path, text) in texts {
        let facts = spec::read(path, text);
        words += u64::from(facts.document.words);
        let file = SourceFile::new(path.as_str(), text.as_str());
        for used in &facts.vague {
            if !all && used.sense != Sense::Vague {
                continue;
            }
            let (line, column) = file.position(used.words.start);
            out.push(serde_json::json!({
                "rule": format!("vocabulary/{}", serde_json::to_value(used.term).unwrap().as_str().unwrap()),
                "path": path, "line": line, "column": column, "sense": used.sense, "section": used.section,
                "words": file.slice(used.words), "sentence": file.slice(used.sentence), "subject": used.subject,
            }));
        }
    }
    println!("{}", serde_json::json!({ "words": words, "findings": out }));
}

fn facts(texts: &[(String, String)], wanted: &str) {
    for (path, text) in texts.iter().filter(|(p, _)| p == wanted) {
        println!("{}", serde_json::to_string_pretty(&spec::read(path, text)).unwrap());
    }
}

fn time(texts: &[(String, String)]) {
    let bytes: usize = texts.iter().map(|(_, t)| t.len()).sum();
    let start = std::time::Instant::now();
    let words: u64 = texts.iter().map(|(p, t)| u64::from(spec::read(p, t).document.words)).sum();
    let seconds = start.elapsed().as_secs_f64();
    println!("{bytes} bytes, {words} words, {seconds:.2} s, {:.1} MB/s", bytes as f64 / 1e6 / seconds);
}
