//! The sale: one delivery at one pump side, everything that was tried to pay it, and what came of it.

mod attempt;
mod charge;
mod chargeback;
mod command;
mod refund;
mod status;
mod timeline;
mod watch;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use attempt::{Attempt, Observation, ReviewReason};
pub use charge::{
    Charge, ChargeFact, ChargeRefused, ChargeRequest, ChargeRequested, ChargeStanding, ChargeStatus,
    ChargeTransaction, LIFETIME, PointApi,
};
pub use chargeback::{Chargeback, DocumentationStatus};
pub use command::{Acknowledgement, Command, CommandKind};
pub use refund::{
    DUPLICATE, PAID_ELSEWHERE, Refund, RefundOrigin, RefundOutcome, RefundRefused, RefundRequest,
    RefundStatus, Refusal, Requested, VOIDED,
};
pub use status::SaleStatus;
pub use timeline::{Entry, Event, Language};

use crate::id::{AccountId, ExternalReference, PaymentId, PositionId, SaleId, SaleOrder, StationId};
use crate::lookup::Position;
use crate::loyalty::{self, Fault};
use crate::money::Money;
use crate::payment::Standing;

/// Somebody's identity document, as the loyalty programmes want it. Personal: never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Kind of document: `DNI`, `INE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its number; `00000000` when unknown.
    pub number: String,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({})", self.kind)
    }
}

/// One product of a delivery. Quantity and price are for display and loyalty only: the pump's amount is the truth
/// even when litres × price differs from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The loyalty programme's code of the product.
    pub code: String,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Decimal text, at most three decimals.
    pub quantity: String,
    /// `litre` or `piece`.
    pub unit: String,
    /// Decimal text in major units.
    pub unit_price: String,
}

/// A buyer's claim to points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoyaltyClaim {
    /// `serviclub` or `CTC`, in any case.
    pub program: String,
    /// One character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity_plan: Option<String>,
}

/// What the station says of a finished delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The station's name for it.
    pub sale_id: SaleId,
    /// Where.
    pub position: PositionId,
    /// What is owed.
    pub amount: Money,
    /// Words for the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When the nozzle went back, by the station's clock.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub delivered_at: Option<OffsetDateTime>,
    /// Number of the fiscal document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_number: Option<String>,
    /// The attendant's shift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<String>,
    /// The price period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Who served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attendant: Option<Document>,
    /// What was delivered, fuel first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub products: Vec<Product>,
    /// Points asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loyalty: Option<LoyaltyClaim>,
}

impl Delivery {
    /// A delivery of which nothing more is said.
    #[must_use]
    pub fn new(sale_id: SaleId, position: PositionId, amount: Money) -> Self {
        Self {
            sale_id,
            position,
            amount,
            description: None,
            delivered_at: None,
            invoice_number: None,
            shift: None,
            period: None,
            attendant: None,
            products: Vec::new(),
            loyalty: None,
        }
    }
}

/// A station's clock may be this much ahead of ours and still be believed.
const PLAUSIBLE_LEAD: time::Duration = time::Duration::minutes(5);

/// Where a delivery goes among the sales of its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its order.
    pub order: SaleOrder,
    /// Whether a later delivery is known already, so that this one is not for the driver who stands there now.
    pub late: bool,
}

impl Place {
    /// A delivery comes after all that were told before it, unless the station's own clock says of both it and the
    /// newest that it was earlier: then it was queued or repeated, and goes behind that one. Times that lie ahead
    /// of our clock prove nothing.
    #[must_use]
    pub fn of(delivered_at: Option<OffsetDateTime>, newest: Option<&Sale>, now: OffsetDateTime) -> Self {
        let Some(newest) = newest else { return Self { order: SaleOrder::at(now), late: false } };
        let plausible = |at: &OffsetDateTime| *at <= now.saturating_add(PLAUSIBLE_LEAD);
        let times = delivered_at.filter(plausible).zip(newest.delivery.delivered_at.filter(plausible));
        if times.is_some_and(|(this, that)| this < that) {
            return Self { order: newest.order.before(), late: true };
        }
        Self { order: SaleOrder::at(now).max(newest.order.after()), late: false }
    }
}

