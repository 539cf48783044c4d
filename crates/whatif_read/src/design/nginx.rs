//! nginx configuration (<https://nginx.org/en/docs/http/ngx_http_proxy_module.html>), templates for `envsubst` too.
//!
//! | what we read | fact |
//! | --- | --- |
//! | `location` with `proxy_pass`, `grpc_pass`, `fastcgi_pass`, `uwsgi_pass` | a route, held by the folder of the file |
//! | `proxy_read_timeout`, 60 s by default | time between two reads |
//! | `proxy_next_upstream off`; `upstream` with one server | no retry |
//! | `upstream` | destinations |

use super::Reading;
use super::reading::duration_ms;
use crate::tree::{Dialect, interpolate};
use std::collections::BTreeMap;
use whatif_model::evidence::Fact;
use whatif_model::facts::mesh::Route;
use whatif_model::flow::{Bound, Policy, Retry, Timeout, TimeoutKind};
use whatif_model::limits::DEPTH_MAX;
use whatif_model::{Range, Span, Value};

pub(crate) const ID: &str = "nginx";

const READ_TIMEOUT_LINK: &str = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout";

/// "Default: proxy_read_timeout 60s"; the same for gRPC, FastCGI and uwsgi.
const READ_TIMEOUT_MS: u64 = 60_000;

/// One directive, with its block when it has one.
struct Directive {
    words: Vec<(String, Range)>,
    block: Vec<Directive>,
}

/// Timeouts and retry settings in force at a place: inner ones replace outer ones.
#[derive(Clone, Default)]
struct Settings {
    read_timeout: Option<(String, Range)>,
    next_upstream: Option<(Vec<String>, Range)>,
}

