//! RTSP 1.0 (RFC 2326) without sockets: requests, answers, credentials and transports.

mod auth;
mod request;
mod response;
mod transport;

pub use auth::Auth;
pub(crate) use request::{Input, Request, next_input};
pub(crate) use response::Response;
pub(crate) use transport::Transport;
