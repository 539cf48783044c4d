//! The laws of the house, each as a test. See ARCHITECTURE.md, "Laws".
#![allow(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use whatif_config::Config;
use whatif_engine::{Options, Review, review, review_sources};
use whatif_model::verdict::{Mindset, Verdict};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below a folder, except build results, in path order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension)
                || (extension.is_empty() && path.is_file())
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Data only moves right: which crate of ours may depend on which.
#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("whatif_model", &[] as &[&str]),
        ("whatif_read", &["whatif_model"]),
        ("whatif_code", &["whatif_model"]),
        ("whatif_resolve", &["whatif_model"]),
        ("whatif_simulate", &["whatif_model"]),
        ("whatif_review", &["whatif_model"]),
        ("whatif_report", &["whatif_model"]),
        ("whatif_config", &["whatif_model"]),
        ("whatif_fix", &["whatif_code", "whatif_model"]),
    ]);
    for (name, allowed) in allowed {
        let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        for line in dependencies.lines().filter(|line| line.starts_with("whatif_")) {
            let dependency = line.split(['.', ' ', '=']).next().unwrap();
            assert!(allowed.contains(&dependency), "{name} must not depend on {dependency}");
        }
    }
}

/// The core does no I/O, opens no connection, starts no program.
#[test]
fn the_core_does_no_io() {
    let core = [
        "whatif_model",
        "whatif_read",
        "whatif_code",
        "whatif_resolve",
        "whatif_simulate",
        "whatif_review",
        "whatif_fix",
        "whatif_report",
    ];
    for path in core.iter().flat_map(|name| files(&root().join("crates").join(name).join("src"), "rs")) {
        // Fixtures are programs of others.
        if path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs") {
            continue;
        }
        let text = read(&path);
        for banned in ["std::fs", "std::net", "std::process", "std::env", "SystemTime", "Instant::now"] {
            assert!(!text.contains(banned), "{} uses {banned}", path.display());
        }
    }
}

#[test]
fn no_file_is_longer_than_600_lines() {
    for path in files(&root().join("crates"), "rs").into_iter().chain(files(&root().join("xtask"), "rs")) {
        let lines = read(&path).lines().count();
        assert!(lines <= 600, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_left_to_be_done() {
    let marks = ["TO".to_owned() + "DO", "FIX".to_owned() + "ME", "XX".to_owned() + "X"];
    for path in files(&root().join("crates"), "rs") {
        for (number, line) in read(&path).lines().enumerate() {
            let comment = line.split_once("//").map_or("", |(_, comment)| comment);
            let words = || comment.split(|c: char| !c.is_alphanumeric());
            assert!(!marks.iter().any(|mark| words().any(|word| word == mark)), "{}:{}", path.display(), number + 1);
        }
    }
}

/// A rule is two files, and the registry knows all of them.
#[test]
fn every_rule_has_its_page_and_is_registered() {
    let folder = root().join("crates/whatif_review/src");
    let registered: BTreeSet<String> = whatif_review::rules().map(|rule| rule.id.replace('-', "_")).collect();
    let pages: BTreeSet<String> = files(&folder, "md")
        .iter()
        .map(|path| path.strip_prefix(&folder).unwrap().with_extension("").to_string_lossy().replace('\\', "/"))
        .collect();
    assert_eq!(registered, pages, "left: registered rules, right: pages");
    for id in &registered {
        assert!(folder.join(format!("{id}.rs")).exists(), "{id} has no file of its own");
    }
}

/// Lower case, no full stop, a subject in backticks or quotes: the convention of finding messages.
#[test]
fn messages_follow_the_convention() {
    for finding in storefront().findings {
        let message = &finding.message;
        assert!(!message.ends_with('.'), "{}: {message}", finding.rule);
        let first = message.chars().next().unwrap();
        assert!(!first.is_uppercase(), "{}: {message}", finding.rule);
        assert!(message.contains('`') || message.contains('"'), "{} names no subject: {message}", finding.rule);
        assert!(
            !finding.help.is_empty() && !finding.help.ends_with('.'),
            "{}: help is {:?}",
            finding.rule,
            finding.help
        );
        assert!(!finding.evidence.is_empty(), "{} has no evidence", finding.rule);
    }
}

/// Same input, same bytes: whatever the order of files and the number of threads.
#[test]
fn order_and_threads_do_not_show() {
    let mut reversed = storefront_files();
    reversed.reverse();
    let forward = print(&review_sources(storefront_files(), &Config::default(), &Mindset::ALL));
    assert_eq!(forward, print(&review_sources(reversed, &Config::default(), &Mindset::ALL)));
    let threads = |jobs| print(&walk(&root().join("examples/storefront"), jobs));
    assert_eq!(threads(1), threads(4));
    assert_eq!(threads(1), forward);
}

/// Every step of a trace cites its place, except what the environment does.
#[test]
fn traces_cite_their_places() {
    let review = storefront();
    let mut traces = 0;
    for trace in review.matrix.iter().flat_map(|row| &row.verdicts).filter_map(|verdict| verdict.trace()) {
        traces += 1;
        let environment = ["client", "network"];
        let inside = trace.steps.iter().filter(|step| !environment.contains(&step.actor.as_str()));
        for step in inside.filter(|step| step.fault.is_empty()) {
            let cited = step.evidence.as_ref().is_some_and(|e| review.sources.get(e.span.file).is_some());
            let reply = step.action.contains("answer") || step.action.contains("goes on");
            assert!(cited || reply, "`{}` of `{}` cites nothing", step.action, step.actor);
        }
    }
    assert!(traces > 0, "the example has no counterexample at all");
}

/// The repaired example is the promise of what a clean review looks like.
#[test]
fn the_repaired_example_holds_everywhere() {
    let folder = root().join("examples/storefront-hardened");
    let config = Config::parse("whatif.toml", &read(&folder.join("whatif.toml"))).unwrap();
    let options =
        Options { root: folder, config, jobs: None, cache: None, questions: Mindset::ALL.to_vec(), progress: None };
    let review = review(&options).unwrap();
    let messages: Vec<&str> = review.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(messages.is_empty(), "{messages:#?}");
    assert!(review.matrix.len() >= 10, "operations were lost");
    for row in &review.matrix {
        let answers = row.verdicts.each_ref().map(Verdict::as_str);
        let address = &review.system[row.operation].address;
        assert!(answers.iter().all(|answer| ["holds", "-"].contains(answer)), "{address}: {answers:?}");
    }
}

fn storefront_files() -> Vec<(String, String)> {
    let folder = root().join("examples/storefront");
    files(&folder, "")
        .into_iter()
        .filter_map(|path| {
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy().replace('\\', "/");
            Some((name, std::fs::read_to_string(&path).ok()?))
        })
        .collect()
}

fn storefront() -> Review {
    review_sources(storefront_files(), &Config::default(), &Mindset::ALL)
}

fn walk(root: &Path, jobs: usize) -> Review {
    let options = Options {
        root: root.to_owned(),
        config: Config::default(),
        jobs: Some(jobs),
        cache: None,
        questions: Mindset::ALL.to_vec(),
        progress: None,
    };
    review(&options).unwrap()
}

fn print(review: &Review) -> String {
    format!("{:#?}\n{:#?}\n{:#?}\n{:#?}", review.system, review.findings, review.matrix, review.questions)
}
