//! Services, stores and brokers, from groups of declarations.

use crate::deployments;
use crate::identity::{Group, canonical, is_neutral};
use crate::input::Input;
use crate::names::Names;
use crate::settings::Program;
use crate::technology::{self, Role};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Fact, How, Stage};
use whatif_model::facts::code::CodeUnit;
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::system::{Broker, BrokerId, Node, Service, ServiceId, Store, StoreId, System};

/// The model under construction, and where each declaration went.
pub(crate) struct Draft {
    pub(crate) system: System,
    /// The node of each deploy unit, by design and unit index.
    pub(crate) unit_nodes: BTreeMap<(usize, usize), Node>,
    /// The service of each code unit.
    pub(crate) code_services: Vec<Option<ServiceId>>,
    /// The deploy units of each service, main ones first.
    pub(crate) service_units: Vec<Vec<(usize, usize)>>,
    /// Services that only take telemetry or coordinate a broker.
    pub(crate) telemetry: BTreeSet<ServiceId>,
    /// The stores that are databases of a shared server, by server and database name.
    pub(crate) databases: BTreeMap<(StoreId, String), StoreId>,
}

/// A group with what the decisions below need.
struct Component<'i> {
    name: String,
    group: Group,
    units: Vec<(usize, usize, &'i DeployUnit)>,
    code: Vec<&'i CodeUnit>,
    /// Whether it only serves the platform, by what it depends on.
    platform: bool,
}

impl Draft {
    /// The service a program is.
    pub(crate) fn service_of(&self, program: &Program) -> Option<ServiceId> {
        let declared = program.unit.and_then(|unit| self.unit_nodes.get(&unit));
        match declared {
            Some(Node::Service(id)) => Some(*id),
            Some(_) => None,
            None => self.service_at(&program.folder),
        }
    }

    /// The service whose code or build lies in a folder.
    fn service_at(&self, folder: &str) -> Option<ServiceId> {
        let is_here = |service: &Service| {
            let contexts = service.units.iter().filter_map(|unit| unit.build_context.as_deref());
            contexts.chain(service.code_root.as_deref()).any(|here| here == folder)
        };
        self.system.service_ids().find(|(_, service)| is_here(service)).map(|(id, _)| id)
    }
}

/// Turns every group into a node; services, stores and brokers each in name order.
pub(crate) fn build(input: &mut Input, groups: Vec<Group>, programs: &[Program]) -> Draft {
    let mut draft = Draft {
        system: System::default(),
        unit_nodes: BTreeMap::new(),
        code_services: vec![None; input.code.len()],
        service_units: Vec::new(),
        telemetry: BTreeSet::new(),
        databases: BTreeMap::new(),
    };
    let compose_leads = deployments::compose_leads(input, &groups);
    let mut components: Vec<Component<'_>> =
        groups.into_iter().map(|group| component(input, group, compose_leads)).collect();
    tell_apart(&mut components);
    components.sort_by(|a, b| {
        (&a.name, a.units.first().map(|u| u.2.span)).cmp(&(&b.name, b.units.first().map(|u| u.2.span)))
    });
    mark_platform(&mut components, programs);
    let complete = is_complete(&components);
    let mut left = Vec::new();
    for component in components {
        match add(&mut draft, &component) {
            Some(node) => {
                place(&mut draft, &component, node);
                if let (true, Node::Service(id)) = (complete && is_undeployed(&component), node) {
                    draft.system.services[id.0 as usize].optional = true;
                }
            }
            None => left.push(component),
        }
    }
    if draft.system.services.is_empty() {
        add_libraries(&mut draft, &left);
    }
    draft
}

/// Where nothing is served or deployed, what was written is a library, and its functions are what is reviewed.
fn add_libraries(draft: &mut Draft, components: &[Component<'_>]) {
    for component in components {
        if component.code.iter().any(|unit| !unit.unreached.is_empty()) {
            draft.system.services.push(service(component, false));
            let id = ServiceId(draft.system.services.len() as u32 - 1);
            place(draft, component, Node::Service(id));
        }
    }
}

fn place(draft: &mut Draft, component: &Component<'_>, node: Node) {
    for (design, unit) in &component.group.units {
        draft.unit_nodes.insert((*design, *unit), node);
    }
    if let Node::Service(id) = node {
        for code in &component.group.code {
            draft.code_services[*code] = Some(id);
        }
        draft.service_units.push(component.units.iter().map(|(d, u, _)| (*d, *u)).collect());
    }
}

fn component(input: &Input, group: Group, compose_leads: bool) -> Component<'_> {
    let mut units: Vec<(usize, usize, &DeployUnit)> =
        group.units.iter().map(|(d, u)| (*d, *u, &input.designs[*d].1.units[*u])).collect();
    units.sort_by_key(|(d, u, unit)| {
        (
            unit.kind == UnitKind::Image,
            unit.kind == UnitKind::Program,
            unit.optional,
            (unit.kind == UnitKind::Compose) != compose_leads,
            path_depth(&input.designs[*d].0),
            *d,
            *u,
        )
    });
    let code: Vec<&CodeUnit> = group.code.iter().map(|at| &input.code[*at]).collect();
    Component { name: name(&units, &code), group, units, code, platform: false }
}

