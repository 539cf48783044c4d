//! What an environment variable or setting is worth for a given service.

use crate::address;
use crate::components::Draft;
use crate::input::Input;
use crate::names::Names;
use crate::settings::{self, Found, Program, relaxed};
use crate::technology;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::deploy::{EnvValue, EnvVar};
use whatif_model::flow::{Peer, PeerRole};
use whatif_model::system::{Contradiction, Node, ServiceId, StoreId};
use whatif_model::text::Span;
use whatif_model::value::{Part, Value};

/// How often a value is looked up inside a value: variable → configuration map → `.env` file.
const HOPS_MAX: usize = 4;

/// So many services a place sets a variable for before it says nothing about any of them.
const SHARED_BY: usize = 3;

/// The variables of each service, by name, with the place that sets them.
pub(crate) struct Environment {
    variables: Vec<Variables>,
    /// The same by relaxed name, because settings may be overridden in any spelling.
    relaxed: Vec<BTreeMap<String, String>>,
    /// The settings of each service that no variable overrides, by relaxed key.
    settings: Vec<BTreeMap<String, Found>>,
    /// Stores and brokers each service is configured for.
    partners: Vec<Vec<Peer>>,
    /// The database inside the process of each service, if it uses one.
    embedded: Vec<Option<&'static str>>,
}

impl Environment {
    /// Reads the deploy units of every service; the main deployment wins over variants.
    pub(crate) fn of(input: &Input, draft: &Draft, programs: &[Program]) -> Self {
        let maps = config_maps(input);
        let variables: Vec<_> = draft.service_units.iter().map(|units| variables(input, units, &maps)).collect();
        let names = |own: &Variables| own.keys().map(|name| (relaxed(name), name.clone())).collect();
        let relaxed = variables.iter().map(names).collect();
        let settings = vec![BTreeMap::new(); variables.len()];
        let count = variables.len();
        let (partners, embedded) = (vec![Vec::new(); count], vec![None; count]);
        let mut environment = Self { variables, relaxed, settings, partners, embedded };
        for program in programs {
            let Some(service) = draft.service_of(program) else { continue };
            environment.add_settings(service, program, input, draft);
        }
        for (service, _) in draft.system.service_ids() {
            environment.add_partners(service, input, draft);
        }
        environment
    }

    fn add_partners(&mut self, service: ServiceId, input: &Input, draft: &Draft) {
        let variables = self.all(service).map(|(name, (value, _))| (name.replace('_', ".").to_lowercase(), value));
        let settings = self.settings(service).map(|found| (found.key.clone(), &found.value));
        let values: Vec<(String, Value)> =
            variables.chain(settings).map(|(key, value)| (key, self.evaluate(service, value).0)).collect();
        let partners = values.iter().filter_map(|(key, value)| settings::partner(key, value));
        let mut partners: Vec<Peer> = partners.filter(|peer| address::host(&peer.address).is_some()).collect();
        partners.dedup();
        let by_address = || values.iter().find_map(|(_, value)| settings::embedded(value));
        let by_library = || {
            let service = &draft.system[service];
            let folders = service.units.iter().filter_map(|unit| unit.build_context.as_deref());
            let folders: BTreeSet<&str> = folders.chain(service.code_root.as_deref()).collect();
            let own = || input.packages.iter().filter(|package| folders.contains(package.folder()));
            let found = settings::EMBEDDED_LIBRARIES.iter().find(|(name, _)| own().any(|it| it.needs(name).is_some()));
            found.map(|(_, engine)| *engine)
        };
        let embedded = by_address().or_else(by_library);
        if let (Some(own), Some(slot)) =
            (self.partners.get_mut(service.0 as usize), self.embedded.get_mut(service.0 as usize))
        {
            (*own, *slot) = (partners, embedded);
        }
    }

    /// The only partner of a technology a service is configured for; `sql` is any database reached through a driver,
    /// `database` whatever store there is behind an object mapper.
    pub(crate) fn configured(&self, service: ServiceId, role: PeerRole, technology: &str) -> Option<&Peer> {
        let fits = |peer: &&Peer| {
            let same = match technology {
                "sql" => peer.technology == technology || technology::is_sql(&peer.technology),
                technology::ANY_DATABASE => !technology::is_cache(&peer.technology),
                _ => peer.technology == technology,
            };
            peer.role == role && same
        };
        let mut found = self.partners.get(service.0 as usize)?.iter().filter(fits);
        let (first, second) = (found.next()?, found.next());
        second.is_none().then_some(first)
    }

