//! Drill files as an administrator writes them, and reports as they are read: golden files beside them.
//!
//! `EYRIE_GOLDEN=write cargo test -p eyrie-chaos --test drills` writes them anew; look at the difference before you commit it.

mod drills {
    pub(crate) mod files;
    pub(crate) mod golden;
    pub(crate) mod reports;
}
