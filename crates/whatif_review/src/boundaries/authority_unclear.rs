//! An operation that makes something new with an identity of its own and keeps no record of it.

use crate::query::{CallSite, listed};
use crate::rule::{Assumption, Context, Rule, RuleMeta};
use std::collections::BTreeSet;
use whatif_model::evidence::{Confidence, Evidence, Stage};
use whatif_model::finding::{Finding, Severity};
use whatif_model::flow::{Effect, EffectKind};
use whatif_model::system::{EdgeKind, Node, OperationId, ServiceId, System};
use whatif_model::verdict::Mindset;

/// One receiver may well keep the record; of several nobody is the one to ask.
const RECEIVERS_MIN: usize = 2;

pub(crate) static RULE: Rule = Rule {
    meta: RuleMeta {
        id: "boundaries/authority-unclear",
        severity: Severity::Warning,
        summary: "An operation makes an id, changes several services under it, and no service keeps what it stands for.",
        page: include_str!("authority_unclear.md"),
        assumptions: &[Assumption::WontFail],
        questions: &[Mindset::Halfway],
    },
    check,
};

fn check(cx: &Context<'_>) -> Vec<Finding> {
    let operations =
        cx.system.operation_ids().filter(|(_, it)| it.implemented && !keeps_records(cx.system, it.service));
    operations.filter_map(|(id, _)| finding(cx, id)).collect()
}

/// Whether a service writes to any store that is more than a cache.
fn keeps_records(system: &System, service: ServiceId) -> bool {
    let own = |node: Node| node == Node::Service(service);
    system.edges.iter().any(|edge| edge.kind == EdgeKind::Store && own(edge.from))
        || system.databases.iter().any(|used| used.service == service)
}

/// What it changes elsewhere, itself and not through another operation of its own service.
fn changes<'s, 'a>(cx: &'s Context<'a>, operation: OperationId) -> Vec<&'s CallSite<'a>> {
    let own = cx.sites.iter().filter(|site| site.id == operation && site.changes(cx.system));
    own.filter(|site| !matches!(site.edge.to, Node::Store(_))).collect()
}

fn finding(cx: &Context<'_>, id: OperationId) -> Option<Finding> {
    let operation = &cx.system[id];
    let made: &Effect = operation.flow.effects.iter().find(|effect| effect.kind == EffectKind::NewIdentity)?;
    let changed = changes(cx, id);
    let receivers: BTreeSet<Node> = changed.iter().map(|site| site.edge.to).collect();
    if receivers.len() < RECEIVERS_MIN {
        return None;
    }
    let names = listed(changed.iter().map(|site| site.callee_name(cx.system)), 3);
    let address = &operation.address;
    let draft = cx
        .finding(&RULE.meta, address.clone())
        .at_most(Confidence::Likely)
        .message(format!("`{address}` makes an id, changes {names} and stores nothing: no service owns what it made"))
        .at(&Evidence::stated(Stage::Code, made.span, "the id of something new"))
        .help(
            "let one service store the thing under its id before anything else happens, and answer for it afterwards",
        );
    let places = changed.iter().fold(draft, |draft, site| {
        let label = format!("{} learns of it", site.callee_name(cx.system));
        draft.at(&site.place(label.clone())).all(site.line_above(label).as_ref())
    });
    places.build()
}
