//! Recordings as one MP4 file: a first pass over the fragments' tables makes a layout, then the file is streamed from the
//! fragments, whole or in part. Start reading at [`prepare`].

mod byte_range;
mod exports;
mod first_pass;
mod headers;
mod prepared;
mod send;

pub(crate) use byte_range::{Asked, etag_matches};
pub(crate) use exports::{ExportKey, ExportPlace, Exports};
pub(crate) use first_pass::prepare;
pub(crate) use headers::describe;
pub(crate) use prepared::Prepared;
pub(crate) use send::body;
