//! Footage between the nodes of a cell, over the media link: what a node reads of another's disks, and what it hands over of its
//! own. Bytes go as they are stored, sealed where they are sealed; who asked checks and opens them.
//!
//! ```text
//! GET /footage/reach                                                        are you there?
//! GET /footage/tails/TENANT/CAMERA                                          what is durable and not in the index yet
//! GET /footage/head/TENANT/CAMERA/SLOT/EPOCH/START.SEGMENT                  a file up to its first fragment
//! GET /footage/fragment/TENANT/CAMERA/SLOT/EPOCH/START.SEGMENT/NUMBER/OFFSET/LENGTH
//! ```
//!
//! 404: no disk has it; 422: it is damaged; 503: not now. Start reading at [`FootageLink`], which asks, and [`FootageHandler`],
//! which answers.

mod asks;
mod handler;
mod question;
mod tails;

pub(crate) use asks::FootageLink;
pub(crate) use handler::FootageHandler;
pub(crate) use question::PREFIX;

/// Doors for fuzz targets.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    /// What it prints reads back.
    pub(crate) fn question(path: &str) {
        if let Some(question) = super::question::Question::parse(path) {
            assert_eq!(question.to_string(), path);
        }
    }

    /// What is read can be told again.
    pub(crate) fn tails(bytes: &[u8]) {
        if let Some(tails) = super::tails::decode(bytes) {
            assert!(super::tails::encode(&tails).is_none_or(|again| super::tails::decode(&again).is_some()));
        }
    }
}
