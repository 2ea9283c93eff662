//! One machine, as a newcomer gets it: the built binary, real cameras, real players, a real browser.

mod bad_input;
mod broken_disk;
mod browser;
mod camera;
mod commands;
mod crash;
mod disk;
mod export;
mod facts;
mod faults;
mod feed;
mod footage;
mod foreign_camera;
mod http;
mod lost_packets;
mod many;
mod memory;
mod pictures;
mod playback;
mod preload;
mod retention;
mod sessions;
mod slow_reader;
mod source_clock;
mod store_outage;
mod support;
