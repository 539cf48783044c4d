//! Configuration that programs read when they start: which program a document belongs to, which of several values
//! holds, and what the keys of frameworks mean.

mod conditions;
mod effective;
mod keys;
mod metrics;
mod partners;
mod platform;
mod policies;
mod profiles;
mod programs;
mod routes;

pub(crate) use effective::{Found, effective};
pub(crate) use keys::relaxed;
pub(crate) use metrics::apply as apply_metrics;
pub(crate) use partners::{EMBEDDED_LIBRARIES, embedded, partner};
pub(crate) use platform::links as platform_links;
pub(crate) use policies::apply as apply_policies;
pub(crate) use profiles::stated as stated_profiles;
pub(crate) use programs::{Program, declare};
