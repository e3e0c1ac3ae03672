//! `/merchant_orders`: every scan makes one, and the payments of a scan are in it.

use serde::Deserialize;
use time::OffsetDateTime;

use super::wire::{self, Text};
use crate::id::PaymentId;
use crate::payment::{Channel, PaymentFact, PaymentStatus};

/// A merchant order (API reference, "Merchant orders"). It tells enough of its payments to settle a sale, so that
/// they need not be fetched one by one: only refunds come as a sum, and the means of payment not at all.
///
/// `order_status: paid` is not read: it counts payments that are charged back or disputed as well.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MerchantOrder {
    external_reference: Text,
    #[serde(deserialize_with = "wire::optional")]
    collector: Option<Collector>,
    last_updated: Text,
    #[serde(deserialize_with = "wire::optional")]
    is_test: Option<bool>,
    #[serde(deserialize_with = "wire::list")]
    payments: Vec<PaymentOfOrder>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Collector {
    id: Text,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PaymentOfOrder {
    id: Text,
    transaction_amount: Text,
    currency_id: Text,
    status: Text,
    status_detail: Text,
    date_approved: Text,
    date_created: Text,
    last_modified: Text,
    amount_refunded: Text,
}

impl MerchantOrder {
    /// The facts of its payments, or the field without which there are none. An order without payments has none
    /// to tell: `opened` is no news.
    pub fn facts(self) -> Result<Vec<PaymentFact>, &'static str> {
        let collector = self.collector.and_then(|collector| collector.id.into_inner());
        let reference = self.external_reference.into_inner();
        let order_updated = self.last_updated.time();
        let live_mode = self.is_test.map(|test| !test);
        let fact = |payment: PaymentOfOrder| {
            let dates = [&payment.last_modified, &payment.date_approved, &payment.date_created];
            let updated_at = dates.into_iter().find_map(Text::time).or(order_updated);
            Ok(PaymentFact {
                id: payment.id.as_deref().and_then(|id| PaymentId::parse(id).ok()).ok_or("payments[].id")?,
                collector: collector.clone(),
                reference: reference.clone(),
                amount: payment.transaction_amount.money(&payment.currency_id),
                refunded: payment.amount_refunded.money(&payment.currency_id),
                approved_at: payment.date_approved.time(),
                updated_at: updated_at.unwrap_or(OffsetDateTime::UNIX_EPOCH),
                status: PaymentStatus(payment.status.into_inner().ok_or("payments[].status")?),
                status_detail: payment.status_detail.into_inner(),
                live_mode,
                method: None,
                channel: Channel::Qr,
                refunds: None,
            })
        };
        self.payments.into_iter().map(fact).collect()
    }
}
