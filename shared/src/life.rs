//! Signs of life. A lookup must know in its one read that the station was heard of, so the sign is written into
//! each position; not on every call, but often enough that the silence which is allowed never seems to pass.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use time::OffsetDateTime;

use crate::access::Role;
use crate::edge::Caller;
use crate::id::StationId;
use crate::store::{Store, StoreError};

/// When this process must next write a sign of life of a station.
#[derive(Debug, Default)]
pub struct SignsOfLife {
    due: Mutex<HashMap<StationId, OffsetDateTime>>,
}

impl SignsOfLife {
    /// Notes that the station called. Only its own software says by a call that the station is alive: a person who looks
    /// from elsewhere proves nothing. A failure is told and no more: the call itself is what counts.
    pub async fn sign(&self, store: &Store, caller: &Caller, station: &StationId, now: OffsetDateTime) {
        if caller.role != Role::Station {
            return;
        }
        let due = self.due.lock().unwrap_or_else(PoisonError::into_inner).get(station).copied();
        if due.is_some_and(|due| now < due) {
            return;
        }
        match spread(store, station, now).await {
            Ok(next) => {
                self.due.lock().unwrap_or_else(PoisonError::into_inner).insert(station.clone(), next);
            }
            Err(error) => {
                tracing::warn!(event = "sign_of_life_failed", %station, %error, "A sign of life was not written");
            }
        }
    }
}

async fn spread(
    store: &Store,
    station: &StationId,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, StoreError> {
    let Some(known) = store.station(station).await? else { return Ok(now) };
    let next = now.saturating_add(known.pause_between_signs());
    if store.claim_sign_of_life(station, now, next).await? {
        let touches = known.positions.iter().map(|position| store.touch(station, position, now));
        for touched in join_all(touches).await {
            touched?;
        }
    }
    Ok(next)
}
