//! Merges the facts of all files into one [`System`](whatif_model::system::System).
//!
//! The only place that decides "payments here is payments-svc there". Steps, in order:
//! [`settings`] finds the programs configuration declares, [`roles`] splits those that are deployed for several parts of their work, [`identity`] groups declarations into components, [`components`] makes services, stores and brokers
//! of them, [`names`] maps every host name to one, [`operations`] collects what services offer,
//! [`bind`] replaces symbolic targets, [`tables`] gives stores the tables their users name, [`edges`] aggregates who talks to whom, [`databases`] notes which
//! logical database of a server each uses, [`layers`] adds what meshes and gateways do,
//! [`deadlines`] how long they wait for an operation, [`idempotency`] sums up how operations tell repeats apart.

mod address;
mod answers;
mod bind;
mod components;
mod databases;
mod deadlines;
mod deployments;
mod drivers;
mod edges;
mod environment;
mod idempotency;
mod identity;
mod input;
mod layers;
mod mutation;
mod names;
mod operation_name;
mod operations;
mod roles;
mod schemas;
mod settings;
mod tables;
mod technology;

pub use answers::{Answer, Same};
pub use input::Input;

use whatif_model::system::System;

/// Builds the model. Deterministic: the order of the input does not matter.
pub fn resolve(mut input: Input) -> System {
    input.sort();
    deployments::mark_variants(&mut input);
    deployments::place_projects(&mut input);
    let programs = settings::declare(&mut input);
    let roles = roles::split(&mut input);
    let groups = identity::group(&input, &roles);
    let mut draft = components::build(&mut input, groups, &programs);
    let names = names::Names::of(&input, &draft, &programs);
    components::publish(&input, &mut draft, &names);
    let environment = environment::Environment::of(&input, &draft, &programs);
    schemas::split(&input, &mut draft, &names, &environment);
    operations::collect(&mut input, &mut draft, &names);
    bind::targets(&mut draft, &names, &environment);
    tables::assign(&input, &mut draft);
    tables::settle(&mut draft);
    mutation::spread(&mut draft.system);
    idempotency::summarise(&mut draft.system);
    edges::aggregate(&input, &mut draft, &names, &environment, &programs);
    databases::collect(&input, &mut draft, &names, &environment);
    layers::apply(&input, &mut draft, &names);
    settings::apply_policies(&mut draft, &environment);
    settings::apply_metrics(&mut draft, &environment);
    deadlines::apply(&input, &mut draft, &names);
    draft.system.contradictions = environment::contradictions(&input, &draft);
    deadlines::unused(&input, &mut draft);
    draft.system.tables = input.designs.iter().flat_map(|(_, facts)| facts.tables.iter().cloned()).collect();
    draft.system.routes = input.designs.iter().flat_map(|(_, facts)| facts.routes.iter().cloned()).collect();
    draft.system.monitors = input.designs.iter().flat_map(|(_, facts)| facts.monitors.iter().copied()).collect();
    draft.system.alerts = input.designs.iter().flat_map(|(_, facts)| facts.alerts.iter().cloned()).collect();
    draft.system.missing_files = deployments::missing_files(&input);
    draft.system.scaling = input.designs.iter().flat_map(|(_, facts)| facts.scaling.iter().cloned()).collect();
    draft.system.origins = input.designs.iter().flat_map(|(_, facts)| facts.origins.iter().copied()).collect();
    draft.system.origins.sort_unstable();
    draft.system.origins.dedup();
    answers::apply(&input, &mut draft.system);
    let mut system = draft.system;
    system.ignored = input.ignored;
    system.problems = input.problems;
    system
}