/// Components of one name get the folder before theirs into it: `v1/orders` and `v2/orders`.
fn tell_apart(components: &mut [Component<'_>]) {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, component) in components.iter().enumerate() {
        by_name.entry(component.name.clone()).or_default().push(at);
    }
    for members in by_name.into_values().filter(|members| members.len() > 1) {
        let folders: Vec<Vec<String>> = members.iter().map(|at| folders_of(&components[*at])).collect();
        let depth = folders.iter().map(Vec::len).max().unwrap_or(0);
        // As many folders as are needed to tell all of them apart; those without one keep the bare name.
        let names = |length: usize| -> Vec<String> {
            let name = |folders: &Vec<String>| folders[folders.len().saturating_sub(length)..].join("/");
            folders.iter().map(name).collect()
        };
        let distinct = |length: &usize| names(*length).iter().collect::<BTreeSet<_>>().len() == members.len();
        let Some(length) = (1..=depth).find(distinct) else { continue };
        for (at, name) in members.iter().zip(names(length)).filter(|(_, name)| !name.is_empty()) {
            components[*at].name = name;
        }
    }
}

/// The telling folders of a component's code or build, outermost first.
fn folders_of(component: &Component<'_>) -> Vec<String> {
    let root = component.code.iter().map(|unit| unit.root.as_str());
    let built = component.units.iter().filter_map(|(_, _, unit)| unit.build_context.as_deref());
    let folder = root.chain(built).find(|folder| !folder.is_empty()).unwrap_or("");
    folder.split('/').filter(|part| !part.is_empty() && !is_neutral(part)).map(str::to_owned).collect()
}

