//! Imports, and the package name an import path stands for when the file does not say.

use super::file::{Part, Reader};
use super::kind::{Field, Kind};
use crate::ir::Import;

impl<'t> Reader<'t, '_> {
    pub(super) fn imports(&mut self, declaration: Part<'t>) {
        for part in self.walk.parts(declaration.node) {
            match part.kind {
                Kind::ImportSpec => self.import(part),
                Kind::ImportSpecList => {
                    for spec in self.walk.parts(part.node) {
                        if spec.kind == Kind::ImportSpec {
                            self.import(spec);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn import(&mut self, spec: Part<'t>) {
        let parts = self.walk.parts(spec.node);
        let Some(path) = parts.field(Field::Path) else { return };
        let path = self.walk.text(path.node).trim_matches(['"', '`']).to_owned();
        let name = match parts.field(Field::Name).map(|name| self.walk.text(name.node)) {
            Some(".") => "*".to_owned(),
            Some(name) => name.to_owned(),
            None => package_name(&path, self.source),
        };
        self.module.imports.push(Import { name, path, range: spec.range() });
    }
}

/// The package name behind an import path. Usually its last element; where conventions let it differ
/// (`/v2`, `gopkg.in/yaml.v3`, `go-redis`, `kafka-go`, `nats.go`), the first candidate that the file uses.
fn package_name(path: &str, source: &str) -> String {
    let mut elements = path.split('/').rev().filter(|element| !is_version(element));
    let last = elements.next().unwrap_or(path);
    if last.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return last.to_owned();
    }
    let stem = match last.split_once('.') {
        Some((before, after)) if is_version(after) || after == "go" => before,
        _ => last,
    };
    let stem = stem.strip_prefix("go-").or_else(|| stem.strip_suffix("-go")).unwrap_or(stem);
    let first_word = stem.split(['-', '.']).next().unwrap_or(stem);
    let last_word = stem.rsplit(['-', '.']).next().unwrap_or(stem);
    let joined = stem.replace(['-', '.'], "");
    let parent = elements.next().unwrap_or("").to_owned();
    let candidates = [joined, stem.replace(['-', '.'], "_"), last_word.to_owned(), first_word.to_owned(), parent];
    let used = candidates.iter().find(|name| is_qualifier(name, source));
    used.or_else(|| candidates.first()).cloned().unwrap_or_default()
}

fn is_version(element: &str) -> bool {
    element.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the file says `name.Something` somewhere.
fn is_qualifier(name: &str, source: &str) -> bool {
    !name.is_empty()
        && source.match_indices(name).any(|(at, _)| {
            let before = source.get(..at).and_then(|text| text.chars().next_back());
            let mut after = source.get(at + name.len()..).unwrap_or("").chars();
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-'))
                && after.next() == Some('.')
                && after.next().is_some_and(char::is_uppercase)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_follow_the_conventions() {
        let cases = [
            ("net/http", "", "http"),
            ("github.com/go-redis/redis/v8", "", "redis"),
            ("gopkg.in/yaml.v3", "", "yaml"),
            ("github.com/mattn/go-sqlite3", "", "sqlite3"),
            ("github.com/segmentio/kafka-go", "", "kafka"),
            ("github.com/nats-io/nats.go", "", "nats"),
            ("github.com/grpc-ecosystem/go-grpc-middleware", "grpc_middleware.ChainUnaryServer()", "grpc_middleware"),
            ("github.com/confluentinc/confluent-kafka-go/kafka", "", "kafka"),
            ("github.com/hashicorp/golang-lru/v2", "c, _ := lru.New(8)", "lru"),
            ("go.uber.org/zap", "", "zap"),
        ];
        for (path, source, name) in cases {
            assert_eq!(package_name(path, source), name, "{path}");
        }
    }
}
