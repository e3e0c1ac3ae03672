//! Resources that lead to payments: orders of the Orders API, legacy payment intents.

use serde::Deserialize;

use super::wire::{self, Text};
use crate::id::PaymentId;

/// An order of `/v1/orders`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Order {
    #[serde(deserialize_with = "wire::optional")]
    transactions: Option<Transactions>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Transactions {
    #[serde(deserialize_with = "wire::list")]
    payments: Vec<Transaction>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Transaction {
    reference_id: Text,
    #[serde(deserialize_with = "wire::optional")]
    reference: Option<WithId>,
}

/// A legacy Point payment intent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PaymentIntent {
    #[serde(deserialize_with = "wire::optional")]
    payment: Option<WithId>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct WithId {
    id: Text,
}

fn payment(id: &Text) -> Option<PaymentId> {
    PaymentId::parse(id.as_deref()?).ok()
}

impl Order {
    /// The numeric payments behind its transactions: `reference.id`, or `reference_id`.
    #[must_use]
    pub fn payments(&self) -> Vec<PaymentId> {
        let transactions = self.transactions.iter().flat_map(|transactions| &transactions.payments);
        let id = |of: &Transaction| of.reference.as_ref().map_or(&of.reference_id, |named| &named.id).clone();
        transactions.filter_map(|of| payment(&id(of))).collect()
    }
}

impl PaymentIntent {
    /// Its payment, once a card was read.
    #[must_use]
    pub fn payments(&self) -> Vec<PaymentId> {
        self.payment.iter().filter_map(|named| payment(&named.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_are_found_in_every_shape() {
        let ids = |ids: Vec<PaymentId>| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let order = r#"{"transactions":{"payments":[{"reference":{"id":"11"}},{"reference_id":"12"},{"id":"PAY01"}]}}"#;
        assert_eq!(ids(serde_json::from_str::<Order>(order).unwrap().payments()), "11 12");
        assert_eq!(ids(serde_json::from_str::<Order>("{}").unwrap().payments()), "");
        let intent = r#"{"state":"FINISHED","payment":{"id":17014025134}}"#;
        assert_eq!(ids(serde_json::from_str::<PaymentIntent>(intent).unwrap().payments()), "17014025134");
    }
}
