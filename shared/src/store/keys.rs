//! Keys of callers. Only their hashes are stored, each key in two items that are written together: one under its hash,
//! which is what a call is checked with in one read, and one in the list of all keys, by its name.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{Item, Store, StoreError, keyed, read, s, sortable};
use crate::access::{Role, Scope};
use crate::id::StationId;

/// A key of our API, as it is stored: everything but the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct CallerKey {
    /// A name for the key that is no secret, unique among all keys: what is done with it is noted under this name.
    pub key_id: String,
    /// What it may be used for.
    pub role: Role,
    /// The stations that it is for.
    pub scope: Scope,
    /// What people call its holder.
    pub name: String,
    /// When it was made. Not known of one that a person wrote into the table.
    pub created_at: Option<OffsetDateTime>,
    /// When it ends by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was taken back.
    pub revoked_at: Option<OffsetDateTime>,
}

/// Why a key cannot be: the rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidKey(pub &'static str);

/// A key that is for more stations is for all of them.
const MOST_STATIONS: usize = 100;

impl CallerKey {
    /// A new key.
    pub fn new(
        key_id: &str,
        role: Role,
        scope: Scope,
        name: &str,
        now: OffsetDateTime,
        expires_at: Option<OffsetDateTime>,
    ) -> Result<Self, InvalidKey> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if !(1..=64).contains(&key_id.len()) || !key_id.bytes().all(plain) {
            return Err(InvalidKey("key_id must be 1 to 64 letters, digits, dots, hyphens or underscores"));
        }
        if name.trim().is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            return Err(InvalidKey("name must have 1 to 64 printable characters"));
        }
        if expires_at.is_some_and(|end| end <= now) {
            return Err(InvalidKey("expires_at must be in the future"));
        }
        check_scope(role, &scope)?;
        let (key_id, name) = (key_id.to_owned(), name.to_owned());
        Ok(Self { key_id, role, scope, name, created_at: Some(now), expires_at, revoked_at: None })
    }

    /// Whether it opens anything now.
    #[must_use]
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

fn check_scope(role: Role, scope: &Scope) -> Result<(), InvalidKey> {
    match (role, scope) {
        (Role::Station, Scope::Stations(stations)) if stations.len() == 1 => Ok(()),
        (Role::Station, _) => Err(InvalidKey("a key of the role station is for exactly one station")),
        (_, Scope::Stations(stations)) if stations.is_empty() => Err(InvalidKey("a key is for some station")),
        (_, Scope::Stations(stations)) if stations.len() > MOST_STATIONS => {
            Err(InvalidKey("a key is for at most 100 stations, or for all"))
        }
        _ => Ok(()),
    }
}

/// The attributes of a key. `station` and `revoked` are how they were written by hand when a key was for one station only.
#[derive(Serialize, Deserialize)]
struct Stored {
    key_id: String,
    role: Role,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stations: Vec<StationId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    all: bool,
    #[serde(default, skip_serializing)]
    station: Option<StationId>,
    #[serde(default)]
    name: Option<String>,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    created_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    revoked_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing)]
    revoked: bool,
}

impl TryFrom<Stored> for CallerKey {
    type Error = InvalidKey;

    fn try_from(stored: Stored) -> Result<Self, InvalidKey> {
        let scope = match (stored.all, stored.stations, stored.station) {
            (true, stations, None) if stations.is_empty() => Scope::All,
            (false, stations, None) => Scope::Stations(stations),
            (false, stations, Some(station)) if stations.is_empty() => Scope::Stations(vec![station]),
            _ => return Err(InvalidKey("it says in two ways for which stations it is")),
        };
        check_scope(stored.role, &scope)?;
        // When it was taken back, nobody wrote down.
        let revoked_long_ago = stored.revoked.then_some(OffsetDateTime::UNIX_EPOCH);
        Ok(Self {
            name: stored.name.unwrap_or_else(|| stored.key_id.clone()),
            key_id: stored.key_id,
            role: stored.role,
            scope,
            created_at: stored.created_at,
            expires_at: stored.expires_at,
            revoked_at: stored.revoked_at.or(revoked_long_ago),
        })
    }
}

impl From<CallerKey> for Stored {
    fn from(key: CallerKey) -> Self {
        let (all, stations) = match key.scope {
            Scope::All => (true, Vec::new()),
            Scope::Stations(stations) => (false, stations),
        };
        Self {
            key_id: key.key_id,
            role: key.role,
            stations,
            all,
            station: None,
            name: Some(key.name),
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            revoked: false,
        }
    }
}

/// The system has no random numbers to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandomness;

/// A new key: 256 random bits, of the source that TLS draws its keys from.
pub fn new_key() -> Result<SecretString, NoRandomness> {
    let mut bits = [0; 32];
    let source = rustls::crypto::ring::default_provider().secure_random;
    source.fill(&mut bits).map_err(|_| NoRandomness)?;
    Ok(SecretString::from(format!("sk_{}", hex::encode(bits))))
}

