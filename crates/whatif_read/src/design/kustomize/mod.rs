//! Kustomize: what a kustomization file says by itself, and what is deployed once bases, components and patches are
//! put together.

mod build;
mod kustomization;
mod patch;
mod plan;
#[cfg(test)]
mod tests;

pub(crate) use build::read as build;
pub(crate) use kustomization::{ID, is_variant, read, recognises};
