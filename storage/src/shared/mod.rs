//! What the nodes of a cell share for a while and could lose: rate limits, single-use tickets, who watches what, and what they
//! tell one another. [`SharedState`] keeps it in memory, or in Redis; with Redis down it goes on in memory, each node for itself,
//! until Redis is back. Nothing here is the truth of anything: sessions, users and keys are the metadata store's.

mod counted_log;
mod hashed;
mod listener;
mod memory;
mod message;
mod rate_limit;
mod redis;
mod shared_state;
mod telemetry;
mod ticket_kind;

pub use listener::{Listener, Said};
pub use memory::MemoryCell;
pub use rate_limit::RateLimit;
pub use redis::{RedisAddress, RedisConfig};
pub use shared_state::{SharedState, Viewers};
pub use ticket_kind::TicketKind;