    /// The database inside the process of a service, if it uses one.
    pub(crate) fn embedded(&self, service: ServiceId) -> Option<&'static str> {
        self.embedded.get(service.0 as usize).copied().flatten()
    }

    fn add_settings(&mut self, service: ServiceId, program: &Program, input: &Input, draft: &Draft) {
        let units = draft.service_units.get(service.0 as usize).into_iter().flatten();
        let units = units.map(|(design, unit)| &input.designs[*design].1.units[*unit]);
        let active = settings::stated_profiles(units, |value| self.evaluate(service, value).0.as_text());
        let found = settings::effective(program, input, active.as_ref());
        let at = service.0 as usize;
        let (Some(variables), Some(own)) = (self.relaxed.get(at), self.settings.get_mut(at)) else { return };
        for (key, found) in found.into_iter().filter(|(key, _)| !variables.contains_key(key)) {
            own.entry(key).or_insert(found);
        }
    }

    /// The settings of a service that no variable overrides, in the order of their relaxed keys.
    pub(crate) fn settings(&self, service: ServiceId) -> impl Iterator<Item = &Found> {
        self.settings.get(service.0 as usize).into_iter().flat_map(|own| own.values())
    }

    /// Every variable of a service, in name order.
    pub(crate) fn all(&self, service: ServiceId) -> impl Iterator<Item = (&String, &(Value, Evidence))> {
        self.variables.get(service.0 as usize).into_iter().flatten()
    }

    /// Places that set a variable for several services at once, as a file of variables or a configuration map does that
    /// everybody imports whole: that somebody is told an address there does not show that it uses it.
    pub(crate) fn shared(&self) -> BTreeSet<Span> {
        let mut users: BTreeMap<Span, usize> = BTreeMap::new();
        for (_, place) in self.variables.iter().flat_map(|own| own.values()) {
            *users.entry(place.span).or_default() += 1;
        }
        users.into_iter().filter(|(_, users)| *users >= SHARED_BY).map(|(place, _)| place).collect()
    }

    /// The stores whose addresses the variables and settings of a service hold.
    pub(crate) fn stores(&self, service: ServiceId, names: &Names) -> BTreeSet<StoreId> {
        let variables = self.all(service).map(|(_, (value, _))| value);
        let values = variables.chain(self.settings(service).map(|found| &found.value));
        let nodes = values.filter_map(|value| names.address(&self.evaluate(service, value).0));
        nodes.filter_map(|node| if let Node::Store(id) = node { Some(id) } else { None }).collect()
    }

    /// Replaces what the deployment decides in a value, and says which places decided it.
    pub(crate) fn evaluate(&self, service: ServiceId, value: &Value) -> (Value, Vec<Evidence>) {
        let mut places = Vec::new();
        let mut value = value.clone();
        for _ in 0..HOPS_MAX {
            let next = value.substitute(|part| {
                let (value, evidence) = self.lookup(service, part)?;
                places.push(evidence.clone());
                Some(value.clone())
            });
            if next == value {
                break;
            }
            value = next;
        }
        places.dedup();
        (value, places)
    }

    /// A variable by its name; a setting by any spelling, first of a variable, then of a key.
    fn lookup(&self, service: ServiceId, part: &Part) -> Option<(&Value, &Evidence)> {
        let at = service.0 as usize;
        let variable = |name: &str| self.variables.get(at)?.get(name).map(|(value, evidence)| (value, evidence));
        match part {
            Part::Env { name, .. } => variable(name),
            Part::Setting { key, .. } => {
                let relaxed = relaxed(key);
                let overriding = || variable(self.relaxed.get(at)?.get(&relaxed)?);
                let set = || self.settings.get(at)?.get(&relaxed).map(|found| (&found.value, &found.evidence));
                variable(key).or_else(overriding).or_else(set)
            }
            Part::Text(_) | Part::Unknown => None,
        }
    }
}

type Maps<'i> = BTreeMap<&'i str, BTreeMap<&'i str, (&'i Value, Evidence)>>;

fn config_maps(input: &Input) -> Maps<'_> {
    let mut maps: Maps<'_> = BTreeMap::new();
    // The variants of a deployment lie deeper than what they vary.
    let mut designs: Vec<_> = input.designs.iter().collect();
    designs.sort_by_key(|(path, _)| path.matches('/').count());
    for map in designs.into_iter().flat_map(|(_, facts)| &facts.configs) {
        let entries = maps.entry(&map.name).or_default();
        for (key, value, span) in &map.entries {
            let evidence = Evidence::stated(Stage::Design, *span, format!("`{key}` is set in the configuration map"));
            entries.entry(key).or_insert((value, evidence));
        }
    }
    maps
}

type Variables = BTreeMap<String, (Value, Evidence)>;

/// What the main deployment sets. What another one sets only counts where the main one keeps a value back (a secret).
fn variables(input: &Input, units: &[(usize, usize)], maps: &Maps<'_>) -> Variables {
    let (main, others): (Vec<_>, Vec<_>) = units.iter().copied().partition(|at| holds(input, units, *at));
    let mut out = Variables::new();
    for at in &main {
        for (name, found) in set_by(input, *at, maps) {
            out.entry(name).or_insert(found);
        }
    }
    let kept = |name: &str| main.iter().any(|at| keeps_back(input, *at, maps, name));
    for (name, found) in others.iter().flat_map(|at| set_by(input, *at, maps)) {
        if !out.contains_key(&name) && kept(&name) {
            out.insert(name, found);
        }
    }
    out
}

