//! Keys of callers. Only their hashes are stored.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Store, StoreError, keyed, read};

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The software of one station.
    Station,
}

/// A key of our API, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerKey {
    /// A name for the key that is no secret.
    pub key_id: String,
    /// What it may be used for.
    pub role: Role,
    /// The station that it is for.
    pub station: crate::id::StationId,
    /// Whether it was taken back.
    #[serde(default)]
    pub revoked: bool,
}

/// What a key is stored under: its SHA-256, in hexadecimal. A key has 256 random bits, so a plain hash is enough.
#[must_use]
pub fn hash_of_key(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

impl Store {
    /// A key by its hash, unless it is unknown or revoked. One read.
    pub async fn key(&self, hash: &str) -> Result<Option<CallerKey>, StoreError> {
        let item = self.get(format!("key#{hash}"), "key").await?;
        let key: Option<CallerKey> = item.map(read).transpose()?;
        Ok(key.filter(|key| !key.revoked))
    }

    /// Writes a key.
    pub async fn put_key(&self, hash: &str, key: &CallerKey) -> Result<(), StoreError> {
        let item = keyed(format!("key#{hash}"), "key".to_owned(), key)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| StoreError::call(&error))
    }
}
