//! Drill files as an administrator writes them, and reports as they are read: golden files beside them.
//!
//! `EYRIE_GOLDEN=write cargo test -p eyrie-chaos --test drills` writes them anew; look at the difference before you commit it.

mod files;
mod golden;
mod reports;
