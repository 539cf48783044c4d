//! Compose files (<https://docs.docker.com/reference/compose-file/>), all versions.
//!
//! | what we read | fact |
//! | --- | --- |
//! | `services.*`, `container_name`, `hostname`, network aliases, `links` | units and the names they are reached by |
//! | `image`, `build` | image reference, build context |
//! | `environment`, `env_file` | environment, with `${VAR:-default}` |
//! | `ports`, `expose` | ports, and whether they are published |
//! | `depends_on` | start order (not calls), and what is awaited |
//! | `restart`, `deploy.restart_policy` | what starts it again; nothing by default |
//! | `deploy.replicas`, `scale` | replicas; one by default |
//! | `volumes` | durable storage |
//! | `healthcheck` | readiness |
//! | `stop_grace_period` | seconds between stop signal and kill; ten by default |
//! | `profiles` | optional variants |

use super::Reading;
use super::reading::duration_ms;
use crate::tree::{Dialect, Entry, Node, interpolate};
use whatif_model::evidence::{Evidence, Fact, How, Stage};
use whatif_model::facts::deploy::{
    DeployUnit, EnvValue, EnvVar, Mount, NetworkName, Probe, Selector, UnitKind, Volume,
};
use whatif_model::{Range, Value};

pub(crate) const ID: &str = "compose";

const REFERENCE: &str = "https://docs.docker.com/reference/compose-file/services/";

/// Seconds a healthcheck may take, and between two, when nothing is said (`docker run --health-*`).
const HEALTHCHECK_SECONDS: u64 = 30;

/// Seconds between SIGTERM and SIGKILL when nothing is said.
const GRACE_SECONDS: u64 = 10;

/// Keys of a service that carry facts.
const KNOWN: &[&str] = &[
    "image",
    "build",
    "environment",
    "env_file",
    "ports",
    "expose",
    "depends_on",
    "links",
    "deploy",
    "scale",
    "volumes",
    "healthcheck",
    "stop_grace_period",
    "restart",
    "profiles",
    "networks",
    "container_name",
    "hostname",
    "command",
    "entrypoint",
    "labels",
];

/// A mapping of services is a compose file; a workflow of a CI system also has one, below a job.
pub(crate) fn recognises(root: &Node<'_>) -> bool {
    let is_service = |entry: &Entry<'_>| {
        ["image", "build", "extends", "environment", "ports", "command", "depends_on", "volumes", "env_file", "deploy"]
            .iter()
            .any(|key| entry.value.get(key).is_some())
    };
    root.get("apiVersion").is_none()
        && (root.get("services").is_some_and(|services| services.entries().iter().any(is_service))
            || is_first_version(root))
}

/// The first version of the format has no `services`: the whole document is the mapping of services.
fn is_first_version(root: &Node<'_>) -> bool {
    let runs = |entry: &Entry<'_>| {
        ["image", "build"].iter().any(|key| entry.value.text_at(&[key]).is_some())
            && entry
                .value
                .entries()
                .iter()
                .all(|entry| KNOWN.contains(&entry.key.as_ref()) || OLD.contains(&entry.key.as_ref()))
    };
    root.get("services").is_none() && !root.entries().is_empty() && root.entries().iter().all(runs)
}

/// Keys of a service that carry no facts and occur in files of the first version.
const OLD: &[&str] = &[
    "external_links",
    "extra_hosts",
    "dns",
    "mem_limit",
    "memswap_limit",
    "cpu_shares",
    "privileged",
    "user",
    "working_dir",
    "log_driver",
    "log_opt",
    "logging",
    "net",
    "network_mode",
    "volumes_from",
    "stdin_open",
    "tty",
    "dockerfile",
    "extends",
    "cap_add",
    "security_opt",
    "ulimits",
    "env_file",
    "domainname",
    "pid",
];

