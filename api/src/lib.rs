//! The HTTP gateway: routes, authorization, media delivery and the OpenAPI document.
//!
//! Start reading at `openapi` for the contract and at `model` for the shapes it speaks of.

#[allow(dead_code, reason = "the contract comes first; the router takes the operations up")]
mod handlers;
pub mod model;
mod openapi;
mod problem;
mod role;

pub use openapi::openapi_json;
pub use problem::Problem;
pub use role::Role;
