//! Which products are stores, brokers or platform, told by image and unit names.

/// What a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Database or cache.
    Store,
    /// Message broker.
    Broker,
    /// Discovery, configuration, load generation: runs, but does no business.
    Platform,
    /// Takes metrics, traces and logs, or coordinates a broker: nobody's request depends on it, so traffic to it
    /// is no edge of the model.
    Telemetry,
}

/// What object mappers that work with any database say they use.
pub(crate) const ANY_DATABASE: &str = "database";

/// Whether an engine keeps copies rather than what a service owns.
pub(crate) fn is_cache(engine: &str) -> bool {
    matches!(engine, "redis" | "memcached")
}

/// Product names as they occur as one word of an image or unit name, the engine they mean, and its role.
/// Sources: the official images of Docker Hub and the vendors' own registries (bitnami, quay, gcr, mcr).
const PRODUCTS: &[(&str, &str, Role)] = &[
    ("postgres", "postgresql", Role::Store),
    ("postgresql", "postgresql", Role::Store),
    ("pgvector", "postgresql", Role::Store),
    ("postgis", "postgresql", Role::Store),
    ("timescaledb", "postgresql", Role::Store),
    ("alloydb", "postgresql", Role::Store),
    ("cockroach", "cockroachdb", Role::Store),
    ("cockroachdb", "cockroachdb", Role::Store),
    ("mysql", "mysql", Role::Store),
    ("mariadb", "mysql", Role::Store),
    ("percona", "mysql", Role::Store),
    ("mongo", "mongodb", Role::Store),
    ("mongodb", "mongodb", Role::Store),
    ("redis", "redis", Role::Store),
    ("valkey", "redis", Role::Store),
    ("keydb", "redis", Role::Store),
    ("memcached", "memcached", Role::Store),
    ("cassandra", "cassandra", Role::Store),
    ("scylla", "cassandra", Role::Store),
    ("elasticsearch", "elasticsearch", Role::Store),
    ("opensearch", "elasticsearch", Role::Store),
    ("dynamodb", "dynamodb", Role::Store),
    ("dynamodblocal", "dynamodb", Role::Store),
    ("etcd", "etcd", Role::Store),
    ("cosmosdb", "cosmosdb", Role::Store),
    ("neo4j", "neo4j", Role::Store),
    ("clickhouse", "clickhouse", Role::Store),
    ("influxdb", "influxdb", Role::Store),
    ("minio", "s3", Role::Store),
    ("mssql", "sqlserver", Role::Store),
    ("sqlserver", "sqlserver", Role::Store),
    ("couchdb", "couchdb", Role::Store),
    ("eventstore", "eventstoredb", Role::Store),
    ("eventstoredb", "eventstoredb", Role::Store),
    ("qdrant", "qdrant", Role::Store),
    ("kafka", "kafka", Role::Broker),
    ("redpanda", "kafka", Role::Broker),
    ("rabbitmq", "rabbitmq", Role::Broker),
    ("rabbit", "rabbitmq", Role::Broker),
    ("activemq", "activemq", Role::Broker),
    ("artemis", "activemq", Role::Broker),
    ("nats", "nats", Role::Broker),
    ("servicebus", "azure-service-bus", Role::Broker),
    ("eventhubs", "azure-event-hubs", Role::Broker),
    ("nsqd", "nsq", Role::Broker),
    ("pulsar", "pulsar", Role::Broker),
    ("mosquitto", "mqtt", Role::Broker),
    ("emqx", "mqtt", Role::Broker),
    ("opentelemetrycollector", "opentelemetry", Role::Telemetry),
    ("otelcollector", "opentelemetry", Role::Telemetry),
    ("zookeeper", "zookeeper", Role::Telemetry),
    ("consul", "consul", Role::Platform),
    ("eureka", "eureka", Role::Platform),
    ("prometheus", "prometheus", Role::Telemetry),
    ("alertmanager", "prometheus", Role::Telemetry),
    ("grafana", "grafana", Role::Telemetry),
    ("jaeger", "jaeger", Role::Telemetry),
    ("zipkin", "zipkin", Role::Telemetry),
    ("otel", "opentelemetry", Role::Telemetry),
    ("otelcol", "opentelemetry", Role::Telemetry),
    ("opentelemetry", "opentelemetry", Role::Telemetry),
    ("tempo", "tempo", Role::Telemetry),
    ("loki", "loki", Role::Telemetry),
    ("cadvisor", "cadvisor", Role::Telemetry),
    ("fluentd", "fluentd", Role::Telemetry),
    ("fluent", "fluentd", Role::Telemetry),
    ("elk", "elasticsearch", Role::Telemetry),
    ("logstash", "logstash", Role::Telemetry),
    ("kibana", "kibana", Role::Telemetry),
    ("filebeat", "filebeat", Role::Telemetry),
    ("vault", "vault", Role::Platform),
    ("flagd", "flagd", Role::Platform),
    ("locust", "locust", Role::Platform),
    ("k6", "k6", Role::Platform),
    ("turbine", "turbine", Role::Platform),
    ("hystrix", "hystrix", Role::Platform),
    ("loadgenerator", "load generator", Role::Platform),
    ("loadgen", "load generator", Role::Platform),
];

