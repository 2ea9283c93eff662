use std::sync::Arc;

use eyrie_types::{Epoch, FragmentEntry, Slot};

use super::InitFacts;

/// Fragments of one recorded file that are to be played.
#[derive(Debug, Clone, PartialEq)]
pub struct VodPiece {
    /// What addresses call the file: the path element before a [`super::VodFile`]. Safe in a URI as it stands.
    pub name: String,
    /// The incarnation that wrote it: the timelines of two never adjoin.
    pub source: (Slot, Epoch),
    /// What decodes it.
    pub init: Arc<InitFacts>,
    /// The fragments, sorted by number. Holes may lie between them.
    pub entries: Vec<FragmentEntry>,
}
