//! A chargeback: the cardholder's bank takes a payment back, and the seller has some days to send documents.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Event, Sale};
use crate::id::{PaymentId, ResourceId};
use crate::money::Money;
use crate::payment::Standing;

/// Mercado Pago's word for where the seller's documents stand, kept as it came: the list is open-ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentationStatus(pub String);

impl DocumentationStatus {
    /// How far the documents have come: waited for, being read, judged. Unknown words prove nothing.
    fn progress(&self) -> u8 {
        match self.0.as_str() {
            "pending" => 1,
            "review_pending" => 2,
            "valid" | "invalid" | "not_supplied" | "not_applicable" => 3,
            _ => 0,
        }
    }
}

/// Sorts by how far the documents have come: of two readings that bear one time, the further one is the later.
impl Ord for DocumentationStatus {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.progress(), &self.0).cmp(&(other.progress(), &other.0))
    }
}

impl PartialOrd for DocumentationStatus {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// One chargeback as Mercado Pago told it when it was asked. What a document did not carry is `None`.
///
/// Readings sort by the resource's own time of its last change, and so by the order of the fields here: of two that
/// bear one time, the one that says more or has come further is the later. It is what makes the order of fetches
/// indifferent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Chargeback {
    /// The resource's own time of its last change.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Where the seller's documents stand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub documentation_status: Option<DocumentationStatus>,
    /// Whether Mercado Pago pays instead of the seller; told when the case ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coverage_applied: Option<bool>,
    /// Whether it could. Mercado Pago spells it `coverage_elegible`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coverage_eligible: Option<bool>,
    /// Whether the seller must send documents to keep the money.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub documentation_required: Option<bool>,
    /// Until when documents are taken.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub documentation_deadline: Option<OffsetDateTime>,
    /// How much is taken back; it may be less than was paid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<Money>,
    /// Mercado Pago's word for why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub created_at: Option<OffsetDateTime>,
    /// The payments that are taken back.
    pub payments: Vec<PaymentId>,
    /// Mercado Pago's id of it.
    pub id: ResourceId,
}

impl Chargeback {
    /// Whether Mercado Pago has still to say something: how it finds the documents, or how the case ends.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        let judged = self.documentation_status.as_ref().is_some_and(|status| status.progress() == 3);
        !judged || self.coverage_applied.is_none()
    }
}

impl Sale {
    /// Takes in what fetches told of chargebacks. One that names no payment of this sale is none of its business; an
    /// older reading never takes the place of a newer one. It does not move the status: the payment's own does.
    pub fn see_chargebacks(&mut self, facts: &[Chargeback], now: OffsetDateTime) {
        for fact in facts {
            let Some(payment) = self.charged_back_payment(fact).cloned() else { continue };
            let place = self.chargebacks.binary_search_by(|known| known.id.cmp(&fact.id));
            let event = match place {
                Err(place) => {
                    self.chargebacks.insert(place, fact.clone());
                    Some(Event::ChargedBack {
                        chargeback: fact.id.to_string(),
                        payment: payment.to_string(),
                        amount: fact.amount,
                        // The day as Mercado Pago writes it, in its own offset.
                        deadline: fact.documentation_deadline.map(|deadline| deadline.date().to_string()),
                    })
                }
                Ok(place) => self.chargebacks.get_mut(place).and_then(|known| {
                    if *fact <= *known {
                        return None;
                    }
                    let before = std::mem::replace(known, fact.clone()).documentation_status;
                    let status =
                        fact.documentation_status.clone().filter(|_| before != fact.documentation_status)?;
                    Some(Event::DocumentationChanged { chargeback: fact.id.to_string(), status: status.0 })
                }),
            };
            if let Some(event) = event {
                self.note(now, event);
            }
        }
    }

    /// The payment of this sale that a chargeback takes back: the first, if it names several.
    #[must_use]
    pub fn charged_back_payment(&self, chargeback: &Chargeback) -> Option<&PaymentId> {
        let payments = self.attempts.iter().map(|attempt| &attempt.payment_id);
        payments.into_iter().find(|payment| chargeback.payments.contains(payment))
    }

