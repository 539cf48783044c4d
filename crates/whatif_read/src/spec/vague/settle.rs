//! A claim that its own section makes precise elsewhere is not vague.

use whatif_model::facts::prose::{
    Bounds, Modality, Relation, Section, Sense, StatedRequirement, Statistic, VagueTerm, VagueUse,
};

/// In longer sections, in bytes, a number need not be about the claim.
const SECTION_BYTES_MAX: u32 = 2_500;

/// Turns vague uses into quantified or named ones where the section states what they lack.
pub(crate) fn settle(uses: &mut [VagueUse], requirements: &[StatedRequirement], sections: &[Section]) {
    for used in uses.iter_mut().filter(|used| used.sense == Sense::Vague) {
        let Some((start, end)) = leaf(sections, used.sentence.start) else { continue };
        let inside = |stated: &&StatedRequirement| stated.sentence.start >= start && stated.sentence.end <= end;
        if let Some(stated) = requirements.iter().filter(inside).find(|stated| answers(stated, used.term)) {
            used.sense = if stated.value.is_some() { Sense::Quantified } else { Sense::Named };
        }
    }
}

/// The text under one heading alone, when it is short.
fn leaf(sections: &[Section], at: u32) -> Option<(u32, u32)> {
    let next = sections.partition_point(|section| section.title.start <= at);
    let start = sections.get(next.checked_sub(1)?)?.title.start;
    let end = sections.get(next).map_or_else(|| sections[next - 1].range.end, |section| section.title.start);
    (end.saturating_sub(start) <= SECTION_BYTES_MAX).then_some((start, end))
}

fn answers(stated: &StatedRequirement, term: VagueTerm) -> bool {
    let meant = !matches!(
        stated.modality,
        Modality::Measured | Modality::Example | Modality::Rejected | Modality::Negated | Modality::Alert
    );
    meant
        && match term {
            VagueTerm::Fast => {
                stated.bounds == Bounds::Latency
                    && (matches!(stated.statistic, Statistic::Percentile(_)) || stated.relation == Relation::AtMost)
            }
            VagueTerm::Available => matches!(stated.bounds, Bounds::Availability | Bounds::SurvivedFailure),
            VagueTerm::Scalable => matches!(stated.bounds, Bounds::Throughput | Bounds::Concurrency),
            _ => false,
        }
}
