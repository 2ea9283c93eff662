//! One machine, as a newcomer gets it: the built binary, real cameras, real players, a real browser.

mod browser;
mod camera;
mod commands;
mod crash;
mod disk;
mod faults;
mod foreign_camera;
mod support;
