//! Finds what must be looked at and puts a hint for it on the queue, which takes the one road. It never pays, cancels or
//! refunds by itself. A run is bounded; what it leaves is found by the next one, the longest waiting first.

use lambda_runtime::Error;
use surtidor::clock::Clock;
use surtidor::queue::{Hint, Queue, Resource};
use surtidor::store::{Store, Unresolved};
use time::OffsetDateTime;

/// Sales of one shard in one run.
const MOST: i32 = 50;

/// Seconds over which the hints of a run are spread, so that Mercado Pago is not asked everything at once.
const SPREAD: usize = 45;

/// One run.
pub async fn handle(store: &Store, queue: &Queue, clock: &Clock) -> Result<serde_json::Value, Error> {
    let now = clock.now();
    let (mut found, mut failed) = (0_usize, 0_usize);
    for shard in Store::shards() {
        let unresolved = match store.unresolved(shard, now, MOST).await {
            Ok(unresolved) => unresolved,
            Err(error) => {
                tracing::error!(event = "sweep_failed", shard, %error, "A shard could not be read");
                failed = failed.saturating_add(1);
                continue;
            }
        };
        for sale in unresolved {
            // The first few at once: somebody may wait for them.
            let delay = if found < 10 { 0 } else { i32::try_from(found % SPREAD).unwrap_or(0) };
            found = found.saturating_add(1);
            if let Err(error) = look(store, queue, &sale, delay, now).await {
                tracing::error!(event = "sweep_failed", sale = %sale.reference, %error, "A sale could not be queued");
                failed = failed.saturating_add(1);
            }
        }
    }
    tracing::info!(event = "swept", found, failed, "What is unresolved was put on the queue");
    Ok(serde_json::json!({"found": found, "failed": failed}))
}

/// The hint first, then the note that it was given: a death in between gives it twice, which does no harm.
async fn look(
    store: &Store,
    queue: &Queue,
    sale: &Unresolved,
    delay: i32,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let hint = Hint::new(sale.account.clone(), Resource::Sale(sale.reference.clone()), now);
    queue.send_after(&hint, delay).await?;
    store.looked_at(sale, now).await?;
    Ok(())
}
