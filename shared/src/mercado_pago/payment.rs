//! `/v1/payments`: payments and their refunds. Payer and card are not read.

use serde::Deserialize;
use time::OffsetDateTime;

use super::wire::{self, Text};
use crate::id::PaymentId;
use crate::money::{Currency, Money};
use crate::payment::{Channel, PaymentFact, PaymentStatus, RefundFact};

/// A payment (API reference, "Payments").
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payment {
    id: Text,
    status: Text,
    status_detail: Text,
    currency_id: Text,
    transaction_amount: Text,
    transaction_amount_refunded: Text,
    collector_id: Text,
    external_reference: Text,
    date_created: Text,
    date_approved: Text,
    date_last_updated: Text,
    #[serde(deserialize_with = "wire::optional")]
    live_mode: Option<bool>,
    #[serde(rename = "payment_method_id")]
    method: Text,
    #[serde(deserialize_with = "wire::optional")]
    point_of_interaction: Option<PointOfInteraction>,
    #[serde(deserialize_with = "wire::optional")]
    refunds: Option<Vec<RefundBody>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PointOfInteraction {
    #[serde(rename = "type")]
    kind: Text,
}

/// An answer of `/v1/payments/search`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PaymentSearch {
    /// The payments of this page.
    #[serde(deserialize_with = "wire::list")]
    pub results: Vec<Payment>,
    #[serde(deserialize_with = "wire::optional")]
    paging: Option<Paging>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Paging {
    total: Text,
}

impl PaymentSearch {
    /// How many payments there are on all pages, if it is told.
    #[must_use]
    pub fn total(&self) -> Option<u32> {
        self.paging.as_ref()?.total.as_deref()?.parse().ok()
    }
}

/// A refund (API reference, "Refunds").
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RefundBody {
    id: Text,
    amount: Text,
    status: Text,
    date_created: Text,
}

impl Payment {
    /// The facts, or the field without which there are none.
    pub fn fact(self) -> Result<PaymentFact, &'static str> {
        let id = self.id.as_deref().and_then(|id| PaymentId::parse(id).ok()).ok_or("id")?;
        let status = PaymentStatus(self.status.into_inner().ok_or("status")?);
        let dates = [&self.date_last_updated, &self.date_approved, &self.date_created];
        let updated_at = dates.into_iter().find_map(Text::time).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let point = self.point_of_interaction.and_then(|poi| poi.kind.into_inner());
        let refunds = self
            .refunds
            .map(|refunds| refunds.into_iter().filter_map(|refund| refund.fact(&self.currency_id)).collect());
        Ok(PaymentFact {
            id,
            collector: self.collector_id.into_inner(),
            reference: self.external_reference.into_inner(),
            amount: self.transaction_amount.money(&self.currency_id),
            refunded: self.transaction_amount_refunded.money(&self.currency_id),
            status,
            status_detail: self.status_detail.into_inner(),
            approved_at: self.date_approved.time(),
            updated_at,
            live_mode: self.live_mode,
            method: self.method.into_inner(),
            channel: if point.as_deref() == Some("POINT") { Channel::Point } else { Channel::Qr },
            refunds,
        })
    }
}

impl RefundBody {
    /// The facts of a refund of a payment in a currency; `None` when it has no id or amount.
    pub(super) fn fact(self, currency: &Text) -> Option<RefundFact> {
        self.fact_in(Currency::parse(currency.as_deref()?).ok()?, None)
    }

    /// The facts of a refund where the payment's currency is known. Without an amount it is `asked`, what was asked for.
    #[must_use]
    pub fn fact_in(self, currency: Currency, asked: Option<Money>) -> Option<RefundFact> {
        let told = self.amount.as_deref().map(|text| Money::from_wire(text, currency));
        let amount = match told {
            Some(told) => told.ok()?,
            None => asked?,
        };
        Some(RefundFact {
            amount,
            created_at: self.date_created.time(),
            // A refund without a word about its state is one to ask about again.
            status: self.status.into_inner().unwrap_or_else(|| "in_process".to_owned()),
            id: self.id.into_inner()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(body: &str) -> Result<PaymentFact, &'static str> {
        serde_json::from_str::<Payment>(body).unwrap().fact()
    }

    #[test]
    fn numbers_and_strings_are_the_same_and_no_cent_is_lost() {
        for amount in ["19.99", "\"19.99\"", "19.990"] {
            let body = format!(
                r#"{{"id":"420101010101","status":"approved","currency_id":"ARS","transaction_amount":{amount},"collector_id":178106235}}"#
            );
            let fact = fact(&body).unwrap();
            assert_eq!(fact.amount.unwrap().minor(), 1999);
            assert_eq!((fact.id.as_str(), fact.collector.as_deref()), ("420101010101", Some("178106235")));
        }
    }

    #[test]
    fn odd_types_are_absent_and_do_not_break_the_rest() {
        let body = r#"{"id":1,"status":"approved","currency_id":null,"transaction_amount":{"x":1},"collector_id":[],"refunds":{},"live_mode":"yes","point_of_interaction":"none","date_approved":"yesterday","order":{},"payer":{"email":"x"}}"#;
        let fact = fact(body).unwrap();
        assert_eq!((fact.amount, fact.collector, fact.approved_at), (None, None, None));
        assert_eq!(serde_json::from_str::<Payment>("{}").unwrap().fact(), Err("id"));
        assert_eq!(serde_json::from_str::<Payment>(r#"{"id":1}"#).unwrap().fact(), Err("status"));
    }
}
