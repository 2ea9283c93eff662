use std::fmt;
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use super::{KeyError, random};

/// Names a master key without telling anything of it, so that values say which one they are sealed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MasterKeyId(pub [u8; 8]);

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The key all others hang on: 32 random bytes, kept in a file of the node or given in the environment. It is never used itself;
/// each purpose has a key derived from it (HKDF-SHA256, RFC 5869).
#[derive(Clone)]
pub struct MasterKey {
    id: MasterKeyId,
    wrap: Zeroizing<[u8; 32]>,
    seal: Zeroizing<[u8; 32]>,
}

impl MasterKey {
    /// Derives the working keys of the master key `bytes`.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let derive = |purpose: &str| {
            let mut out = Zeroizing::new([0; 32]);
            // HKDF gives up to 255 · 32 bytes, and 32 are asked for: it cannot fail.
            Salt::new(HKDF_SHA256, b"eyrie master key v1")
                .extract(bytes)
                .expand(&[purpose.as_bytes()], Length32)
                .and_then(|okm| okm.fill(out.as_mut()))
                .expect("HKDF-SHA256 gives 32 bytes");
            out
        };
        let mut id = [0; 8];
        id.copy_from_slice(&derive("id")[..8]);
        Self { id: MasterKeyId(id), wrap: derive("wrap tenant keys"), seal: derive("seal small secrets") }
    }

    /// Reads a master key from text, as the environment gives it: 64 hexadecimal digits, white space around them ignored.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut()).map_err(|_| KeyError::NotAMasterKey)?;
        Ok(Self::from_bytes(&bytes))
    }

    /// Reads the master key's file, or makes it with fresh random bytes where there is none: 64 hexadecimal digits and a line
    /// end, mode 0600, durable before this returns. Nodes that share the file may come here at once: all get the key that is in it.
    ///
    /// # Errors
    /// When it cannot be read or made, is not a master key, or others than its owner may read or write it.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        match Self::create(path) {
            // Another was first.
            Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => Self::load(path),
            other => other,
        }
    }

    /// Reads the master key's file.
    ///
    /// # Errors
    /// As [`MasterKey::load_or_create`], and when there is no such file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let file = File::open(path).map_err(file_error("open", path))?;
        let mode = file.metadata().map_err(file_error("look at", path))?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Permissions { path: path.to_owned(), mode });
        }
        // A little more than a key has, so that a longer file is seen to be one.
        let mut text = Zeroizing::new(String::with_capacity(128));
        file.take(128).read_to_string(&mut text).map_err(file_error("read", path))?;
        Self::from_text(&text)
    }

    /// Makes the master key's file anew; used by `load_or_create` and for rotation.
    ///
    /// # Errors
    /// When it exists already or cannot be made.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        random::fill(bytes.as_mut())?;
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(file_error("make room for", path))?;
        let mut text = Zeroizing::new(vec![b'\n'; 65]);
        hex::encode_to_slice(bytes.as_ref(), &mut text[..64]).map_err(|_| KeyError::NotAMasterKey)?;
        // Written whole under another name first: a crash must not leave half a key behind. A name of its own, or of two who make
        // the key at once one would put the other's under the name, and go on with one that is in no file.
        let mut own = [0; 8];
        random::fill(&mut own)?;
        let part = path.with_extension(format!("{}.part", hex::encode(own)));
        let write = || {
            let mut file = File::options().write(true).create_new(true).mode(0o600).open(&part)?;
            file.write_all(&text)?;
            file.sync_all()?;
            // A link fails where the name is taken, so that no key is ever overwritten.
            std::fs::hard_link(&part, path)
        };
        let written = write();
        // Made or not: a key that is in no use is not to lie about.
        let removed = std::fs::remove_file(&part);
        written.and(removed).and_then(|()| File::open(directory)?.sync_all()).map_err(file_error("write", path))?;
        Ok(Self::from_bytes(&bytes))
    }

    /// Its name.
    pub fn id(&self) -> MasterKeyId {
        self.id
    }

    pub(super) fn wrapping_key(&self) -> &[u8; 32] {
        &self.wrap
    }

    pub(super) fn sealing_key(&self) -> &[u8; 32] {
        &self.seal
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

struct Length32;

impl KeyType for Length32 {
    fn len(&self) -> usize {
        32
    }
}

fn file_error(action: &'static str, path: &Path) -> impl Fn(io::Error) -> KeyError {
    move |source| KeyError::File { action, path: path.to_owned(), source: Arc::new(source) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_made_once_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys").join("master.key");
        let made = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(MasterKey::load_or_create(&path).unwrap().id(), made.id());
        assert!(matches!(MasterKey::create(&path), Err(KeyError::File { .. })), "a key is never overwritten");
        assert_eq!(MasterKey::load(&path).unwrap().id(), made.id());
    }

    #[test]
    fn those_who_make_it_at_once_all_get_the_key_that_is_in_the_file() {
        const AT_ONCE: usize = 8;
        for round in 0..20 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("master.key");
            let start = std::sync::Barrier::new(AT_ONCE);
            let ids: Vec<_> = std::thread::scope(|scope| {
                let make = || {
                    start.wait();
                    MasterKey::load_or_create(&path).map(|key| key.id())
                };
                let makers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(make)).collect();
                makers.into_iter().map(|maker| maker.join().unwrap().unwrap()).collect()
            });
            let kept = MasterKey::load(&path).unwrap().id();
            assert!(ids.iter().all(|id| *id == kept), "round {round}: {ids:?}, and the file holds {kept}");
            assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
        }
    }

    #[test]
    fn a_file_others_may_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        MasterKey::create(&path).unwrap();
        for mode in [0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(MasterKey::load_or_create(&path), Err(KeyError::Permissions { .. })), "{mode:o}");
        }
    }

    #[test]
    fn half_a_key_is_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        MasterKey::create(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for bad in ["", &text[..62], &format!("{}00", text.trim()), "not hexadecimal"] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(MasterKey::load_or_create(&path), Err(KeyError::NotAMasterKey)), "{} bytes", bad.len());
        }
    }

    #[test]
    fn shows_its_name_and_nothing_else() {
        let key = MasterKey::from_text(&"5a".repeat(32)).unwrap();
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.id()));
        assert!(!format!("{key:?}").contains("5a5a"));
    }
}
