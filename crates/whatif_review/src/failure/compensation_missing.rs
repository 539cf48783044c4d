//! A failure path that takes back some of what was done, and forgets the rest.

use crate::query::{CallSite, grouped, passes, proven};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use crate::sequence::Sequence;
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{OnError, Step};
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/compensation-missing",
        severity: Severity::Warning,
        summary: "A failure path takes back some of the effects before it, but not all of them.",
        page: include_str!("compensation_missing.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let calls = cx.sites.iter().filter(|site| site.is_call() && !site.edge.platform && site.changes(cx.system));
    let by_operation = grouped(calls, |site| site.id);
    by_operation.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// What stays, what is taken back, by which effect, and the later effect whose failure shows it.
struct Forgotten<'s, 'a> {
    kept: &'s CallSite<'a>,
    undone: &'s CallSite<'a>,
    by: &'s CallSite<'a>,
    later: &'s CallSite<'a>,
}

fn forgotten<'s, 'a>(sites: &[&'s CallSite<'a>], order: &Sequence) -> Option<Forgotten<'s, 'a>> {
    let precedes = |a: &CallSite<'_>, b: &CallSite<'_>| order.precedes(a.visit.id, b.visit.id);
    let backward = || sites.iter().copied().filter(|site| is_on_the_way_out(site, order));
    let forward = || sites.iter().copied().filter(|site| !is_on_the_way_out(site, order));
    backward().find_map(|by| {
        let undone = forward().find(|site| site.edge.to == by.edge.to && precedes(site, by))?;
        let later = forward().find(|site| precedes(undone, site) && fails(site) && site.edge.to != undone.edge.to)?;
        let kept = forward().find(|site| {
            site.edge.to != undone.edge.to
                && precedes(site, later)
                && precedes(site, by)
                && !backward().any(|back| back.edge.to == site.edge.to)
        })?;
        Some(Forgotten { kept, undone, by, later })
    })
}

/// Done only when the operation is about to fail.
fn is_on_the_way_out(site: &CallSite<'_>, order: &Sequence) -> bool {
    order.only_fails_after(site.visit.id) && site.inside(|step| matches!(step, Step::Branch { .. } | Step::Try { .. }))
}

fn fails(site: &CallSite<'_>) -> bool {
    matches!(site.visit.effect.on_error, OnError::Propagate | OnError::Handle | OnError::Crash)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let operation = sites.first()?.operation;
    let id = sites.first()?.id;
    let Forgotten { kept, undone, by, later } = forgotten(sites, &Sequence::of(&operation.flow))?;
    let broken = proven(cx, id, Mindset::Halfway).filter(|trace| passes(trace, &[kept, undone, by, later]));
    let name = |site: &CallSite<'_>| site.callee_name(cx.system);
    let address = &operation.address;
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .severity(if broken.is_some() { Severity::Error } else { Severity::Warning })
        .message(format!(
            "`{address}` takes back `{}` when `{}` fails, but not `{}`",
            name(undone),
            name(later),
            name(kept)
        ))
        .at(&kept.place(format!("{} is done here and stays", name(kept))))
        .at(&later.place(format!("when {} fails ...", name(later))))
        .at(&by.place(format!("... {} takes back {} only", name(by), name(undone))))
        .trace(broken)
        .help("give every step before the last one that can fail a compensation, and run them in reverse order")
        .detail(name(kept));
    let draft = draft.at_most(kept.sure_of_change(cx.system));
    match kept.callee(cx.system) {
        Some((_, callee)) => draft.because(&callee.mutates, "changes state here").build(),
        None => draft.build(),
    }
}
