//! Charts: which files they are made of, which values they get, and what their templates then say.
//!
//! A chart is installed under its own name, in the namespace `default`, with its own values: what `helm template`
//! prints for somebody who says nothing. Charts below `charts/` and those a dependency names by `file://` are
//! installed with the chart they are part of, with the values it gives them.

use super::datum::{Datum, Kind};
use super::render::{Renderer, Source};
use super::settle;
use super::syntax::{Template, parse};
use crate::design::Reading;
use crate::design::origin::is_example;
use crate::reader::{FileFacts, read_document};
use crate::tree::{Node, parse_yaml};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::text::{folder_of, join};
use whatif_model::{FileId, Range};

/// Deepest chain of charts that are parts of each other.
const PARTS_MAX: usize = 6;

/// Most charts that are installed for one that nobody else installs.
const INSTALLED_MAX: usize = 200;

/// The version of Kubernetes that charts are rendered for, as Helm takes one when it asks no cluster.
const KUBERNETES: &str = "v1.31.0";

/// One file of a repository.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Root-relative, with `/`.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// A chart as its files say.
struct Chart<'a> {
    folder: &'a str,
    /// `Chart.yaml`, with capitals as templates see it.
    about: Datum,
    values: Datum,
    /// Its own template files, by number.
    templates: Vec<usize>,
    dependencies: Vec<Dependency>,
    library: bool,
}

struct Dependency {
    /// The name its values have in the chart that needs it.
    name: String,
    /// Where it is, when it is in the tree.
    folder: String,
    condition: Option<String>,
}

/// A chart with the values it is installed with.
struct Installed<'c, 'a> {
    chart: &'c Chart<'a>,
    values: Datum,
    enabled: bool,
}

/// What all charts among the files say, by number of the file it stands in.
pub(crate) fn read(files: &[File<'_>]) -> BTreeMap<usize, FileFacts> {
    let charts = find(files);
    let mut facts = BTreeMap::new();
    if charts.is_empty() {
        return facts;
    }
    let sources: BTreeMap<usize, Source<'_>> = charts
        .values()
        .flat_map(|chart| &chart.templates)
        .filter_map(|at| Some((*at, source(files.get(*at)?, facts.entry(*at).or_default()))))
        .collect();
    let parts: BTreeSet<&str> = {
        let named = charts.values().flat_map(|chart| &chart.dependencies).map(|it| it.folder.as_str());
        named.filter(|folder| charts.contains_key(folder) && !folder.is_empty()).collect()
    };
    for chart in charts.values().filter(|chart| !parts.contains(chart.folder) && !chart.library) {
        if is_example(chart.folder) {
            for (at, file) in chart.templates.iter().filter_map(|at| Some((*at, files.get(*at)?))) {
                leave(facts.entry(at).or_default(), file, "a chart of test data or examples is not installed");
            }
            continue;
        }
        install(files, &charts, &sources, chart, &mut facts);
    }
    for (at, file) in files.iter().enumerate().filter(|(_, file)| is_about_a_chart(file.path)) {
        let known = charts.contains_key(folder_of(file.path));
        if known {
            facts.entry(at).or_default();
        }
    }
    facts
}

fn is_about_a_chart(path: &str) -> bool {
    matches!(path.rsplit('/').next().unwrap_or(path), "Chart.yaml" | "values.yaml" | "values.yml")
}

/// Every chart, by its folder.
fn find<'a>(files: &[File<'a>]) -> BTreeMap<&'a str, Chart<'a>> {
    let mut charts = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.rsplit('/').next() == Some("Chart.yaml")) {
        let documents = parse_yaml(file.text);
        let Some(document) = documents.documents.first().filter(|it| it.root.text_at(&["name"]).is_some()) else {
            continue;
        };
        charts.insert(folder_of(file.path), chart(file, &document.root));
    }
    for (at, file) in files.iter().enumerate() {
        let folder = match file.path.split_once("templates/") {
            Some(("", _)) => "",
            Some(_) => folder_above_templates(file.path),
            None => continue,
        };
        if let Some(chart) = charts.get_mut(folder) {
            chart.templates.push(at);
        }
    }
    for file in files.iter().filter(|file| matches!(file.path.rsplit('/').next(), Some("values.yaml" | "values.yml"))) {
        if let Some(chart) = charts.get_mut(folder_of(file.path)) {
            let documents = parse_yaml(file.text);
            let root = documents.documents.first().map(|it| Datum::of_node(&it.root, FileId::of(file.path)));
            let unreadable = root.is_none() && !documents.problems.is_empty();
            chart.values = if unreadable { Datum::UNKNOWN } else { root.unwrap_or(Datum::map(Vec::new())) };
        }
    }
    let nested: Vec<(String, String)> = charts.keys().filter_map(|folder| nested_in(folder, &charts)).collect();
    for (parent, folder) in nested {
        let name = folder.rsplit('/').next().unwrap_or("").to_owned();
        let Some(chart) = charts.get_mut(parent.as_str()) else { continue };
        let known =
            chart.dependencies.iter().position(|it| it.folder == folder || (it.folder.is_empty() && it.name == name));
        match known {
            Some(at) => chart.dependencies[at].folder = folder,
            None => chart.dependencies.push(Dependency { name, folder, condition: None }),
        }
    }
    charts
}