pub(crate) fn read(cx: &mut Reading<'_>, root: &Node<'_>) {
    let Some(services) = root.get("services") else {
        root.entries().iter().for_each(|entry| read_service(cx, entry));
        return;
    };
    for entry in services.entries() {
        let is_service =
            entry.value.entries().iter().any(|it| KNOWN.contains(&it.key.as_ref())) || !entry.value.is_map();
        if is_service {
            read_service(cx, entry);
        } else {
            cx.ignore(entry.key_range, format!("`{}` has no key of a service", entry.key));
        }
    }
    for entry in root.entries() {
        let known = matches!(entry.key.as_ref(), "services" | "version" | "name" | "networks" | "volumes");
        if !known && !entry.key.starts_with("x-") {
            cx.ignore(entry.key_range, format!("`{}` of a compose file is not read", entry.key));
        }
    }
}

fn read_service(cx: &mut Reading<'_>, entry: &Entry<'_>) {
    let (name, node) = (entry.key.as_ref(), &entry.value);
    if !node.is_map() {
        cx.ignore(entry.key_range, format!("service `{name}` is not a mapping"));
        return;
    }
    cx.ignore_other_keys(node, KNOWN, "compose service");
    let (ports, published) = read_ports(cx, node);
    let mounts = read_mounts(cx, node);
    let unit = DeployUnit {
        scope: cx.folder().to_owned(),
        optional: is_optional(node),
        image: node.text_at(&["image"]).map(value),
        build_context: read_build(cx, node),
        replicas: read_replicas(cx, node, entry.key_range),
        env: read_environment(cx, node),
        env_files: read_env_files(cx, node),
        command: read_command(node),
        ports: ports.clone(),
        published,
        depends_on: read_unit_names(cx, node, &["depends_on", "links"]),
        links: read_unit_names(cx, node, &["links"]),
        awaited: read_awaited(node),
        restarts: read_restarts(cx, node, entry.key_range),
        durable_storage: durable(cx, node, &mounts, entry.key_range),
        mounts: mounts.into_iter().map(|(mount, _)| mount).collect(),
        readiness: read_healthcheck(cx, node),
        grace_seconds: read_grace(cx, node, entry.key_range),
        ..DeployUnit::new(name, UnitKind::Compose, cx.span(entry.key_range))
    };
    cx.facts.units.push(unit);
    read_names(cx, entry, &ports, published);
}

fn value(text: &str) -> Value {
    interpolate(text, Dialect::Compose)
}

/// Services of a profile are not started unless it is asked for. An override file is read with the file it adds to.
fn is_optional(node: &Node<'_>) -> bool {
    node.get("profiles").is_some_and(|profiles| !profiles.items().is_empty())
}

fn read_build(cx: &mut Reading<'_>, node: &Node<'_>) -> Option<String> {
    let build = node.get("build")?;
    let context = build.text().or_else(|| build.text_at(&["context"])).unwrap_or(".");
    let settled = value(context).substitute(|_| None).as_text();
    let folder = settled.and_then(|context| cx.resolve(&context));
    if folder.is_none() {
        cx.ignore(build.range, format!("build context `{context}` is not inside the reviewed root"));
        return None;
    }
    // The Dockerfile's own folder is the service when many services are built from one context.
    let dockerfile = build.text_at(&["dockerfile"]).map(|path| value(path).substitute(|_| None).as_text());
    match (folder, dockerfile.flatten().and_then(|path| path.rsplit_once('/').map(|(dir, _)| dir.to_owned()))) {
        (Some(folder), Some(inner)) => super::reading::join(&folder, &inner).or(Some(folder)),
        (folder, _) => folder,
    }
}

fn read_replicas(cx: &mut Reading<'_>, node: &Node<'_>, place: Range) -> Fact<u32> {
    let stated = node.at(&["deploy", "replicas"]).or_else(|| node.get("scale"));
    match stated {
        Some(replicas) => match replicas.text().and_then(settled_number) {
            Some(count) => Fact::known(count, cx.stated(replicas.range, "replicas")),
            None => {
                cx.ignore(replicas.range, "a number of replicas that is not a number");
                Fact::Unknown
            }
        },
        None if node.text_at(&["deploy", "mode"]) == Some("global") => Fact::Unknown,
        None => Fact::known(1, cx.default(place, "Docker Compose", REFERENCE, "one replica unless stated")),
    }
}

fn settled_number(text: &str) -> Option<u32> {
    value(text).substitute(|_| None).as_text()?.trim().parse().ok()
}