    /// Payments that are taken back and of whose chargeback nothing is known: its own news may be late or lost.
    pub fn without_chargeback(&self) -> impl Iterator<Item = &PaymentId> {
        let taken_back = self.attempts.iter().filter(|attempt| attempt.standing() == Standing::ChargedBack);
        let payments = taken_back.map(|attempt| &attempt.payment_id);
        payments.filter(|payment| !self.chargebacks.iter().any(|known| known.payments.contains(payment)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOON, ars, sale};
    use super::super::{Attempt, Language};
    use super::*;
    use crate::payment::{Channel, PaymentFact, PaymentStatus};
    use proptest::prelude::*;
    use time::Duration;

    fn payment(id: &str) -> PaymentId {
        PaymentId::parse(id).unwrap()
    }

    /// A sale with one payment that was taken back.
    fn charged_back() -> Sale {
        let mut sale = sale(50_000);
        sale.attempts.push(Attempt::first_seen(&PaymentFact {
            id: payment("1"),
            collector: None,
            reference: None,
            amount: None,
            refunded: None,
            status: PaymentStatus("charged_back".to_owned()),
            status_detail: None,
            approved_at: None,
            updated_at: NOON,
            live_mode: None,
            method: None,
            channel: Channel::Qr,
            refunds: None,
        }));
        sale
    }

    /// The chargeback of a payment as it is `minute` minutes after noon.
    fn reading(id: &str, of: &str, minute: i64, status: &str) -> Chargeback {
        Chargeback {
            updated_at: NOON + Duration::minutes(minute),
            documentation_status: Some(DocumentationStatus(status.to_owned())),
            coverage_applied: None,
            coverage_eligible: Some(true),
            documentation_required: Some(true),
            documentation_deadline: Some(NOON + Duration::days(10)),
            amount: Some(ars(50_000)),
            reason: Some("general".to_owned()),
            created_at: Some(NOON),
            payments: vec![payment(of)],
            id: ResourceId::parse(id).unwrap(),
        }
    }

    fn words(sale: &Sale) -> Vec<String> {
        sale.timeline.iter().skip(1).map(|entry| entry.event.words(Language::Es)).collect()
    }

    #[test]
    fn the_first_reading_tells_the_deadline_and_later_ones_how_the_documents_stand() {
        let mut sale = charged_back();
        assert_eq!(sale.without_chargeback().count(), 1);
        for (minute, status) in
            [(1, "pending"), (1, "pending"), (2, "pending"), (3, "review_pending"), (2, "x")]
        {
            sale.see_chargebacks(&[reading("9", "1", minute, status)], NOON);
        }
        assert_eq!(sale.without_chargeback().count(), 0);
        assert_eq!(
            words(&sale),
            [
                "Contracargo 9 del pago 1 (ARS 500.00). Documentos hasta el 2026-12-02",
                "Documentos del contracargo 9: review_pending",
            ]
        );
    }

    #[test]
    fn a_chargeback_of_another_payment_is_not_this_sales() {
        let mut sale = charged_back();
        let before = sale.clone();
        sale.see_chargebacks(&[reading("9", "2", 1, "pending")], NOON);
        assert_eq!(sale, before);
    }

    #[test]
    fn what_may_still_change_is_undecided() {
        let with = |status, coverage_applied| Chargeback { coverage_applied, ..reading("9", "1", 1, status) };
        assert!(with("pending", Some(false)).is_undecided());
        assert!(with("a new word", Some(false)).is_undecided());
        assert!(with("valid", None).is_undecided());
        assert!(!with("valid", Some(true)).is_undecided());
    }

    #[test]
    fn a_sale_that_was_stored_before_there_were_chargebacks_can_be_read() {
        let stored = serde_json::to_string(&sale(50_000)).unwrap();
        assert!(!stored.contains("chargeback"), "and the other way round");
        assert_eq!(serde_json::from_str::<Sale>(&stored).unwrap(), sale(50_000));
        let mut sale = charged_back();
        sale.see_chargebacks(&[reading("9", "1", 1, "pending")], NOON);
        let stored = serde_json::to_string(&sale).unwrap();
        assert_eq!(serde_json::from_str::<Sale>(&stored).unwrap(), sale);
    }

    proptest! {
        /// Readings come in any order and number: what is known in the end is the same.
        #[test]
        fn the_order_of_readings_is_indifferent(
            (readings, shuffled) in
                prop::collection::vec(("[89]", "[12]", 0_i64..4, "pending|review_pending|valid|x"), 1..8)
                    .prop_flat_map(|readings| (Just(readings.clone()), Just(readings).prop_shuffle())),
            repeated in any::<prop::sample::Index>(),
        ) {
            let fact = |(id, of, minute, status): &(String, String, i64, String)| reading(id, of, *minute, status);
            let facts: Vec<_> = readings.iter().map(fact).collect();
            let mut sale = charged_back();
            sale.see_chargebacks(&facts, NOON);
            let mut told = charged_back();
            for again in shuffled.iter().chain([repeated.get(&readings)]) {
                told.see_chargebacks(&[fact(again)], NOON);
            }
            prop_assert_eq!(told.chargebacks, sale.chargebacks);
        }
    }
}