fn folder_above_templates(path: &str) -> &str {
    path.rfind("/templates/").and_then(|at| path.get(..at)).map_or("", |above| {
        // `a/templates/b/templates/c.yaml` belongs to the chart above the outer folder.
        above.find("/templates").and_then(|at| above.get(..at)).unwrap_or(above)
    })
}

/// A chart in `charts/` of another one: that one's folder and its own.
fn nested_in(folder: &str, charts: &BTreeMap<&str, Chart<'_>>) -> Option<(String, String)> {
    let above = folder_of(folder);
    let parent = if above == "charts" { "" } else { above.strip_suffix("/charts")? };
    charts.contains_key(parent).then(|| (parent.to_owned(), folder.to_owned()))
}

fn chart<'a>(file: &File<'a>, root: &Node<'_>) -> Chart<'a> {
    let folder = folder_of(file.path);
    let about = root.entries().iter().map(|entry| {
        let mut name: Vec<char> = entry.key.chars().collect();
        name.iter_mut().take(1).for_each(|first| *first = first.to_ascii_uppercase());
        let name: String = if entry.key == "apiVersion" { "APIVersion".to_owned() } else { name.into_iter().collect() };
        (name, Datum::of_node(&entry.value, FileId::of(file.path)))
    });
    let dependencies = root.get("dependencies").map(Node::items).unwrap_or_default().iter();
    Chart {
        folder,
        about: Datum::map(about.collect()),
        values: Datum::map(Vec::new()),
        templates: Vec::new(),
        dependencies: dependencies.filter_map(|node| dependency(folder, node)).collect(),
        library: root.text_at(&["type"]) == Some("library"),
    }
}

fn dependency(folder: &str, node: &Node<'_>) -> Option<Dependency> {
    let name = node.text_at(&["name"])?;
    let local = node.text_at(&["repository"]).and_then(|repository| repository.strip_prefix("file://"));
    Some(Dependency {
        name: node.text_at(&["alias"]).unwrap_or(name).to_owned(),
        folder: local.and_then(|path| join(folder, path)).unwrap_or_default(),
        condition: node.text_at(&["condition"]).map(str::to_owned),
    })
}

/// A template, and, when it cannot be read as one, the reason in `facts`.
fn source<'a>(file: &File<'a>, facts: &mut FileFacts) -> Source<'a> {
    let template = parse(file.text).unwrap_or_else(|(range, message)| {
        let mut cx = Reading::new(file.path, file.text);
        cx.ignore(range, format!("not a template that can be read: {message}"));
        facts.ignored.append(&mut cx.ignored);
        Template::default()
    });
    Source { file: FileId::of(file.path), text: file.text, template }
}

