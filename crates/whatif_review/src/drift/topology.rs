//! Two deployments of one system run different things.

use crate::query::listed;
use crate::rule::{Context, Draft, Rule, RuleMeta};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::Reference;
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Contradiction, Service, ServiceId};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "drift/topology",
        severity: Severity::Warning,
        summary: "Two deployments of one system differ in a store's version, in a service or in who shares a database, or name files nobody has.",
        page: include_str!("topology.md"),
        assumptions: &[],
        questions: &[],
    },
    check,
};

/// So many services must be in both deployments before one that is in one only counts as forgotten.
const SHARED_MIN: usize = 3;

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let stores = cx.system.stores.iter().map(|store| (&store.address, &store.units));
    let brokers = cx.system.brokers.iter().map(|broker| (&broker.address, &broker.units));
    let versions = stores.chain(brokers).filter_map(|(address, units)| other_version(cx, address, units));
    versions.chain(forgotten(cx)).chain(merged(cx)).chain(dangling(cx)).collect()
}

/// Major versions that differ between deployments of different kinds.
fn other_version(cx: &Context<'_>, address: &str, units: &[DeployUnit]) -> Option<Finding> {
    let tagged: Vec<(&DeployUnit, String)> = units
        .iter()
        .filter(|unit| !unit.optional && unit.kind != UnitKind::Image)
        .filter_map(|unit| Some((unit, tag(unit)?)))
        .collect();
    let (first, of_first) = tagged.first()?;
    let other = |(unit, tag): &&(&DeployUnit, String)| {
        !unit.kind.is_of_one_deployment(first.kind) && major(tag).is_some_and(|it| Some(it) != major(of_first))
    };
    let (second, of_second) = tagged.iter().find(other).filter(|_| major(of_first).is_some())?;
    let (one, two) = (deployment(first), deployment(second));
    let place = |unit: &DeployUnit, tag: &str| Evidence::stated(Stage::Design, unit.span, format!("runs {tag} here"));
    cx.finding(&RULE.meta, address)
        .message(format!("`{address}` runs version {of_first} in {one} and {of_second} in {two}, so tests in one prove nothing for the other"))
        .at(&place(first, of_first))
        .at(&place(second, of_second))
        .help("pin the same version in both deployments")
        .build()
}

/// `6.2` of `redis:6.2-alpine`; nothing without a number.
fn tag(unit: &DeployUnit) -> Option<String> {
    let image = unit.image.as_ref()?.as_text()?;
    let (_, tag) = image.rsplit('/').next()?.split_once(':')?;
    let version = tag.split(['-', '@', '_']).next().unwrap_or(tag).trim_start_matches('v');
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

fn major(tag: &str) -> Option<u32> {
    tag.split('.').next()?.parse().ok()
}

fn deployment(unit: &DeployUnit) -> &'static str {
    match unit.kind {
        UnitKind::Compose => "compose",
        UnitKind::AppHost => "the application host",
        _ => "Kubernetes",
    }
}

/// Services with code that one of two deployments leaves out while it runs the others.
fn forgotten(cx: &Context<'_>) -> Vec<Finding> {
    let own: Vec<&Service> =
        cx.system.services.iter().filter(|it| it.code_root.is_some() && !it.infrastructure).collect();
    let runs = |service: &Service, compose: bool| {
        service.units.iter().any(|unit| {
            let is_deployed =
                !unit.optional && !matches!(unit.kind, UnitKind::Image | UnitKind::Program | UnitKind::AppHost);
            is_deployed && (unit.kind == UnitKind::Compose) == compose
        })
    };
    let shared = own.iter().filter(|service| runs(service, true) && runs(service, false)).count();
    let only = |compose: bool| {
        let kept = own.iter().filter(|service| runs(service, compose) && !runs(service, !compose));
        kept.copied().collect::<Vec<&Service>>()
    };
    let is_slip = |missing: &Vec<&Service>| !missing.is_empty() && shared >= SHARED_MIN.max(2 * missing.len());
    let sides = [(only(true), "compose", "Kubernetes"), (only(false), "Kubernetes", "compose")];
    let told = sides.into_iter().filter(|(missing, ..)| is_slip(missing));
    told.filter_map(|(missing, here, there)| left_out(cx, &missing, here, there)).collect()
}

