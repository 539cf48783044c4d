//! What programs do for the platform, and whom they need from it, told by what they depend on.

use super::programs::Program;
use crate::components::Draft;
use crate::input::Input;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::package::{Dependency, Package};
use whatif_model::system::{BrokerId, Node, ServiceId};

/// A part of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Where services register and look each other up.
    Registry,
    /// Where services get their configuration.
    ConfigServer,
    /// Shows people how the others are.
    Dashboard,
}

/// Artifacts that make a program part of the platform
/// (<https://docs.spring.io/spring-cloud-netflix/reference/>, <https://docs.spring.io/spring-cloud-config/reference/>,
/// <https://docs.spring-boot-admin.com/>).
const SERVERS: &[(&str, Role)] = &[
    ("org.springframework.cloud:spring-cloud-starter-netflix-eureka-server", Role::Registry),
    ("org.springframework.cloud:spring-cloud-starter-eureka-server", Role::Registry),
    ("org.springframework.cloud:spring-cloud-netflix-eureka-server", Role::Registry),
    ("org.springframework.cloud:spring-cloud-config-server", Role::ConfigServer),
    ("org.springframework.cloud:spring-cloud-starter-netflix-hystrix-dashboard", Role::Dashboard),
    ("org.springframework.cloud:spring-cloud-starter-hystrix-dashboard", Role::Dashboard),
    ("org.springframework.cloud:spring-cloud-starter-netflix-turbine", Role::Dashboard),
    ("org.springframework.cloud:spring-cloud-starter-netflix-turbine-stream", Role::Dashboard),
    ("org.springframework.cloud:spring-cloud-starter-turbine", Role::Dashboard),
    ("org.springframework.cloud:spring-cloud-starter-turbine-stream", Role::Dashboard),
    ("org.springframework.cloud:spring-cloud-starter-turbine-amqp", Role::Dashboard),
    ("org.springframework.cloud:spring-cloud-netflix-turbine-amqp", Role::Dashboard),
    ("de.codecentric:spring-boot-admin-starter-server", Role::Dashboard),
    ("de.codecentric:spring-boot-admin-server", Role::Dashboard),
    ("io.zipkin.java:zipkin-server", Role::Dashboard),
];

/// Artifacts whose auto-configuration connects to the only server of a role unless it is told another address.
const CLIENTS: &[(&str, Role)] = &[
    ("org.springframework.cloud:spring-cloud-starter-netflix-eureka-client", Role::Registry),
    ("org.springframework.cloud:spring-cloud-starter-eureka", Role::Registry),
    ("org.springframework.cloud:spring-cloud-starter-config", Role::ConfigServer),
    ("org.springframework.cloud:spring-cloud-config-client", Role::ConfigServer),
];

/// Artifacts whose auto-configuration connects to a broker when the program starts, and the broker's engine. The bus
/// that spreads changes of configuration is no part of any request and left out.
const BROKER_CLIENTS: &[(&str, &str)] = &[
    ("org.springframework.cloud:spring-cloud-starter-stream-rabbit", "rabbitmq"),
    ("org.springframework.cloud:spring-cloud-stream-binder-rabbit", "rabbitmq"),
    ("org.springframework.cloud:spring-cloud-netflix-hystrix-amqp", "rabbitmq"),
    ("org.springframework.cloud:spring-cloud-netflix-hystrix-stream", "rabbitmq"),
    ("org.springframework.cloud:spring-cloud-starter-turbine-amqp", "rabbitmq"),
    ("org.springframework.cloud:spring-cloud-netflix-turbine-amqp", "rabbitmq"),
    ("org.springframework.cloud:spring-cloud-starter-stream-kafka", "kafka"),
    ("org.springframework.cloud:spring-cloud-stream-binder-kafka", "kafka"),
];

/// What a package does for the platform.
pub(crate) fn role(package: &Package) -> Option<Role> {
    SERVERS.iter().find(|(artifact, _)| package.needs(artifact).is_some()).map(|(_, role)| *role)
}

/// Links that follow from what programs depend on: to the only registry, config server or broker there is.
pub(crate) fn links(input: &Input, draft: &Draft, programs: &[Program]) -> Vec<(ServiceId, Node, Evidence)> {
    let mut links = Vec::new();
    let services: Vec<(&Program, ServiceId)> =
        programs.iter().filter_map(|program| Some((program, draft.service_of(program)?))).collect();
    let only = |role: Role| -> Option<Node> {
        let mut found = services.iter().filter(|(program, _)| program.role == Some(role));
        let (first, rest) = (found.next()?, found.next());
        rest.is_none().then_some(Node::Service(first.1))
    };
    for (program, service) in &services {
        let packages = input.packages.iter().filter(|package| package.folder() == program.folder);
        for package in packages {
            let linked = |dependency: &Dependency, what: &str| {
                Evidence::derived(
                    Stage::Design,
                    dependency.span,
                    format!("`{}` connects to {what}", dependency.package),
                )
            };
            for (artifact, role) in CLIENTS {
                let Some((dependency, to)) = package.needs(artifact).zip(only(*role)) else { continue };
                links.push((*service, to, linked(dependency, "the only server of its kind")));
            }
            for (artifact, engine) in BROKER_CLIENTS {
                let Some((dependency, to)) = package.needs(artifact).zip(only_broker(draft, engine)) else { continue };
                links.push((*service, to, linked(dependency, "the only broker of its kind")));
            }
        }
    }
    links
}

fn only_broker(draft: &Draft, engine: &str) -> Option<Node> {
    let mut found = draft.system.brokers.iter().enumerate().filter(|(_, broker)| broker.engine == engine);
    let (first, rest) = (found.next()?, found.next());
    rest.is_none().then(|| u32::try_from(first.0).ok().map(|at| Node::Broker(BrokerId(at)))).flatten()
}
