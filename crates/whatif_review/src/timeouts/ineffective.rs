//! A time limit that looks like one and bounds nothing.

use crate::query::time;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::ServiceId;
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "timeouts/ineffective",
        severity: Severity::Warning,
        summary: "A limit is set on a context or on options that are thrown away: it looks like a time limit and bounds nothing.",
        page: include_str!("ineffective.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

type Unused = (Option<u64>, Span);

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_service: BTreeMap<ServiceId, Vec<Unused>> = BTreeMap::new();
    for (service, limit, at) in &cx.system.unused_deadlines {
        by_service.entry(*service).or_default().push((*limit, *at));
    }
    let mut options: BTreeMap<ServiceId, Vec<Unused>> = BTreeMap::new();
    for (service, limit, at) in &cx.system.unused_limits {
        options.entry(*service).or_default().push((*limit, *at));
    }
    let deadlines = by_service.iter().filter_map(|(service, unused)| finding(cx, *service, unused));
    deadlines.chain(options.iter().filter_map(|(service, unused)| options_finding(cx, *service, unused))).collect()
}

fn options_finding(cx: &Context<'_>, service: ServiceId, unused: &[Unused]) -> Option<Finding> {
    let address = &cx.system[service].address;
    let first = unused.iter().find_map(|(limit, _)| *limit);
    let limit = first.map_or_else(String::new, |limit| format!(" of {}", time(limit)));
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` sets a limit{limit} on options that no client is given, so no call is bounded by it"
        ))
        .help("build the client with these options, and set the limit for reading as well as for connecting")
        .detail(format!("options{limit}"));
    let places = unused.iter().map(|(_, at)| Evidence::stated(Stage::Code, *at, "these options are given to nobody"));
    places.fold(draft, |draft, place| draft.at(&place)).build()
}

fn finding(cx: &Context<'_>, service: ServiceId, unused: &[Unused]) -> Option<Finding> {
    let address = &cx.system[service].address;
    let first = unused.iter().find_map(|(limit, _)| *limit);
    let limit = first.map_or_else(String::new, |limit| format!(" of {}", time(limit)));
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` sets a deadline{limit} on a context it throws away, so no call is bounded by it"))
        .help("pass the context with the deadline to the calls it is meant for, or delete it")
        .detail(&limit);
    let places =
        unused.iter().map(|(_, at)| Evidence::stated(Stage::Code, *at, "the context with this deadline is unused"));
    places.fold(draft, |draft, place| draft.at(&place)).build()
}
