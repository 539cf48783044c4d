//! Log lines of several services that nothing joins.

use super::shown::{serving, talks};
use crate::query::listed;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::system::{Service, ServiceId};
use whatif_model::text::{FileId, Span};

/// A line in one service has nothing to be joined with.
const SERVICES_MIN: usize = 2;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "observability/no-correlation-id",
        severity: Severity::Info,
        summary: "Services of one request path log without an id of the request, so their lines cannot be joined.",
        page: include_str!("no_correlation_id.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let together: Vec<(ServiceId, &Service)> =
        serving(cx.system).into_iter().filter(|(id, _)| talks(cx.system, *id)).collect();
    let logging = together.iter().map(|(_, service)| *service).filter(|service| !service.telemetry.logs.is_empty());
    let (apart, known): (Vec<&Service>, Vec<&Service>) =
        logging.partition(|service| service.telemetry.correlation.is_absent());
    if apart.len() + known.len() < SERVICES_MIN {
        return Vec::new();
    }
    finding(cx, &apart, &known).into_iter().collect()
}

fn finding(cx: &Context<'_>, apart: &[&Service], known: &[&Service]) -> Option<Finding> {
    let first = apart.first()?;
    let names = listed(apart.iter().map(|service| service.address.clone()), 3);
    let (address, verb) = if apart.len() == 1 { (first.address.as_str(), "logs") } else { ("system", "log") };
    let mut draft = cx
        .finding(&RULE.meta, address)
        .message(format!("{names} {verb} without any id of the request: the lines of one request cannot be joined"))
        .help(
            "take `traceparent` or `X-Request-ID` from the caller, put it into every log line and every outgoing call",
        );
    for service in apart {
        draft = draft.all(
            log_of(cx, service)
                .map(|at| Evidence::stated(Stage::Code, at, format!("`{}` logs no id", service.name)))
                .as_ref(),
        );
    }
    for service in known {
        let named = service.telemetry.correlation.evidence().next();
        draft = draft.all(named.map(|at| at.labelled(format!("`{}` has one", service.name))).as_ref());
    }
    draft.build()
}

/// A log line beside what it serves, rather than one of a client that lies there, too.
fn log_of(cx: &Context<'_>, service: &Service) -> Option<Span> {
    let own = cx.system.operations.iter().filter(|operation| cx.system[operation.service].address == service.address);
    let served: Vec<FileId> = own.flat_map(|operation| &operation.evidence).map(|place| place.span.file).collect();
    let logs = &service.telemetry.logs;
    logs.iter().find(|log| served.contains(&log.file)).or(logs.first()).copied()
}
