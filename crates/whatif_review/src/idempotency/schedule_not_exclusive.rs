//! A scheduled job that every replica runs.

use crate::query::CallSite;
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::facts::code::Trigger;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{EffectKind, LockKind, Step, WriteKind};
use whatif_model::system::{Operation, OperationId};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "idempotency/schedule-not-exclusive",
        severity: Severity::Warning,
        summary: "A job inside a service with several replicas runs in each of them at the same time.",
        page: include_str!("schedule_not_exclusive.md"),
        assumptions: &[Assumption::Once],
        questions: &[Mindset::Together, Mindset::Twice],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let jobs = cx.system.operation_ids().filter(|(_, operation)| is_replicated_job(cx, operation));
    jobs.filter_map(|(id, operation)| finding(cx, id, operation)).collect()
}

/// What a schedule of the program itself starts, in more than one program. A CronJob has its own process.
fn is_replicated_job(cx: &Context<'_>, operation: &Operation) -> bool {
    let service = &cx.system[operation.service];
    let several = service.replicas.holds(|count| *count > 1) && !service.optional;
    several && operation.flow.cut.is_empty() && matches!(operation.trigger, Trigger::Schedule(_))
}

/// It changes something, and neither a lock nor a claim lets only one of them do it.
fn repeated<'s, 'a>(cx: &'s Context<'a>, id: OperationId) -> Option<&'s CallSite<'a>> {
    let sites = || cx.sites.iter().filter(|site| site.id == id);
    let is_claimed = sites().any(|site| match &site.visit.effect.kind {
        EffectKind::Read { for_update, .. } => *for_update,
        EffectKind::Write { how, .. } => *how == WriteKind::Conditional,
        EffectKind::DedupMark { .. } => true,
        _ => is_exclusive(site),
    });
    let adds = |site: &&CallSite<'a>| {
        let sets = matches!(&site.visit.effect.kind, EffectKind::Write { how, .. } if how.is_naturally_idempotent());
        site.changes(cx.system) && !sets && !site.edge.platform
    };
    if is_claimed { None } else { sites().find(adds) }
}

fn is_exclusive(site: &CallSite<'_>) -> bool {
    site.inside(|step| matches!(step, Step::Locked { lock, .. } if lock.kind != LockKind::Process))
}

fn finding(cx: &Context<'_>, id: OperationId, operation: &Operation) -> Option<Finding> {
    let site = repeated(cx, id)?;
    let service = &cx.system[operation.service];
    let count = service.replicas.value().copied().unwrap_or_default();
    let address = &operation.address;
    let declared = operation.evidence.first()?;
    cx.finding(&RULE.meta, address.clone())
        .message(format!(
            "`{address}` runs on a schedule in each of {count} replicas of `{}`, so its work is done {count} times",
            service.name
        ))
        .at_as(declared, operation.trigger.display())
        .because(&service.replicas, format!("{count} replicas"))
        .at(&site.place("done by every replica"))
        .help("run it as a job of its own, take a lease first, or claim each row (`FOR UPDATE SKIP LOCKED`)")
        .build()
}
