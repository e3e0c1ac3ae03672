//! It tells who calls, and refuses nobody: the functions answer 401 and 403 in the API's own form, which API
//! Gateway could not. Without a caller in the context they give nothing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use surtidor::edge::{KEY_ID_CONTEXT, STATION_CONTEXT, UNAVAILABLE_CONTEXT};
use surtidor::store::{CallerKey, Store, StoreError, hash_of_key};
use tokio::sync::Mutex;

/// For how long a key is taken as it was read: so long may a revoked one still open.
const FRESH: Duration = Duration::from_mins(1);
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
    known: Mutex<HashMap<String, (Instant, CallerKey)>>,
}

impl Keys {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, known: Mutex::new(HashMap::new()) }
    }

    async fn owner(&self, key: &str) -> Result<Option<CallerKey>, StoreError> {
        let hash = hash_of_key(key);
        if let Some((read_at, owner)) = self.known.lock().await.get(&hash)
            && read_at.elapsed() < FRESH
        {
            return Ok(Some(owner.clone()));
        }
        let owner = self.store.key(&hash).await?;
        let mut known = self.known.lock().await;
        match &owner {
            Some(owner) => {
                if known.len() >= MOST {
                    known.clear();
                }
                known.insert(hash, (Instant::now(), owner.clone()));
            }
            None => {
                known.remove(&hash);
            }
        }
        Ok(owner)
    }
}

pub(crate) async fn handle(keys: &Keys, event: Event) -> Result<Decision, Error> {
    let owner = match bearer(&event) {
        Some(key) => keys.owner(key).await,
        None => Ok(None),
    };
    let context = match owner {
        Ok(Some(owner)) => {
            HashMap::from([(STATION_CONTEXT, owner.station.to_string()), (KEY_ID_CONTEXT, owner.key_id)])
        }
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
}