/// Whether a `.conf` file is one of nginx: other programs use the ending too.
pub(crate) fn recognises(text: &str) -> bool {
    let has = |word: &str| text.contains(word);
    (has("server") || has("upstream") || has("location"))
        && ["proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "listen "].iter().any(|word| has(word))
        && has("{")
}

pub(crate) fn read(cx: &mut Reading<'_>) {
    let directives = parse(cx);
    let mut upstreams = BTreeMap::new();
    collect_upstreams(&directives, &mut upstreams);
    let servers = Scope { hosts: Vec::new(), path: String::new(), settings: Settings::default() };
    read_block(cx, &directives, &servers, &upstreams);
}

/// What encloses a directive.
#[derive(Clone)]
struct Scope {
    hosts: Vec<String>,
    path: String,
    settings: Settings,
}

type Upstreams = BTreeMap<String, Vec<(String, Range)>>;

/// Nesting is bounded: [`parse`] opens at most [`DEPTH_MAX`] blocks.
fn collect_upstreams(directives: &[Directive], upstreams: &mut Upstreams) {
    for directive in directives {
        if directive.word(0) == "upstream" {
            let servers = directive.block.iter().filter(|inner| inner.word(0) == "server");
            let servers = servers.filter_map(|server| server.words.get(1).cloned()).collect();
            upstreams.insert(directive.word(1).to_owned(), servers);
        }
        collect_upstreams(&directive.block, upstreams);
    }
}

fn read_block(cx: &mut Reading<'_>, directives: &[Directive], outer: &Scope, upstreams: &Upstreams) {
    let mut scope = outer.clone();
    // Settings count for the whole block, wherever in it they stand.
    for directive in directives {
        match directive.word(0) {
            "server_name" => scope.hosts = directive.words.iter().skip(1).map(|(word, _)| word.clone()).collect(),
            "proxy_read_timeout" | "grpc_read_timeout" | "fastcgi_read_timeout" | "uwsgi_read_timeout" => {
                scope.settings.read_timeout = directive.words.get(1).cloned();
            }
            "proxy_next_upstream" | "grpc_next_upstream" => {
                let words = directive.words.iter().skip(1).map(|(word, _)| word.clone()).collect();
                scope.settings.next_upstream = Some((words, directive.range()));
            }
            _ => {}
        }
    }
    for directive in directives {
        match directive.word(0) {
            "proxy_pass" | "grpc_pass" | "fastcgi_pass" | "uwsgi_pass" => read_pass(cx, directive, &scope, upstreams),
            "include" => cx.ignore(directive.range(), "an included file is not followed"),
            _ => {}
        }
        let inner = match directive.word(0) {
            "location" => Scope { path: location(directive), ..scope.clone() },
            _ => scope.clone(),
        };
        read_block(cx, &directive.block, &inner, upstreams);
    }
}

/// The last word of `location [= | ~ | ~* | ^~] path`.
fn location(directive: &Directive) -> String {
    directive.words.iter().skip(1).last().map(|(word, _)| word.clone()).unwrap_or_default()
}

fn read_pass(cx: &mut Reading<'_>, directive: &Directive, scope: &Scope, upstreams: &Upstreams) {
    let Some((target, range)) = directive.words.get(1) else { return };
    let authority = target.split_once("://").map_or(target.as_str(), |(_, rest)| rest);
    let host = authority.split(['/', ':']).next().unwrap_or("");
    if host.starts_with('$') && !host.starts_with("${") {
        cx.ignore(*range, "a destination that is only known per request");
        return;
    }
    let servers = upstreams.get(host);
    let destinations: Vec<(Value, Span)> = match servers {
        Some(servers) => servers.iter().map(|(server, range)| (value(server), cx.span(*range))).collect(),
        None => vec![(value(target), cx.span(*range))],
    };
    let policy = read_policy(cx, directive, scope, servers.map(Vec::len));
    let (held_by, span) = (cx.folder().to_owned(), cx.span(directive.range()));
    cx.facts.routes.push(Route {
        technology: ID.to_owned(),
        hosts: scope.hosts.clone(),
        gateways: Vec::new(),
        path: scope.path.clone(),
        destinations,
        policy,
        retry_on: scope.settings.next_upstream.clone().map(|(words, _)| words).unwrap_or_default(),
        held_by,
        span,
    });
}

fn value(text: &str) -> Value {
    interpolate(text, Dialect::Braces)
}

fn read_policy(cx: &Reading<'_>, pass: &Directive, scope: &Scope, servers: Option<usize>) -> Policy {
    let per_read = |ms| Timeout { bound: Bound::Millis(ms), kind: TimeoutKind::PerRead };
    let timeout = match &scope.settings.read_timeout {
        Some((text, range)) => match seconds_or_duration(text) {
            Some(ms) => Fact::known(per_read(ms), cx.stated(*range, "time between two reads")),
            None => Fact::Unknown,
        },
        None => {
            let label = "sixty seconds between two reads unless stated";
            Fact::known(per_read(READ_TIMEOUT_MS), cx.default(pass.range(), "nginx", READ_TIMEOUT_LINK, label))
        }
    };
    // A name in `proxy_pass` may stand for several addresses, of which the next one is tried.
    let retry: Fact<Retry> = match (&scope.settings.next_upstream, servers) {
        (Some((words, range)), _) if words.iter().any(|word| word == "off") => {
            Fact::absent(cx.stated(*range, "no next server is tried"))
        }
        (_, Some(1)) => Fact::absent(cx.stated(pass.range(), "the upstream has one server")),
        _ => Fact::Unknown,
    };
    Policy { timeout, retry, ..Policy::default() }
}

/// nginx counts in seconds when no unit is given.
fn seconds_or_duration(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().map(|seconds| seconds.saturating_mul(1_000)).or_else(|| duration_ms(text))
}

impl Directive {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |(word, _)| word)
    }

    fn range(&self) -> Range {
        let first = self.words.first().map(|(_, range)| *range).unwrap_or_default();
        self.words.last().map_or(first, |(_, range)| first.cover(*range))
    }
}

