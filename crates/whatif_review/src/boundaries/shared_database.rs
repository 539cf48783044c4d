//! One database with several services in it: none of them can change its schema alone.

use crate::query::{CallSite, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::evidence::{Confidence, Evidence};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::EffectKind;
use whatif_model::system::{DatabaseUse, Node, ServiceId, StoreId, System};

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "boundaries/shared-database",
        severity: Severity::Warning,
        summary: "Several services read and write one database, so no one owns its data or can change its schema.",
        page: include_str!("shared_database.md"),
        assumptions: &[Assumption::Order],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let stores = (0..cx.system.stores.len()).map(|at| StoreId(at as u32));
    let lasting = stores.filter(|id| !cx.system[*id].cache);
    lasting.flat_map(|store| [by_database(cx, store), by_table(cx, store)]).flatten().collect()
}

/// Services whose configuration names the same logical database.
fn by_database(cx: &Context<'_>, store: StoreId) -> Vec<Finding> {
    let mut users: BTreeMap<&str, Vec<&DatabaseUse>> = BTreeMap::new();
    for used in cx.system.databases.iter().filter(|used| used.store == store && is_counted(cx.system, used.service)) {
        users.entry(&used.database).or_default().push(used);
    }
    users.into_iter().filter_map(|(database, users)| finding(cx, store, Some(database), &users)).collect()
}

/// Services that touch the same table, where nothing says which logical database they use.
fn by_table(cx: &Context<'_>, store: StoreId) -> Vec<Finding> {
    let named = |service| cx.system.databases.iter().any(|used| used.store == store && used.service == service);
    let unnamed = |site: &&CallSite<'_>| !named(site.operation.service);
    let shared = shared_tables(cx, store, unnamed);
    let services: BTreeSet<ServiceId> = shared.values().flat_map(|places| places.keys().copied()).collect();
    let uses: Vec<DatabaseUse> = services
        .into_iter()
        .filter_map(|service| {
            let site = shared.values().find_map(|places| places.get(&service))?;
            let evidence = site.place(touch(site));
            Some(DatabaseUse { store, service, database: String::new(), evidence })
        })
        .collect();
    finding(cx, store, None, &uses.iter().collect::<Vec<_>>()).into_iter().collect()
}

/// Several processes of one program (an API and its workers) are one owner.
fn is_one_codebase(system: &System, services: &BTreeSet<ServiceId>) -> bool {
    let code = |id: &ServiceId| {
        let service = &system[*id];
        let built = service.units.iter().find_map(|unit| unit.build_context.clone());
        let image = || service.units.iter().find_map(|unit| unit.image.as_ref().map(|image| image.display()));
        service.code_root.clone().or(built).or_else(image).unwrap_or_else(|| service.address.clone())
    };
    services.iter().map(code).collect::<BTreeSet<_>>().len() < 2
}

/// Engines whose database is one schema to change together. A project, keyspace or bucket of the others
/// is shared only where the same collection is.
fn has_schema(engine: &str) -> bool {
    ["postgresql", "mysql", "mariadb", "cockroachdb", "sqlserver", "oracle", "spanner"].contains(&engine)
}

fn is_counted(system: &System, service: ServiceId) -> bool {
    !system[service].infrastructure
}

/// The tables that more than one service touches, with one place per service; writers before readers.
fn shared_tables<'s, 'a>(
    cx: &'s Context<'a>,
    store: StoreId,
    keep: impl Fn(&&CallSite<'a>) -> bool,
) -> BTreeMap<&'s str, BTreeMap<ServiceId, &'s CallSite<'a>>> {
    let mut tables: BTreeMap<&str, BTreeMap<ServiceId, &CallSite<'a>>> = BTreeMap::new();
    let here = cx.sites.iter().filter(|site| site.edge.to == Node::Store(store));
    for site in here.filter(|site| is_counted(cx.system, site.operation.service)).filter(|site| keep(site)) {
        // Two names that only the configuration decides may well be different ones.
        let Some(item) = site.item().filter(|item| !item.contains('{')) else { continue };
        let place = tables.entry(item).or_default().entry(site.operation.service).or_insert(site);
        if !writes(place) && writes(site) {
            *place = site;
        }
    }
    tables.retain(|_, places| places.len() > 1);
    tables
}

fn writes(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.kind, EffectKind::Write { .. })
}

fn touch(site: &CallSite<'_>) -> String {
    let verb = if writes(site) { "writes" } else { "reads" };
    format!("`{}` {verb} `{}`", site.operation.address, site.item().unwrap_or_default())
}

fn finding(cx: &Context<'_>, store: StoreId, database: Option<&str>, users: &[&DatabaseUse]) -> Option<Finding> {
    let services: BTreeSet<ServiceId> = users.iter().map(|used| used.service).collect();
    if is_one_codebase(cx.system, &services) {
        return None;
    }
    let names = listed(services.iter().map(|id| cx.system[*id].address.clone()), 4);
    let tables = shared_tables(cx, store, |site| services.contains(&site.operation.service));
    if tables.is_empty() && !has_schema(&cx.system[store].engine) {
        return None;
    }
    let address = cx.system[store].address.clone();
    let what = match database {
        Some(database) => format!("the database `{database}` of `{address}`"),
        None => format!("tables of `{address}`"),
    };
    let both = if tables.is_empty() {
        "none can change its schema alone".to_owned()
    } else {
        format!("nobody owns the table {}", listed(tables.keys().map(|table| (*table).to_owned()), 3))
    };
    let places: Vec<Evidence> = tables
        .values()
        .flat_map(|places| places.values().map(|site| site.place(touch(site))))
        .chain(users.iter().map(|used| used.evidence.clone()))
        .collect();
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{names} share {what}: {both}"))
        .all(&places)
        .help("give each table one owning service, and let the others use its API or its events")
        .detail(database.unwrap_or_default());
    // Nothing names the database, so two schemas with equal table names are not ruled out.
    if database.is_none() { draft.at_most(Confidence::Likely).build() } else { draft.build() }
}
