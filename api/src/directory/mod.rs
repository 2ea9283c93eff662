//! The cameras as the gateway shows them: in memory, so that showing one and listing them asks no database.
//!
//! [`Mirror`] follows the store, change by change, and is never behind an answer to whoever made one. [`Directory`] answers from
//! it, with lists by filter that are kept while nothing changes, and asks the store where it cannot. What a camera is doing
//! comes from the node at the moment of the answer, where it runs from the cell; neither is kept here.

#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod directory;
mod entry;
mod lists;
mod mirror;
mod whereabouts;
mod write_json;

pub(crate) use directory::Directory;
pub(crate) use entry::Entry;
pub(crate) use lists::Filter;
pub(crate) use whereabouts::{Places, Whereabouts};
pub(crate) use write_json::{camera_json, page_json};