/// Hosts of well-known vendors and what people call the service behind them, by the vendors' own API references.
const VENDORS: &[(&str, &str)] = &[
    ("api.stripe.com", "stripe"),
    ("api.openai.com", "openai-api"),
    ("api.anthropic.com", "anthropic-api"),
    ("generativelanguage.googleapis.com", "gemini-api"),
    ("api.sendgrid.com", "sendgrid"),
    ("api.twilio.com", "twilio"),
    ("api-m.paypal.com", "paypal"),
    ("slack.com", "slack"),
    ("api.github.com", "github"),
];

/// What people call the service at a public host: a well-known vendor's name, else the host.
pub(crate) fn vendor(host: &str) -> &str {
    VENDORS.iter().find(|(known, _)| *known == host).map_or(host, |(_, name)| name)
}

/// Engines that code reaches through a driver it does not name.
pub(crate) fn is_sql(engine: &str) -> bool {
    matches!(engine, "postgresql" | "mysql" | "sqlserver" | "cockroachdb" | "clickhouse" | "oracle")
}

/// Words that say a unit only looks at, feeds or administers the product it is named after.
const COMPANIONS: &[&str] = &[
    "exporter",
    "ui",
    "admin",
    "adminer",
    "commander",
    "express",
    "insight",
    "connect",
    "manager",
    "init",
    "setup",
    "migrate",
    "migration",
    "migrations",
    "backup",
    "client",
    "operator",
    "proxy",
    "service",
    "api",
    "consumer",
    "producer",
    "worker",
    "cdc",
    "seed",
    "loader",
    "viewer",
    "monitor",
    "gui",
    "web",
    "app",
];

/// What a tool is called instead of an engine: it looks at a product or prepares it, and is no component.
pub(crate) const TOOL: &str = "tool";

/// Words that make a product's companion a tool for people or for deployment: nothing depends on it at run time.
const TOOLS: &[&str] =
    &["exporter", "ui", "gui", "admin", "adminer", "commander", "express", "insight", "init", "setup", "backup"];

/// The engine and role a name tells, if any: the last product word wins unless a companion word follows.
pub(crate) fn of_name(name: &str) -> Option<(&'static str, Role)> {
    let words: Vec<String> = words(name);
    let is_tool = words.iter().any(|word| TOOLS.contains(&word.as_str()));
    let exports = words.last().is_some_and(|word| word == "exporter");
    if exports || (is_tool && words.iter().any(|word| product(word).is_some())) {
        return Some((TOOL, Role::Telemetry));
    }
    if words.iter().any(|word| COMPANIONS.contains(&word.as_str())) {
        return None;
    }
    words.iter().find_map(|word| product(word))
}

/// The engine and role an image reference tells, if any: only its last path element and its
/// repository name count, never the tag.
pub(crate) fn of_image(image: &str) -> Option<(&'static str, Role)> {
    let untagged = image.split('@').next().unwrap_or(image);
    let (path, _) = untagged.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((untagged, ""));
    of_name(path.rsplit('/').next().unwrap_or(path)).or_else(|| {
        let mut parts = path.rsplit('/');
        let last = parts.next()?;
        (last == "server").then(|| parts.next().and_then(of_name)).flatten()
    })
}

fn product(word: &str) -> Option<(&'static str, Role)> {
    let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let found =
        |name: &str| PRODUCTS.iter().find(|(product, ..)| *product == name).map(|(_, engine, role)| (*engine, *role));
    found(word).or_else(|| found(bare)).or_else(|| {
        let (stem, _) = bare.rsplit_once("db").filter(|(_, rest)| rest.is_empty())?;
        found(stem)
    })
}

/// The lower-case words of a name: split at separators and at changes from lower to upper case.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous_lower = false;
    for c in name.chars() {
        let breaks = !c.is_alphanumeric() || (c.is_uppercase() && previous_lower);
        if breaks && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        previous_lower = c.is_lowercase() || c.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_told_from_their_companions() {
        assert_eq!(of_image("docker.io/bitnami/kafka:3.7"), Some(("kafka", Role::Broker)));
        assert_eq!(of_image("redis:alpine@sha256:00"), Some(("redis", Role::Store)));
        assert_eq!(of_name("redis-cart"), Some(("redis", Role::Store)));
        assert_eq!(of_name("accounts-db"), None);
        assert_eq!(of_image("oliver006/redis_exporter"), Some(("tool", Role::Telemetry)));
        assert_eq!(of_image("mcr.microsoft.com/mssql/server:2022"), Some(("sqlserver", Role::Store)));
        assert_eq!(of_image("localhost:5000/shop/cart"), None);
    }

    #[test]
    fn names_split_into_words() {
        assert_eq!(words("CartService_v2-api"), ["cart", "service", "v2", "api"]);
    }
}
