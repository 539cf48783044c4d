//! Modules of a repository to code units with flows.
