//! Changing a sale: the one loop that every writer takes.

use time::OffsetDateTime;

use crate::sale::Sale;
use crate::store::{SaveError, Store, StoreError};
use crate::telemetry;

/// Changes a sale and writes it if it changed, again on what stands if somebody else was faster; so `change` sees what is
/// true when it is written, and may refuse it. Gives the sale as it stands, and what the last change gave.
pub async fn change<T, E: From<StoreError>>(
    store: &Store,
    mut standing: Sale,
    now: OffsetDateTime,
    change: impl Fn(&mut Sale) -> Result<T, E>,
) -> Result<(Sale, T), E> {
    loop {
        let mut sale = standing.clone();
        let given = change(&mut sale)?;
        if sale == standing {
            return Ok((sale, given));
        }
        match store.save(&mut sale, now).await {
            Ok(()) => {
                telemetry::tell_of_review(&standing, &sale);
                telemetry::tell_of_chargebacks(&standing, &sale);
                return Ok((sale, given));
            }
            Err(SaveError::Conflict(other)) => standing = *other,
            Err(SaveError::Store(error)) => return Err(error.into()),
        }
    }
}