/// What a key is stored under: its SHA-256, in hexadecimal. A key has 256 random bits, so a plain hash is enough.
#[must_use]
pub fn hash_of_key(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// What came of making a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there.
    New,
    /// It was there before, under this name; nothing was changed.
    Known(CallerKey),
    /// The name is another key's, or the key has another name.
    Taken,
}

/// What came of revoking a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked from now on.
    Now,
    /// It was revoked before, at this time.
    Before(OffsetDateTime),
    /// No key has this name.
    Unknown,
}

/// All keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyList {
    /// Those that can be read, newest first.
    pub keys: Vec<CallerKey>,
    /// Names of those that cannot, such as one of a role that this version does not know. They open nothing.
    pub unreadable: Vec<String>,
}

/// Sort key of a key, and partition of the list of all.
const KEY: &str = "key";
const KEYS: &str = "keys";
/// Attribute of the list's items that leads to the key.
const HASH: &str = "hash";

fn partition(hash: &str) -> String {
    format!("key#{hash}")
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

impl Store {
    /// A key by its hash, also one that is revoked or has ended. One read.
    pub async fn key(&self, hash: &str) -> Result<Option<CallerKey>, StoreError> {
        let Some(item) = self.get(partition(hash), KEY).await? else { return Ok(None) };
        let name = text(&item, "key_id").unwrap_or_default();
        read(item).map(Some).map_err(|error| match error {
            StoreError::Item(why) => StoreError::Item(format!("the key {name}: {why}")),
            StoreError::Unavailable(why) => StoreError::Unavailable(why),
        })
    }

    /// Makes a key: both of its items or none. The same again changes nothing, so that it may be repeated. One write, and
    /// one read where something is there already.
    pub async fn create_key(&self, key: &SecretString, owner: &CallerKey) -> Result<Created, StoreError> {
        let hash = hash_of_key(key.expose_secret());
        let item = keyed(partition(&hash), KEY.to_owned(), owner)?;
        let mut listed = keyed(KEYS.to_owned(), owner.key_id.clone(), owner)?;
        listed.insert(HASH.to_owned(), s(hash.clone()));
        let put = |item: Item| {
            let put = Put::builder().table_name(&self.table).set_item(Some(item));
            let put = put.condition_expression("attribute_not_exists(pk)").build();
            put.map(|put| TransactWriteItem::builder().put(put).build())
        };
        let puts = [put(item), put(listed)].into_iter().collect::<Result<Vec<_>, _>>();
        let puts = puts.map_err(|error| StoreError::Item(error.to_string()))?;
        match self.client.transact_write_items().set_transact_items(Some(puts)).send().await {
            Ok(_) => Ok(Created::New),
            Err(error) if condition_failed(&error) => {
                let known = self.key(&hash).await?.filter(|known| known.key_id == owner.key_id);
                Ok(known.map_or(Created::Taken, Created::Known))
            }
            Err(error) => Err(StoreError::call(&error)),
        }
    }

    /// Takes a key back, in both of its items. Again changes nothing: the first time stands. Two reads and one write.
    pub async fn revoke_key(&self, key_id: &str, now: OffsetDateTime) -> Result<Revoked, StoreError> {
        let listed = self.get(KEYS.to_owned(), key_id).await?;
        let Some(hash) = listed.as_ref().and_then(|listed| text(listed, HASH)) else {
            return Ok(Revoked::Unknown);
        };
        let now = sortable(now);
        let update = |pk: String, sk: &str| {
            let update = Update::builder().table_name(&self.table).key("pk", s(pk)).key("sk", s(sk));
            let update = update
                .condition_expression("attribute_exists(pk)")
                .update_expression("SET revoked_at = if_not_exists(revoked_at, :now)")
                .expression_attribute_values(":now", s(&now))
                .build();
            update.map(|update| TransactWriteItem::builder().update(update).build())
        };
        // Both are always written: whatever a person did to one of them, the key is closed after this.
        let updates = [update(partition(&hash), KEY), update(KEYS.to_owned(), key_id)];
        let updates = updates.into_iter().collect::<Result<Vec<_>, _>>();
        let updates = updates.map_err(|error| StoreError::Item(error.to_string()))?;
        let written = self.client.transact_write_items().set_transact_items(Some(updates)).send().await;
        written.map_err(|error| StoreError::call(&error))?;
        let key = self.key(&hash).await?;
        match key.and_then(|key| key.revoked_at) {
            Some(first) if sortable(first) != now => Ok(Revoked::Before(first)),
            _ => Ok(Revoked::Now),
        }
    }

    /// Every key, but those that a person wrote into the table without a place in the list. One read for each megabyte.
    pub async fn keys(&self) -> Result<KeyList, StoreError> {
        let mut list = KeyList::default();
        let mut start = None;
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", s(KEYS))
                .set_exclusive_start_key(start);
            let page = query.send().await.map_err(|error| StoreError::call(&error))?;
            for item in page.items.unwrap_or_default() {
                let name = text(&item, "sk").unwrap_or_default();
                match read(item) {
                    Ok(key) => list.keys.push(key),
                    Err(_) => list.unreadable.push(name),
                }
            }
            match page.last_evaluated_key {
                Some(next) => start = Some(next),
                None => break,
            }
        }
        list.keys.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.key_id.cmp(&b.key_id)));
        Ok(list)
    }
}

