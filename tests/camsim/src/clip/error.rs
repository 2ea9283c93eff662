use std::path::PathBuf;

/// Why a clip cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The description asks for something impossible.
    #[error("clip {name:?}: {field} {reason}")]
    Spec {
        /// The clip's name.
        name: String,
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// ffmpeg could not be started.
    #[error("ffmpeg did not start (is it installed and on PATH?)")]
    NoFfmpeg(#[source] std::io::Error),
    /// ffmpeg gave up.
    #[error("ffmpeg could not encode {path}: {stderr}")]
    Encode {
        /// The file wanted.
        path: PathBuf,
        /// The end of what it said.
        stderr: String,
    },
    /// The cache could not be read or written.
    #[error("clip cache {path}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a movie as ffmpeg writes them for us.
    #[error("clip file {path} is not as expected: {reason}; delete it to have it encoded again")]
    Movie {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The thread that encodes ended early.
    #[error("the clip encoder was stopped")]
    Stopped,
}
