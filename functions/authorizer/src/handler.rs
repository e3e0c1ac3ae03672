//! It tells who calls, and refuses nobody: the functions answer 401 and 403 in the API's own form, which API
//! Gateway could not. Without a caller in the context they give nothing.

use std::collections::HashMap;

use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use surtidor::clock::Clock;
use surtidor::edge::{KEY_ID_CONTEXT, ROLE_CONTEXT, STATIONS_CONTEXT, UNAVAILABLE_CONTEXT};
use surtidor::store::{CallerKey, Store, StoreError, hash_of_key};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// For how long a key is taken as it was read: so long may a revoked one still open.
const FRESH: Duration = Duration::minutes(1);
/// Keys that are kept in memory. When there are more, all are forgotten.
const MOST: usize = 1_000;
/// No key is longer.
const LONGEST: usize = 200;

/// The part of an authorizer event (payload format 2.0) that counts.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    #[serde(default)]
    headers: HashMap<String, String>,
}

/// The simple response, with what the functions learn as its context.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Decision {
    is_authorized: bool,
    context: HashMap<&'static str, String>,
}

pub(crate) struct Keys {
    store: Store,
    clock: Clock,
    known: Mutex<Known>,
}

impl Keys {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, known: Mutex::default() }
    }

    /// Whose a key is, if it is good now.
    async fn owner(&self, key: &str) -> Result<Option<CallerKey>, StoreError> {
        let (hash, now) = (hash_of_key(key), self.clock.now());
        let known = self.known.lock().await.get(&hash, now).cloned();
        match known {
            Some(owner) => Ok(Some(owner)),
            None => self.read(hash, now).await,
        }
    }

    async fn read(&self, hash: String, now: OffsetDateTime) -> Result<Option<CallerKey>, StoreError> {
        let owner = match self.store.key(&hash).await {
            Ok(owner) => owner,
            Err(StoreError::Item(error)) => {
                tracing::error!(
                    event = "key_unreadable",
                    error,
                    "A key is not what this version can read, and opens nothing"
                );
                None
            }
            Err(error) => return Err(error),
        };
        let owner = owner.filter(|owner| owner.is_good(now));
        self.known.lock().await.put(hash, owner.clone(), now);
        Ok(owner)
    }
}

/// Keys as they were last read, by their hashes.
#[derive(Default)]
struct Known(HashMap<String, (OffsetDateTime, CallerKey)>);

impl Known {
    /// A key that was read lately and has not ended meanwhile. The clock of the world counts, and not the process's own,
    /// which may stand still while the process is frozen between two calls; a clock that was set back makes nothing fresh.
    fn get(&self, hash: &str, now: OffsetDateTime) -> Option<&CallerKey> {
        let (read_at, owner) = self.0.get(hash)?;
        let age = now - *read_at;
        ((Duration::ZERO..FRESH).contains(&age) && owner.is_good(now)).then_some(owner)
    }

    /// Keeps a key that was read. That there is none is not kept, so that nobody fills the memory with keys that are none.
    fn put(&mut self, hash: String, owner: Option<CallerKey>, now: OffsetDateTime) {
        match owner {
            Some(owner) => {
                if self.0.len() >= MOST {
                    self.0.clear();
                }
                self.0.insert(hash, (now, owner));
            }
            None => {
                self.0.remove(&hash);
            }
        }
    }
}

pub(crate) async fn handle(keys: &Keys, event: Event) -> Result<Decision, Error> {
    let owner = match bearer(&event) {
        Some(key) => keys.owner(key).await,
        None => Ok(None),
    };
    let context = match owner {
        Ok(Some(owner)) => HashMap::from([
            (ROLE_CONTEXT, owner.role.to_string()),
            (STATIONS_CONTEXT, owner.scope.to_string()),
            (KEY_ID_CONTEXT, owner.key_id),
        ]),
        Ok(None) => HashMap::new(),
        Err(error) => {
            tracing::error!(event = "store_failed", %error, "The ledger did not answer");
            HashMap::from([(UNAVAILABLE_CONTEXT, "true".to_owned())])
        }
    };
    Ok(Decision { is_authorized: true, context })
}

/// The key of `Authorization: Bearer <key>`; the scheme's case does not count (RFC 9110, section 11.1).
fn bearer(event: &Event) -> Option<&str> {
    let header = event.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?.1;
    let (scheme, key) = header.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty() && key.len() <= LONGEST).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use surtidor::access::{Role, Scope};
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn key() -> CallerKey {
        CallerKey::new("k", Role::Auditor, Scope::All, "n", NOON, Some(NOON + Duration::HOUR)).unwrap()
    }

    #[test]
    fn only_a_bearer_key_is_a_key() {
        let of = |header: &str| {
            let event = Event { headers: HashMap::from([("authorization".to_owned(), header.to_owned())]) };
            bearer(&event).map(str::to_owned)
        };
        assert_eq!(of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("bearer  abc ").as_deref(), Some("abc"));
        for header in ["", "abc", "Basic abc", "Bearer", "Bearer ", &format!("Bearer {}", "x".repeat(201))] {
            assert_eq!(of(header), None, "{header}");
        }
    }

    #[test]
    fn a_key_is_read_again_after_a_minute_so_a_revoked_one_opens_no_longer() {
        let mut known = Known::default();
        assert_eq!(known.get("h", NOON), None);
        known.put("h".to_owned(), Some(key()), NOON);
        assert_eq!(known.get("h", NOON), Some(&key()));
        assert_eq!(known.get("h", NOON + FRESH - Duration::SECOND), Some(&key()));
        assert_eq!(known.get("h", NOON + FRESH), None);
        assert_eq!(known.get("h", NOON - Duration::SECOND), None, "the clock was set back");
        known.put("h".to_owned(), None, NOON + FRESH);
        assert!(known.0.is_empty(), "what was read last counts");
    }

    #[test]
    fn a_key_ends_on_time_also_from_memory() {
        let mut known = Known::default();
        let end = NOON + Duration::HOUR;
        known.put("h".to_owned(), Some(key()), end - Duration::SECOND);
        assert_eq!(known.get("h", end - Duration::NANOSECOND), Some(&key()));
        assert_eq!(known.get("h", end), None);
    }

    #[test]
    fn memory_has_a_bound() {
        let mut known = Known::default();
        for number in 0..=MOST {
            known.put(number.to_string(), Some(key()), NOON);
            assert!(known.0.len() <= MOST);
        }
        assert!(known.get(&MOST.to_string(), NOON).is_some(), "the newest is there");
    }
}
