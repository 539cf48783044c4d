//! The rules: one folder per practice, one page per rule.
