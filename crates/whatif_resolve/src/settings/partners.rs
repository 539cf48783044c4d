//! Keys by which frameworks are told where a store or broker is.

use super::keys::{is_below, last, relaxed};
use crate::address;
use whatif_model::flow::{Peer, PeerRole};
use whatif_model::value::Value;

/// Prefixes below which an address may stand, the technology, and what is there
/// (<https://docs.spring.io/spring-boot/appendix/application-properties/>).
const PLACES: &[(&str, &str, PeerRole)] = &[
    ("spring.data.mongodb", "mongodb", PeerRole::Store),
    ("spring.mongodb", "mongodb", PeerRole::Store),
    ("spring.redis", "redis", PeerRole::Store),
    ("spring.data.redis", "redis", PeerRole::Store),
    ("spring.data.cassandra", "cassandra", PeerRole::Store),
    ("spring.cassandra", "cassandra", PeerRole::Store),
    ("spring.neo4j", "neo4j", PeerRole::Store),
    ("spring.data.neo4j", "neo4j", PeerRole::Store),
    ("spring.elasticsearch", "elasticsearch", PeerRole::Store),
    ("spring.data.elasticsearch", "elasticsearch", PeerRole::Store),
    ("spring.influx", "influxdb", PeerRole::Store),
    ("spring.couchbase", "couchbase", PeerRole::Store),
    ("spring.rabbitmq", "rabbitmq", PeerRole::Topic),
    ("spring.kafka", "kafka", PeerRole::Topic),
    ("spring.cloud.stream.kafka.binder", "kafka", PeerRole::Topic),
    ("spring.activemq", "activemq", PeerRole::Topic),
    ("spring.artemis", "activemq", PeerRole::Topic),
    ("spring.pulsar", "pulsar", PeerRole::Topic),
];

/// Last words of keys that hold an address.
const WORDS: [&str; 11] = [
    "host",
    "uri",
    "uris",
    "url",
    "addresses",
    "nodes",
    "bootstrapservers",
    "brokers",
    "brokerurl",
    "contactpoints",
    "serviceurl",
];

/// The store or broker a setting names, if its key is one that does.
pub(crate) fn partner(key: &str, value: &Value) -> Option<Peer> {
    let peer = |role, technology: &str| {
        let name = address::database(value).filter(|_| role == PeerRole::Store).map(Value::text).unwrap_or_default();
        Some(Peer { role, address: value.clone(), name, technology: technology.to_owned() })
    };
    let text = value.display();
    if let Some(engine) = engine_of(&text) {
        return if engine.is_empty() { None } else { peer(PeerRole::Store, engine) };
    }
    let word = last(key.split('[').next().unwrap_or(key));
    let (_, technology, role) = PLACES.iter().find(|(prefix, ..)| is_below(key, prefix))?;
    WORDS.contains(&word.as_str()).then(|| peer(*role, technology)).flatten()
}

/// The database that runs inside the process, if a connection address means one.
pub(crate) fn embedded(value: &Value) -> Option<&'static str> {
    let text = value.display();
    let rest = text.strip_prefix("jdbc:")?;
    let (_, engine) = EMBEDDED.iter().find(|(scheme, _)| rest.starts_with(scheme))?;
    (!has_host(rest)).then_some(*engine)
}

/// Schemes of databases that run inside the process unless the address names a host.
const EMBEDDED: [(&str, &str); 4] = [("h2:", "h2"), ("hsqldb:", "hsqldb"), ("derby:", "derby"), ("sqlite:", "sqlite")];

fn has_host(rest: &str) -> bool {
    rest.contains("tcp://") || rest.contains("ssl://") || rest.contains("hsql://") || rest.contains("http://")
}

/// Libraries that bring a database into the process, which then is used unless an address says otherwise
/// (<https://docs.spring.io/spring-boot/reference/data/sql.html#data.sql.datasource.embedded>).
pub(crate) const EMBEDDED_LIBRARIES: [(&str, &str); 6] = [
    ("com.h2database:h2", "h2"),
    ("org.hsqldb:hsqldb", "hsqldb"),
    ("org.apache.derby:derby", "derby"),
    ("org.xerial:sqlite-jdbc", "sqlite"),
    ("Microsoft.EntityFrameworkCore.InMemory", "memory"),
    ("Microsoft.EntityFrameworkCore.Sqlite", "sqlite"),
];

/// The engine a connection address names: `jdbc:mysql:`, `mongodb+srv:`; empty for one inside the process.
fn engine_of(text: &str) -> Option<&'static str> {
    let rest =
        text.strip_prefix("jdbc:tc:").or_else(|| text.strip_prefix("jdbc:")).or_else(|| text.strip_prefix("r2dbc:"));
    let Some(rest) = rest else {
        let scheme = text.split_once("://")?.0;
        return match scheme {
            "mongodb" | "mongodb+srv" => Some("mongodb"),
            "redis" | "rediss" => Some("redis"),
            _ => None,
        };
    };
    let scheme: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    Some(match relaxed(&scheme).as_str() {
        "postgresql" | "postgres" => "postgresql",
        "mysql" | "mariadb" => "mysql",
        "sqlserver" | "jtds" => "sqlserver",
        "oracle" => "oracle",
        "db2" => "db2",
        "clickhouse" => "clickhouse",
        "h2" if has_host(rest) => "h2",
        "hsqldb" if has_host(rest) => "hsqldb",
        // Others run inside the process, or nobody knows them.
        _ => "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_stores_and_brokers() {
        let named = |key: &str, value: &str| partner(key, &Value::text(value)).map(|peer| peer.technology);
        assert_eq!(named("spring.datasource.url", "jdbc:postgresql://db/orders").as_deref(), Some("postgresql"));
        assert_eq!(named("shop.reporting.jdbc-url", "jdbc:mysql://db/x").as_deref(), Some("mysql"));
        assert_eq!(named("spring.datasource.url", "jdbc:h2:mem:test"), None);
        assert_eq!(embedded(&Value::text("jdbc:h2:file:./x")), Some("h2"));
        assert_eq!(embedded(&Value::text("jdbc:h2:tcp://db/x")), None);
        assert_eq!(named("spring.rabbitmq.host", "rabbit").as_deref(), Some("rabbitmq"));
        assert_eq!(named("spring.kafka.bootstrap-servers[0]", "kafka:9092").as_deref(), Some("kafka"));
        assert_eq!(named("spring.rabbitmq.port", "5672"), None);
        assert_eq!(named("spring.kafka.consumer.group-id", "x"), None);
    }
}
