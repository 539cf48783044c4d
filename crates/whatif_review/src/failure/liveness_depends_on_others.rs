//! A liveness probe that fails when something else is down.

use crate::query::{CallSite, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Confidence, Evidence, How, Stage};
use whatif_model::facts::code::{Language, Trigger};
use whatif_model::facts::deploy::DeployUnit;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::EffectKind;
use whatif_model::system::{Node, Service, ServiceId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/liveness-depends-on-others",
        severity: Severity::Warning,
        summary: "A liveness probe asks for dependencies: when one is down, healthy instances are killed as well.",
        page: include_str!("liveness_depends_on_others.md"),
        assumptions: &[Assumption::WontFail, Assumption::Network],
        questions: &[Mindset::Slow, Mindset::Partition],
    },
    check,
};

/// Spring Boot's aggregate of all health indicators; the groups below it (`/liveness`) look at the process only.
const BOOT_HEALTH: &str = "/actuator/health";
const BOOT_LINK: &str = "https://docs.spring.io/spring-boot/reference/actuator/endpoints.html#actuator.endpoints.health.auto-configured-health-indicators";

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let probed: Vec<Probed<'_>> = cx.system.service_ids().filter_map(|(id, service)| probed(cx, id, service)).collect();
    finding(cx, &probed).into_iter().collect()
}

/// A service that is killed when something it needs is down.
struct Probed<'a> {
    service: &'a Service,
    unit: &'a DeployUnit,
    needs: Vec<String>,
    why: Vec<Evidence>,
}

fn probed<'a>(cx: &'a Context<'_>, id: ServiceId, service: &'a Service) -> Option<Probed<'a>> {
    let asked = service.units.iter().filter_map(|unit| Some((unit, path_of(&unit.liveness.value()?.what)?)));
    asked.filter(|(unit, _)| !unit.optional).find_map(|(unit, path)| {
        let (needs, why) = handled(cx, id, path).or_else(|| aggregated(cx, id, service, unit, path))?;
        Some(Probed { service, unit, needs, why })
    })
}

/// The path of a probe by HTTP.
fn path_of(what: &str) -> Option<&str> {
    let target = what.strip_prefix("GET ")?;
    target.find('/').map(|at| target[at..].trim_end_matches('/'))
}

/// What the handler behind the path talks to.
fn handled(cx: &Context<'_>, id: ServiceId, path: &str) -> Option<(Vec<String>, Vec<Evidence>)> {
    let is_handler = |site: &&CallSite<'_>| match &site.operation.trigger {
        Trigger::Http { path: own, .. } => site.operation.service == id && own.trim_end_matches('/') == path,
        _ => false,
    };
    let asks =
        |site: &&CallSite<'_>| matches!(site.visit.effect.kind, EffectKind::Call { .. } | EffectKind::Read { .. });
    let sites: Vec<&CallSite<'_>> = cx.sites.iter().filter(is_handler).filter(asks).collect();
    let needs = sites.iter().map(|site| cx.system.address(site.edge.to).to_owned()).collect();
    let why = sites.iter().map(|site| site.place(format!("asks {}", site.callee_name(cx.system)))).collect();
    (!sites.is_empty()).then_some((needs, why))
}

/// What the framework asks by itself: every store and broker it has a client for.
fn aggregated(
    cx: &Context<'_>,
    id: ServiceId,
    service: &Service,
    unit: &DeployUnit,
    path: &str,
) -> Option<(Vec<String>, Vec<Evidence>)> {
    let is_boot = service.language == Some(Language::Java) && path == BOOT_HEALTH;
    let used =
        cx.system.edges.iter().filter(|edge| edge.from == Node::Service(id) && matches!(edge.to, Node::Store(_)));
    let needs: Vec<String> = used.map(|edge| cx.system.address(edge.to).to_owned()).collect();
    let span = unit.liveness.evidence().next()?.span;
    let label = format!("`{BOOT_HEALTH}` includes the databases unless a group is asked");
    let how = How::Default { of: "Spring Boot".to_owned(), link: BOOT_LINK.to_owned() };
    (is_boot && !needs.is_empty()).then(|| (needs, vec![Evidence { span, stage: Stage::Design, how, label }]))
}

fn finding(cx: &Context<'_>, probed: &[Probed<'_>]) -> Option<Finding> {
    let names = listed(probed.iter().map(|one| one.service.address.clone()), 4);
    let needs = listed(probed.iter().flat_map(|one| one.needs.iter().cloned()), 3);
    let address = if let [one] = probed { one.service.address.as_str() } else { "system" };
    let (is, its) =
        if probed.len() == 1 { ("is", "its liveness probe asks") } else { ("are", "their liveness probes ask") };
    let draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{names} {is} restarted again and again while {needs} is down, because {its} for it"))
        .help(
            "let liveness look at the process only, and put dependencies into readiness (`/actuator/health/liveness`)",
        );
    let draft = probed.iter().fold(draft, |draft, one| {
        let draft = draft.because(&one.unit.liveness, format!("liveness probe of `{}`", one.service.name));
        draft.all(&one.why)
    });
    draft.at_most(Confidence::Likely).build()
}