fn mark_platform(components: &mut [Component<'_>], programs: &[Program]) {
    for component in components {
        let own =
            programs.iter().filter(|program| program.unit.is_some_and(|unit| component.group.units.contains(&unit)));
        component.platform = own.into_iter().any(|program| program.role.is_some());
    }
}

/// Whether the deployment covers the programs: at least half of those that configuration declares are deployed. Then
/// the rest is an option of the deployed system; otherwise the deployment only starts what programs need.
fn is_complete(components: &[Component<'_>]) -> bool {
    let declared =
        components.iter().filter(|component| component.units.iter().any(|(_, _, u)| u.kind == UnitKind::Program));
    let (deployed, alone): (Vec<_>, Vec<_>) = declared.partition(|component| !is_undeployed(component));
    !deployed.is_empty() && deployed.len() >= alone.len()
}

/// A program nothing deploys.
fn is_undeployed(component: &Component<'_>) -> bool {
    let serves = component.code.iter().any(|unit| !unit.auxiliary && !unit.entries.is_empty());
    let program = component.units.iter().any(|(_, _, unit)| unit.kind == UnitKind::Program);
    let deployed = |kind| !matches!(kind, UnitKind::Program | UnitKind::Image);
    program && !serves && !component.units.iter().any(|(_, _, unit)| deployed(unit.kind))
}

fn path_depth(path: &str) -> usize {
    path.matches('/').count()
}

/// The name most declarations use; of equals the one of the main declaration.
fn name(units: &[(usize, usize, &DeployUnit)], code: &[&CodeUnit]) -> String {
    let mut votes: BTreeMap<&str, (usize, std::cmp::Reverse<usize>)> = BTreeMap::new();
    let is_deployed = |kind| !matches!(kind, UnitKind::Image | UnitKind::Program);
    let is_deployed_at_all = units.iter().any(|(_, _, unit)| is_deployed(unit.kind));
    let declared = units
        .iter()
        .filter(|(_, _, unit)| is_deployed(unit.kind) || (unit.kind == UnitKind::Program && !is_deployed_at_all));
    for (at, (_, _, unit)) in declared.enumerate() {
        votes.entry(&unit.name).or_insert((0, std::cmp::Reverse(at))).0 += 1;
    }
    if let Some((name, _)) = votes.iter().max_by_key(|(_, votes)| **votes) {
        return (*name).to_owned();
    }
    let telling = |name: &&str| !name.is_empty() && !is_neutral(name);
    let folder = |unit: &&CodeUnit| unit.root.rsplit('/').next().filter(telling).map(str::to_owned);
    code.first()
        .and_then(|unit| folder(unit).or_else(|| Some(unit.name.clone()).filter(|name| !name.is_empty())))
        .unwrap_or_else(|| "system".to_owned())
}

fn add(draft: &mut Draft, component: &Component<'_>) -> Option<Node> {
    let serves = component.code.iter().any(|unit| !unit.auxiliary && !unit.entries.is_empty());
    let deployed = component.units.iter().any(|(_, _, unit)| unit.kind != UnitKind::Image);
    let auxiliary = !component.code.is_empty() && component.code.iter().all(|unit| unit.tool);
    if !deployed && !serves && !component.code.iter().any(|unit| !unit.auxiliary && !unit.background.is_empty()) {
        return None;
    }
    let product = if serves { None } else { product(component) };
    let system = &mut draft.system;
    match product {
        Some((engine, Role::Store)) => {
            system.stores.push(store(component, engine));
            Some(Node::Store(StoreId(system.stores.len() as u32 - 1)))
        }
        Some((engine, Role::Broker)) => {
            system.brokers.push(broker(component, engine));
            Some(Node::Broker(BrokerId(system.brokers.len() as u32 - 1)))
        }
        other => {
            let telemetry = matches!(other, Some((_, Role::Telemetry)));
            let platform = telemetry || matches!(other, Some((_, Role::Platform))) || auxiliary || component.platform;
            let service = service(component, platform);
            let tool = matches!(other, Some((technology::TOOL, _)));
            if tool || (telemetry && service.optional) {
                return None;
            }
            system.services.push(service);
            let id = ServiceId(system.services.len() as u32 - 1);
            if telemetry {
                draft.telemetry.insert(id);
            }
            Some(Node::Service(id))
        }
    }
}

/// What product a component runs: by image, by base image of what it builds, by the variables only
/// that product's image reads, by name.
fn product(component: &Component<'_>) -> Option<(&'static str, Role)> {
    let images = component.units.iter().filter_map(|(_, _, unit)| unit.image.as_ref());
    let by_image = images.filter_map(|image| technology::of_image(&image.display())).next();
    let variables = component.units.iter().flat_map(|(_, _, unit)| &unit.env);
    let by_variable = || {
        variables.clone().find_map(|var| match var.name.as_str() {
            "POSTGRES_DB" | "POSTGRES_USER" | "POSTGRES_PASSWORD" => Some(("postgresql", Role::Store)),
            "MYSQL_DATABASE" | "MYSQL_ROOT_PASSWORD" => Some(("mysql", Role::Store)),
            "MONGO_INITDB_DATABASE" | "MONGO_INITDB_ROOT_USERNAME" => Some(("mongodb", Role::Store)),
            "RABBITMQ_DEFAULT_USER" => Some(("rabbitmq", Role::Broker)),
            _ => None,
        })
    };
    let by_name = || {
        // Own code that is named after a store or broker uses it.
        let named = technology::of_name(&component.name)
            .filter(|(_, role)| component.code.is_empty() || !matches!(role, Role::Store | Role::Broker));
        named.or_else(|| {
            let database =
                technology::words(&component.name).last().is_some_and(|word| word == "db" || word == "database");
            (database && component.code.is_empty()).then_some(("", Role::Store))
        })
    };
    by_image.or_else(|| component.code.is_empty().then(by_variable).flatten()).or_else(by_name)
}

/// Services behind a name that is reachable from outside the cluster.
pub(crate) fn publish(input: &Input, draft: &mut Draft, names: &Names) {
    let outside = input.designs.iter().flat_map(|(_, facts)| &facts.names).filter(|name| name.external);
    for node in outside.filter_map(|name| names.host(&name.name)) {
        if let Node::Service(id) = node
            && let Some(service) = draft.system.services.get_mut(id.0 as usize)
        {
            service.published = true;
        }
    }
}

fn service(component: &Component<'_>, infrastructure: bool) -> Service {
    let units: Vec<DeployUnit> = component.units.iter().map(|(_, _, unit)| (*unit).clone()).collect();
    let deployed = || units.iter().filter(|unit| unit.kind != UnitKind::Image);
    let code = component.code.iter().find(|unit| !unit.auxiliary).or(component.code.first());
    let mut service = Service {
        address: component.name.clone(),
        name: component.name.clone(),
        aliases: aliases(component),
        language: code.map(|unit| unit.language),
        infrastructure,
        optional: deployed().count() > 0 && deployed().all(|unit| unit.optional),
        replicas: replicas(&units),
        code_root: code.map(|unit| unit.root.clone()),
        server_timeout: Fact::Unknown,
        graceful_shutdown: Fact::Unknown,
        tracing: Fact::Unknown,
        telemetry: Default::default(),
        published: units.iter().any(|unit| unit.published),
        evidence: evidence(component),
        units,
    };
    for unit in &component.code {
        service.server_timeout.merge(unit.server_timeout.clone());
        service.graceful_shutdown.merge(unit.graceful_shutdown.clone());
        service.tracing.merge(unit.tracing.clone());
        service.telemetry.merge(&unit.telemetry);
    }
    if service.units.iter().any(is_instrumented_from_outside) {
        service.tracing = Fact::Unknown;
    }
    service
}

/// Variables of the OpenTelemetry SDK tell an agent that is attached when the program starts, where no code shows it
/// (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).
fn is_instrumented_from_outside(unit: &DeployUnit) -> bool {
    let is_told = |name: &str| name.starts_with("OTEL_") && name != "OTEL_SDK_DISABLED";
    unit.env.iter().any(|variable| is_told(&variable.name))
}

fn store(component: &Component<'_>, engine: &str) -> Store {
    let units: Vec<DeployUnit> = component.units.iter().map(|(_, _, unit)| (*unit).clone()).collect();
    let main = |unit: &&DeployUnit| unit.kind != UnitKind::Image;
    Store {
        address: format!("store:{}", component.name),
        name: component.name.clone(),
        aliases: aliases(component),
        engine: engine.to_owned(),
        cache: engine == "memcached",
        replicas: replicas(&units),
        durable: units.iter().find(main).map_or(Fact::Unknown, |unit| unit.durable_storage.clone()),
        optional: units.iter().filter(main).all(|unit| unit.optional),
        tables: Vec::new(),
        evidence: evidence(component),
        units,
    }
}

fn broker(component: &Component<'_>, engine: &str) -> Broker {
    let units: Vec<DeployUnit> = component.units.iter().map(|(_, _, unit)| (*unit).clone()).collect();
    Broker {
        address: format!("broker:{}", component.name),
        name: component.name.clone(),
        aliases: aliases(component),
        engine: engine.to_owned(),
        replicas: replicas(&units),
        evidence: evidence(component),
        units,
    }
}

/// The replicas of the main deployment; variants in overlays do not decide.
fn replicas(units: &[DeployUnit]) -> Fact<u32> {
    units.iter().find(|unit| unit.kind != UnitKind::Image).map_or(Fact::Unknown, |unit| unit.replicas.clone())
}

/// Every other name: declared names, images, folders, what the code calls itself.
fn aliases(component: &Component<'_>) -> Vec<String> {
    let units = component.units.iter().flat_map(|(_, _, unit)| {
        let folder = unit.build_context.as_deref().and_then(|folder| folder.rsplit('/').next());
        [Some(unit.name.as_str()), folder].into_iter().flatten()
    });
    let code = component.code.iter().flat_map(|unit| [unit.name.as_str(), unit.root.rsplit('/').next().unwrap_or("")]);
    let mut aliases: Vec<String> = units.chain(code).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    aliases.sort();
    aliases.dedup();
    aliases.retain(|alias| canonical(alias) != canonical(&component.name) || alias != &component.name);
    aliases
}

fn evidence(component: &Component<'_>) -> Vec<Evidence> {
    let units = component.units.iter().map(|(_, _, unit)| {
        let how = if unit.kind == UnitKind::Image { How::Derived } else { How::Stated };
        Evidence { span: unit.span, stage: Stage::Design, how, label: format!("`{}` is declared here", unit.name) }
    });
    let code = component.code.iter().map(|unit| Evidence::stated(Stage::Code, unit.span, "its program starts here"));
    units.chain(code).collect()
}
