//! Trees and properties to flat settings.

use super::properties::{Item, items};
use crate::design::Reading;
use crate::tree::{Kind, Node};
use whatif_model::facts::settings::{Framework, Setting, Settings};
use whatif_model::limits::DEPTH_MAX;
use whatif_model::{Range, Value};

/// First words of keys that only Spring and the projects around it use.
const ROOTS: &[&str] = &[
    "spring",
    "server",
    "eureka",
    "zuul",
    "feign",
    "ribbon",
    "hystrix",
    "turbine",
    "resilience4j",
    "management",
    "security",
    "endpoints",
    "logging",
];

/// Whether a file is named as Spring's own loading looks for it: `application.yml`, `bootstrap-docker.properties`.
pub(crate) fn is_own_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_base = |base: &str| stem.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    matches!(ending, "yml" | "yaml" | "properties") && (is_base("application") || is_base("bootstrap"))
}

/// Whether a properties file may be configuration: by its name, or because its folder is made to hold configuration.
pub(crate) fn claims_properties(path: &str) -> bool {
    is_own_name(path) || in_config_folder(path)
}

/// A folder that says it holds configuration, as config repositories do.
fn in_config_folder(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| folder.to_ascii_lowercase().contains("config"))
}

/// Whether a tree is configuration: by its name, by its folder, or by Spring's own keys.
pub(crate) fn recognises(path: &str, root: &Node<'_>) -> bool {
    let is_spring = |key: &str| ROOTS.contains(&key.split('.').next().unwrap_or(key));
    let has_keys = || root.entries().iter().any(|entry| is_spring(&entry.key) && entry.key != "server");
    root.is_map() && (is_own_name(path) || in_config_folder(path) || has_keys())
}

/// Reads one document of a YAML file.
pub(crate) fn read_tree(cx: &mut Reading<'_>, root: &Node<'_>) {
    let mut entries = Vec::new();
    flatten(cx, "", root, 0, &mut entries);
    finish(cx, entries);
}

/// Reads all documents of a properties file.
pub(crate) fn read_properties(cx: &mut Reading<'_>) {
    let mut entries = Vec::new();
    for item in items(cx.text) {
        match item {
            Item::Separator => finish(cx, std::mem::take(&mut entries)),
            Item::Property(it) => entries.push(setting(cx, it.key.into_owned(), &it.value, it.range)),
        }
    }
    finish(cx, entries);
}

fn setting(cx: &Reading<'_>, key: String, text: &str, range: Range) -> Setting {
    Setting { key, value: Value::with_placeholders(text), span: cx.span(range) }
}

fn flatten(cx: &Reading<'_>, prefix: &str, node: &Node<'_>, depth: usize, out: &mut Vec<Setting>) {
    if depth > DEPTH_MAX {
        return;
    }
    match &node.kind {
        Kind::Scalar { .. } => out.push(setting(cx, prefix.to_owned(), node.text().unwrap_or(""), node.range)),
        Kind::Seq(items) => {
            for (at, item) in items.iter().enumerate() {
                flatten(cx, &format!("{prefix}[{at}]"), item, depth + 1, out);
            }
        }
        Kind::Map(entries) => {
            for entry in entries {
                let key = if prefix.is_empty() { entry.key.to_string() } else { format!("{prefix}.{}", entry.key) };
                flatten(cx, &key, &entry.value, depth + 1, out);
            }
        }
    }
}

/// Keys under which a document says when it counts.
const CONDITIONS: [&str; 2] = ["spring.profiles", "spring.config.activate.on-profile"];

fn finish(cx: &mut Reading<'_>, entries: Vec<Setting>) {
    if entries.is_empty() {
        return;
    }
    let is_condition = |key: &str| CONDITIONS.iter().any(|it| key.split('[').next().is_some_and(|key| key == *it));
    let conditions = entries.iter().filter(|entry| is_condition(&entry.key)).filter_map(|entry| entry.value.as_text());
    let profiles = conditions.flat_map(|text| split_profiles(&text)).collect();
    cx.facts.settings.push(Settings { framework: Framework::Spring, path: cx.path.to_owned(), profiles, entries });
}

/// `a, b`, `a | b`, `!c`.
fn split_profiles(text: &str) -> Vec<String> {
    let parts = text.split([',', '|', '&', '(', ')']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crate::reader::read;

    #[test]
    fn documents_profiles_and_placeholders() {
        let text = "spring.rabbitmq:\n  host: localhost\nservices: [{uri: 'http://${cart.host:cart}:80'}]\nempty:\n---\nspring:\n  profiles: docker, cloud\n  rabbitmq.host: rabbit\n";
        let facts = read("a/src/main/resources/application.yml", text);
        let settings = &facts.design.settings;
        assert_eq!((settings.len(), facts.ignored.len(), facts.problems.len()), (2, 0, 0));
        let keys: Vec<_> = settings[0].entries.iter().map(|it| (it.key.as_str(), it.value.display())).collect();
        let expected =
            [("spring.rabbitmq.host", "localhost"), ("services[0].uri", "http://${cart.host}:80"), ("empty", "")];
        assert_eq!(keys, expected.map(|(key, value)| (key, value.to_owned())));
        assert_eq!(settings[1].profiles, ["docker", "cloud"]);
        assert!(settings[0].profiles.is_empty());
    }

    #[test]
    fn properties_have_documents_too() {
        let text = "spring.application.name=cart\n#---\nspring.config.activate.on-profile=prod\nx=1\n";
        let settings = read("application.properties", text).design.settings;
        assert_eq!((settings.len(), settings[1].profiles.as_slice()), (2, ["prod".to_owned()].as_slice()));
    }

    #[test]
    fn repositories_are_read_and_other_documents_are_not() {
        assert_eq!(read("config-repo/cart.yml", "greeting: hi").design.settings.len(), 1);
        assert_eq!(read("conf/cart.yml", "zuul: {routes: {a: /a/**}}").design.settings.len(), 1);
        assert!(read("x/messages_en.properties", "a=b").design.settings.is_empty());
        assert!(read("prometheus.yml", "scrape_configs: []").design.settings.is_empty());
        assert!(read("config/docker-compose.yml", "services: {a: {image: b}}").design.settings.is_empty());
    }
}
