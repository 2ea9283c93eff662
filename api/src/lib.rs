//! The HTTP gateway: routes, authorization, media delivery and the OpenAPI document.
//!
//! Start reading at `routes`, the table of all routes with their permissions, then `authorize`, the one authorization point
//! that every request passes. `model` holds the shapes of the contract, `gateway` the shell around it.

mod auth;
mod authorize;
mod byte_lru;
mod camera_changes;
mod camera_input;
mod cell_problem;
mod dashboard;
mod directory;
mod drills;
mod export;
mod extract;
mod fair_places;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gateway;
mod handlers;
mod known_camera;
mod limits;
mod merge_patch;
pub mod model;
mod openapi;
mod permission;
mod pictures;
mod playback;
mod principal;
mod problem;
mod publish;
mod relay;
mod routes;
mod shell;
mod store_problem;

pub use auth::{BootstrapError, KeyError, PasswordError, ensure_admin, reset_password};
pub use gateway::{Certificate, Gateway, GatewayError, GatewayParts, GatewayState, TlsError, TlsFiles};
pub use openapi::openapi_json;
pub use problem::Problem;
pub use publish::PublishAddress;
