//! Hints on SQS: "look at this resource", from wherever.

use aws_sdk_sqs::Client;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::{AccountId, ExternalReference, MerchantOrderId, PaymentId, ResourceId};

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// `/v1/payments/{id}`.
    Payment(PaymentId),
    /// `/merchant_orders/{id}`.
    MerchantOrder(MerchantOrderId),
    /// `/v1/orders/{id}`.
    Order(ResourceId),
    /// A legacy Point payment intent.
    PaymentIntent(ResourceId),
    /// `/v1/chargebacks/{id}`.
    Chargeback(ResourceId),
    /// The link between a seller and this application was made or cut; the seller's user id.
    Connection(ResourceId),
    /// Whatever Mercado Pago knows of one sale, and what of the sale waits to be carried out.
    Sale(ExternalReference),
    /// Every payment of the account that changed within a span of time, whoever told of it or not.
    Changes(Changes),
}

/// A span of time in the life of an account, and how many of its payments were looked at already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Changes {
    /// From when.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// Payments to pass over: those of earlier pages.
    #[serde(default)]
    pub offset: u32,
}

/// One message: a resource of an account, and since when somebody has wanted it looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Whose resource it is.
    pub account: AccountId,
    /// Which.
    pub resource: Resource,
    /// When the hint was made.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Whether it came by a notification whose signature verified.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
}

impl Hint {
    /// A hint made now.
    #[must_use]
    pub fn new(account: AccountId, resource: Resource, now: OffsetDateTime) -> Self {
        Self { account, resource, since: now, signed: false }
    }
}

/// The queue would not take or keep a message.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not answer: {0}")]
pub struct QueueError(String);

/// The hint queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue at a URL.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends a hint. It returns once the hint is durable. One SQS call.
    pub async fn send(&self, hint: &Hint) -> Result<(), QueueError> {
        self.send_after(hint, 0).await
    }

    /// Sends a hint that is to be worked off some seconds later, at most 900.
    pub async fn send_after(&self, hint: &Hint, seconds: i32) -> Result<(), QueueError> {
        let body = serde_json::to_string(hint).map_err(|error| QueueError(error.to_string()))?;
        let message = self.client.send_message().queue_url(&self.url).message_body(body);
        let sent = message.set_delay_seconds((seconds > 0).then_some(seconds)).send().await;
        sent.map(drop).map_err(|error| QueueError(crate::aws::explain(&error)))
    }

    /// Hides a received message for some more seconds, so that it is tried again after a pause.
    pub async fn retry_after(&self, receipt: &str, seconds: i32) -> Result<(), QueueError> {
        let change = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let changed = change.visibility_timeout(seconds).send().await;
        changed.map(drop).map_err(|error| QueueError(crate::aws::explain(&error)))
    }
}
