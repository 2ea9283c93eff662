use eyrie_types::WallTime;

use super::cells::{Cells, cells};
use super::cql::Cql;
use crate::store::signing_keys::SIGNING_KEYS_MAX;
use crate::store::{SigningKeyRow, StoreError};

const KEY: &str = "signing key";

impl Cql {
    pub(in crate::store) async fn create_signing_key(&self, key: SigningKeyRow) -> Result<(), StoreError> {
        let count = self.count("SELECT count(*) FROM signing_keys WHERE one = ?", cells![1i64]).await?;
        if count >= u64::from(SIGNING_KEYS_MAX) {
            return Err(StoreError::TooMany { what: "signing keys", max: SIGNING_KEYS_MAX as usize });
        }
        let text = "INSERT INTO signing_keys (one, kid, signs_from_us, signs_until_us, verifies_until_us, sealed)
                    VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS";
        let SigningKeyRow { kid, signs_from, signs_until, verifies_until, sealed } = &key;
        let made = self.run_if(text, cells![1i64, kid, signs_from, signs_until, verifies_until, sealed]).await?;
        if made { Ok(()) } else { Err(StoreError::AlreadyExists(KEY)) }
    }

    pub(in crate::store) async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>, StoreError> {
        let text =
            "SELECT kid, signs_from_us, signs_until_us, verifies_until_us, sealed FROM signing_keys WHERE one = ?";
        let mut keys = self.all(KEY, text, cells![1i64], read).await?;
        keys.sort_by(|a, b| b.signs_from.cmp(&a.signs_from).then_with(|| a.kid.cmp(&b.kid)));
        Ok(keys)
    }

    pub(in crate::store) async fn purge_signing_keys(&self, now: WallTime) -> Result<usize, StoreError> {
        let mut gone = 0;
        for key in self.signing_keys().await?.iter().filter(|key| key.verifies_until <= now) {
            let text = "DELETE FROM signing_keys WHERE one = ? AND kid = ? IF EXISTS";
            gone += usize::from(self.run_if(text, cells![1i64, key.kid]).await?);
        }
        Ok(gone)
    }
}

fn read(mut row: Cells) -> Result<SigningKeyRow, StoreError> {
    Ok(SigningKeyRow {
        kid: row.get(0)?,
        signs_from: row.get(1)?,
        signs_until: row.get(2)?,
        verifies_until: row.get(3)?,
        sealed: row.get(4)?,
    })
}
