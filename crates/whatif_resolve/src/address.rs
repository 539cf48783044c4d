//! The host in an address: URL, `host:port`, DSN, or bare name.

use whatif_model::value::{Part, Value};

/// Stands for a part that is not known.
const HOLE: char = '\u{0}';

/// The host an address names, if that part of it is fully known. Lower case is not forced.
pub(crate) fn host(value: &Value) -> Option<String> {
    let text: String = value
        .parts
        .iter()
        .map(|part| if let Part::Text(text) = part { text.clone() } else { HOLE.to_string() })
        .collect();
    let text = text.trim();
    let host = keyed(text).or_else(|| driver(text)).unwrap_or_else(|| authority(text));
    let plain = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    (plain && !host.chars().all(|c| c.is_ascii_digit())).then(|| host.to_owned())
}

/// Whether a host is the machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "0.0.0.0" | "host.docker.internal") || host.starts_with("127.")
}

/// The port behind the host of an address.
pub(crate) fn port(value: &Value) -> Option<u16> {
    let text = value.as_text()?;
    let rest = text.rsplit_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', ',']).next().unwrap_or(rest);
    authority.rsplit_once(':')?.1.parse().ok()
}

/// `host=db port=5432 user=...` and `Server=db;Database=...`.
fn keyed(text: &str) -> Option<&str> {
    let mut pairs = text.split([' ', ';']).filter_map(|pair| pair.split_once('='));
    let (_, value) =
        pairs.find(|(key, _)| ["host", "server", "data source"].contains(&key.trim().to_lowercase().as_str()))?;
    value.trim().split([',', ':']).next()
}

/// The logical database an address names: the path of a URL, `dbname=`, `Database=`.
pub(crate) fn database(value: &Value) -> Option<String> {
    let text: String = value
        .parts
        .iter()
        .map(|part| if let Part::Text(text) = part { text.clone() } else { HOLE.to_string() })
        .collect();
    let named = |text: &str| -> Option<String> {
        let mut pairs = text.split([' ', ';']).filter_map(|pair| pair.split_once('='));
        let keys = ["dbname", "database", "initial catalog"];
        pairs.find(|(key, _)| keys.contains(&key.trim().to_lowercase().as_str())).map(|(_, v)| v.trim().to_owned())
    };
    let path = |text: &str| -> Option<String> {
        let rest = text.rsplit_once("://").map(|(_, rest)| rest).or(text.split_once("@tcp(").map(|(_, rest)| rest))?;
        let (_, path) = rest.split_once('/')?;
        Some(path.split(['?', '/', ';']).next().unwrap_or(path).to_owned())
    };
    let name = named(text.trim()).or_else(|| path(text.trim()))?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    plain.then_some(name)
}

/// The Go MySQL driver's `user:password@tcp(host:3306)/db`.
fn driver(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("@tcp(")?;
    rest.split([')', ':']).next()
}

fn authority(text: &str) -> &str {
    let rest = text.rsplit_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', ',']).next().unwrap_or(rest);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    authority.split(':').next().unwrap_or(authority)
}

/// The time limit of a statement that a PostgreSQL DSN sets, in milliseconds: `statement_timeout` without a unit is in
/// milliseconds (<https://www.postgresql.org/docs/current/runtime-config-client.html>).
pub(crate) fn statement_limit(value: &Value) -> Option<u64> {
    let text: String = value.parts.iter().map(|p| if let Part::Text(text) = p { text.as_str() } else { "" }).collect();
    let (_, rest) = text.split_once("statement_timeout=").or_else(|| text.split_once("statement_timeout%3D"))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let number: u64 = digits.parse().ok()?;
    let unit: String = rest[digits.len()..].chars().take_while(char::is_ascii_alphabetic).collect();
    let factor = match unit.as_str() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        _ => return None,
    };
    number.checked_mul(factor).filter(|limit| *limit > 0)
}