/// What the station did with a sale, as far as it is not Mercado Pago's doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Disposition {
    /// Owed.
    Open,
    /// Owed, but a later delivery at the position hides it from the lookup.
    Deferred,
    /// Paid at the station by other means.
    Settled {
        /// `cash`, `card`, or another word of the station.
        tender: String,
    },
    /// Withdrawn by the station.
    Void,
}

/// One delivery to be paid, whole: its attempts, its refunds, and what the station was told. Money facts are only
/// added to it. It is read and written as one item, under a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// What Mercado Pago calls it by.
    pub reference: ExternalReference,
    /// Whose money it is.
    pub account: AccountId,
    /// Where.
    pub station: StationId,
    /// What the station said.
    pub delivery: Delivery,
    /// When we had it, by our clock.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// Its place among the sales of its position.
    pub order: SaleOrder,
    /// What the station did with it.
    pub disposition: Disposition,
    /// Where it stands. Always what [`Sale::status_of_facts`] derives.
    pub status: SaleStatus,
    /// When the status was reached, by our clock.
    #[serde(with = "time::serde::rfc3339")]
    pub status_since: OffsetDateTime,
    /// Every amount of it that was sent to a terminal, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
    /// Every payment that named this sale.
    pub attempts: Vec<Attempt>,
    /// Every refund, asked for by us or seen at Mercado Pago.
    pub refunds: Vec<Refund>,
    /// Every chargeback that takes a payment of it back, as its latest reading told it, sorted by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chargebacks: Vec<Chargeback>,
    /// What the station must do, and did.
    pub commands: Vec<Command>,
    /// What happened, oldest first.
    pub timeline: Vec<Entry>,
    /// The facts once added up to a step that the transition table does not know: a person must look, for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub impossible: bool,
    /// Grows by one with each write.
    pub version: u64,
}

impl Sale {
    /// A sale that was just told.
    #[must_use]
    pub fn new(
        station: StationId,
        account: AccountId,
        delivery: Delivery,
        place: Place,
        now: OffsetDateTime,
    ) -> Self {
        let order = place.order;
        let reference = ExternalReference::new(&station, &delivery.position, &delivery.sale_id, order);
        let mut sale = Self {
            reference,
            account,
            station,
            order,
            received_at: now,
            disposition: Disposition::Open,
            status: SaleStatus::Pending,
            status_since: now,
            charges: Vec::new(),
            attempts: Vec::new(),
            refunds: Vec::new(),
            chargebacks: Vec::new(),
            commands: Vec::new(),
            timeline: vec![Entry { at: now, event: Event::Delivered { amount: delivery.amount } }],
            impossible: false,
            version: 0,
            delivery,
        };
        if place.late {
            sale.defer(now);
        }
        sale
    }

    /// Checks a claim to points at the position where it was delivered. What is wrong with it is noted, and stays so: no
    /// order carries the claim.
    pub fn check_claim(&mut self, position: &Position, now: OffsetDateTime) {
        if let Err(faults) = loyalty::block(position, self) {
            self.note(now, Event::LoyaltyLeftOut { faults });
        }
    }

    /// Everything that was wrong with its claim to points, if that was left out.
    #[must_use]
    pub fn claim_faults(&self) -> Option<&[Fault]> {
        self.timeline.iter().find_map(|entry| match &entry.event {
            Event::LoyaltyLeftOut { faults } => Some(faults.as_slice()),
            _ => None,
        })
    }

    /// What is owed.
    #[must_use]
    pub fn amount(&self) -> Money {
        self.delivery.amount
    }

