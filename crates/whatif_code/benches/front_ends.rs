//! What conversion adds to parsing: `cargo bench -p whatif_code --bench front_ends -- FOLDER`.
//!
//! Reads every C#, Go, Java, Python, JavaScript and TypeScript file below FOLDER into memory, then times parsing alone against parsing and conversion,
//! both on one thread, and adds up the best of several rounds per file. A cold review may take three times the parsing alone,
//! with everything else it does; conversion should stay under a third of the parsing.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tree_sitter::{Language, Parser};
use whatif_code::ir::Module;

const ROUNDS: usize = 5;

fn main() {
    let Some(folder) = std::env::args().skip(1).find(|argument| !argument.starts_with("--")) else {
        println!("usage: cargo bench -p whatif_code --bench front_ends -- FOLDER");
        return;
    };
    compare("cs", Path::new(&folder), &tree_sitter_c_sharp::LANGUAGE.into(), whatif_code::csharp::read);
    compare("go", Path::new(&folder), &tree_sitter_go::LANGUAGE.into(), whatif_code::go::read);
    compare("java", Path::new(&folder), &tree_sitter_java::LANGUAGE.into(), whatif_code::java::read);
    compare("py", Path::new(&folder), &tree_sitter_python::LANGUAGE.into(), whatif_code::python::read);
    compare("js", Path::new(&folder), &tree_sitter_typescript::LANGUAGE_TSX.into(), whatif_code::javascript::read);
    let typescript: Language = tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into();
    compare("ts", Path::new(&folder), &typescript, whatif_code::javascript::read);
}

fn compare(extension: &str, folder: &Path, language: &Language, read: fn(&str, &str) -> Module) {
    let files = load(folder, extension);
    if files.is_empty() {
        return;
    }
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let mut parser = Parser::new();
    parser.set_language(language).expect("the grammar's version is pinned with the parser's");
    let (mut parsing, mut reading) = (Duration::ZERO, Duration::ZERO);
    for (path, text) in &files {
        parsing += best(|| drop(black_box(parser.parse(text, None))));
        reading += best(|| drop(black_box(read(path, text))));
    }
    println!(
        "{extension}: {} files, {:.1} MB: parsing {:.0} ms, parsing and conversion {:.0} ms, ratio {:.2}",
        files.len(),
        bytes as f64 / 1e6,
        parsing.as_secs_f64() * 1e3,
        reading.as_secs_f64() * 1e3,
        reading.as_secs_f64() / parsing.as_secs_f64(),
    );
}

fn best(mut run: impl FnMut()) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..ROUNDS).map(timed).min().unwrap_or_default()
}

fn load(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension)
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                files.push((path.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    files
}
