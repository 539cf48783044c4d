//! Where a value is written that a finding cites where it is used: in the values of a chart, in a patch.

use whatif_model::evidence::{Evidence, Stage};
use whatif_model::facts::Origin;
use whatif_model::finding::Finding;
use whatif_model::system::System;
use whatif_model::text::Span;

/// Adds the place of the value behind every place that uses one.
pub(crate) fn show(system: &System, finding: &mut Finding) {
    if system.origins.is_empty() {
        return;
    }
    let mut shown: Vec<Span> = finding.evidence.iter().map(|evidence| evidence.span).collect();
    let mut all = Vec::with_capacity(finding.evidence.len());
    for evidence in std::mem::take(&mut finding.evidence) {
        let from = only_origin(&system.origins, evidence.span);
        all.push(evidence);
        if let Some(origin) = from.filter(|origin| !shown.contains(&origin.from)) {
            shown.push(origin.from);
            let label =
                if origin.is_replaced { "takes the place of what is here" } else { "its value is written here" };
            all.push(Evidence::stated(Stage::Design, origin.from, label));
        }
    }
    finding.evidence = all;
}

/// The place that gives what stands at another one; none where several do, as in a loop over values.
fn only_origin(origins: &[Origin], place: Span) -> Option<&Origin> {
    let first =
        origins.partition_point(|origin| (origin.at.file, origin.at.range.start) < (place.file, place.range.start));
    let inside = |origin: &&Origin| origin.at.file == place.file && origin.at.range.start < place.range.end;
    let mut found = origins.get(first..)?.iter().take_while(inside).filter(|it| place.range.contains(it.at.range));
    let (only, second) = (found.next()?, found.next());
    second.is_none().then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatif_model::text::{FileId, Range};

    #[test]
    fn only_a_place_with_one_value_has_an_origin() {
        let at = |start, end| Range::new(start, end).in_file(FileId::of("template"));
        let from = |start| Range::new(start, start + 1).in_file(FileId::of("values"));
        let mut origins = vec![
            Origin { at: at(10, 20), from: from(1), is_replaced: false },
            Origin { at: at(30, 40), from: from(2), is_replaced: false },
            Origin { at: at(50, 60), from: from(3), is_replaced: false },
            Origin { at: at(50, 60), from: from(4), is_replaced: false },
        ];
        origins.sort_unstable();
        let found = |place| only_origin(&origins, place).map(|origin| origin.from);
        assert_eq!(found(at(10, 20)), Some(from(1)));
        assert_eq!(found(at(25, 45)), Some(from(2)));
        assert_eq!(found(at(5, 45)), None);
        assert_eq!(found(at(50, 60)), None);
        assert_eq!(found(from(0)), None);
    }
}
