//! What a terminal is asked to take, in both of Mercado Pago's APIs: orders, and legacy payment intents. An order of the
//! Orders API may also be one of a QR, which leads to payments and is no charge.

use serde::Deserialize;

use super::wire::{self, Text};
use crate::id::{PaymentId, ResourceId};
use crate::payment::{PaymentFact, Standing};
use crate::sale::{ChargeFact, ChargeStatus};

/// An order of `/v1/orders`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Order {
    id: Text,
    #[serde(rename = "type")]
    kind: Text,
    external_reference: Text,
    status: Text,
    status_detail: Text,
    #[serde(deserialize_with = "wire::optional")]
    config: Option<Config>,
    #[serde(deserialize_with = "wire::optional")]
    transactions: Option<Transactions>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    #[serde(deserialize_with = "wire::optional")]
    point: Option<Point>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Point {
    terminal_id: Text,
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
    id: Text,
    status_detail: Text,
    tip_amount: Text,
    reference_id: Text,
    #[serde(deserialize_with = "wire::optional")]
    reference: Option<WithId>,
}

/// A legacy Point payment intent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PaymentIntent {
    id: Text,
    state: Text,
    device_id: Text,
    #[serde(deserialize_with = "wire::optional")]
    payment: Option<WithId>,
    #[serde(deserialize_with = "wire::optional")]
    additional_info: Option<AdditionalInfo>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct AdditionalInfo {
    external_reference: Text,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct WithId {
    id: Text,
}

/// The state of what was just made: the answer to making an intent does not tell it.
const JUST_MADE: &str = "created";

fn payment(id: &Text) -> Option<PaymentId> {
    PaymentId::parse(id.as_deref()?).ok()
}

fn resource(id: &Text) -> Option<ResourceId> {
    ResourceId::parse(id.as_deref()?).ok()
}

impl Order {
    /// Its id, if it is one.
    #[must_use]
    pub fn id(&self) -> Option<ResourceId> {
        resource(&self.id)
    }

    /// What it was made for.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.external_reference.as_deref()
    }

    /// The numeric payments behind its transactions: `reference.id`, or `reference_id`.
    #[must_use]
    pub fn payments(&self) -> Vec<PaymentId> {
        let transactions = self.transactions.iter().flat_map(|transactions| &transactions.payments);
        let id = |of: &Transaction| of.reference.as_ref().map_or(&of.reference_id, |named| &named.id).clone();
        transactions.filter_map(|of| payment(&id(of))).collect()
    }

    /// What it says of a terminal; `None` for an order of a QR.
    #[must_use]
    pub fn charge(&self, id: ResourceId) -> Option<ChargeFact> {
        let point = self.config.as_ref().and_then(|config| config.point.as_ref());
        if self.kind.as_deref() != Some("point") && point.is_none() {
            return None;
        }
        let transaction = self.transactions.as_ref().and_then(|transactions| transactions.payments.first());
        let status = self.status.as_deref().unwrap_or(JUST_MADE);
        // Of an order that failed, the transaction says why.
        let of_transaction = transaction.and_then(|of| of.status_detail.as_deref());
        let detail = match (self.status_detail.as_deref(), of_transaction) {
            (Some("failed"), Some(why)) => Some(why),
            (detail, why) => detail.or(why),
        };
        Some(ChargeFact {
            id,
            reference: self.reference().map(str::to_owned),
            terminal: point.and_then(|point| point.terminal_id.as_deref()).map(str::to_owned),
            status: ChargeStatus(status.to_owned()),
            detail: detail.map(str::to_owned),
            transaction: transaction.and_then(|of| of.id.as_deref()).map(str::to_owned),
            tip: transaction.and_then(|of| of.tip_amount.as_deref()).map(str::to_owned),
        })
    }
}

impl PaymentIntent {
    /// Its id, if it is one.
    #[must_use]
    pub fn id(&self) -> Option<ResourceId> {
        resource(&self.id)
    }

