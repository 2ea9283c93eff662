use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use md5::{Digest, Md5};

use super::encode::{ENCODER_VERSION, encode};
use super::{AudioCodec, Clip, ClipError, ClipSpec};

/// A directory of encoded clips.
#[derive(Debug, Clone)]
pub struct Clips {
    dir: PathBuf,
}

impl Clips {
    /// Clips in `dir`, which is made when first needed.
    pub fn ensure(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The directory used unless told otherwise: `$EYRIE_CLIPS`, else `eyrie/clips` under `$XDG_CACHE_HOME` or `~/.cache`, else
    /// under the system's temporary directory.
    pub fn default_dir() -> PathBuf {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set("EYRIE_CLIPS").unwrap_or_else(|| {
            set("XDG_CACHE_HOME")
                .or_else(|| set("HOME").map(|home| home.join(".cache")))
                .unwrap_or_else(std::env::temp_dir)
                .join("eyrie")
                .join("clips")
        })
    }

    /// Where `spec`'s pictures are, or will be.
    pub fn path(&self, spec: &ClipSpec) -> PathBuf {
        self.dir.join(format!("{}.mp4", key(spec)))
    }

    /// Encodes `spec` unless its file is there already, and answers its path. Blocks for as long as ffmpeg takes.
    /// Processes that want
    /// the same clip at once wait for the first.
    ///
    /// # Errors
    /// The description is impossible, ffmpeg is missing or fails, or the directory cannot be written.
    pub fn encode(&self, spec: &ClipSpec) -> Result<PathBuf, ClipError> {
        spec.check()?;
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| ClipError::Io { path, source }
        };
        let movie = self.path(spec);
        if movie.exists() {
            return Ok(movie);
        }
        std::fs::create_dir_all(&self.dir).map_err(io(&self.dir))?;
        let lock_path = movie.with_extension("lock");
        let lock = File::create(&lock_path).map_err(io(&lock_path))?;
        lock.lock().map_err(io(&lock_path))?;
        if movie.exists() {
            return Ok(movie);
        }
        let (sound, part, sound_part) =
            (sound_path(&movie), movie.with_extension("mp4.part"), movie.with_extension("g711.part"));
        encode(spec, &part, &sound_part)?;
        if has_sound_file(spec) {
            std::fs::rename(&sound_part, &sound).map_err(io(&sound))?;
        }
        // Last, for its presence says that all is there.
        std::fs::rename(&part, &movie).map_err(io(&movie))?;
        Ok(movie)
    }

    /// Encodes `spec` where needed and loads it. Blocks.
    pub(crate) fn load(&self, spec: &ClipSpec) -> Result<Arc<Clip>, ClipError> {
        let path = self.encode(spec)?;
        let read = |path: &Path| std::fs::read(path).map_err(|source| ClipError::Io { path: path.to_owned(), source });
        let sound = if has_sound_file(spec) { read(&sound_path(&path))? } else { Vec::new() };
        let clip = Clip::new(spec, read(&path)?, sound).map_err(|reason| ClipError::Movie { path, reason })?;
        Ok(Arc::new(clip))
    }
}

fn has_sound_file(spec: &ClipSpec) -> bool {
    matches!(spec.audio.map(|audio| audio.codec), Some(AudioCodec::Pcma | AudioCodec::Pcmu))
}

fn sound_path(movie: &Path) -> PathBuf {
    movie.with_extension("g711")
}

/// A file name: readable, and different for different descriptions.
fn key(spec: &ClipSpec) -> String {
    let digest = Md5::digest(format!("{ENCODER_VERSION} {spec:?}"));
    let name: String =
        spec.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    format!("{name}-{}x{}-{}", spec.width, spec.height, hex::encode(&digest[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_descriptions_have_different_files() {
        let clips = Clips::ensure("/clips");
        let spec = ClipSpec::default();
        assert_eq!(clips.path(&spec), clips.path(&spec.clone()));
        assert_ne!(clips.path(&spec), clips.path(&ClipSpec { bitrate_kbps: 501, ..spec }));
    }
}
