//! The shell: state, router, listener.

mod connections;
mod router;
mod state;
mod tls;
mod waiting;

pub use connections::{Gateway, ServeError};
pub use state::{GatewayError, GatewayParts, GatewayState};
pub use tls::{TlsError, TlsFiles};
