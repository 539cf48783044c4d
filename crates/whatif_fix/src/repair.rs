//! Which findings have a repair.

use crate::fix::{Fix, Safety};
use crate::source::Files;
use crate::{acknowledge_last, add_timeout, pass_context, randomise_pause};
use whatif_model::finding::Finding;
use whatif_model::flow::EffectKind;
use whatif_model::system::System;
use whatif_model::text::Sources;

/// A finding with what a repair may look at.
pub(crate) struct Cited<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) system: &'a System,
    pub(crate) files: &'a Files<'a>,
}

type Repair = fn(&Cited<'_>) -> Option<Fix>;

/// The repairs, by the rule whose findings they mend.
const REPAIRS: [(&str, Repair); 5] = [
    ("timeouts/missing", add_timeout::fix),
    ("timeouts/deadline-not-propagated", pass_context::fix),
    ("observability/context-not-propagated", pass_context::fix),
    ("retries/no-jitter", randomise_pause::fix),
    ("events/ack-before-processing", acknowledge_last::fix),
];

/// The fixes of these findings, in their order. Allowed findings have none.
pub fn fixes<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    system: &System,
    sources: &Sources,
) -> Vec<(&'f Finding, Fix)> {
    let repairable = |finding: &'f Finding| {
        let (_, repair) = REPAIRS.iter().find(|(rule, _)| *rule == finding.rule)?;
        finding.allowed.is_none().then_some((finding, *repair))
    };
    let wanted: Vec<(&Finding, Repair)> = findings.into_iter().filter_map(repairable).collect();
    let files = Files::of(sources, wanted.iter().flat_map(|(finding, _)| &finding.evidence).map(|place| place.span));
    let fix = |(finding, repair): (&'f Finding, Repair)| {
        repair(&Cited { finding, system, files: &files }).map(|fix| (finding, fix))
    };
    wanted.into_iter().filter_map(fix).collect()
}

impl Cited<'_> {
    /// A repair that may cut work short is safe when all it can cut short is reading.
    pub(crate) fn safety_of_ending_early(&self) -> Safety {
        let cites = |span| self.finding.evidence.iter().any(|evidence| evidence.span == span);
        let effects = self.system.operations.iter().flat_map(|operation| &operation.flow.effects);
        let reads = |kind: &EffectKind| match kind {
            EffectKind::Read { for_update, .. } => !for_update,
            EffectKind::Call { operation, .. } => operation.starts_with("GET ") || operation.starts_with("HEAD "),
            _ => false,
        };
        let mut cited = effects.filter(|effect| cites(effect.span));
        if cited.all(|effect| reads(&effect.kind)) { Safety::Safe } else { Safety::Unsafe }
    }
}