/// `[A=b, C]` or `{A: b, C: null}`; a variable without a value comes from the shell.
fn read_environment(cx: &mut Reading<'_>, node: &Node<'_>) -> Vec<EnvVar> {
    let Some(environment) = node.get("environment") else { return Vec::new() };
    let variable = |cx: &Reading<'_>, name: &str, text: Option<&str>, range: Range| EnvVar {
        name: name.trim().to_owned(),
        value: EnvValue::Literal(text.map_or_else(|| Value::env(name.trim()), value)),
        span: cx.span(range),
    };
    let mut env: Vec<EnvVar> = Vec::new();
    for entry in environment.entries() {
        if entry.value.is_map() || entry.value.is_seq() {
            cx.ignore(entry.range(), format!("variable `{}` is not a scalar", entry.key));
            continue;
        }
        env.push(variable(cx, &entry.key, entry.value.text(), entry.range()));
    }
    for item in environment.items() {
        match item.text() {
            Some(text) => match text.split_once('=') {
                Some((name, text)) => env.push(variable(cx, name, Some(text), item.range)),
                None => env.push(variable(cx, text, None, item.range)),
            },
            None => cx.ignore(item.range, "an environment entry that is not a scalar"),
        }
    }
    env
}

/// A path, a list of paths, or a list of `{path, required}`.
fn read_env_files(cx: &mut Reading<'_>, node: &Node<'_>) -> Vec<String> {
    let Some(files) = node.get("env_file") else { return Vec::new() };
    let one = std::slice::from_ref(files);
    let listed = if files.is_seq() { files.items() } else { one };
    let mut paths = Vec::new();
    for item in listed {
        let path = item.text().or_else(|| item.text_at(&["path"]));
        match path.and_then(|path| cx.resolve(path)) {
            Some(path) => paths.push(path),
            None => cx.ignore(item.range, "an environment file outside the reviewed root"),
        }
    }
    paths
}

fn read_command(node: &Node<'_>) -> Vec<Value> {
    let words = |key: &str| -> Vec<Value> {
        match node.get(key) {
            Some(list) if list.is_seq() => list.items().iter().filter_map(Node::text).map(value).collect(),
            Some(line) => line.text().map(value).into_iter().collect(),
            None => Vec::new(),
        }
    };
    let mut command = words("entrypoint");
    command.extend(words("command"));
    command
}

/// Container ports, and whether any is published on the host.
fn read_ports(cx: &mut Reading<'_>, node: &Node<'_>) -> (Vec<u16>, bool) {
    let mut ports: Vec<u16> = Vec::new();
    let mut published = false;
    for item in node.get("ports").map(Node::items).unwrap_or_default() {
        published = true;
        let port = match item.get("target") {
            Some(target) => target.text().and_then(container_port),
            None => item.text().and_then(container_port),
        };
        match port {
            Some(port) => ports.push(port),
            None => cx.ignore(item.range, "a port that is not a number"),
        }
    }
    for item in node.get("expose").map(Node::items).unwrap_or_default() {
        match item.text().and_then(container_port) {
            Some(port) => ports.push(port),
            None => cx.ignore(item.range, "a port that is not a number"),
        }
    }
    let mut seen = Vec::new();
    ports.retain(|port| {
        !seen.contains(port) && {
            seen.push(*port);
            true
        }
    });
    (ports, published)
}

/// The last part of `[host:[published:]]target[/protocol]`; the first of a range.
fn container_port(text: &str) -> Option<u16> {
    let text = value(text).substitute(|_| None).as_text()?;
    let text = text.split('/').next().unwrap_or("");
    text.rsplit(':').next().unwrap_or("").split('-').next().unwrap_or("").trim().parse().ok()
}

