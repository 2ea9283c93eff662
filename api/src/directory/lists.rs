use std::collections::HashSet;
use std::sync::Arc;

use eyrie_types::{CameraState, SiteId, TenantId};

use super::Entry;
use crate::byte_lru::ByteLru;

/// Bytes of lists kept: ten that hold all of 100,000 cameras, or very many that hold few.
const LISTS_BYTES_MAX: usize = 8 << 20;
/// What a list takes besides its entries: its key, and the map's own.
const LIST_BYTES: usize = 256;

/// Which cameras of a tenant a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Filter {
    /// Part of the name, of a label or of the site's name; folded and not empty.
    pub(crate) search: Option<String>,
    /// A label they carry.
    pub(crate) label: Option<String>,
    /// The site they stand at.
    pub(crate) site: Option<SiteId>,
    /// The state they are in.
    pub(crate) state: Option<CameraState>,
}

impl Filter {
    /// Whether it takes `entry`, whatever its state. `sites` are those whose name the search finds.
    pub(super) fn takes(&self, entry: &Entry, sites: &HashSet<SiteId>) -> bool {
        let found = |text: &String| {
            entry.place.name_folded.contains(text.as_str())
                || entry.labels_folded.contains(text.as_str())
                || entry.site.is_some_and(|site| sites.contains(&site))
        };
        self.site.is_none_or(|site| entry.site == Some(site))
            && self.label.as_ref().is_none_or(|wanted| entry.labels.iter().any(|label| **label == **wanted))
            && self.search.as_ref().is_none_or(found)
    }

    fn bytes(&self) -> usize {
        [&self.search, &self.label].into_iter().flatten().map(String::len).sum()
    }
}

/// What a list was made of: it holds for as long as both numbers stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MadeOf {
    /// The directory's revision.
    pub(super) directory: u64,
    /// The revision of states, for a list by state; otherwise zero.
    pub(super) states: u64,
}

/// The cameras that a filter takes, in the order of the list.
pub(super) type List = Arc<[Arc<Entry>]>;

/// The lists made last.
pub(super) struct Lists {
    /// The revision of the directory that all of them are of, so that no list keeps cameras alive that have changed since.
    directory: u64,
    kept: ByteLru<(TenantId, Filter), Kept>,
}

#[derive(Debug, Clone)]
struct Kept {
    states: u64,
    list: List,
    bytes: usize,
}

impl Default for Lists {
    fn default() -> Self {
        Self { directory: 0, kept: Self::nothing() }
    }
}

impl Lists {
    fn nothing() -> ByteLru<(TenantId, Filter), Kept> {
        ByteLru::new(LISTS_BYTES_MAX, |kept| kept.bytes)
    }

    pub(super) fn get(&mut self, key: &(TenantId, Filter), made_of: MadeOf) -> Option<List> {
        self.follow(made_of.directory);
        if made_of.directory != self.directory {
            return None;
        }
        let kept = self.kept.get(key).filter(|kept| kept.states == made_of.states);
        kept.map(|kept| kept.list)
    }

    pub(super) fn keep(&mut self, key: (TenantId, Filter), made_of: MadeOf, list: List) {
        self.follow(made_of.directory);
        if made_of.directory == self.directory {
            let bytes = LIST_BYTES + key.1.bytes() + size_of_val(&*list);
            let bytes = self.kept.keep(key, Kept { states: made_of.states, list, bytes });
            metrics::gauge!("eyrie_directory_lists_bytes").set(bytes as f64);
        }
    }

    /// Drops what is older than `directory`.
    fn follow(&mut self, directory: u64) {
        if directory > self.directory {
            (self.directory, self.kept) = (directory, Self::nothing());
        }
    }
}
