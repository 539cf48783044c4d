//! Readers of contracts, deployment and configuration: one file per format.

pub(crate) mod alert_rules;
pub(crate) mod appsettings;
pub(crate) mod compose;
pub(crate) mod dockerfile;
pub(crate) mod env_file;
pub(crate) mod envoy;
pub(crate) mod helm;
pub(crate) mod httpd;
pub(crate) mod istio;
pub(crate) mod kubernetes;
pub(crate) mod kustomize;
pub(crate) mod nginx;
pub(crate) mod openapi;
pub(crate) mod origin;
pub(crate) mod protobuf;
mod reading;
mod retry_key;
pub(crate) mod skaffold;
pub(crate) mod spring;
pub(crate) mod sql_schema;

pub(crate) use reading::Reading;