/// Installs a chart with its parts.
fn install(
    files: &[File<'_>],
    charts: &BTreeMap<&str, Chart<'_>>,
    sources: &BTreeMap<usize, Source<'_>>,
    chart: &Chart<'_>,
    facts: &mut BTreeMap<usize, FileFacts>,
) {
    let mut installed = vec![Installed { chart, values: chart.values.clone(), enabled: true }];
    collect(charts, 0, 0, &mut installed);
    // The chart's own names win over those of its parts, and come last.
    let named = installed.iter().rev().flat_map(|it| &it.chart.templates).filter_map(|at| sources.get(at));
    let mut renderer = Renderer::new(&named.collect::<Vec<_>>());
    let release = chart.about.get("Name");
    for it in &installed {
        for (at, source) in it.chart.templates.iter().filter_map(|at| Some((*at, sources.get(at)?))) {
            let Some(file) = files.get(at) else { continue };
            let only_names = file.path.ends_with(".tpl") || file.path.rsplit('/').next().unwrap_or("").starts_with('_');
            let own = facts.entry(at).or_default();
            if only_names || it.chart.library {
                continue;
            }
            if !it.enabled {
                leave(own, file, "not installed with the chart's own values");
                continue;
            }
            let output = renderer.render(source, root(it, &release, file.path));
            let undecided = std::mem::take(&mut renderer.undecided);
            own.ignored
                .extend(undecided.into_iter().map(|(span, reason)| whatif_model::facts::Ignored { span, reason }));
            settle::merge(own, read_rendered(file, &output));
        }
    }
}

/// Lists a template that says nothing about the system.
fn leave(own: &mut FileFacts, file: &File<'_>, reason: &str) {
    let mut cx = Reading::new(file.path, file.text);
    cx.ignore(Range::default(), reason);
    own.ignored.append(&mut cx.ignored);
}

/// The charts that are parts of the one at `at`, with their values.
fn collect<'c, 'a>(
    charts: &'c BTreeMap<&str, Chart<'a>>,
    at: usize,
    depth: usize,
    installed: &mut Vec<Installed<'c, 'a>>,
) {
    let Some((chart, values, enabled)) = installed.get(at).map(|it| (it.chart, it.values.clone(), it.enabled)) else {
        return;
    };
    for dependency in chart.dependencies.iter().filter(|_| depth < PARTS_MAX) {
        let Some(part) = charts.get(dependency.folder.as_str()).filter(|it| it.folder != chart.folder) else {
            continue;
        };
        if installed.len() >= INSTALLED_MAX {
            return;
        }
        let mut own = part.values.merged(&or_empty(values.get(&dependency.name)));
        let global = own.get("global").merged(&or_empty(values.get("global")));
        own = own.with("global", or_empty(global));
        let wanted = dependency.condition.as_deref().map_or(Some(true), |condition| is_enabled(&values, condition));
        installed.push(Installed { chart: part, values: own, enabled: enabled && wanted.unwrap_or(true) });
        collect(charts, installed.len() - 1, depth + 1, installed);
    }
}

fn or_empty(value: Datum) -> Datum {
    if matches!(value.kind, Kind::Map(_) | Kind::Unknown) { value } else { Datum::map(Vec::new()) }
}

/// The first of several paths that is there decides; none when none is.
fn is_enabled(values: &Datum, condition: &str) -> Option<bool> {
    condition.split(',').find_map(|path| {
        let found = path.trim().split('.').fold(values.clone(), |value, key| value.get(key));
        if let Kind::Bool(enabled) = found.kind { Some(enabled) } else { None }
    })
}

/// What templates see as `.` (<https://helm.sh/docs/chart_template_guide/builtin_objects/>).
fn root(installed: &Installed<'_, '_>, release: &Datum, path: &str) -> Datum {
    let text = |text: &str| Datum::text(text);
    let map = |entries: &[(&str, Datum)]| {
        Datum::map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    };
    let number = |number: &str| Kind::Number(number.to_owned()).into();
    let release = [
        ("Name", Datum { from: None, ..release.clone() }),
        ("Namespace", text(settle::NAMESPACE)),
        ("Service", text("Helm")),
        ("IsInstall", Datum::bool(true)),
        ("IsUpgrade", Datum::bool(false)),
        ("Revision", number("1")),
    ];
    let kubernetes = [
        ("Version", text(KUBERNETES)),
        ("GitVersion", text(KUBERNETES)),
        ("Major", text("1")),
        ("Minor", text(KUBERNETES.split('.').nth(1).unwrap_or(""))),
    ];
    let capabilities = [("KubeVersion", map(&kubernetes)), ("HelmVersion", map(&[("Version", text("v3.16.0"))]))];
    let template = [("Name", text(path)), ("BasePath", text(folder_of(path)))];
    map(&[
        ("Values", installed.values.clone()),
        ("Chart", installed.chart.about.clone()),
        ("Release", map(&release)),
        ("Capabilities", map(&capabilities)),
        ("Template", map(&template)),
        ("Files", Datum::UNKNOWN),
        ("Subcharts", Datum::UNKNOWN),
    ])
}

/// The facts of one rendered template.
fn read_rendered(file: &File<'_>, output: &super::render::Output) -> FileFacts {
    let mut cx = Reading::new(file.path, &output.text).rendered(&output.origins, &output.holes);
    let documents = parse_yaml(&output.text);
    for problem in &documents.problems {
        cx.ignore(problem.range, "not valid YAML with the chart's own values");
    }
    for document in &documents.documents {
        if is_test(&document.root) {
            cx.ignore(document.range, "only runs when somebody tests the installed chart");
        } else {
            read_document(&mut cx, &document.root);
        }
    }
    let origins = output
        .origins
        .values()
        .map(|(at, from)| whatif_model::facts::Origin { at, from, is_replaced: false })
        .collect();
    let mut facts = FileFacts { design: cx.facts, ignored: cx.ignored, problems: cx.problems };
    facts.design.origins = origins;
    settle::open_values(&mut facts);
    facts
}

fn is_test(root: &Node<'_>) -> bool {
    root.text_at(&["metadata", "annotations", "helm.sh/hook"]).is_some_and(|hook| hook.starts_with("test"))
}