fn left_out(cx: &Context<'_>, missing: &[&Service], here: &str, there: &str) -> Option<Finding> {
    let names = listed(missing.iter().map(|service| service.name.clone()), 3);
    let mut draft = cx
        .finding(&RULE.meta, &missing.first()?.name)
        .message(format!("{names} runs in {here} and not in {there}, where the other services run"))
        .help("add it to the other deployment, or say in a document why it is left out");
    let is_here =
        |unit: &&DeployUnit| deployment(unit) == here && unit.kind != UnitKind::Image && unit.kind != UnitKind::Program;
    for unit in missing.iter().filter_map(|service| service.units.iter().find(is_here).or(service.units.first())) {
        draft = draft.at(&Evidence::derived(Stage::Design, unit.span, format!("only in {here}")));
    }
    draft.build()
}

/// Services that one deployment gives a database each and another one the same.
fn merged(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_database: BTreeMap<(bool, &str), Vec<&Contradiction>> = BTreeMap::new();
    for told in &cx.system.contradictions {
        let Some((main, other)) = &told.databases else { continue };
        by_database.entry((true, main)).or_default().push(told);
        by_database.entry((false, other)).or_default().push(told);
    }
    let own = |told: &Contradiction, is_main: bool| {
        told.databases.as_ref().map(|(main, other)| if is_main { other.clone() } else { main.clone() })
    };
    let is_merged = |is_main: bool, sharing: &[&Contradiction]| {
        let services: BTreeSet<ServiceId> = sharing.iter().map(|told| told.service).collect();
        let apart: BTreeSet<_> = sharing.iter().map(|told| own(told, is_main)).collect();
        services.len() > 1 && apart.len() >= services.len()
    };
    let found = by_database.into_iter().filter(|((is_main, _), sharing)| is_merged(*is_main, sharing));
    found.filter_map(|((is_main, database), sharing)| shared_in_one(cx, is_main, database, &sharing)).collect()
}

fn shared_in_one(cx: &Context<'_>, is_main: bool, database: &str, sharing: &[&Contradiction]) -> Option<Finding> {
    let names: BTreeSet<&str> = sharing.iter().map(|told| cx.system[told.service].name.as_str()).collect();
    let names = listed(names.into_iter().map(str::to_owned), 3);
    let draft = cx
        .finding(&RULE.meta, "system")
        .message(format!("{names} share the database `{database}` in one deployment and have their own in another"))
        .help("give each service its own database in both deployments")
        .detail(database);
    let place = |draft: Draft, told: &&Contradiction| {
        let label = |shares: bool| if shares { "names the shared database" } else { "names its own database" };
        told.claims
            .iter()
            .enumerate()
            .fold(draft, |draft, (at, (_, evidence))| draft.at_as(evidence, label((at == 0) == is_main)))
    };
    sharing.iter().fold(draft, place).build()
}

/// Files a deployment names and the repository does not hold; one finding for each file that names some.
fn dangling(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_file: BTreeMap<&str, Vec<&Reference>> = BTreeMap::new();
    for reference in &cx.system.missing_files {
        by_file.entry(cx.sources.path(reference.span.file)).or_default().push(reference);
    }
    by_file.into_iter().filter_map(|(path, missing)| not_there(cx, path, &missing)).collect()
}

fn not_there(cx: &Context<'_>, path: &str, missing: &[&Reference]) -> Option<Finding> {
    let names = listed(missing.iter().map(|reference| reference.path.clone()), 3);
    let (are, them) = if missing.len() == 1 { ("is", "it") } else { ("are", "them") };
    let draft = cx
        .finding(&RULE.meta, path)
        .message(format!(
            "`{path}` deploys {names}, which {are} not in the repository, so it cannot run what it describes"
        ))
        .help(format!("correct the path, or add {them}"))
        .detail("missing files");
    let place = |draft: Draft, reference: &&Reference| {
        draft.at(&Evidence::derived(Stage::Design, reference.span, "is not in the repository"))
    };
    missing.iter().fold(draft, place).build()
}
