//! Retries at several layers of one path, which multiply.

use super::layers::{By, Layer, layers};
use crate::query::CallSite;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Attempts, EffectId};
use whatif_model::system::OperationId;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

/// Most calls one request may become: two layers that try three times each are one too many
/// (<https://sre.google/sre-book/addressing-cascading-failures/>, "Retries": retry at one layer only).
const CALLS_MAX: u64 = 8;

/// Longest path that is followed, in calls.
const HOPS_MAX: usize = 12;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "retries/amplification",
        severity: Severity::Warning,
        summary: "Several layers of one path retry: their attempts multiply into a load nobody configured.",
        page: include_str!("amplification.md"),
        assumptions: &[Assumption::WontFail, Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut paths: BTreeMap<Vec<Span>, Path<'_, '_>> = BTreeMap::new();
    for path in widest(worst_paths(cx)) {
        paths.entry(path.places()).or_insert(path);
    }
    paths.values().filter_map(|path| finding(cx, path)).collect()
}

/// Calls one behind the other, each with what repeats it.
#[derive(Clone)]
struct Path<'s, 'a> {
    hops: Vec<&'s CallSite<'a>>,
    calls: u64,
}

impl<'a> Path<'_, 'a> {
    /// Every layer that repeats, outermost first: the order in which the numbers multiply.
    fn layers(&self) -> Vec<Layer<'a>> {
        self.hops.iter().flat_map(|site| layers(site).into_iter().rev()).filter(|layer| count(layer) > 1).collect()
    }

    fn places(&self) -> Vec<Span> {
        self.layers().iter().map(|layer| layer.place.span).collect()
    }

    fn key(&self) -> Vec<(OperationId, EffectId)> {
        self.hops.iter().map(|site| (site.id, site.visit.id)).collect()
    }

    /// At least two layers multiply, and somebody configured one of them.
    fn is_too_much(&self) -> bool {
        let layers = self.layers();
        self.calls > CALLS_MAX && layers.len() > 1 && layers.iter().any(Layer::is_chosen)
    }
}

/// Attempts that are counted; those without end are `retries/unbounded`.
fn count(layer: &Layer<'_>) -> u64 {
    if let Attempts::Limited(count) = layer.attempts { u64::from(count) } else { 1 }
}

fn factor(site: &CallSite<'_>) -> u64 {
    layers(site).iter().map(count).fold(1, u64::saturating_mul)
}

/// From every operation that itself repeats something, the path on which most calls arise.
fn worst_paths<'s, 'a>(cx: &'s Context<'a>) -> Vec<Path<'s, 'a>> {
    let mut known = BTreeMap::new();
    let starts: Vec<OperationId> = cx.system.operation_ids().map(|(id, _)| id).collect();
    let paths = starts.into_iter().map(|id| worst(cx, id, &mut Vec::new(), &mut known));
    paths.map(from_first_repeat).filter(Path::is_too_much).collect()
}

/// The worst path that begins in an operation. A cycle ends where it closes.
fn worst<'s, 'a>(
    cx: &'s Context<'a>,
    from: OperationId,
    above: &mut Vec<OperationId>,
    known: &mut BTreeMap<OperationId, Path<'s, 'a>>,
) -> Path<'s, 'a> {
    let mut best = Path { hops: Vec::new(), calls: 1 };
    if above.contains(&from) || above.len() == HOPS_MAX {
        return best;
    }
    if let Some(path) = known.get(&from) {
        return path.clone();
    }
    above.push(from);
    for site in cx.sites.iter().filter(|site| site.id == from) {
        let below = site.callee(cx.system).map(|(id, _)| worst(cx, id, above, known));
        let below = below.unwrap_or(Path { hops: Vec::new(), calls: 1 });
        let calls = factor(site).saturating_mul(below.calls);
        if calls > best.calls {
            best = Path { hops: std::iter::once(site).chain(below.hops).collect(), calls };
        }
    }
    above.pop();
    known.insert(from, best.clone());
    best
}

/// Hops above the first repeat add nothing.
fn from_first_repeat<'s, 'a>(mut path: Path<'s, 'a>) -> Path<'s, 'a> {
    let start = path.hops.iter().position(|site| factor(site) > 1).unwrap_or(path.hops.len());
    path.hops.drain(..start);
    path
}

/// Without those that are the end of a longer one.
fn widest<'s, 'a>(paths: Vec<Path<'s, 'a>>) -> Vec<Path<'s, 'a>> {
    let keys: Vec<_> = paths.iter().map(Path::key).collect();
    let is_tail = |key: &Vec<_>| keys.iter().any(|other| other.len() > key.len() && other.ends_with(key));
    paths.into_iter().filter(|path| !is_tail(&path.key())).collect()
}

fn finding(cx: &Context<'_>, path: &Path<'_, '_>) -> Option<Finding> {
    let (first, last) = (path.hops.first()?, path.hops.last()?);
    let layers = path.layers();
    let (address, end) = (&first.operation.address, last.callee_name(cx.system));
    let product = layers.iter().map(|layer| count(layer).to_string()).collect::<Vec<_>>().join(" x ");
    let mut draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("one run of `{address}` can become {} calls of `{end}`: {product} attempts", path.calls))
        .help("retry at one layer only, the one nearest to the failure, and switch the others off")
        .detail(&end);
    let mut so_far = 1;
    for layer in &layers {
        so_far *= count(layer);
        draft = draft
            .at_as(&layer.place, format!("{} tries {} times: {so_far} calls so far", layer.by.name(), count(layer)));
    }
    path.hops.iter().fold(draft, |draft, site| draft.at(&site.place(called(cx, site)))).build()
}

fn called(cx: &Context<'_>, site: &CallSite<'_>) -> String {
    let by: Vec<By> = layers(site).iter().map(|layer| layer.by).collect();
    let times = if by.is_empty() { String::new() } else { format!(", up to {} times", factor(site)) };
    format!("calls {}{times}", site.callee_name(cx.system))
}