/// Every variable a unit sets, those that win first.
fn set_by(input: &Input, (design, unit): (usize, usize), maps: &Maps<'_>) -> Vec<(String, (Value, Evidence))> {
    let (path, facts) = &input.designs[design];
    let unit = &facts.units[unit];
    let file = env_file_of(input, path);
    let mut out = Vec::new();
    for var in &unit.env {
        let found = match &var.value {
            EnvValue::Literal(value) => {
                let value = value.substitute(|part| interpolated(part, &file));
                Some((value, Evidence::stated(Stage::Design, var.span, format!("`{}` is set here", var.name))))
            }
            EnvValue::Config { map, key } => {
                maps.get(map.as_str()).and_then(|map| map.get(key.as_str())).map(|(v, e)| ((*v).clone(), e.clone()))
            }
            EnvValue::Secret => None,
        };
        out.extend(found.map(|found| (var.name.clone(), found)));
    }
    let imported = unit.env_from.iter().filter_map(|map| maps.get(map.as_str())).flatten();
    let known = imported.filter(|(_, (value, _))| !value.is_unknown());
    out.extend(known.map(|(key, (value, evidence))| ((*key).to_owned(), ((*value).clone(), evidence.clone()))));
    let files = input.designs.iter().flat_map(|(_, facts)| &facts.env_files);
    for (key, value, span) in files.filter(|f| unit.env_files.contains(&f.path)).flat_map(|f| &f.entries) {
        let evidence = Evidence::stated(Stage::Design, *span, format!("`{key}` is set here"));
        out.push((key.clone(), (value.clone(), evidence)));
    }
    out
}

/// Whether a unit sets a variable to something that is not read: a secret, or a map that is not in the tree.
fn keeps_back(input: &Input, (design, unit): (usize, usize), maps: &Maps<'_>, name: &str) -> bool {
    let unit = &input.designs[design].1.units[unit];
    let own = unit.env.iter().filter(|var| var.name == name);
    let unread = |var: &EnvVar| match &var.value {
        EnvValue::Secret => true,
        EnvValue::Config { map, key } => maps.get(map.as_str()).is_none_or(|map| !map.contains_key(key.as_str())),
        EnvValue::Literal(_) => false,
    };
    let imported = |map: &String| {
        maps.get(map.as_str()).is_none_or(|map| map.get(name).is_some_and(|(value, _)| value.is_unknown()))
    };
    own.into_iter().any(unread) || unit.env_from.iter().any(imported)
}

/// Two deployments of one service that set one variable to different addresses, both claims kept.
pub(crate) fn contradictions(input: &Input, draft: &Draft) -> Vec<Contradiction> {
    let maps = config_maps(input);
    let mut found = Vec::new();
    for (service, units) in draft.system.service_ids().map(|(id, _)| id).zip(&draft.service_units) {
        let (main, others): (Vec<_>, Vec<_>) = units.iter().copied().partition(|at| holds(input, units, *at));
        let main: Variables = main.iter().rev().flat_map(|at| set_by(input, *at, &maps)).collect();
        let others = others.iter().filter(|at| !input.designs[at.0].1.units[at.1].optional);
        for (variable, (value, place)) in others.flat_map(|at| set_by(input, *at, &maps)) {
            let Some((held, its_place)) = main.get(&variable) else { continue };
            let (Some(other), Some(held)) = (value.as_text(), held.as_text()) else { continue };
            if other != held && address::looks_like_address(&other) && address::looks_like_address(&held) {
                let database = |text: &str| address::database(&Value::text(text));
                let databases = database(&held).zip(database(&other)).filter(|(one, other)| one != other);
                let claims = vec![(held, its_place.clone()), (other, place)];
                found.push(Contradiction { service, variable, claims, databases });
            }
        }
    }
    found
}

/// Whether what a unit sets holds in the main deployment of its service: what another kind of deployment sets does
/// not, and neither does what a variant adds.
fn holds(input: &Input, units: &[(usize, usize)], at: (usize, usize)) -> bool {
    let declared = |(design, unit): (usize, usize)| &input.designs[design].1.units[unit];
    let Some(main) = units.first().map(|main| declared(*main)) else { return true };
    let unit = declared(at);
    unit.kind.is_of_one_deployment(main.kind) && (main.optional || !unit.optional)
}

/// The `.env` file compose reads for a document: the one beside it.
fn env_file_of<'i>(input: &'i Input, path: &str) -> BTreeMap<&'i str, &'i Value> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let wanted = if folder.is_empty() { ".env".to_owned() } else { format!("{folder}/.env") };
    let files = input.designs.iter().flat_map(|(_, facts)| &facts.env_files);
    files.filter(|file| file.path == wanted).flat_map(|f| f.entries.iter().map(|(k, v, _)| (k.as_str(), v))).collect()
}

fn interpolated(part: &Part, file: &BTreeMap<&str, &Value>) -> Option<Value> {
    let Part::Env { name, .. } = part else { return None };
    file.get(name.as_str()).map(|value| (*value).clone())
}