    /// What it was made for.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.additional_info.as_ref()?.external_reference.as_deref()
    }

    /// Its payment, once a card was read.
    #[must_use]
    pub fn payments(&self) -> Vec<PaymentId> {
        self.payment.iter().filter_map(|named| payment(&named.id)).collect()
    }

    /// What it says of a terminal, in the words of orders. A finished intent does not tell how it ended: its payment does.
    #[must_use]
    pub fn charge(&self, id: ResourceId, payments: &[PaymentFact]) -> ChargeFact {
        let state = self.state.as_deref().unwrap_or_default();
        let status = match state {
            "OPEN" | "" => JUST_MADE,
            "ON_TERMINAL" => "at_terminal",
            "PROCESSING" => "processing",
            "PROCESSED" | "FINISHED" => {
                match payments.first().map_or(Standing::Waiting, |payment| payment.status.standing()) {
                    Standing::Waiting => "processing",
                    Standing::Failed => "failed",
                    Standing::Unknown => "action_required",
                    Standing::Approved
                    | Standing::InMediation
                    | Standing::Refunded
                    | Standing::ChargedBack => "processed",
                }
            }
            "CANCELED" => "canceled",
            "ABANDONED" => "expired",
            "ERROR" => "failed",
            "CONFIRMATION_REQUIRED" => "action_required",
            other => other,
        };
        let of_payment = payments.first().and_then(|payment| payment.status_detail.clone());
        ChargeFact {
            id,
            reference: self.reference().map(str::to_owned),
            terminal: self.device_id.as_deref().map(str::to_owned),
            status: ChargeStatus(status.to_owned()),
            detail: of_payment.or_else(|| Some(state.to_owned()).filter(|state| !state.is_empty())),
            transaction: None,
            tip: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mercado_pago::Payment;

    fn id() -> ResourceId {
        ResourceId::parse("ORD01").unwrap()
    }

    #[test]
    fn payments_are_found_in_every_shape() {
        let ids = |ids: Vec<PaymentId>| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let order = r#"{"transactions":{"payments":[{"reference":{"id":"11"}},{"reference_id":"12"},{"id":"PAY01"}]}}"#;
        assert_eq!(ids(serde_json::from_str::<Order>(order).unwrap().payments()), "11 12");
        assert_eq!(ids(serde_json::from_str::<Order>("{}").unwrap().payments()), "");
        let intent = r#"{"state":"FINISHED","payment":{"id":17014025134}}"#;
        assert_eq!(ids(serde_json::from_str::<PaymentIntent>(intent).unwrap().payments()), "17014025134");
    }

    #[test]
    fn an_order_of_a_terminal_is_a_charge_and_one_of_a_qr_is_not() {
        let order = r#"{"type":"point","external_reference":"x-c1","status":"failed","status_detail":"failed","config":{"point":{"terminal_id":"A__1"}},"transactions":{"payments":[{"id":"PAY01","status":"failed","status_detail":"cc_rejected_insufficient_amount","tip_amount":"1.50"}]}}"#;
        let fact = serde_json::from_str::<Order>(order).unwrap().charge(id()).unwrap();
        assert_eq!((fact.reference.as_deref(), fact.terminal.as_deref()), (Some("x-c1"), Some("A__1")));
        assert_eq!(
            (fact.status.0.as_str(), fact.detail.as_deref()),
            ("failed", Some("cc_rejected_insufficient_amount"))
        );
        assert_eq!((fact.transaction.as_deref(), fact.tip.as_deref()), (Some("PAY01"), Some("1.50")));
        let qr = r#"{"type":"qr","external_reference":"x","status":"processed","config":{"qr":{}}}"#;
        assert_eq!(serde_json::from_str::<Order>(qr).unwrap().charge(id()), None);
        assert!(
            serde_json::from_str::<Order>(r#"{"type":"point","config":[],"transactions":null}"#)
                .unwrap()
                .charge(id())
                .is_some()
        );
    }

    #[test]
    fn the_states_of_an_intent_are_told_in_the_words_of_orders() {
        let told = |state: &str, payment: Option<&str>| {
            let intent: PaymentIntent =
                serde_json::from_str(&format!(r#"{{"state":"{state}","device_id":"A__1"}}"#)).unwrap();
            let fact = |status: &str| {
                let body = format!(r#"{{"id":1,"status":"{status}","status_detail":"why"}}"#);
                serde_json::from_str::<Payment>(&body).unwrap().fact().unwrap()
            };
            let payments: Vec<_> = payment.map(fact).into_iter().collect();
            let charge = intent.charge(id(), &payments);
            format!("{} {}", charge.status.0, charge.detail.unwrap())
        };
        let made = r#"{"id":"8f0c3a52","device_id":"A__1","amount":1500}"#;
        let made = serde_json::from_str::<PaymentIntent>(made).unwrap().charge(id(), &[]);
        assert_eq!((made.status.0.as_str(), made.detail), ("created", None));
        assert_eq!(told("OPEN", None), "created OPEN");
        assert_eq!(told("ON_TERMINAL", None), "at_terminal ON_TERMINAL");
        assert_eq!(told("PROCESSING", None), "processing PROCESSING");
        assert_eq!(told("FINISHED", None), "processing FINISHED");
        assert_eq!(told("FINISHED", Some("approved")), "processed why");
        assert_eq!(told("PROCESSED", Some("approved")), "processed why");
        assert_eq!(told("FINISHED", Some("rejected")), "failed why");
        assert_eq!(told("FINISHED", Some("in_orbit")), "action_required why");
        assert_eq!(told("CANCELED", None), "canceled CANCELED");
        assert_eq!(told("ABANDONED", None), "expired ABANDONED");
        assert_eq!(told("ERROR", None), "failed ERROR");
        assert_eq!(told("CONFIRMATION_REQUIRED", None), "action_required CONFIRMATION_REQUIRED");
        assert_eq!(told("LOST", None), "LOST LOST");
    }
}
