//! One pure renderer per output format.
