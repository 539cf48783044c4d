//! Pure readers: one document in, facts out.