/// A list of names or a mapping of names to conditions; the links of old versions order the start too.
fn read_unit_names(cx: &Reading<'_>, node: &Node<'_>, keys: &[&str]) -> Vec<(String, whatif_model::Span)> {
    let mut units: Vec<(String, whatif_model::Span)> = Vec::new();
    for key in keys {
        let Some(list) = node.get(key) else { continue };
        let named = list.entries().iter().map(|entry| (entry.key.as_ref(), entry.key_range));
        let listed = list.items().iter().filter_map(|item| Some((item.text()?, item.range)));
        for (name, range) in named.chain(listed) {
            let name = name.split(':').next().unwrap_or(name);
            if units.iter().all(|(known, _)| known != name) {
                units.push((name.to_owned(), cx.span(range)));
            }
        }
    }
    units
}

/// Those of `depends_on` with a condition that is more than being started.
fn read_awaited(node: &Node<'_>) -> Vec<String> {
    let entries = node.get("depends_on").map(Node::entries).unwrap_or_default();
    let waits = |entry: &&Entry<'_>| {
        matches!(entry.value.text_at(&["condition"]), Some("service_healthy" | "service_completed_successfully"))
    };
    entries.iter().filter(waits).map(|entry| entry.key.to_string()).collect()
}

/// `no` unless stated (<https://docs.docker.com/reference/compose-file/services/#restart>); what is extended may say more.
fn read_restarts(cx: &Reading<'_>, node: &Node<'_>, place: Range) -> Fact<String> {
    let stated = node.get("restart").or_else(|| node.at(&["deploy", "restart_policy", "condition"]));
    match stated.map(|stated| (stated, stated.text())) {
        Some((stated, Some("no" | "none" | "false"))) => Fact::absent(cx.stated(stated.range, "is not restarted")),
        Some((stated, Some(policy))) => Fact::known(policy.to_owned(), cx.stated(stated.range, "is restarted")),
        Some((_, None)) => Fact::Unknown,
        None if node.get("extends").is_some() || node.at(&["deploy", "restart_policy"]).is_some() => Fact::Unknown,
        None => Fact::absent(cx.default(place, "Docker Compose", REFERENCE, "is not restarted unless stated")),
    }
}

/// What is mounted: `[source:]target[:mode]`, or a mapping.
fn read_mounts(cx: &Reading<'_>, node: &Node<'_>) -> Vec<(Mount, bool)> {
    let mut mounts = Vec::new();
    for item in node.get("volumes").map(Node::items).unwrap_or_default() {
        let (source, target, read_only, kind) = match item.text() {
            Some(text) => {
                let mut parts = text.splitn(3, ':');
                let (first, target, mode) = (parts.next().unwrap_or(""), parts.next(), parts.next().unwrap_or(""));
                // One part only is an anonymous volume: a new container gets a new one.
                let source = target.map_or("", |_| first);
                (source, target.unwrap_or(first), mode.split(',').any(|word| word == "ro"), "")
            }
            None => (
                item.text_at(&["source"]).unwrap_or(""),
                item.text_at(&["target"]).unwrap_or(""),
                item.get("read_only").and_then(Node::as_bool) == Some(true),
                item.text_at(&["type"]).unwrap_or("volume"),
            ),
        };
        let is_path = kind == "bind" || source.starts_with(['.', '/', '~', '$']) || source.contains('/');
        let volume = match source {
            "" => Volume::Temporary,
            _ if kind == "tmpfs" => Volume::Temporary,
            _ if is_path => Volume::Host,
            _ => Volume::Durable,
        };
        let last = source.rsplit('/').next().unwrap_or(source);
        let is_file = is_path && last.trim_start_matches('.').contains('.');
        let mount = Mount { path: target.to_owned(), volume, span: cx.span(item.range) };
        mounts.push((mount, !read_only && !is_file));
    }
    mounts
}

/// A named volume survives the container; so does a folder of the host it writes to.
fn durable(cx: &Reading<'_>, node: &Node<'_>, mounts: &[(Mount, bool)], place: Range) -> Fact<bool> {
    let Some(volumes) = node.get("volumes") else {
        return Fact::absent(cx.stated(place, "no volume"));
    };
    let written = |kind: Volume| mounts.iter().find(|(mount, writes)| *writes && mount.volume == kind);
    let at = |span, how, label: &str| Evidence { span, stage: Stage::Design, how, label: label.to_owned() };
    match (written(Volume::Durable), written(Volume::Host)) {
        (Some((mount, _)), _) => Fact::known(true, at(mount.span, How::Stated, "named volume")),
        (None, Some((mount, _))) => Fact::known(true, at(mount.span, How::Derived, "folder of the host")),
        (None, None) => Fact::absent(cx.stated(volumes.range, "no durable volume")),
    }
}

