//! Routes of a proxy or mesh that state no time limit, so a default holds that nobody chose.

use crate::query::{listed, time};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeMap;
use whatif_model::evidence::{Evidence, How, Stage};
use whatif_model::facts::mesh::Route;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::Bound;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "timeouts/unspecified",
        severity: Severity::Info,
        summary: "Routes of a proxy or mesh state no time limit, so its default holds, whatever the operation.",
        page: include_str!("unspecified.md"),
        assumptions: &[Assumption::FastEnough],
        questions: &[Mindset::Slow],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let mut by_technology: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in cx.system.routes.iter().filter(|route| is_left_open(route)) {
        by_technology.entry(&route.technology).or_default().push(route);
    }
    by_technology.iter().filter_map(|(technology, routes)| finding(cx, technology, routes)).collect()
}

/// It leads somewhere, and all that limits it is a default.
fn is_left_open(route: &Route) -> bool {
    let mut places = route.policy.timeout.evidence().peekable();
    !route.destinations.is_empty()
        && places.peek().is_some()
        && places.all(|place| matches!(place.how, How::Default { .. }))
}

fn finding(cx: &Context<'_>, technology: &str, routes: &[&Route]) -> Option<Finding> {
    let bound = routes.iter().find_map(|route| route.policy.timeout.value()).map(|timeout| timeout.bound);
    let one = routes.len() == 1;
    let default = match (bound, one) {
        (Some(Bound::Millis(ms)), _) => format!("the default of {} holds", time(ms)),
        (_, true) => "it waits for ever".to_owned(),
        (_, false) => "they wait for ever".to_owned(),
    };
    let to = listed(routes.iter().flat_map(|route| &route.destinations).map(|(to, _)| to.display()), 3);
    let what = if one {
        format!("a route of {technology} to {to} states")
    } else {
        format!("routes of {technology} to {to} state")
    };
    let draft = cx
        .finding(&RULE.meta, "system")
        .message(format!("{what} no time limit: {default}, whatever the operation"))
        .help("state a limit per route that follows from the latency target of what it serves")
        .detail(technology);
    let places = routes.iter().fold(draft, |draft, route| {
        let to = route
            .destinations
            .iter()
            .map(|(to, at)| Evidence::stated(Stage::Design, *at, format!("passes on to `{}`", to.display())));
        draft.because(&route.policy.timeout, "states no time limit").all(&to.collect::<Vec<_>>())
    });
    places.build()
}
