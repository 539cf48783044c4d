//! Bounded exhaustive exploration of operations under faults.
