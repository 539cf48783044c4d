//! Where a file comes from: a test tree, a generator.

/// Most bytes at the start of a file in which a generator's marker is looked for; licence headers come before it.
const MARKER_BYTES_MAX: usize = 4096;

/// Whether a folder of the path holds tests.
pub(crate) fn in_test_folder(path: &str) -> bool {
    let mut folders = path.split('/').rev();
    folders.next();
    folders.any(|folder| matches!(folder, "test" | "tests" | "testdata" | "__tests__"))
}

/// Whether a comment line near the start satisfies `is_marker`.
pub(crate) fn has_marker(text: &str, comment: &str, is_marker: impl Fn(&str) -> bool) -> bool {
    let mut end = text.len().min(MARKER_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text.get(..end).unwrap_or("");
    head.lines().any(|line| line.strip_prefix(comment).is_some_and(|rest| is_marker(rest.trim())))
}
