//! Limits of statements: what a connection address sets, and what a driver does when it sets none.

use crate::address;
use crate::environment::Environment;
use crate::settings::relaxed;
use whatif_model::evidence::{Evidence, Fact, How};
use whatif_model::flow::{Bound, Peer, Timeout, TimeoutKind};
use whatif_model::system::ServiceId;
use whatif_model::value::{Part, Value};

/// A JDBC driver.
struct Driver {
    /// What its addresses begin with.
    scheme: &'static str,
    product: &'static str,
    /// Parameters of an address that limit the wait for an answer, and their unit in milliseconds.
    limits: &'static [(&'static str, u64)],
    /// Where it is documented that the wait has no limit unless one of them is set.
    link: &'static str,
}

const DRIVERS: [Driver; 4] = [
    Driver {
        scheme: "mysql:",
        product: "MySQL Connector/J",
        limits: &[("sockettimeout", 1)],
        link: "https://dev.mysql.com/doc/connector-j/en/connector-j-connp-props-networking.html",
    },
    Driver {
        scheme: "mariadb:",
        product: "MariaDB Connector/J",
        limits: &[("sockettimeout", 1)],
        link: "https://mariadb.com/kb/en/about-mariadb-connector-j/#infrequently-used-parameters",
    },
    Driver {
        scheme: "postgresql:",
        product: "PostgreSQL JDBC driver",
        limits: &[("sockettimeout", 1_000)],
        link: "https://jdbc.postgresql.org/documentation/use/#connection-parameters",
    },
    Driver {
        scheme: "sqlserver:",
        product: "Microsoft JDBC Driver for SQL Server",
        limits: &[("sockettimeout", 1), ("querytimeout", 1_000)],
        link: "https://learn.microsoft.com/sql/connect/jdbc/setting-the-connection-properties",
    },
];

/// Words of keys by which pools, mappers and frameworks limit statements or run one that does.
const ELSEWHERE: [&str; 8] = [
    "sockettimeout",
    "querytimeout",
    "statementtimeout",
    "transactiondefaulttimeout",
    "networktimeout",
    "connectioninitsql",
    "initsql",
    "maxexecutiontime",
];

/// How long a statement may take as far as the address of its store says. `Absent` only where the address was read
/// whole, its driver is known to wait for ever, and no setting of the service speaks of a limit.
pub(crate) fn limit(peer: &Peer, service: ServiceId, environment: &Environment) -> Fact<Timeout> {
    let (address, places) = environment.evaluate(service, &peer.address);
    let Some(place) = places.last() else { return Fact::Unknown };
    if let Some(limit) = address::statement_limit(&address) {
        let timeout = Timeout { bound: Bound::Millis(limit), kind: TimeoutKind::Total };
        return Fact::known(timeout, place.labelled("limits every statement"));
    }
    let Some((driver, parameters)) = driver(&address) else { return Fact::Unknown };
    let stated = parameters.iter().find_map(|(name, value)| {
        let (_, unit) = driver.limits.iter().find(|(limit, _)| limit == name)?;
        value.parse::<u64>().ok()?.checked_mul(*unit)
    });
    match stated {
        Some(limit) if limit > 0 => {
            let timeout = Timeout { bound: Bound::Millis(limit), kind: TimeoutKind::PerRead };
            Fact::known(timeout, place.labelled("limits the wait for each answer"))
        }
        // `options=-c statement_timeout=...` and the like: somebody thought of it.
        _ if parameters.iter().any(|(name, value)| name == "options" || value.contains("timeout")) => Fact::Unknown,
        _ if is_limited_elsewhere(service, environment) => Fact::Unknown,
        _ => {
            let how = How::Default { of: driver.product.to_owned(), link: driver.link.to_owned() };
            let label = format!("{} waits for an answer for ever unless the address says otherwise", driver.product);
            Fact::absent(Evidence { how, ..place.labelled(label) })
        }
    }
}

/// The driver an address is for, and its parameters by relaxed name; nothing while a part of them is not known.
fn driver(address: &Value) -> Option<(&'static Driver, Vec<(String, String)>)> {
    const HOLE: char = '\u{0}';
    let text: String = address
        .parts
        .iter()
        .map(|part| if let Part::Text(text) = part { text.clone() } else { HOLE.to_string() })
        .collect();
    let rest = text.strip_prefix("jdbc:")?;
    let driver = DRIVERS.iter().find(|driver| rest.starts_with(driver.scheme))?;
    let (place, parameters) = rest.split_once(['?', ';']).unwrap_or((rest, ""));
    // What is not known at the very end may hold parameters.
    if parameters.contains(HOLE) || (parameters.is_empty() && place.ends_with(HOLE)) {
        return None;
    }
    let pairs = parameters.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    Some((driver, pairs.map(|(name, value)| (relaxed(name), value.trim().to_lowercase())).collect()))
}

/// Whether a setting or variable of the service speaks of a limit.
pub(crate) fn is_limited_elsewhere(service: ServiceId, environment: &Environment) -> bool {
    let speaks = |key: &str| {
        let key = relaxed(key);
        ELSEWHERE.iter().any(|word| key.contains(word))
    };
    environment.settings(service).any(|found| speaks(&found.key))
        || environment.all(service).any(|(name, _)| speaks(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_addresses() {
        let parameters = |text: &str| driver(&Value::text(text)).map(|(driver, all)| (driver.scheme, all.len()));
        assert_eq!(parameters("jdbc:mysql://db/orders"), Some(("mysql:", 0)));
        assert_eq!(parameters("jdbc:mysql://db/orders?useSSL=false&socketTimeout=3000"), Some(("mysql:", 2)));
        assert_eq!(parameters("jdbc:sqlserver://db;databaseName=x;socketTimeout=1"), Some(("sqlserver:", 2)));
        assert_eq!(parameters("jdbc:h2:mem:x"), None);
        let mut open = Value::text("jdbc:mysql://db/orders");
        open.push(Value::env("OPTIONS"));
        assert!(driver(&open).is_none());
    }
}
