//! Bad input costs itself and nothing else: every case says what is wrong and the rest is still read.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::path::{Path, PathBuf};
use whatif_config::Config;
use whatif_engine::{Error, Options, Review, review};
use whatif_model::verdict::Mindset;

/// A folder of its own for one test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("whatif-bad-input-{}-{name}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    /// Beside the bad file there is always a good one.
    fn with_good_service(self) -> Self {
        self.file("docker-compose.yaml", "services:\n  cart:\n    image: cart\n    environment:\n      REDIS_ADDR: redis:6379\n  redis:\n    image: redis\n")
    }

    fn review(&self, cache: Option<PathBuf>) -> Result<Review, Error> {
        let options = Options {
            root: self.0.clone(),
            config: Config::default(),
            jobs: Some(2),
            cache,
            questions: Mindset::ALL.to_vec(),
            progress: None,
        };
        review(&options)
    }

    /// Reviews, and checks that the good service was not lost.
    fn reviewed(&self) -> Review {
        let review = self.review(None).unwrap();
        assert!(review.system.services.iter().any(|service| service.name == "cart"), "the good file was lost");
        assert!(!review.system.edges.is_empty(), "the good edge was lost");
        review
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn problem<'r>(review: &'r Review, path: &str) -> &'r str {
    let problem = review.system.problems.iter().find(|problem| problem.path == path);
    &problem.unwrap_or_else(|| panic!("no problem of {path}: {:?}", review.system.problems)).message
}

#[test]
fn one_broken_document_of_several_costs_only_itself() {
    let deployment = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n      - name: {name}\n        image: {name}\n"
        )
    };
    let text = format!("{}---\nkind: [unclosed\n  broken: : :\n---\n{}", deployment("orders"), deployment("payments"));
    let folder = Folder::new("documents").with_good_service().file("k8s.yaml", text);
    let review = folder.reviewed();
    let names: Vec<&str> = review.system.services.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&"orders") && names.contains(&"payments"), "{names:?}");
    let broken = review.system.problems.iter().find(|problem| problem.path == "k8s.yaml").unwrap();
    let (_, line, _) = review.sources.locate(broken.span.unwrap());
    assert!((11..=14).contains(&line), "the problem points at line {line}");
}

#[test]
fn an_unrendered_template_is_one_clear_problem() {
    let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n{{- if .Values.x }}\nspec: {}\n{{- end }}\n";
    let folder = Folder::new("helm").with_good_service().file("chart/templates/service.yaml", text);
    let review = folder.reviewed();
    let problems = review.system.problems.iter().filter(|problem| problem.path.starts_with("chart")).count();
    let ignored = review.system.ignored.len();
    assert!(problems <= 1 && problems + ignored >= 1, "{problems} problems, {ignored} ignored");
}

#[test]
fn a_huge_file_is_not_read_and_named() {
    let folder = Folder::new("huge").with_good_service();
    let file = std::fs::File::create(folder.0.join("huge.yaml")).unwrap();
    file.set_len(200 * 1024 * 1024).unwrap();
    assert!(problem(&folder.reviewed(), "huge.yaml").contains("larger than 8 MB"));
}

#[test]
fn a_binary_file_with_a_source_name_is_named() {
    let folder = Folder::new("binary").with_good_service().file("main.go", [0x7f, b'E', b'L', b'F', 0, 0, 1, 2]);
    assert!(problem(&folder.reviewed(), "main.go").contains("binary"));
}

#[test]
fn latin_1_is_read_and_named() {
    let folder = Folder::new("latin").with_good_service().file("notes.md", b"# Caf\xe9\n\nThe service is fast.\n");
    let review = folder.reviewed();
    assert!(problem(&review, "notes.md").contains("Latin-1"));
    assert_eq!(review.sources.by_path("notes.md").map(|file| file.line(1)), Some("# Café"));
}

#[test]
#[cfg(unix)]
fn links_are_not_followed() {
    let folder = Folder::new("links").with_good_service();
    std::os::unix::fs::symlink(&folder.0, folder.0.join("loop")).unwrap();
    std::os::unix::fs::symlink("/etc", folder.0.join("outside")).unwrap();
    let review = folder.reviewed();
    assert!(review.sources.iter().all(|file| !file.path.contains("loop") && !file.path.contains("outside")));
}

#[test]
fn references_go_round_in_circles_without_harm() {
    let text = "openapi: 3.0.0\ninfo: {title: cart, version: '1'}\npaths:\n  /items:\n    post:\n      operationId: addItem\n      requestBody:\n        content:\n          application/json:\n            schema: {$ref: '#/components/schemas/A'}\n      responses: {'200': {description: ok}}\ncomponents:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n    C: {$ref: '../../../../etc/passwd#/x'}\n";
    let folder = Folder::new("references").with_good_service().file("api.yaml", text);
    let review = folder.reviewed();
    assert!(review.system.contracts.iter().any(|(contract, _)| contract.operations.len() == 1));
}

#[test]
fn an_alias_bomb_does_not_explode() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    text.push_str("kind: Deployment\nmetadata: {name: bomb}\n");
    Folder::new("bomb").with_good_service().file("bomb.yaml", text).reviewed();
}

#[test]
fn nothing_to_read_is_said_and_so_is_a_missing_root() {
    assert!(matches!(Folder::new("empty").review(None), Err(Error::NothingToRead)));
    let folder = Folder::new("missing");
    std::fs::remove_dir_all(&folder.0).unwrap();
    assert!(matches!(folder.review(None), Err(Error::Unreadable(..))));
}

#[test]
fn a_damaged_cache_is_named_and_written_anew() {
    let folder = Folder::new("cache").with_good_service();
    let cache = Folder::new("cache-files");
    let run = || folder.review(Some(cache.0.clone())).unwrap();
    let first = format!("{:?}", run().system);
    assert_eq!(first, format!("{:?}", run().system), "the cached run differs");
    for file in std::fs::read_dir(&cache.0).unwrap() {
        let path: &Path = &file.unwrap().path();
        std::fs::write(path, b"not a cache").unwrap();
    }
    assert!(problem(&run(), "").contains("cache was damaged"));
    assert_eq!(first, format!("{:?}", run().system), "the cache was not written anew");
}
