//! The prose reader reads any text without panicking, and every range it gives lies inside it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whatif_model::text::Range;

fuzz_target!(|text: &str| {
    for path in ["docs/design.md", "specs/001/spec.md", "README.md", "CHANGELOG.md"] {
        let facts = whatif_read::spec::read(path, text);
        let inside = |range: Range| text.get(range.start as usize..range.end as usize).is_some();
        assert!(facts.sections.iter().all(|section| inside(section.title) && inside(section.range)));
        assert!(facts.vague.iter().all(|used| inside(used.words) && used.sentence.contains(used.words)));
        assert!(facts.requirements.iter().all(|stated| inside(stated.words) && inside(stated.sentence)));
        assert!(facts.aspects.iter().all(|mention| inside(mention.sentence)));
        assert!(facts.fences.iter().all(|fence| inside(fence.code)));
    }
});
