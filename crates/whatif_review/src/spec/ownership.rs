//! A document about several services that says of no data whose it is.

use super::documents::{Owing, Role, documents};
use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::Evidence;
use whatif_model::facts::prose::{Aspect, DocumentKind};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Edge, Node, Store};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "spec/ownership",
        severity: Severity::Info,
        summary: "Several services use one store, and the design that describes them says of no data whose it is.",
        page: include_str!("ownership.md"),
        assumptions: &[Assumption::Order],
        questions: &[Mindset::Together],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let shared = shared_stores(cx);
    let silent = documents(cx).into_iter().filter(|owing| designs(owing) && !owing.addresses(Aspect::Ownership));
    silent.filter_map(|owing| finding(cx, &owing, &shared)).collect()
}

fn designs(owing: &Owing<'_>) -> bool {
    owing.role == Role::Specification && owing.document.facts.document.kind == DocumentKind::Design
}

/// A store that several services use, and the edges to it.
struct Shared<'a> {
    store: &'a Store,
    edges: Vec<&'a Edge>,
}

fn shared_stores<'a>(cx: &Context<'a>) -> Vec<Shared<'a>> {
    let stores = cx.system.stores.iter().enumerate().filter(|(_, store)| !store.cache);
    let users = |at: usize| {
        let to = Node::Store(whatif_model::system::StoreId(at as u32));
        cx.system.edges.iter().filter(move |edge| edge.to == to && !edge.platform)
    };
    let shared = stores.map(|(at, store)| Shared { store, edges: users(at).collect() });
    shared.filter(|shared| shared.edges.len() > 1).collect()
}

fn finding(cx: &Context<'_>, owing: &Owing<'_>, shared: &[Shared<'_>]) -> Option<Finding> {
    let shared = shared.iter().find(|shared| shared.edges.iter().all(|edge| owing.names(cx, edge.from)))?;
    let users = shared.edges.iter().map(|edge| cx.system.address(edge.from).to_owned());
    let places: Vec<Evidence> = shared.edges.iter().filter_map(|edge| edge.evidence.first().cloned()).collect();
    owing
        .draft(cx, &RULE.meta, "says of no data which service decides about it")
        .all(&places)
        .detail(shared.store.address.clone())
        .message(format!(
            "{} does not say who owns what in `{}`, which {} use, so two of them may decide differently",
            owing.name(),
            shared.store.address,
            listed(users, 3)
        ))
        .help("name for each entity the one service that writes it; the others ask it or follow its events")
        .build()
}
