//! Runs the Markdown rule pages as tests.