fn read_healthcheck(cx: &Reading<'_>, node: &Node<'_>) -> Fact<Probe> {
    // An image may bring its own HEALTHCHECK, and its Dockerfile is another document.
    let Some(check) = node.get("healthcheck") else { return Fact::Unknown };
    let test = check.get("test");
    let words: Vec<&str> = test.map(Node::items).unwrap_or_default().iter().filter_map(Node::text).collect();
    let disabled = check.get("disable").and_then(Node::as_bool) == Some(true) || words.first() == Some(&"NONE");
    if disabled {
        return Fact::absent(cx.stated(check.range, "healthcheck disabled"));
    }
    let line = test.and_then(Node::text).map_or_else(|| words.get(1..).unwrap_or_default().join(" "), str::to_owned);
    let seconds = |key: &str| {
        let written = check.text_at(&[key]).and_then(|text| value(text).substitute(|_| None).as_text());
        written.map_or(Some(HEALTHCHECK_SECONDS), |text| duration_ms(&text).map(|ms| ms.div_ceil(1_000)))
    };
    let probe = Probe { what: line, timeout_seconds: seconds("timeout"), period_seconds: seconds("interval") };
    Fact::known(probe, cx.stated(check.range, "healthcheck"))
}

fn read_grace(cx: &Reading<'_>, node: &Node<'_>, place: Range) -> Fact<u64> {
    match node.get("stop_grace_period") {
        Some(period) => match period.text().and_then(duration_ms) {
            Some(ms) => Fact::known(ms.div_ceil(1_000), cx.stated(period.range, "stop grace period")),
            None => Fact::Unknown,
        },
        None => Fact::known(GRACE_SECONDS, cx.default(place, "Docker Compose", REFERENCE, "ten seconds unless stated")),
    }
}