fn condition_failed<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return false;
    };
    let mut reasons = cancelled.cancellation_reasons().iter();
    reasons.any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn id(text: &str) -> StationId {
        StationId::parse(text).unwrap()
    }

    fn one() -> Scope {
        Scope::Stations(vec![id("6232")])
    }

    #[test]
    fn new_keys_are_long_and_never_the_same_and_do_not_show_themselves() {
        let (a, b) = (new_key().unwrap(), new_key().unwrap());
        assert_ne!(a.expose_secret(), b.expose_secret());
        let digits = a.expose_secret().strip_prefix("sk_").unwrap();
        assert!(digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        assert!(!format!("{a:?}").contains(digits));
    }

    #[test]
    fn a_key_is_stored_and_read_as_it_is() {
        for (role, scope, end, stored) in [
            (Role::Station, one(), None, json!({"role": "station", "stations": ["6232"]})),
            (Role::Auditor, Scope::All, None, json!({"role": "auditor", "all": true})),
            (
                Role::Treasury,
                Scope::Stations(vec![id("6232"), id("6233")]),
                Some(NOON + time::Duration::DAY),
                json!({"role": "treasury", "stations": ["6232", "6233"], "expires_at": "2026-11-23T12:00:00Z"}),
            ),
        ] {
            let key = CallerKey::new("k", role, scope, "Caja", NOON, end).unwrap();
            let mut expected = json!({"key_id": "k", "name": "Caja", "created_at": "2026-11-22T12:00:00Z"});
            expected.as_object_mut().unwrap().extend(stored.as_object().unwrap().clone());
            let written = serde_json::to_value(&key).unwrap();
            assert_eq!(written, expected);
            assert_eq!(serde_json::from_value::<CallerKey>(written).unwrap(), key);
        }
    }

    #[test]
    fn a_key_of_one_station_that_was_written_by_hand_is_read() {
        let read = |value: Value| serde_json::from_value::<CallerKey>(value).unwrap();
        let key = read(json!({"key_id": "6232-1", "role": "station", "station": "6232", "revoked": false}));
        assert_eq!((key.role, &key.scope, key.name.as_str()), (Role::Station, &one(), "6232-1"));
        assert!(key.is_good(NOON));
        let revoked = read(json!({"key_id": "k", "role": "station", "station": "6232", "revoked": true}));
        assert!(!revoked.is_good(NOON));
    }

    #[test]
    fn what_is_no_key_is_not_read() {
        for (what, change) in [
            ("an unknown role", json!({"role": "boss"})),
            ("no role", json!({"role": null})),
            ("a station's software for several", json!({"stations": ["6232", "6233"]})),
            ("a station's software for all", json!({"stations": [], "all": true})),
            ("an attendant of nowhere", json!({"role": "attendant", "stations": []})),
            ("all and some", json!({"role": "attendant", "all": true})),
            ("one and several", json!({"role": "attendant", "station": "6233"})),
            ("a station that is none", json!({"stations": ["a b"]})),
            ("an end that is no time", json!({"expires_at": "tomorrow"})),
            ("a revocation that is no time", json!({"revoked_at": "yesterday"})),
        ] {
            let mut stored = json!({"key_id": "k", "role": "station", "stations": ["6232"]});
            stored.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert!(serde_json::from_value::<CallerKey>(stored).is_err(), "{what}");
        }
    }

    #[test]
    fn a_key_that_breaks_a_rule_is_not_made() {
        let make = |key_id: &str, role, scope, name: &str, end| {
            CallerKey::new(key_id, role, scope, name, NOON, end).map_err(|error| error.0)
        };
        assert!(make("a-1", Role::Attendant, one(), "Caja 2, noche", None).is_ok());
        for key_id in ["", "a b", "ñ", &"x".repeat(65)] {
            assert!(make(key_id, Role::Attendant, one(), "n", None).unwrap_err().starts_with("key_id"));
        }
        for name in ["", " ", "a\nb", &"x".repeat(65)] {
            assert!(make("k", Role::Attendant, one(), name, None).unwrap_err().starts_with("name"));
        }
        assert!(make("k", Role::Station, Scope::All, "n", None).is_err());
        assert!(make("k", Role::Attendant, Scope::Stations(Vec::new()), "n", None).is_err());
        assert!(make("k", Role::Attendant, Scope::Stations(vec![id("1"); 101]), "n", None).is_err());
        assert!(make("k", Role::Attendant, one(), "n", Some(NOON)).unwrap_err().starts_with("expires_at"));
    }

    #[test]
    fn a_key_ends_on_time() {
        let end = NOON + time::Duration::HOUR;
        let key = CallerKey::new("k", Role::Auditor, Scope::All, "n", NOON, Some(end)).unwrap();
        assert!(key.is_good(NOON) && key.is_good(end - time::Duration::NANOSECOND));
        assert!(!key.is_good(end));
    }
}
