//! The availability that the system's own documents promise.

use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::prose::{Bounds, DocumentKind, Modality, Relation, SectionKind, StatedRequirement};
use whatif_model::system::{Document, System};

/// A promised availability.
pub(crate) struct Promise<'a> {
    /// In percent of time or requests.
    pub(crate) percent: f64,
    /// Who promises it.
    pub(crate) document: &'a Document,
    /// Where.
    pub(crate) place: Evidence,
}

/// The highest availability that a document of the system sets as a target.
pub(crate) fn promised(system: &System) -> Option<Promise<'_>> {
    let promises = system
        .documents
        .iter()
        .flat_map(|document| document.facts.requirements.iter().filter_map(move |target| promise(document, target)));
    promises.reduce(|highest, next| if next.percent > highest.percent { next } else { highest })
}

fn promise<'a>(document: &'a Document, target: &StatedRequirement) -> Option<Promise<'a>> {
    let percent = target.value.filter(|percent| (0.0..=100.0).contains(percent))?;
    let label = format!("{percent} % is stated here");
    let place = Evidence::stated(Stage::Specification, target.words.in_file(document.file), label);
    is_binding(document, target).then_some(Promise { percent, document, place })
}

fn is_binding(document: &Document, target: &StatedRequirement) -> bool {
    let meant = matches!(target.modality, Modality::Must | Modality::Should | Modality::Target | Modality::Stated);
    // The context of a decision is history, unless it says what has to be reached.
    let past = target.section == SectionKind::Background && target.modality != Modality::Must;
    let elsewhere = matches!(target.section, SectionKind::Alternatives | SectionKind::Example | SectionKind::NonGoals);
    let kind = document.facts.document.kind;
    let outside = matches!(kind, DocumentKind::Template | DocumentKind::Changelog | DocumentKind::Other);
    target.bounds == Bounds::Availability
        && target.relation != Relation::AtMost
        && meant
        && !past
        && !elsewhere
        && !outside
}