    /// The payment that pays this sale: of those that are in order, the one that Mercado Pago approved first.
    /// It does not depend on the order in which we learn of them.
    #[must_use]
    pub fn winner(&self) -> Option<&Attempt> {
        if matches!(self.disposition, Disposition::Settled { .. } | Disposition::Void) {
            return None;
        }
        self.attempts
            .iter()
            .filter(|attempt| attempt.is_in_order())
            .filter_map(|attempt| attempt.approved_at.map(|at| ((at, &attempt.payment_id), attempt)))
            .min_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, attempt)| attempt)
    }

    /// A later delivery hides this one. Only an open sale can be hidden.
    pub fn defer(&mut self, now: OffsetDateTime) {
        if self.disposition == Disposition::Open && self.status == SaleStatus::Pending {
            self.disposition = Disposition::Deferred;
            self.note(now, Event::Deferred);
            self.refresh_status(now);
        }
    }

    /// The station took other money for it. The same word again changes nothing.
    pub fn settle_elsewhere(&mut self, tender: &str, now: OffsetDateTime) -> Result<(), NotOwed> {
        let settled = Disposition::Settled { tender: tender.to_owned() };
        if self.disposition == settled {
            return Ok(());
        }
        self.dispose(settled, Event::SettledElsewhere { tender: tender.to_owned() }, now)
    }

    /// The station withdraws it. Again changes nothing.
    pub fn void(&mut self, now: OffsetDateTime) -> Result<(), NotOwed> {
        if self.disposition == Disposition::Void {
            return Ok(());
        }
        self.dispose(Disposition::Void, Event::Voided, now)
    }

    fn dispose(
        &mut self,
        disposition: Disposition,
        event: Event,
        now: OffsetDateTime,
    ) -> Result<(), NotOwed> {
        if !self.status.is_owed() {
            return Err(NotOwed(self.status));
        }
        self.disposition = disposition;
        self.note(now, event);
        self.refresh_status(now);
        Ok(())
    }

    /// Adds a line to the timeline.
    pub(crate) fn note(&mut self, at: OffsetDateTime, event: Event) {
        self.timeline.push(Entry { at, event });
    }

    /// Brings the status in line with the facts. A step that the transition table does not know is a case for a
    /// person: the sale goes to `needs_review`.
    pub(crate) fn refresh_status(&mut self, now: OffsetDateTime) {
        let mut next = self.status_of_facts();
        if next == self.status {
            return;
        }
        if !self.status.may_become(next) {
            self.impossible = true;
            next = SaleStatus::NeedsReview;
        }
        if next != self.status {
            self.status = next;
            self.status_since = now;
            if next == SaleStatus::NeedsReview {
                let reasons = self.review_reasons();
                self.note(now, Event::NeedsReview { reasons });
            }
        }
    }

    /// What attempts, refunds and the station's word add up to, whatever came first.
    #[must_use]
    pub fn status_of_facts(&self) -> SaleStatus {
        if !self.review_reasons().is_empty() {
            return SaleStatus::NeedsReview;
        }
        match (&self.disposition, self.winner()) {
            (Disposition::Settled { .. }, _) => SaleStatus::SettledElsewhere,
            (Disposition::Void, _) => SaleStatus::Void,
            (_, Some(winner)) => self.status_by(winner),
            (Disposition::Open, None) => SaleStatus::Pending,
            (Disposition::Deferred, None) => SaleStatus::Deferred,
        }
    }

    fn status_by(&self, winner: &Attempt) -> SaleStatus {
        let refunded = self.given_back(winner);
        match winner.standing() {
            Standing::ChargedBack => SaleStatus::ChargedBack,
            _ if !self.holds_money(winner) => SaleStatus::Refunded,
            Standing::InMediation => SaleStatus::InMediation,
            Standing::Approved | Standing::Refunded if refunded.is_zero() => SaleStatus::Paid,
            Standing::Approved | Standing::Refunded => SaleStatus::PartiallyRefunded,
            // `review_reasons` has told of these before.
            Standing::Waiting | Standing::Failed | Standing::Unknown => SaleStatus::NeedsReview,
        }
    }

    /// Why a person must look, if one must: in the order of the attempts, each reason once. A payment that never moved
    /// money, whose money went back in full, or is on its way back by the system's doing, is no reason.
    #[must_use]
    pub fn review_reasons(&self) -> Vec<ReviewReason> {
        let mut reasons = Vec::new();
        if self.impossible {
            reasons.push(ReviewReason::Contradiction);
        }
        for attempt in self.attempts.iter().filter(|attempt| self.holds_money(attempt)) {
            let of_payment = |payment: &PaymentId| *payment == attempt.payment_id;
            let unknown_to_station = self.commands.iter().any(|command| {
                let answer = command.acknowledged;
                of_payment(&command.payment_id)
                    && command.kind == CommandKind::Paid
                    && answer == Some(Acknowledgement::Unknown)
            });
            let refund_refused = self.refunds.iter().any(|refund| {
                of_payment(&refund.payment_id)
                    && refund.origin == RefundOrigin::System
                    && refund.status == RefundStatus::Rejected
            });
            let going_back = self.refunds.iter().any(|refund| {
                of_payment(&refund.payment_id)
                    && refund.origin == RefundOrigin::System
                    && refund.status == RefundStatus::Pending
            });
            if going_back {
                continue;
            }
            let of_sale = [
                unknown_to_station.then_some(ReviewReason::UnknownToStation),
                refund_refused.then_some(ReviewReason::RefundRefused),
            ];
            for reason in attempt.review_reasons().chain(of_sale.into_iter().flatten()) {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        reasons
    }

    /// Whether a payment moved money that did not go back in full.
    fn holds_money(&self, attempt: &Attempt) -> bool {
        let went_back = attempt.standing() == Standing::Refunded
            || attempt.amount().is_some_and(|paid| !paid.is_zero() && self.given_back(attempt) >= paid);
        attempt.approved_at.is_some() && !went_back
    }
}

/// The sale is not owed any more, so the station cannot dispose of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sale is {0} and no longer owed")]
pub struct NotOwed(pub SaleStatus);

/// Sales for tests of the modules that work on them.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::money::Currency;
    use time::macros::datetime;

    pub(crate) const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    pub(crate) fn ars(minor: u64) -> Money {
        Money::from_minor(minor, Currency::ARS).unwrap()
    }

    pub(crate) fn delivery(minor: u64) -> Delivery {
        let (sale, position) = (SaleId::parse("45ea80da").unwrap(), PositionId::parse("1").unwrap());
        let description = Some("$500.00 de SUPER".to_owned());
        Delivery { description, ..Delivery::new(sale, position, ars(minor)) }
    }

    pub(crate) fn sale(minor: u64) -> Sale {
        let (station, account) = (StationId::parse("6232").unwrap(), AccountId::parse("demo").unwrap());
        Sale::new(station, account, delivery(minor), Place { order: SaleOrder::at(NOON), late: false }, NOON)
    }

    #[test]
    fn a_new_sale_is_owed_and_a_late_one_is_hidden() {
        assert_eq!(sale(50_000).status, SaleStatus::Pending);
        let mut late = sale(50_000);
        late.defer(NOON);
        assert_eq!(late.status, SaleStatus::Deferred);
    }

    #[test]
    fn a_delivery_comes_after_what_was_told_before_it_unless_the_station_says_otherwise() {
        let at = |minute: i64| Some(NOON + time::Duration::minutes(minute));
        let mut newest = sale(50_000);
        newest.delivery.delivered_at = at(0);
        let now = NOON + time::Duration::minutes(2);
        let place = |delivered_at| Place::of(delivered_at, Some(&newest), now);
        for delivered_at in [None, at(0), at(1), at(2)] {
            let place = place(delivered_at);
            assert!(!place.late && place.order > newest.order, "{delivered_at:?}");
        }
        let queued = place(at(-1));
        assert!(queued.late && queued.order < newest.order);
        newest.delivery.delivered_at = at(600);
        assert!(!Place::of(at(1), Some(&newest), now).late, "a clock ten hours ahead proves nothing");
        assert!(!Place::of(at(1), None, now).late);
        let behind = Place::of(None, Some(&newest), NOON - time::Duration::hours(1));
        assert!(behind.order > newest.order, "our own clocks may differ too");
    }

    #[test]
    fn cash_settles_once_and_void_comes_too_late_after_it() {
        let mut sale = sale(50_000);
        sale.settle_elsewhere("cash", NOON).unwrap();
        let entries = sale.timeline.len();
        sale.settle_elsewhere("cash", NOON).unwrap();
        assert_eq!((sale.status, sale.timeline.len()), (SaleStatus::SettledElsewhere, entries));
        assert_eq!(sale.void(NOON), Err(NotOwed(SaleStatus::SettledElsewhere)));
        assert_eq!(sale.settle_elsewhere("card", NOON), Err(NotOwed(SaleStatus::SettledElsewhere)));
    }
}
