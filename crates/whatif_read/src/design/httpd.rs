//! Apache httpd configuration: where requests are forwarded to.
//!
//! | input | facts |
//! | --- | --- |
//! | `ProxyPass`, `ProxyPassMatch`, also inside `<Location>`, `RewriteRule ... [P]` | routes |
//! | `<Proxy balancer://x>` with `BalancerMember` | destinations of the routes that name it |
//! | `ProxyTimeout`, `timeout=` of a pass | its limit between two reads |

use crate::design::Reading;
use crate::tree::{Dialect, interpolate};
use std::collections::BTreeMap;
use whatif_model::evidence::Fact;
use whatif_model::facts::mesh::Route;
use whatif_model::flow::{Bound, Policy, Timeout, TimeoutKind};
use whatif_model::{Range, Span, Value};

/// The reader's name in output.
pub(crate) const ID: &str = "httpd";

/// Whether a configuration file is one that forwards.
pub(crate) fn recognises(text: &str) -> bool {
    lines(text).iter().any(|line| {
        let name = line.words.first().map_or("", |word| word.as_str());
        is(name, "ProxyPass") || is(name, "ProxyPassMatch") || is_proxy_rule(line)
    })
}

/// One directive.
struct Line {
    words: Vec<String>,
    range: Range,
}

/// Destinations of balancers by name, with their place.
type Balancers = BTreeMap<String, Vec<(Value, Span)>>;

/// Reads one file.
pub(crate) fn read(cx: &mut Reading<'_>) {
    let lines = lines(cx.text);
    let balancers = balancers(cx, &lines);
    let whole = lines.iter().find(|line| line.words.first().is_some_and(|word| is(word, "ProxyTimeout")));
    let mut location = String::new();
    for line in &lines {
        let (name, rest) = line.words.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
        if is(name, "<Location") || is(name, "<LocationMatch") {
            location = rest.first().cloned().unwrap_or_default();
        } else if is(name, "</Location>") || is(name, "</LocationMatch>") {
            location.clear();
        } else if is(name, "ProxyPass") || is(name, "ProxyPassMatch") {
            // Inside a location the path is the location's and left out.
            let (path, target) = match (rest.first(), rest.get(1)) {
                (Some(path), Some(target)) if !path.contains("://") => (path.clone(), target),
                (Some(target), _) => (location.clone(), target),
                _ => continue,
            };
            push(cx, line, &path, target, &balancers, whole);
        } else if is_proxy_rule(line)
            && let [path, target, ..] = rest
        {
            push(cx, line, path, target, &balancers, whole);
        }
    }
}

fn push(cx: &mut Reading<'_>, line: &Line, path: &str, target: &str, balancers: &Balancers, whole: Option<&Line>) {
    if !target.contains("://") {
        return;
    }
    let balancer = target.strip_prefix("balancer://").map(|name| name.split('/').next().unwrap_or(name));
    let destinations = match balancer {
        Some(name) => balancers.get(name).cloned().unwrap_or_default(),
        None => vec![(interpolate(target, Dialect::Braces), cx.span(line.range))],
    };
    let route = Route {
        technology: ID.to_owned(),
        hosts: Vec::new(),
        gateways: Vec::new(),
        path: path.trim_start_matches('^').split(['(', '$', '*']).next().unwrap_or("").to_owned(),
        destinations,
        policy: Policy { timeout: timeout(cx, line, whole), ..Policy::default() },
        retry_on: Vec::new(),
        held_by: cx.folder().to_owned(),
        span: cx.span(line.range),
    };
    cx.facts.routes.push(route);
}

/// Seconds between two reads when nothing is said: `ProxyTimeout` takes the value of `TimeOut`.
const TIMEOUT_MS: u64 = 60_000;

/// The reference of that default.
const TIMEOUT_LINK: &str = "https://httpd.apache.org/docs/2.4/mod/core.html#timeout";

