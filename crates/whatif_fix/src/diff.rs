//! What fixes change, as people read changes.

use similar::TextDiff;

/// Lines of context around a change, as `diff -u` shows them.
const CONTEXT_LINES: usize = 3;

/// The change of one file in the unified format, empty when there is none. Paths are given `a/` and `b/` in front,
/// so that `git apply` and `patch -p1` take it.
pub fn unified(path: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(CONTEXT_LINES).header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_its_surroundings() {
        let shown = unified("src/a.py", "a\nb\nc\n", "a\nB\nc\n");
        assert_eq!(shown, "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
        assert_eq!(unified("src/a.py", "a\n", "a\n"), "");
    }
}
