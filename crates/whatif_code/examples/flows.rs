//! Development driver: walks a folder and prints its units with their flows.
#![allow(clippy::print_stdout)]

use std::path::Path;
use whatif_code::ir::Module;
use whatif_code::knowledge::Knowledge;
use whatif_code::lower::{Manifest, lower, print};
use whatif_model::{SourceFile, Sources};

fn main() {
    let root = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let quiet = std::env::args().any(|arg| arg == "--time");
    let mut files = Vec::new();
    walk(Path::new(&root), Path::new(&root), &mut files);
    files.sort();
    let begin = std::time::Instant::now();
    let mut modules: Vec<Module> = Vec::new();
    let mut manifests = Vec::new();
    let mut sources = Vec::new();
    let mut lines = 0;
    for (path, text) in files {
        if whatif_code::language::is_manifest(&path) || path.contains("Dockerfile") {
            manifests.push(Manifest { path, text });
            continue;
        }
        let Some(module) = whatif_code::language::read(&path, &text) else { continue };
        modules.push(module);
        lines += text.lines().count();
        sources.push(SourceFile::new(path, text));
    }
    let parsed = begin.elapsed();
    let begin = std::time::Instant::now();
    let units = lower(&modules, &manifests, Knowledge::built_in());
    let lowered = begin.elapsed();
    let sources = Sources::new(sources);
    let place = |span: whatif_model::Span| {
        let Some(file) = sources.get(span.file) else { return String::new() };
        format!("{}:{}", file.path, file.position(span.range.start).0)
    };
    if !quiet {
        for unit in &units {
            println!("{}", print(unit, &place));
        }
    }
    println!("{} modules, {lines} lines, {} units: read {parsed:?}, lower {lowered:?}", modules.len(), units.len());
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "vendor" && name != "node_modules" {
                walk(root, &path, files);
            }
            continue;
        }
        let manifest = whatif_code::language::is_manifest(&name) || name.contains("Dockerfile");
        if !manifest && whatif_code::language::of_path(&name).is_none() {
            continue;
        }
        if let (Ok(text), Ok(relative)) = (std::fs::read_to_string(&path), path.strip_prefix(root)) {
            files.push((relative.to_string_lossy().into_owned(), text));
        }
    }
}
