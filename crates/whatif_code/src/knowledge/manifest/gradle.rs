//! Gradle build scripts, Groovy and Kotlin, as far as literal; `gradle.properties`; version catalogues
//! (<https://docs.gradle.org/current/userguide/version_catalogs.html>).

use super::reading::{anywhere, dependency, join, lines};
use whatif_model::facts::package::Package;
use whatif_model::{FileId, Range};

/// Reads a script line by line: a string that looks like coordinates is a dependency.
pub(super) fn script(text: &str, file: FileId, package: &mut Package) {
    for (at, whole) in lines(text) {
        let line = whole.split("//").next().filter(|code| code.len() == whole.len() || !code.ends_with(':'));
        let line = line.unwrap_or(whole).trim();
        let first = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        let span = Range::new(at, at + whole.len()).in_file(file);
        let strings = quoted(line);
        let is_setting = assigned(line);
        match first {
            "include" => {
                let folder = package.folder().to_owned();
                package.modules.extend(strings.iter().filter_map(|it| join(&folder, &it.replace(':', "/"))));
            }
            "id" => {
                let version = strings.get(1).copied();
                package.plugins.extend(strings.first().map(|it| dependency(*it, version, false, span)));
            }
            _ if line.starts_with("apply plugin") => {
                package.plugins.extend(strings.first().map(|it| dependency(*it, None, false, span)));
            }
            _ if line.starts_with("rootProject.name") => package.name = strings.first().map(|it| (*it).to_owned()),
            _ if is_setting.is_some() => package.properties.extend(is_setting),
            _ => dependencies(line, first, &strings, span, package),
        }
    }
}

fn dependencies(line: &str, first: &str, strings: &[&str], span: whatif_model::Span, package: &mut Package) {
    let test = first.to_lowercase().contains("test");
    if let Some(project) = line.split_once("project(").and_then(|(_, rest)| quoted(rest).first().copied()) {
        package.projects.push(project.trim_start_matches(':').replace(':', "/"));
        return;
    }
    if let (Some(group), Some(name)) = (named(line, "group"), named(line, "name")) {
        let version = named(line, "version");
        package.dependencies.push(dependency(format!("{group}:{name}"), version, test, span));
        return;
    }
    for text in strings {
        let mut parts = text.split(':');
        let (Some(group), Some(artifact), version) = (parts.next(), parts.next(), parts.next()) else { continue };
        if !is_coordinate(group) || !is_coordinate(artifact) {
            continue;
        }
        let found = dependency(format!("{group}:{artifact}"), version, test, span);
        let is_bom = line.contains("mavenBom") || line.contains("latform(") || first == "classpath";
        if is_bom { package.managed.push(found) } else { package.dependencies.push(found) }
    }
}

/// `group: 'g', name: 'a'` and `group = "g"`.
fn named<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let rest = line.split_once(&format!("{key}:")).or_else(|| line.split_once(&format!("{key} =")))?.1;
    rest.trim_start().starts_with(['\'', '"']).then(|| quoted(rest).first().copied()).flatten()
}

/// `x = '1.0'`, `ext.x = "1.0"`, `val x = "1.0"`, `set('x', "1.0")`.
fn assigned(line: &str) -> Option<(String, String)> {
    if let Some(rest) = line.strip_prefix("set(") {
        let strings = quoted(rest);
        return Some(((*strings.first()?).to_owned(), (*strings.get(1)?).to_owned()));
    }
    let (left, right) = line.split_once('=')?;
    let name = left.trim().rsplit([' ', '.']).next().unwrap_or("");
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let right = right.trim();
    (plain && right.starts_with(['\'', '"'])).then(|| Some((name.to_owned(), (*quoted(right).first()?).to_owned())))?
}

fn is_coordinate(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// The contents of the quoted strings of a line.
fn quoted(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['\'', '"']) {
        let quote = rest.get(at..=at).unwrap_or("\"");
        let after = rest.get(at + 1..).unwrap_or("");
        let Some(end) = after.find(quote) else { break };
        found.push(after.get(..end).unwrap_or(""));
        rest = after.get(end + 1..).unwrap_or("");
    }
    found
}

