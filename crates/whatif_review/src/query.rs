//! Questions several rules ask of the model, in the words rules use.

use crate::rule::Context;
use std::collections::{BTreeMap, BTreeSet};
use whatif_model::effective::{Effective, State};
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::facts::code::Trigger;
use whatif_model::flow::{Attempts, EffectKind, Protocol, Step, Visit, WriteKind};
use whatif_model::routes::asks_for_change;
use whatif_model::system::{Edge, EdgeKind, Node, Operation, OperationId, Service, ServiceId, Store, System};
use whatif_model::verdict::{Mindset, Trace, Verdict};

/// One effect that leaves the process: who does it, inside what, over which edge, under which policy.
pub(crate) struct CallSite<'a> {
    /// The operation it belongs to.
    pub(crate) id: OperationId,
    /// The same.
    pub(crate) operation: &'a Operation,
    /// The effect and the constructs around it.
    pub(crate) visit: Visit<'a>,
    /// The edge it is part of.
    pub(crate) edge: &'a Edge,
    /// What all layers add up to.
    pub(crate) effective: Effective,
}

/// Every effect that leaves the process, in operation and source order.
pub(crate) fn sites(system: &System) -> Vec<CallSite<'_>> {
    let mut by_site = BTreeMap::new();
    for edge in &system.edges {
        by_site.extend(edge.sites.iter().map(|site| ((site.operation, site.effect), edge)));
    }
    let mut sites = Vec::new();
    for (id, operation) in system.operation_ids() {
        for visit in operation.flow.walk() {
            let Some(edge) = by_site.get(&(id, visit.id)).copied() else { continue };
            let site = whatif_model::system::Site { operation: id, effect: visit.id };
            let Some(effective) = system.effective_at(edge, site) else { continue };
            sites.push(CallSite { id, operation, visit, edge, effective });
        }
    }
    sites
}

/// The items of which every write that does not remove them ends by itself.
pub(crate) fn temporary<'a>(sites: &[CallSite<'a>]) -> BTreeSet<(Node, &'a str)> {
    let mut kept = BTreeSet::new();
    let mut ending = BTreeSet::new();
    for site in sites {
        let EffectKind::Write { item, how } = &site.visit.effect.kind else { continue };
        let place = (site.edge.to, item.as_str());
        if site.visit.effect.expires {
            ending.insert(place);
        } else if *how != WriteKind::Delete {
            kept.insert(place);
        }
    }
    ending.retain(|place| !place.1.is_empty() && !kept.contains(place));
    ending
}

impl<'a> CallSite<'a> {
    /// Whether it is a request to another service or system.
    pub(crate) fn is_call(&self) -> bool {
        matches!(self.visit.effect.kind, EffectKind::Call { .. })
    }

    /// The protocol of a call.
    pub(crate) fn protocol(&self) -> Option<Protocol> {
        if let EffectKind::Call { protocol, .. } = self.visit.effect.kind { Some(protocol) } else { None }
    }

