//! Which settings a program uses at all: auto-configuration only runs with the library it is about.

use whatif_model::facts::package::Package;

/// Prefixes of keys, and words of the libraries without which nothing reads them
/// (<https://docs.spring.io/spring-boot/reference/using/auto-configuration.html>).
const CONDITIONS: &[(&str, &[&str])] = &[
    ("security.oauth2", &["oauth2"]),
    ("spring.security.oauth2", &["oauth2"]),
    ("eureka.client", &["eureka"]),
    ("spring.rabbitmq", &["amqp", "rabbit"]),
    ("spring.kafka", &["kafka"]),
    ("spring.data.mongodb", &["mongo"]),
    ("spring.redis", &["redis"]),
    ("spring.data.redis", &["redis"]),
    ("spring.datasource", &["jdbc", "jpa", "mybatis", "jooq", "flyway", "liquibase", "batch"]),
    ("spring.boot.admin.client", &["admin"]),
];

/// Prefixes no library of a program reads. What a program takes over from projects of the same repository is not
/// looked up, so nothing is said about it.
pub(super) fn unused(packages: &[Package], folder: &str) -> Vec<&'static str> {
    let is_around = |around: &str| {
        around.is_empty() || folder == around || folder.strip_prefix(around).is_some_and(|rest| rest.starts_with('/'))
    };
    let known = || packages.iter().filter(|package| is_around(package.folder()) && !package.locked);
    let own = known().any(|package| package.folder() == folder && !package.dependencies.is_empty());
    if !own || known().any(|package| !package.projects.is_empty()) {
        return Vec::new();
    }
    let has = |word: &&str| known().flat_map(|it| &it.dependencies).any(|it| it.package.to_lowercase().contains(*word));
    CONDITIONS.iter().filter(|(_, words)| !words.iter().any(&has)).map(|(prefix, _)| *prefix).collect()
}
