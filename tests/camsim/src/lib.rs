//! A simulated camera server.
