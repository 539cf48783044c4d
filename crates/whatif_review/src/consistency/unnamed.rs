//! Stores and copies whose consistency no document names.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::prose::{Aspect, Bounds, Firmness, Scope};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Document, EdgeKind, Node, Store, StoreId, System};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "consistency/unnamed",
        severity: Severity::Info,
        summary: "Stores, replicas or caches whose consistency no document of the system names.",
        page: include_str!("unnamed.md"),
        assumptions: &[Assumption::Order],
        questions: &[Mindset::Partition],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let read: Vec<&Document> = cx.system.documents.iter().filter(|document| speaks_of_the_system(document)).collect();
    if read.is_empty() || read.iter().any(|document| names_a_model(document)) {
        return Vec::new();
    }
    finding(cx, &read, &stores(cx.system)).into_iter().collect()
}

fn speaks_of_the_system(document: &Document) -> bool {
    document.facts.document.scope != Scope::Outside
}

fn names_a_model(document: &Document) -> bool {
    let stated = document
        .facts
        .requirements
        .iter()
        .any(|stated| matches!(stated.bounds, Bounds::Consistency | Bounds::Staleness));
    let addressed = document
        .facts
        .aspects
        .iter()
        .any(|mention| mention.aspect == Aspect::ConsistencyModel && mention.firmness != Firmness::Mentioned);
    stated || addressed
}

/// The stores that services use.
fn stores(system: &System) -> Vec<&Store> {
    let used = |id: StoreId| {
        system.edges.iter().any(|edge| edge.to == Node::Store(id) && edge.kind == EdgeKind::Store && !edge.platform)
    };
    let ids = (0..system.stores.len()).map(|at| StoreId(at as u32));
    ids.filter(|id| used(*id)).map(|id| &system[id]).collect()
}

fn finding(cx: &Context<'_>, read: &[&Document], stores: &[&Store]) -> Option<Finding> {
    if stores.is_empty() {
        return None;
    }
    let names = listed(stores.iter().map(|store| store.address.clone()), 4);
    let places: Vec<Evidence> = stores
        .iter()
        .filter_map(|store| Some(store.evidence.first()?.labelled("no document says how fresh a read is")))
        .collect();
    let titles: Vec<Evidence> = read
        .iter()
        .filter_map(|document| {
            let title = document.facts.document.title?.in_file(document.file);
            Some(Evidence::stated(Stage::Specification, title, "names no consistency model"))
        })
        .take(3)
        .collect();
    cx.finding(&RULE.meta, if let [one] = stores { one.address.as_str() } else { "system" })
        .message(format!("no document names the consistency of {names}, so nobody knows which reads may be stale"))
        .help("state per entity which reads are strong, read-your-writes or eventually consistent, and how stale they may be")
        .all(&places)
        .all(&titles)
        .build()
}