/// Whether a value reads like an address at all: a scheme, a port, or a connection string with a host.
pub(crate) fn looks_like_address(text: &str) -> bool {
    let port = |text: &str| {
        text.rsplit_once(':').is_some_and(|(_, port)| {
            let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
            !digits.is_empty() && port[digits.len()..].chars().next().is_none_or(|c| matches!(c, '/' | ','))
        })
    };
    keyed(text).is_some() || (!text.contains(' ') && (text.contains("://") || port(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_every_spelling() {
        let known = |text: &str| host(&Value::text(text));
        assert_eq!(known("http://cart:8080/items?x=1").as_deref(), Some("cart"));
        assert_eq!(known("postgresql://me:secret@accounts-db:5432/accounts").as_deref(), Some("accounts-db"));
        assert_eq!(known("jdbc:mysql://mysql/cities?useSSL=false").as_deref(), Some("mysql"));
        assert_eq!(known("me:pw@tcp(db:3306)/shop").as_deref(), Some("db"));
        assert_eq!(known("host=db port=5432 dbname=x").as_deref(), Some("db"));
        assert_eq!(known("kafka-0:9092,kafka-1:9092").as_deref(), Some("kafka-0"));
        assert_eq!(known("redis").as_deref(), Some("redis"));
        assert_eq!(known("8080"), None);
        assert_eq!(known(""), None);
    }

    #[test]
    fn an_unknown_host_is_not_guessed_but_an_unknown_password_does_not_matter() {
        let mut url = Value::text("amqp://user:");
        url.push(Value::unknown());
        url.push(Value::text("@rabbitmq:5672/"));
        assert_eq!(host(&url).as_deref(), Some("rabbitmq"));
        let mut url = Value::text("http://");
        url.push(Value::env("CART_HOST"));
        url.push(Value::text(":8080/cart"));
        assert_eq!(host(&url), None);
    }

    #[test]
    fn databases_are_told_from_servers() {
        let named = |text: &str| database(&Value::text(text));
        assert_eq!(named("postgresql://me:secret@accounts-db:5432/accounts?sslmode=off").as_deref(), Some("accounts"));
        assert_eq!(named("jdbc:mysql://mysql/cities?useSSL=false").as_deref(), Some("cities"));
        assert_eq!(named("me:pw@tcp(db:3306)/shop?parseTime=true").as_deref(), Some("shop"));
        assert_eq!(named("host=db port=5432 dbname=x").as_deref(), Some("x"));
        assert_eq!(named("redis://redis:6379/0").as_deref(), Some("0"));
        assert_eq!(named("redis:6379"), None);
        assert_eq!(named("http://"), None);
    }

    #[test]
    fn databases_are_found_behind_the_host() {
        let known = |text: &str| database(&Value::text(text));
        assert_eq!(known("jdbc:mysql://mysql/ftgo_orders?useSSL=false").as_deref(), Some("ftgo_orders"));
        assert_eq!(known("postgresql+psycopg2://u:p@db:5432/Accounts").as_deref(), Some("Accounts"));
        assert_eq!(known("host=db dbname=shop").as_deref(), Some("shop"));
        assert_eq!(known("mongodb://mongodb:27017"), None);
    }

    #[test]
    fn a_dsn_may_limit_statements() {
        let limit = |text: &str| statement_limit(&Value::text(text));
        assert_eq!(limit("postgres://db/x?connect_timeout=2&statement_timeout=1000"), Some(1000));
        assert_eq!(limit("host=db options='-c statement_timeout=5s'"), Some(5000));
        assert_eq!(limit("postgres://db/x?statement_timeout=0"), None);
        assert_eq!(limit("postgres://db/x"), None);
    }

    #[test]
    fn words_are_not_addresses() {
        assert!(looks_like_address("cart:7070") && looks_like_address("http://x"));
        assert!(!looks_like_address("INFO") && !looks_like_address("12:30 or so") && !looks_like_address("a:b"));
    }
}