/// The service's own name, and every other name its networks or its peers know it by.
fn read_names(cx: &mut Reading<'_>, entry: &Entry<'_>, ports: &[u16], external: bool) {
    let (unit, node) = (entry.key.as_ref(), &entry.value);
    let mut names: Vec<(&str, &str, Range)> = vec![(unit, unit, entry.key_range)];
    for key in ["container_name", "hostname"] {
        names.extend(node.get(key).and_then(|name| Some((name.text()?, unit, name.range))));
    }
    for network in node.get("networks").map(Node::entries).unwrap_or_default() {
        let aliases = network.value.get("aliases").map(Node::items).unwrap_or_default();
        names.extend(aliases.iter().filter_map(|alias| Some((alias.text()?, unit, alias.range))));
    }
    // `links: [db:database]` makes the unit `db` known as `database`.
    for link in node.get("links").map(Node::items).unwrap_or_default() {
        names.extend(link.text().and_then(|text| text.split_once(':')).map(|(to, name)| (name, to, link.range)));
    }
    let mut seen: Vec<&str> = Vec::new();
    for (name, selected, range) in names {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let own = selected == unit;
        cx.facts.names.push(NetworkName {
            name: name.to_owned(),
            scope: cx.folder().to_owned(),
            selects: Selector::Unit(selected.to_owned()),
            ports: if own { ports.to_vec() } else { Vec::new() },
            external: own && external,
            external_name: None,
            span: cx.span(range),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse_yaml;
    use whatif_model::evidence::How;

    const FILE: &str = "\
x-common: &common
  restart: always
  environment: &env
    LOG: debug
services:
  db:
    image: postgres:16
    volumes: ['data:/var/lib/postgresql/data']
    networks: {back: {aliases: [ledger]}}
  orders:
    <<: *common
    build: {context: ., dockerfile: services/orders/Dockerfile}
    image: ${REPO:-shop}/orders:${TAG}
    environment:
      <<: *env
      DB_URL: postgres://${DB_HOST:-db}:5432/x
      FROM_SHELL:
    env_file: [./orders.env, {path: ../outside.env, required: false}]
    ports: ['127.0.0.1:8080:80/tcp', 9000-9001, {target: 7000, published: 7001}]
    expose: ['80']
    depends_on: {db: {condition: service_healthy}}
    links: ['cache:redis']
    deploy: {replicas: 3}
    volumes: ['./orders.conf:/etc/orders.conf', '/tmp/x:/tmp/x:ro']
    healthcheck: {test: [CMD, curl, -f, localhost], interval: 1m30s}
    stop_grace_period: 1m
    privileged: true
  cache:
    image: redis
    environment: ['A=b=c', B]
    profiles: [extra]
    healthcheck: {disable: true}
volumes: {data: {}}
secrets: {}
";

    fn read_file(path: &str, text: &str) -> (whatif_model::facts::DesignFacts, Vec<String>) {
        let mut cx = Reading::new(path, text);
        let documents = parse_yaml(text);
        assert!(recognises(&documents.documents[0].root));
        read(&mut cx, &documents.documents[0].root);
        (cx.facts, cx.ignored.into_iter().map(|ignored| ignored.reason).collect())
    }

    #[test]
    fn every_spelling_of_a_service() {
        let (facts, ignored) = read_file("docker-compose.yml", FILE);
        let orders = &facts.units[1];
        assert_eq!(orders.build_context.as_deref(), Some("services/orders"));
        assert_eq!(orders.image.as_ref().unwrap().display(), "${REPO}/orders:${TAG}");
        let env = orders.env.iter().map(|variable| match &variable.value {
            EnvValue::Literal(value) => format!("{}={}", variable.name, value.display()),
            other => format!("{other:?}"),
        });
        assert_eq!(
            env.collect::<Vec<_>>(),
            ["DB_URL=postgres://${DB_HOST}:5432/x", "FROM_SHELL=${FROM_SHELL}", "LOG=debug"]
        );
        assert_eq!(orders.env_files, ["orders.env"]);
        assert_eq!((orders.ports.as_slice(), orders.published), ([80, 9000, 7000].as_slice(), true));
        let order: Vec<_> = orders.depends_on.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(order, ["db", "cache"]);
        assert_eq!(orders.replicas.value(), Some(&3));
        assert!(orders.durable_storage.is_absent());
        let probe = orders.readiness.value().unwrap();
        assert_eq!(
            (probe.what.as_str(), probe.timeout_seconds, probe.period_seconds),
            ("curl -f localhost", Some(30), Some(90))
        );
        assert_eq!(orders.grace_seconds.value(), Some(&60));
        assert!(ignored.iter().any(|reason| reason.contains("privileged")));
        assert!(ignored.iter().any(|reason| reason.contains("outside the reviewed root")));
        assert!(ignored.iter().any(|reason| reason.contains("`secrets`")));
    }

    #[test]
    fn storage_defaults_profiles_and_names() {
        let (facts, _) = read_file("docker-compose.yml", FILE);
        let (db, cache) = (&facts.units[0], &facts.units[2]);
        assert!(db.durable_storage.holds(|durable| *durable) && cache.durable_storage.is_absent());
        assert!(matches!(db.replicas.claim().unwrap().evidence.how, How::Default { .. }));
        assert!(cache.optional && !db.optional && cache.readiness.is_absent());
        assert_eq!(cache.env.len(), 2);
        let names: Vec<_> = facts.names.iter().map(|name| (name.name.as_str(), &name.selects)).collect();
        assert!(names.contains(&("ledger", &Selector::Unit("db".into()))));
        assert!(names.contains(&("redis", &Selector::Unit("cache".into()))));
    }

    #[test]
    fn override_files_and_paths_of_folders() {
        let text = "services: {a: {build: ./src, env_file: .env}}\n";
        let (facts, _) = read_file("deploy/docker-compose.override.yml", text);
        assert!(!facts.units[0].optional);
        assert_eq!(facts.units[0].build_context.as_deref(), Some("deploy/src"));
        assert_eq!((facts.units[0].env_files[0].as_str(), facts.units[0].scope.as_str()), ("deploy/.env", "deploy"));
    }
}
