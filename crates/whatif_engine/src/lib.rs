//! The straight line as one call: files to review.
