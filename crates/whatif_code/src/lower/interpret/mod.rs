//! Abstract interpretation of one unit: programs are run over abstract values, own functions are
//! inlined, and what library calls do (see [`crate::knowledge`]) is written down as a flow.

mod alternatives;
mod annotation;
mod assign;
mod block;
mod branch;
mod call;
mod components;
mod connections;
mod construct;
mod declared;
mod decorators;
mod delivery;
mod effects;
mod exports;
mod expression;
mod fields;
mod guarded;
mod handlers;
mod injection;
mod inline;
mod install;
mod library;
mod lookup;
mod loops;
mod mediator;
mod members;
mod messages;
mod middleware;
mod outcome;
mod policy;
mod promise;
mod region;
mod results;
mod retry;
mod routes;
mod settings;
mod state;
mod store;
mod strings;
mod stubs;

pub(crate) use call::Argument;
pub(crate) use policy::is_bounded;
pub(crate) use routes::join_routes;
pub(crate) use state::{Handler, Interpreter};
