//! What is packaged, judged by programs nobody here wrote (ffmpeg, ffprobe, m3u8-rs) and by the rules of the specifications.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod clip;
mod live_answers;
mod mp4_parser;
mod playlist_rules;
mod probe;
mod recorded_files;
mod recording_fragments;
mod rules;
mod taken_out;
mod units;
mod vod;
