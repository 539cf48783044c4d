//! A document states one time limit, and the system has another.

use crate::query::{CallSite, grouped, time};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::effective::State;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::prose::{Bounds, Modality, Relation, SectionKind, StatedRequirement, Unit};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Document, Node, System};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "drift/timeout",
        severity: Severity::Warning,
        summary: "A document states a time limit for a call, and code or mesh set another one or none.",
        page: include_str!("timeout.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let promises = cx.system.documents.iter().flat_map(|document| promises(cx.system, document));
    promises.flat_map(|promise| broken(cx, &promise)).collect()
}

/// A time limit a document states about the calls from one node to another.
struct Promise<'a> {
    document: &'a Document,
    requirement: &'a StatedRequirement,
    millis: u64,
    from: Option<Node>,
    to: Node,
}

fn promises<'a>(system: &'a System, document: &'a Document) -> Vec<Promise<'a>> {
    let stated = document.facts.requirements.iter().filter(|requirement| is_promise(requirement));
    stated.filter_map(|requirement| promise(system, document, requirement)).collect()
}

/// Alternatives, examples and measurements are not what the team decided.
fn is_promise(requirement: &StatedRequirement) -> bool {
    let is_meant = matches!(
        requirement.modality,
        Modality::Must | Modality::Should | Modality::Target | Modality::Stated | Modality::Limit
    );
    let is_decided = !matches!(
        requirement.section,
        SectionKind::Alternatives | SectionKind::NonGoals | SectionKind::Example | SectionKind::Background
    );
    requirement.bounds == Bounds::Timeout && requirement.unit == Unit::Milliseconds && is_meant && is_decided
}

/// The two ends as the sentence names them: caller and callee, or the callee alone.
fn promise<'a>(system: &System, document: &'a Document, requirement: &'a StatedRequirement) -> Option<Promise<'a>> {
    let millis = requirement.value.filter(|value| (1.0..1e12).contains(value))? as u64;
    let mut named: Vec<Node> = Vec::new();
    for node in requirement.subject.iter().filter_map(|word| node_called(system, word)) {
        if !named.contains(&node) {
            named.push(node);
        }
    }
    let (from, to) = match named.as_slice() {
        [to] => (None, *to),
        [a, b] => match (system.edge(*a, *b), system.edge(*b, *a)) {
            (None, Some(_)) => (Some(*b), *a),
            _ => (Some(*a), *b),
        },
        _ => return None,
    };
    Some(Promise { document, requirement, millis, from, to })
}

fn node_called(system: &System, word: &str) -> Option<Node> {
    let said = plain(word);
    let is = |name: &str| plain(name) == said;
    let services = system.service_ids().filter(|(_, service)| !service.infrastructure);
    let mut found = services.filter(|(_, service)| is(&service.name) || service.aliases.iter().any(|alias| is(alias)));
    let service = found.next().map(|(id, _)| Node::Service(id));
    let stores =
        || system.stores.iter().position(|store| is(&store.name) || store.aliases.iter().any(|alias| is(alias)));
    service.or_else(|| stores().map(|at| Node::Store(whatif_model::system::StoreId(at as u32))))
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Per caller: its calls disagree with the document, and none of them agrees.
fn broken(cx: &Context<'_>, promise: &Promise<'_>) -> Vec<Finding> {
    let meant = |site: &&CallSite<'_>| {
        let from = Node::Service(site.operation.service);
        site.edge.to == promise.to && promise.from.is_none_or(|named| named == from)
    };
    let by_caller = grouped(cx.sites.iter().filter(meant), |site| site.operation.service);
    let disagrees = |sites: &&Vec<&CallSite<'_>>| sites.iter().all(|site| differs(promise, site));
    by_caller.values().filter(disagrees).filter_map(|sites| finding(cx, promise, sites)).collect()
}

fn differs(promise: &Promise<'_>, site: &CallSite<'_>) -> bool {
    let limit = &site.effective.timeout;
    match (limit.state, limit.millis) {
        (State::Absent, _) => promise.requirement.relation != Relation::AtLeast,
        (State::Known | State::Default, Some(millis)) => match promise.requirement.relation {
            Relation::AtMost => millis > promise.millis,
            Relation::AtLeast => millis < promise.millis,
            Relation::About => millis != promise.millis,
        },
        _ => false,
    }
}

fn finding(cx: &Context<'_>, promise: &Promise<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let worst = sites.iter().max_by_key(|site| site.effective.timeout.millis.unwrap_or(u64::MAX))?;
    let (from, to) = (&worst.caller(cx.system).address, cx.system.address(promise.to));
    let (stated, real) = (time(promise.millis), worst.effective.timeout.millis.map(time));
    let sets = real.as_ref().map_or_else(|| "nothing bounds it".to_owned(), |real| format!("it waits {real}"));
    let sentence = promise.requirement.words.in_file(promise.document.file);
    let said = Evidence::stated(Stage::Specification, sentence, format!("states {stated}"));
    let draft = cx
        .finding(&RULE.meta, format!("{from} -> {to}"))
        .message(format!("`{from} -> {to}` is documented with a limit of {stated}, but {sets}"))
        .help("decide which of the two is right, and change the other")
        .detail(format!("{} {stated}", promise.document.path))
        .at(&said);
    let label = real.map_or_else(|| "no limit here".to_owned(), |real| format!("sets {real}"));
    let set = worst.effective.timeout.evidence.iter().map(|place| place.labelled(label.clone()));
    let draft = set.fold(draft, |draft, place| draft.at(&place));
    sites
        .iter()
        .fold(draft, |draft, site| draft.at(&site.place(format!("calls {}", site.callee_name(cx.system)))))
        .build()
}
