//! Merges the facts of all files into one System.
