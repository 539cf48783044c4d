//! Services that are started after what they need, but not once it is ready, and that nothing starts again.

use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::deploy::{DeployUnit, UnitKind};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Service, System};
use whatif_model::text::Span;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/startup-order-assumed",
        severity: Severity::Info,
        summary: "Services start after what they need, not once it is ready, and nothing restarts one that failed.",
        page: include_str!("startup_order_assumed.md"),
        assumptions: &[Assumption::Order, Assumption::FastEnough],
        questions: &[],
    },
    check,
};

/// A service and what it is started after without waiting for it to be ready.
struct Hasty<'s> {
    service: &'s Service,
    needs: Vec<(&'s str, Span)>,
}

fn check(cx: &Context<'_>) -> Vec<Finding> {
    // What is not built from here is somebody else's, and may wait by itself.
    let own =
        |service: &&Service| service.language.is_some() || service.units.iter().any(|it| it.build_context.is_some());
    let services = cx.system.services.iter().filter(|it| !it.infrastructure && !it.optional).filter(own);
    let hasty: Vec<Hasty<'_>> = services.filter_map(|service| hasty(cx.system, service)).collect();
    finding(cx, &hasty).into_iter().collect()
}

fn hasty<'s>(system: &'s System, service: &'s Service) -> Option<Hasty<'s>> {
    let unit = service.units.iter().find(|unit| unit.kind == UnitKind::Compose && !unit.optional)?;
    if !unit.restarts.is_absent() || may_wait(service) {
        return None;
    }
    let unready = unit.depends_on.iter().filter(|(name, _)| !unit.awaited.contains(name) && takes_time(system, name));
    let needs: Vec<(&str, Span)> = unready.map(|(name, span)| (name.as_str(), *span)).collect();
    (!needs.is_empty()).then_some(Hasty { service, needs })
}

/// Databases and brokers accept connections long after their process began.
fn takes_time(system: &System, name: &str) -> bool {
    let runs = |units: &[DeployUnit]| units.iter().any(|unit| unit.kind == UnitKind::Compose && unit.name == name);
    system.stores.iter().any(|store| runs(&store.units)) || system.brokers.iter().any(|broker| runs(&broker.units))
}

/// Its command waits for what it needs (`wait-for-it.sh`, `dockerize -wait`), or is a script that may.
fn may_wait(service: &Service) -> bool {
    let words = service.units.iter().flat_map(|unit| &unit.command).filter_map(|part| part.as_text());
    words.into_iter().any(|word| word.contains("wait") || word.contains(".sh") || word.contains("entrypoint"))
}

fn finding(cx: &Context<'_>, hasty: &[Hasty<'_>]) -> Option<Finding> {
    let names = listed(hasty.iter().map(|it| it.service.address.clone()), 3);
    let needs = listed(hasty.iter().flat_map(|it| &it.needs).map(|(name, _)| (*name).to_owned()), 3);
    let (address, verb) = match hasty {
        [one] => (one.service.address.as_str(), "starts"),
        _ => ("system", "start"),
    };
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{names} {verb} after {needs}, not once ready: one that fails then stays down"))
        .help("give what is needed a `healthcheck`, wait for `condition: service_healthy`, and set `restart: unless-stopped`");
    let draft = hasty.iter().fold(draft, |draft, it| {
        let places = it.needs.iter().map(|(name, at)| {
            Evidence::stated(Stage::Design, *at, format!("`{}` waits until `{name}` is started", it.service.name))
        });
        draft.all(&places.collect::<Vec<_>>())
    });
    draft.build()
}