fn timeout(cx: &Reading<'_>, line: &Line, whole: Option<&Line>) -> Fact<Timeout> {
    let per_read = |ms| Timeout { bound: Bound::Millis(ms), kind: TimeoutKind::PerRead };
    let seconds = |text: &str| text.parse::<u64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
    let own = line.words.iter().find_map(|word| seconds(word.strip_prefix("timeout=")?));
    let common = whole.and_then(|line| Some((seconds(line.words.get(1)?)?, line.range)));
    match (own, common) {
        (Some(ms), _) => Fact::known(per_read(ms), cx.stated(line.range, "time between two reads")),
        (None, Some((ms, range))) => Fact::known(per_read(ms), cx.stated(range, "time between two reads")),
        (None, None) => {
            let label = "sixty seconds between two reads unless stated";
            Fact::known(per_read(TIMEOUT_MS), cx.default(line.range, "Apache httpd", TIMEOUT_LINK, label))
        }
    }
}

fn balancers(cx: &Reading<'_>, lines: &[Line]) -> Balancers {
    let mut found = Balancers::new();
    let mut current = None;
    for line in lines {
        let name = line.words.first().map_or("", |word| word.as_str());
        let argument = line.words.get(1).map_or("", |word| word.as_str());
        if is(name, "<Proxy") {
            current = argument.strip_prefix("balancer://").map(|it| it.trim_end_matches(['>', '/']).to_owned());
        } else if is(name, "</Proxy>") {
            current = None;
        } else if is(name, "BalancerMember")
            && let Some(balancer) = &current
        {
            let member = (interpolate(argument, Dialect::Braces), cx.span(line.range));
            found.entry(balancer.clone()).or_default().push(member);
        }
    }
    found
}

/// `RewriteRule ^/x http://host/$1 [P]`.
fn is_proxy_rule(line: &Line) -> bool {
    let flags = line.words.last().map_or("", |word| word.trim_matches(['[', ']']));
    line.words.first().is_some_and(|name| is(name, "RewriteRule"))
        && line.words.get(2).is_some_and(|target| target.contains("://"))
        && flags.split(',').any(|flag| is(flag, "P") || is(flag, "proxy"))
}

fn is(word: &str, name: &str) -> bool {
    word.eq_ignore_ascii_case(name)
}

/// Directives with their words, comments left out.
fn lines(text: &str) -> Vec<Line> {
    let mut at = 0;
    let mut lines = Vec::new();
    for whole in text.split_inclusive('\n') {
        let line = whole.trim();
        let start = at + whole.find(line).unwrap_or(0);
        at += whole.len();
        if !line.is_empty() && !line.starts_with('#') {
            let words = line.split_whitespace().map(|word| word.trim_matches('"').to_owned());
            // `<Location "/x">` ends in the bracket of the tag.
            let is_open = line.starts_with('<') && !line.starts_with("</");
            let words = words.map(|word| if is_open { word.trim_end_matches(['>', '"']).to_owned() } else { word });
            lines.push(Line { words: words.collect(), range: Range::new(start, start + line.len()) });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use crate::reader::read;

    #[test]
    fn passes_forward() {
        let text = "<VirtualHost *:80>\n  # ProxyPass /no http://no\n  ProxyPass /cart http://cart:8080/cart timeout=5\n  ProxyPass /static !\n  <Location \"/pay\">\n    ProxyPass http://payments:80\n  </Location>\n  ProxyPass /pool balancer://pool/\n  <Proxy \"balancer://pool\">\n    BalancerMember http://a:80\n    BalancerMember http://b:80\n  </Proxy>\n  RewriteRule ^/x/(.*) http://x/$1 [P,L]\n</VirtualHost>\n";
        let facts = read("front/000-default.conf", text);
        let routes = &facts.design.routes;
        let paths: Vec<_> = routes.iter().map(|route| (route.path.as_str(), route.destinations.len())).collect();
        assert_eq!(paths, [("/cart", 1), ("/pay", 1), ("/pool", 2), ("/x/", 1)]);
        assert_eq!(routes[0].destinations[0].0.display(), "http://cart:8080/cart");
        assert_eq!(routes[0].held_by, "front");
        assert!(routes.iter().all(|route| route.policy.timeout.value().is_some()));
    }

    #[test]
    fn garbage_forwards_nowhere() {
        for text in ["ProxyPass", "ProxyPass \"", "<Location", "RewriteRule [P]", "BalancerMember"] {
            assert!(read("x.conf", text).design.routes.is_empty(), "{text}");
        }
    }
}