/// `key=value` lines.
pub(super) fn properties(text: &str, package: &mut Package) {
    for (_, line) in lines(text).filter(|(_, line)| !line.trim_start().starts_with('#')) {
        if let Some((key, value)) = line.split_once('=') {
            package.properties.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
}

/// `[versions]` and `[libraries]` of a catalogue.
pub(super) fn catalogue(text: &str, file: FileId, package: &mut Package) {
    let Ok(table) = text.parse::<toml::Table>() else { return };
    let versions = table.get("versions").and_then(toml::Value::as_table);
    let version_of = |value: &toml::Value| -> Option<String> {
        let by_reference = value.get("ref").and_then(toml::Value::as_str);
        let named = by_reference.and_then(|name| versions?.get(name)?.as_str());
        named.or_else(|| value.as_str()).map(str::to_owned)
    };
    for library in table.get("libraries").and_then(toml::Value::as_table).into_iter().flat_map(|it| it.values()) {
        let text = |key: &str| library.get(key).and_then(toml::Value::as_str);
        let whole = library.as_str().and_then(|text| text.rsplit_once(':'));
        let module =
            text("module").map(str::to_owned).or_else(|| Some(format!("{}:{}", text("group")?, text("name")?)));
        let version = library.get("version").and_then(version_of);
        let found = match (whole, module) {
            (Some((module, version)), _) => dependency(module, Some(version), false, anywhere(file)),
            (None, Some(module)) => dependency(module, version.as_deref(), false, anywhere(file)),
            (None, None) => continue,
        };
        package.managed.push(found);
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::Versions;
    use crate::knowledge::manifest::read;

    #[test]
    fn both_dialects_name_coordinates() {
        let root = read(
            "build.gradle",
            "ext { bootVersion = '2.2.6.RELEASE' }\nclasspath \"org.springframework.boot:spring-boot-gradle-plugin:${bootVersion}\"\n",
        );
        let groovy = read(
            "a/build.gradle",
            "apply plugin: 'java'\ncompile project(\":common\")\ncompile 'org.apache.kafka:kafka-clients:2.3.0'\ntestCompile \"junit:junit:4.12\"\nimplementation group: 'redis.clients', name: 'jedis', version: '3.1.0'\nurl 'https://repo.example.org' // no dependency\n",
        );
        let kotlin = read(
            "b/build.gradle.kts",
            "plugins { id(\"org.springframework.boot\") version \"3.1.0\" }\nimplementation(\"org.apache.kafka:kafka-clients\")\n",
        );
        let settings = read("settings.gradle", "include ':a', ':b:c'\nrootProject.name = 'shop'\n");
        assert_eq!(groovy.dependencies.len(), 3);
        assert_eq!(groovy.projects, ["common"]);
        assert_eq!(
            (settings.modules.as_slice(), settings.name.as_deref()),
            (["a".to_owned(), "b/c".to_owned()].as_slice(), Some("shop"))
        );
        assert!(groovy.needs("junit:junit").is_none() && kotlin.needs("org.apache.kafka:kafka-clients").is_some());
        let versions = Versions::of_packages([&groovy, &root]);
        assert!(versions.of("org.apache.kafka:kafka-clients").is_some_and(|v| v.is_between("2.3", "3")));
        assert!(versions.of("redis.clients:jedis").is_some_and(|v| v.is_between("3.1", "3.2")));
        assert!(versions.of("org.springframework.boot:spring-boot").is_some_and(|v| v.is_between("2.2", "2.3")));
    }

    #[test]
    fn a_catalogue_decides_versions() {
        let text = "[versions]\nokhttp = \"4.12.0\"\n[libraries]\nokhttp = { module = \"com.squareup.okhttp3:okhttp\", version.ref = \"okhttp\" }\njedis = \"redis.clients:jedis:5.1.0\"\n";
        let versions = Versions::of_packages([&read("gradle/libs.versions.toml", text)]);
        assert!(versions.of("com.squareup.okhttp3:okhttp").is_some_and(|v| v.is_between("4.12", "5")));
        assert!(versions.of("redis.clients:jedis").is_some_and(|v| v.is_between("5", "6")));
    }
}
