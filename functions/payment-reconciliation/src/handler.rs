//! A batch of hints. Each resource is fetched once; a message fails alone, and is tried again after a pause that
//! grows with its tries, until the queue gives it to the dead letters.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
use lambda_runtime::Error;
use serde::Deserialize;
use surtidor::clock::Clock;
use surtidor::id::AccountId;
use surtidor::queue::{Hint, Queue, Resource};
use surtidor::reconcile::{ReconcileError, Reconciler};
use time::{Duration, OffsetDateTime};

/// What invokes the function.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Hints from the queue.
    Hints(SqsEvent),
    /// A schedule: time to look back at everything that changed.
    LookBack {
        /// Over how long, in minutes.
        look_back_minutes: u32,
    },
}

/// Answers whatever invokes the function.
pub async fn handle(
    reconciler: &Reconciler,
    queue: &Queue,
    clock: &Clock,
    event: Event,
) -> Result<SqsBatchResponse, Error> {
    match event {
        Event::Hints(batch) => Ok(work_off(reconciler, queue, clock, batch).await),
        Event::LookBack { look_back_minutes } => {
            reconciler.begin_look_back(Duration::minutes(look_back_minutes.into()), clock.now()).await?;
            Ok(SqsBatchResponse::default())
        }
    }
}

/// Works off one batch. What failed is named in the answer and comes again.
async fn work_off(
    reconciler: &Reconciler,
    queue: &Queue,
    clock: &Clock,
    event: SqsEvent,
) -> SqsBatchResponse {
    let mut groups: BTreeMap<(AccountId, Resource), Vec<(&SqsMessage, Hint)>> = BTreeMap::new();
    let mut failed = Vec::new();
    for message in &event.records {
        match serde_json::from_str::<Hint>(message.body.as_deref().unwrap_or_default()) {
            Ok(hint) => {
                groups
                    .entry((hint.account.clone(), hint.resource.clone()))
                    .or_default()
                    .push((message, hint));
            }
            Err(error) => {
                // It will never be readable, but nothing is thrown away: the dead letters keep it for a person.
                tracing::error!(
                    event = "hint_unreadable",
                    line = error.line(),
                    column = error.column(),
                    "A message is no hint"
                );
                failed.push(message);
            }
        }
    }
    // Waiting for Mercado Pago is most of the work, so all wait at once.
    let worked = join_all(groups.values().map(|same| look_at(reconciler, clock.now(), same))).await;
    failed.extend(worked.into_iter().flatten());
    join_all(failed.iter().map(|message| pause(queue, message))).await;
    let mut response = SqsBatchResponse::default();
    for message in failed {
        response.add_failure(message.message_id.clone().unwrap_or_default());
    }
    response
}

/// Looks at one resource, for all hints that name it. Gives the messages to try again.
async fn look_at<'a>(
    reconciler: &Reconciler,
    now: OffsetDateTime,
    same: &[(&'a SqsMessage, Hint)],
) -> Vec<&'a SqsMessage> {
    // A signed one says the most.
    let signed = same.iter().find(|(_, hint)| hint.signed);
    let Some((_, hint)) = signed.or(same.first()) else { return Vec::new() };
    match reconciler.reconcile(hint, now).await {
        Ok(()) => Vec::new(),
        Err(error) => {
            let oldest = same.iter().map(|(_, hint)| hint.since).min().unwrap_or(now);
            if is_hopeless(&error, now - oldest) {
                tracing::warn!(event = "hint_dropped", resource = ?hint.resource, %error, "Mercado Pago does not know it");
                return Vec::new();
            }
            tracing::warn!(event = "hint_failed", resource = ?hint.resource, %error, "It will be tried again");
            same.iter().map(|(message, _)| *message).collect()
        }
    }
}

/// A resource may not be readable at once after its notification. One that Mercado Pago still does not know after
/// minutes is the test button of its panel (`id=123456`), or another account's.
fn is_hopeless(error: &ReconcileError, age: Duration) -> bool {
    matches!(error, ReconcileError::Api(error) if error.is_not_found()) && age > Duration::minutes(5)
}

/// Seconds before a message is tried again: 2, 8, 32, 128, then as long as the queue's own timeout.
fn pause_seconds(tries: u32) -> i32 {
    let longest = 180;
    2_i32.checked_mul(4_i32.saturating_pow(tries.saturating_sub(1))).unwrap_or(longest).min(longest)
}

async fn pause(queue: &Queue, message: &SqsMessage) {
    let tries =
        message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
    let Some(receipt) = &message.receipt_handle else { return };
    if let Err(error) = queue.retry_after(receipt, pause_seconds(tries)).await {
        // It comes back all the same, after the queue's own timeout.
        tracing::warn!(event = "pause_failed", %error, "The pause before the next try could not be set");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<_> = (1..=6).map(pause_seconds).collect();
        assert_eq!(pauses, [2, 8, 32, 128, 180, 180]);
        assert_eq!(pause_seconds(u32::MAX), 180);
    }
}
