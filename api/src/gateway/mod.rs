//! The shell: state, router, listener.

mod connections;
mod revoke;
mod router;
mod state;
mod tls;
mod waiting;

pub use connections::Gateway;
pub(crate) use revoke::WeakState;
pub use state::{GatewayError, GatewayParts, GatewayState};
pub use tls::{Certificate, TlsError, TlsFiles};