    /// The service that does it.
    pub(crate) fn caller<'s>(&self, system: &'s System) -> &'s Service {
        &system[self.operation.service]
    }

    /// The operation it reaches, when known.
    pub(crate) fn callee<'s>(&self, system: &'s System) -> Option<(OperationId, &'s Operation)> {
        match self.visit.effect.target {
            whatif_model::flow::Target::Service(_, Some(id)) => Some((id, &system[id])),
            _ => None,
        }
    }

    /// `payments.Charge`, `GET /x of api.example.com`, `store:carts`: the callee as people call it.
    pub(crate) fn callee_name(&self, system: &System) -> String {
        match (&self.visit.effect.kind, self.callee(system)) {
            (_, Some((_, operation))) => operation.address.clone(),
            (EffectKind::Call { operation, .. }, None) if !operation.is_empty() => {
                format!("{operation} of {}", system.address(self.edge.to))
            }
            _ => system.address(self.edge.to).to_owned(),
        }
    }

    /// The place of the effect.
    pub(crate) fn place(&self, label: impl Into<String>) -> Evidence {
        Evidence::stated(Stage::Code, self.visit.effect.span, label)
    }

    /// The line that asks for it in the function that also asks for `other`: where a reader sees both. Its own place
    /// when it is done there.
    pub(crate) fn beside(&self, other: &CallSite<'_>, label: impl Into<String>) -> Evidence {
        let (own, its) = (&self.visit.effect.via, &other.visit.effect.via);
        let shared = own.iter().zip(its).take_while(|(one, two)| one == two).count();
        let span = own.get(shared).copied().unwrap_or(self.visit.effect.span);
        Evidence::stated(Stage::Code, span, label)
    }

    /// The line of the operation itself that leads to an effect further down.
    pub(crate) fn line_above(&self, label: impl Into<String>) -> Option<Evidence> {
        let outer = self.visit.effect.via.first()?;
        Some(Evidence::stated(Stage::Code, *outer, label))
    }

    /// The nearest line of another file that leads to an effect: who uses the wrapper it is done in.
    pub(crate) fn asked_for(&self, label: impl Into<String>) -> Option<Evidence> {
        let effect = self.visit.effect;
        let outside = effect.via.iter().rev().find(|span| span.file != effect.span.file);
        Some(Evidence::stated(Stage::Code, *outside?, label))
    }

    /// Whether somebody waits for the operation that does it.
    pub(crate) fn is_on_request_path(&self) -> bool {
        !self.operation.background && matches!(self.operation.trigger, Trigger::Http { .. } | Trigger::Rpc { .. })
    }

    /// Whether it may be done more than once for one run of the operation, because something repeats it.
    pub(crate) fn is_retried(&self) -> bool {
        let is_set = matches!(self.effective.retry.state, State::Known | State::Default);
        is_set && self.effective.retry.attempts != Some(Attempts::Limited(1))
    }

    /// Whether it is inside a construct that `pick` accepts.
    pub(crate) fn inside(&self, pick: impl Fn(&Step) -> bool) -> bool {
        self.visit.inside.iter().any(|step| pick(step))
    }

    /// Whether it changes something at its receiver that others see. A call whose callee is not known
    /// changes something by its method and route; keys and marks are no change of their own.
    pub(crate) fn changes(&self, system: &System) -> bool {
        match (&self.visit.effect.kind, self.callee(system)) {
            (EffectKind::Write { .. }, _) => true,
            (EffectKind::Publish { outbox }, _) => !outbox,
            (EffectKind::Call { .. }, Some((_, callee))) => callee.mutates.holds(|mutates| *mutates),
            (EffectKind::Call { operation, .. }, None) => asks_for_change(operation),
            _ => false,
        }
    }

    /// How sure it is that it changes something: a method alone only suggests it.
    pub(crate) fn sure_of_change(&self, system: &System) -> Confidence {
        match (&self.visit.effect.kind, self.callee(system)) {
            (EffectKind::Call { .. }, Some((_, callee))) => callee.mutates.confidence(),
            (EffectKind::Call { .. }, None) => Confidence::Likely,
            _ => Confidence::Certain,
        }
    }

    /// The store it reads or writes.
    pub(crate) fn store<'s>(&self, system: &'s System) -> Option<&'s Store> {
        if let Node::Store(id) = self.edge.to { Some(&system[id]) } else { None }
    }

    /// The table, collection or key it reads or writes, when known.
    pub(crate) fn item(&self) -> Option<&'a str> {
        match &self.visit.effect.kind {
            EffectKind::Read { item, .. } | EffectKind::Write { item, .. } => Some(item.as_str()),
            _ => None,
        }
        .filter(|item| !item.is_empty())
    }

    /// Whether it is a write to a store that is more than a cache.
    pub(crate) fn is_lasting_write(&self, system: &System) -> bool {
        matches!(self.visit.effect.kind, EffectKind::Write { .. })
            && self.store(system).is_some_and(|store| !store.cache)
    }

    /// Whether it sends a message to the broker itself rather than to an outbox.
    pub(crate) fn is_direct_publish(&self) -> bool {
        matches!(self.visit.effect.kind, EffectKind::Publish { outbox: false })
    }

    /// The local transaction around it.
    pub(crate) fn transaction(&self) -> Option<&'a Step> {
        self.visit.enclosing(|step| matches!(step, Step::Transaction { .. }).then_some(step))
    }

    /// Whether both ends do the system's own business.
    pub(crate) fn is_business(&self) -> bool {
        self.edge.kind != EdgeKind::Store && !self.edge.platform
    }
}

