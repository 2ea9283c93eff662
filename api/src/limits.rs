//! The named limits of the gateway that more than one file needs.

/// Largest body, in bytes: a bulk change of 1,000 cameras with labels takes 60 kB.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
/// Entries on a page unless asked otherwise.
pub(crate) const PAGE_DEFAULT: u32 = 100;
/// Most entries on a page: a page of cameras stays below 1 MiB.
pub(crate) const PAGE_MAX: u32 = 1000;
