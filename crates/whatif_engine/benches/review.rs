//! A whole review of a folder, cold and warm, beside the lower bound of only reading its source code.
//!
//! `cargo bench -p whatif_engine --bench review -- FOLDER`; without a folder the bundled example. Times are the
//! best of three, in one process; compare ratios, not milliseconds of different machines.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use whatif_config::Config;
use whatif_engine::{Options, review};
use whatif_model::verdict::Mindset;

fn main() {
    let argument = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let bundled = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/storefront");
    let root = argument.map_or_else(bundled, PathBuf::from);
    let files = sources(&root);
    let lines: usize = files.iter().map(|(_, text)| text.lines().count()).sum();
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    println!("{} source files, {lines} lines, {:.1} MB", files.len(), bytes as f64 / 1e6);

    let parse = best(|| files.iter().for_each(|(path, text)| read_code(path, text)));
    let cold = best(|| run(&root, None, &Mindset::ALL));
    let cache = std::env::temp_dir().join(format!("whatif-bench-{}", std::process::id()));
    run(&root, Some(cache.clone()), &Mindset::ALL);
    let warm = best(|| run(&root, Some(cache.clone()), &Mindset::ALL));
    let model = best(|| run(&root, Some(cache.clone()), &[]));
    std::fs::remove_dir_all(&cache).ok();

    let ratio = |time: Duration| time.as_secs_f64() / parse.as_secs_f64().max(1e-9);
    println!("front ends, one thread  {parse:>10.1?}");
    println!("review, cold            {cold:>10.1?}  {:.2} of the front ends", ratio(cold));
    println!("review, warm            {warm:>10.1?}  {:.2}", ratio(warm));
    println!("  without exploring     {model:>10.1?}  {:.2}", ratio(model));
}

fn best(mut work: impl FnMut()) -> Duration {
    let once = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..3).map(|_| once(&mut work)).min().unwrap_or_default()
}

fn run(root: &Path, cache: Option<PathBuf>, questions: &[Mindset]) {
    let options = Options {
        root: root.to_owned(),
        config: Config::default(),
        jobs: None,
        cache,
        questions: questions.to_vec(),
        progress: None,
    };
    std::hint::black_box(review(&options).ok());
}

fn read_code(path: &str, text: &str) {
    std::hint::black_box(whatif_code::language::read(path, text));
}

/// Source files below a folder.
fn sources(root: &Path) -> Vec<(String, String)> {
    let (mut folders, mut files) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            let name = path.to_string_lossy().into_owned();
            if kind.is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if whatif_code::language::of_path(&name).is_some() {
                files.extend(std::fs::read_to_string(&path).ok().map(|text| (name, text)));
            }
        }
    }
    files
}