/// Whether a counterexample passes one of these places: one about something else proves nothing about them.
pub(crate) fn passes(trace: &Trace, sites: &[&CallSite<'_>]) -> bool {
    let spans = trace.steps.iter().filter_map(|step| Some(step.evidence.as_ref()?.span));
    spans.into_iter().any(|span| sites.iter().any(|site| site.visit.effect.span == span))
}

/// Sites of one flaw: the same place reached from several services is one, and so are all places of one service.
pub(crate) fn by_origin<'s, 'a>(sites: impl IntoIterator<Item = &'s CallSite<'a>>) -> Vec<Vec<&'s CallSite<'a>>>
where
    'a: 's,
{
    let mut origins: BTreeMap<BTreeSet<ServiceId>, Vec<&CallSite<'a>>> = BTreeMap::new();
    for sites in grouped(sites, |site| site.visit.effect.span).into_values() {
        let services = sites.iter().map(|site| site.operation.service).collect();
        origins.entry(services).or_default().extend(sites);
    }
    origins.into_values().collect()
}

/// What a finding about these sites is about: the operation, the service, or the system.
pub(crate) fn address_of<'s>(system: &'s System, sites: &[&CallSite<'s>]) -> &'s str {
    let Some(first) = sites.first() else { return "system" };
    if sites.iter().all(|site| site.id == first.id) {
        return &first.operation.address;
    }
    let service = first.operation.service;
    if sites.iter().all(|site| site.operation.service == service) { &system[service].address } else { "system" }
}

/// Who publishes what, as a message begins: the address they share, and `` `orders` publishes to `topic:paid` ``.
pub(crate) fn publishing(system: &System, sites: &[&CallSite<'_>]) -> (String, String) {
    let address = address_of(system, sites).to_owned();
    let topics = listed(sites.iter().map(|site| system.address(site.edge.to).to_owned()), 3);
    if address == "system" {
        let names = listed(sites.iter().map(|site| site.caller(system).address.clone()), 3);
        (address, format!("{names} publish to {topics}"))
    } else {
        let said = format!("`{address}` publishes to {topics}");
        (address, said)
    }
}

/// Groups sites by a key, keys in order, sites in their order.
pub(crate) fn grouped<'s, 'a, K: Ord>(
    sites: impl IntoIterator<Item = &'s CallSite<'a>>,
    key: impl Fn(&CallSite<'a>) -> K,
) -> BTreeMap<K, Vec<&'s CallSite<'a>>>
where
    'a: 's,
{
    let mut groups: BTreeMap<K, Vec<&CallSite<'a>>> = BTreeMap::new();
    for site in sites {
        groups.entry(key(site)).or_default().push(site);
    }
    groups
}

/// `a`, `a and b`, `a, b and 3 more`: at most `shown` names, each once, in order.
pub(crate) fn listed(names: impl IntoIterator<Item = String>, shown: usize) -> String {
    let mut unique: Vec<String> = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    let rest = unique.len().saturating_sub(shown);
    unique.truncate(shown);
    let quoted: Vec<String> = unique.iter().map(|name| format!("`{name}`")).collect();
    match (quoted.as_slice(), rest) {
        ([one], 0) => one.clone(),
        ([head @ .., last], 0) => format!("{} and {last}", head.join(", ")),
        (all, rest) => format!("{} and {rest} more", all.join(", ")),
    }
}

/// Whether a node is a service of this name's system doing business.
pub(crate) fn service_of(system: &System, node: Node) -> Option<&Service> {
    if let Node::Service(id) = node { Some(&system[id]) } else { None }
}

/// The sites that call an operation, in their order.
pub(crate) fn callers<'s, 'a>(sites: &'s [CallSite<'a>], callee: OperationId) -> Vec<&'s CallSite<'a>> {
    let reaches = |site: &&CallSite<'a>| matches!(site.visit.effect.target, whatif_model::flow::Target::Service(_, Some(id)) if id == callee);
    sites.iter().filter(reaches).collect()
}

/// A span of time for people: `500 ms`, `2 s`, `1.5 s`, `5 min`.
pub(crate) fn time(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        _ if millis >= 120_000 && millis.is_multiple_of(60_000) => format!("{} min", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{} s", millis / 1_000),
        _ => format!("{} s", millis as f64 / 1_000.0),
    }
}

/// Operations by the service they belong to.
pub(crate) fn grouped_operations<'s>(
    operations: &[(OperationId, &'s Operation)],
) -> BTreeMap<whatif_model::system::ServiceId, Vec<(OperationId, &'s Operation)>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (id, operation) in operations {
        groups.entry(operation.service).or_default().push((*id, *operation));
    }
    groups
}

/// The counterexample of the explorer that one request to an operation has its effect twice.
pub(crate) fn proven_twice(cx: &Context<'_>, operation: OperationId) -> Option<Trace> {
    proven(cx, operation, Mindset::Twice)
}

/// The counterexample to one question about an operation, if the answer rests on no open fact.
pub(crate) fn proven(cx: &Context<'_>, operation: OperationId, question: Mindset) -> Option<Trace> {
    match cx.verdict(operation, question)? {
        Verdict::Violated(trace) => Some(trace.clone()),
        _ => None,
    }
}
