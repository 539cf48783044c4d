//! A loop in the background that the first failure ends for good.

use crate::query::{CallSite, grouped, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::code::{Language, Trigger};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{LoopKind, OnError, Step};
use whatif_model::text::Span;
use whatif_model::verdict::Mindset;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "failure/unhandled-background-exception",
        severity: Severity::Warning,
        summary: "A failure leaves the loop of a background service, and with it the work or the whole host ends.",
        page: include_str!("unhandled_background_exception.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let fatal = cx.sites.iter().filter(|site| ends_the_loop(cx, site).is_some());
    let by_loop = grouped(fatal, |site| (site.operation.service, ends_the_loop(cx, site)));
    by_loop.values().filter_map(|sites| finding(cx, sites)).collect()
}

/// The loop that a failure of this effect leaves. Hosted services of .NET run for as long as their host and stop it
/// when an exception leaves them
/// (<https://learn.microsoft.com/dotnet/core/compatibility/core-libraries/6.0/hosting-exception-handling>).
fn ends_the_loop(cx: &Context<'_>, site: &CallSite<'_>) -> Option<Span> {
    let is_hosted = site.caller(cx.system).language == Some(Language::CSharp)
        && matches!(site.operation.trigger, Trigger::Start | Trigger::Schedule(_));
    if !is_hosted || site.visit.effect.on_error != OnError::Propagate {
        return None;
    }
    let forever = site.visit.enclosing(|step| match step {
        Step::Loop { kind: LoopKind::Forever, span, .. } => Some(*span),
        _ => None,
    });
    let round = site.operation.flow.round.filter(|_| matches!(site.operation.trigger, Trigger::Schedule(_)));
    forever.or(round)
}

fn finding(cx: &Context<'_>, sites: &[&CallSite<'_>]) -> Option<Finding> {
    let first = sites.first()?;
    let head = ends_the_loop(cx, first)?;
    let address = &first.operation.address;
    let callees = listed(sites.iter().map(|site| site.callee_name(cx.system)), 2);
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .message(format!("`{address}` ends with the first failure of {callees}, and the host of the service with it"))
        .help("catch and log inside the loop, so that the next round tries again")
        .at(&Evidence::stated(Stage::Code, head, "nothing starts this loop again"));
    let draft = sites.iter().fold(draft, |draft, site| {
        let asked = site.asked_for("a failure from here is not caught");
        draft.all(&asked.into_iter().collect::<Vec<_>>()).at(&site.place("may fail"))
    });
    draft.build()
}