/// Reads directives and blocks; a closing brace too many is skipped, one too few ends with the file.
fn parse(cx: &mut Reading<'_>) -> Vec<Directive> {
    let mut open: Vec<Directive> = vec![Directive { words: Vec::new(), block: Vec::new() }];
    let mut words: Vec<(String, Range)> = Vec::new();
    for (token, range) in tokens(cx.text) {
        match token.as_str() {
            ";" | "{" | "}" if cx.text.get(range.start as usize..range.end as usize) == Some(&token) => {
                let directive = Directive { words: std::mem::take(&mut words), block: Vec::new() };
                let deepest = open.len();
                match token.as_str() {
                    "{" if deepest > DEPTH_MAX => {
                        cx.problem(range, format!("nested deeper than {DEPTH_MAX} levels; the rest is not read"));
                        break;
                    }
                    "{" => open.push(directive),
                    ";" => push(&mut open, directive),
                    _ => {
                        push(&mut open, directive);
                        if deepest > 1
                            && let Some(closed) = open.pop()
                        {
                            push(&mut open, closed);
                        }
                    }
                }
            }
            _ => words.push((token, range)),
        }
    }
    while open.len() > 1 {
        if let Some(unclosed) = open.pop() {
            push(&mut open, unclosed);
        }
    }
    open.pop().map(|root| root.block).unwrap_or_default()
}

fn push(open: &mut [Directive], directive: Directive) {
    if let Some(parent) = open.last_mut().filter(|_| !directive.words.is_empty()) {
        parent.block.push(directive);
    }
}

/// Words, quoted words without their quotes, and the three signs; `${NAME}` belongs to a word.
fn tokens(text: &str) -> Vec<(String, Range)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let start = at;
        match byte {
            b'#' => at += bytes[at..].iter().take_while(|b| **b != b'\n').count(),
            b';' | b'{' | b'}' => {
                at += 1;
                found.push((char::from(byte).to_string(), Range::new(start, at)));
            }
            b'"' | b'\'' => {
                let length = bytes[at + 1..].iter().take_while(|b| **b != byte).count();
                at = (at + length + 2).min(bytes.len());
                let inner = text.get(start + 1..at.saturating_sub(1).max(start + 1)).unwrap_or("");
                found.push((inner.to_owned(), Range::new(start, at)));
            }
            _ if byte.is_ascii_whitespace() => at += 1,
            _ => {
                at = word_end(bytes, at);
                found.push((text.get(start..at).unwrap_or("").to_owned(), Range::new(start, at)));
            }
        }
    }
    found
}

fn word_end(bytes: &[u8], mut at: usize) -> usize {
    let mut braces = 0usize;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                braces += 1;
                at += 1;
            }
            b'}' if braces > 0 => braces -= 1,
            b';' | b'{' | b'}' if braces == 0 => break,
            _ if byte.is_ascii_whitespace() => break,
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_forward_to_hosts_and_upstreams() {
        let text = "upstream pool { server a:80; server b:80; }\nserver {\n  listen 8080; server_name shop;\n  proxy_read_timeout 5s;\n  location /api/cart/ { proxy_pass http://${CART_HOST}:8080/; }\n  location = /pool { proxy_next_upstream off; proxy_pass http://pool; }\n  # location /x { proxy_pass http://no; }\n  location /dyn { proxy_pass http://$backend; }\n}\n";
        assert!(recognises(text));
        let mut cx = Reading::new("web/default.conf.template", text);
        read(&mut cx);
        let routes = &cx.facts.routes;
        assert_eq!(routes.len(), 2);
        assert_eq!((routes[0].path.as_str(), routes[0].held_by.as_str()), ("/api/cart/", "web"));
        assert_eq!(routes[0].destinations[0].0.display(), "http://${CART_HOST}:8080/");
        let per_read = Timeout { bound: Bound::Millis(5_000), kind: TimeoutKind::PerRead };
        assert_eq!(routes[0].policy.timeout.value(), Some(&per_read));
        assert!(routes[0].policy.retry.is_unknown());
        assert_eq!(routes[1].destinations.len(), 2);
        assert!(routes[1].policy.retry.is_absent());
        assert_eq!(cx.ignored.len(), 1);
    }

    #[test]
    fn unbalanced_and_deep_blocks_end() {
        for text in ["}}} location / { proxy_pass http://a;", &"a {".repeat(1_000), "\"", "${"] {
            let mut cx = Reading::new("x.conf", text);
            read(&mut cx);
        }
    }
}
