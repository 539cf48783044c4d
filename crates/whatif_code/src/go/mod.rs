//! The Go front end.
