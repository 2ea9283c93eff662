use std::fmt;
use std::str::FromStr;

use crate::hls::request::decimal;

/// Longer file names than any of ours are not looked at.
const NAME_BYTES_MAX: usize = 64;

/// A file of media below the name of a recorded file. It owns the names: what `FromStr` reads is what `Display` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VodFile {
    /// `init.mp4`: what decodes the others.
    Init,
    /// `<first>-<last>.m4s`: fragments, both ends included.
    Fragments {
        /// The number of the first.
        first: u32,
        /// The number of the last; not before the first.
        last: u32,
    },
    /// `<number>.key.m4s`: the keyframe of a fragment, as a fragment of its own.
    Keyframe {
        /// The number of the fragment.
        number: u32,
    },
}

/// The name is none that a playlist gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no recorded file has this name")]
pub struct UnknownVodFile;

impl fmt::Display for VodFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init => f.write_str("init.mp4"),
            Self::Fragments { first, last } => write!(f, "{first}-{last}.m4s"),
            Self::Keyframe { number } => write!(f, "{number}.key.m4s"),
        }
    }
}

impl FromStr for VodFile {
    type Err = UnknownVodFile;

    fn from_str(name: &str) -> Result<Self, UnknownVodFile> {
        read(name).ok_or(UnknownVodFile)
    }
}

fn read(name: &str) -> Option<VodFile> {
    let number = |text: &str| decimal(text).and_then(|number| u32::try_from(number).ok());
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    if name == "init.mp4" {
        return Some(VodFile::Init);
    }
    let stem = name.strip_suffix(".m4s")?;
    if let Some(stem) = stem.strip_suffix(".key") {
        return number(stem).map(|number| VodFile::Keyframe { number });
    }
    let (first, last) = stem.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(VodFile::Fragments { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_have_one_spelling() {
        for file in [
            VodFile::Init,
            VodFile::Fragments { first: 0, last: 0 },
            VodFile::Fragments { first: 12, last: u32::MAX },
            VodFile::Keyframe { number: 7 },
        ] {
            assert_eq!(file.to_string().parse(), Ok(file));
        }
        for name in
            ["", "init.mp4 ", "01-2.m4s", "2-1.m4s", "-.m4s", "1.m4s", "4294967296.key.m4s", "1-2-3.m4s", ".key.m4s"]
        {
            assert_eq!(name.parse::<VodFile>(), Err(UnknownVodFile), "{name}");
        }
    }
}
