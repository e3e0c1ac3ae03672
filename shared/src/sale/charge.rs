//! An amount of a sale that is sent to a Point terminal. It stands in the sale before Mercado Pago is asked, under the id
//! that is also its reference and its idempotency key there, so that whatever dies or is lost, it is one charge.

mod advice;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{Attempt, Event, Sale, SaleStatus};
use crate::id::{ExternalReference, PaymentId, ResourceId, TerminalId};
use crate::money::Money;
use crate::payment::{PaymentFact, Standing};

/// For how long a terminal offers a charge. Mercado Pago takes 30 seconds to 3 hours ("Create order", `expiration_time`);
/// longer than a buyer needs only keeps the terminal from the next one.
pub const LIFETIME: Duration = Duration::minutes(5);
/// After this, a charge whose making was never confirmed is one that was not made: it would have expired long ago.
const UNCONFIRMED: Duration = Duration::minutes(20);
/// A legacy intent has no idempotency key, so one whose making was never confirmed is never sent again: after the longest
/// request that could be sending it, only the terminal can tell.
const LONGEST_REQUEST: Duration = Duration::seconds(30);
/// Nothing is at a terminal for longer, whatever was told last: six times the lifetime, since a terminal may be slow to
/// give up, and the legacy API gives intents a longer one of its own.
const LONGEST: Duration = Duration::minutes(30);
/// A charge that came to nothing is still asked about on this day, with its sale: it may have been paid all the same.
const PAID_ALL_THE_SAME: Duration = Duration::days(1);
/// A sale is not charged more often: it must be read and written as one item.
const MOST: usize = 50;

/// Which of Mercado Pago's two APIs drives the terminals of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointApi {
    /// `/v1/orders` of type `point`, and `/terminals/v1`.
    #[default]
    Orders,
    /// `/point/integration-api`: payment intents and devices, for accounts that are not migrated.
    PaymentIntents,
}

/// Mercado Pago's word for the state of an order at a terminal, kept as it came. The states of payment intents are told in
/// the words of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChargeStatus(pub String);

/// What a status means for the till.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChargeStanding {
    /// `created`, `at_terminal`, `processing`: the buyer may pay it any moment.
    AtWork,
    /// `action_required`, or a word that is not in the documents: the terminal and the payment must tell.
    InDoubt,
    /// `failed`, `canceled`, `expired`: it came to nothing, as far as is known.
    Over,
    /// `processed`, `refunded`.
    Paid,
}

impl ChargeStatus {
    fn word(word: &str) -> Self {
        Self(word.to_owned())
    }

    /// What the word means.
    #[must_use]
    pub fn standing(&self) -> ChargeStanding {
        match self.0.as_str() {
            "created" | "at_terminal" | "processing" => ChargeStanding::AtWork,
            "failed" | "canceled" | "cancelled" | "expired" => ChargeStanding::Over,
            "processed" | "refunded" => ChargeStanding::Paid,
            _ => ChargeStanding::InDoubt,
        }
    }

    /// How far a charge with this word has come. It never goes back, so the furthest of all readings is the latest,
    /// whichever was read first.
    fn progress(&self) -> u8 {
        match self.0.as_str() {
            "created" => 0,
            "at_terminal" => 1,
            "processing" => 2,
            "action_required" => 4,
            "failed" | "canceled" | "cancelled" | "expired" => 5,
            "processed" => 6,
            "refunded" => 7,
            _ => 3,
        }
    }
}

/// What Mercado Pago says of an order, or of a payment intent, at a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeFact {
    /// Its id.
    pub id: ResourceId,
    /// The reference that it was made with.
    pub reference: Option<String>,
    /// The terminal that it was sent to.
    pub terminal: Option<String>,
    /// Its state.
    pub status: ChargeStatus,
    /// The reason behind the state.
    pub detail: Option<String>,
    /// Its transactions that name a payment: a refund of the order must name the transaction.
    pub transactions: Vec<ChargeTransaction>,
    /// What the buyer added to the amount, as text in major units.
    pub tip: Option<String>,
    /// What the buyer paid, with the tip, as text in major units.
    pub paid: Option<String>,
}

/// A try to pay an order, by its two names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChargeTransaction {
    /// The order's name of it (`PAY…`).
    pub id: String,
    /// The payment.
    pub payment: PaymentId,
}

/// One amount at one terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Our id, the `external_reference` at Mercado Pago, and the idempotency key of the call that makes it.
    pub id: String,
    /// Where.
    pub terminal: TerminalId,
    /// By which API it was made.
    #[serde(default)]
    pub api: PointApi,
    /// The caller's `Idempotency-Key`, if it gave one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// Name of the key that the caller showed.
    pub caller: String,
    /// How much.
    pub amount: Money,
    /// Id of the order or payment intent, once it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mercado_pago_id: Option<ResourceId>,
    /// The order's transactions that name a payment.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub transactions: Vec<ChargeTransaction>,
    /// The furthest that it was seen to be.
    pub status: ChargeStatus,
    /// Mercado Pago's reason behind the state.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// Whether Mercado Pago ever said that it is at the terminal that it was sent to.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub is_at_its_terminal: bool,
    /// Another terminal than it was sent to, if Mercado Pago ever said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told_terminal: Option<String>,
    /// What the buyer added to the amount.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tip: Option<Money>,
    /// When the first notification of it came whose signature verified.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub notified_at: Option<OffsetDateTime>,
    /// When it was made, by our clock.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// What a till asks for.
#[derive(Clone, Debug)]
pub struct ChargeRequest {
    /// Where.
    pub terminal: TerminalId,
    /// By which API.
    pub api: PointApi,
    /// The caller's `Idempotency-Key`, if it gave one.
    pub key: Option<String>,
    /// Name of the key that the caller showed.
    pub caller: String,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargeRequested {
    /// A new charge, to be stored and then sent.
    New(Charge),
    /// The same request was made before; this is its charge.
    Known(Charge),
}

/// Why a sale cannot be charged at a terminal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChargeRefused {
    /// The key belongs to another request.
    #[error("this Idempotency-Key was used for a charge at terminal {0}; use a new one for a new charge")]
    KeyReused(TerminalId),
    /// It is paid, or settled otherwise.
    #[error("the sale is {0} and no longer owed")]
    NotOwed(SaleStatus),
    /// The buyer may be paying it now.
    #[error("charge {} of this sale is {} at terminal {}: let it end, or cancel it first", .0.id, .0.status.0, .0.terminal)]
    AtWork(Box<Charge>),
    /// Nobody knows whether it was paid.
    #[error("whether charge {} at terminal {} was paid is not known: look at the terminal, and if it shows no approval ask again with a new Idempotency-Key", .0.id, .0.terminal)]
    InDoubt(Box<Charge>),
    /// Too often.
    #[error("the sale was charged {MOST} times: void it and tell it anew")]
    TooMany,
}

impl Charge {
    /// `external_reference` and `X-Idempotency-Key` at Mercado Pago: the same on every repeat of the call.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.id
    }

    /// The sale that a charge id leads to.
    #[must_use]
    pub fn sale_of(id: &str) -> Option<ExternalReference> {
        id.contains('-').then(|| ExternalReference::of_payment(id).ok())?
    }

    /// When the terminal stops offering it.
    #[must_use]
    pub fn expires_at(&self) -> OffsetDateTime {
        self.created_at.saturating_add(LIFETIME)
    }

    /// Whether Mercado Pago never said that it made it.
    #[must_use]
    pub fn is_unconfirmed(&self) -> bool {
        self.mercado_pago_id.is_none() && self.status.standing() == ChargeStanding::AtWork
    }

    /// Whether Mercado Pago refused it, or it was never sent: nothing of it was ever at a terminal.
    #[must_use]
    pub fn was_never_made(&self) -> bool {
        self.mercado_pago_id.is_none() && self.status.standing() == ChargeStanding::Over
    }

    /// Its state now: what was told last, unless it cannot be that any more.
    fn status_at(&self, now: OffsetDateTime) -> (ChargeStatus, Option<String>) {
        let age = now - self.created_at;
        let unconfirmed = |status: &str| (ChargeStatus::word(status), Some("not_confirmed".to_owned()));
        if self.is_unconfirmed() && age > UNCONFIRMED {
            return unconfirmed("expired");
        }
        if self.is_unconfirmed() && self.api == PointApi::PaymentIntents && age > LONGEST_REQUEST {
            return unconfirmed("action_required");
        }
        if self.status.standing() == ChargeStanding::AtWork && age > LONGEST {
            return (ChargeStatus::word("action_required"), Some("not_heard_of".to_owned()));
        }
        (self.status.clone(), self.detail.clone())
    }

    /// Takes in a reading; whether the state is a new one.
    fn learn(&mut self, fact: &ChargeFact) -> bool {
        // What we thought became of it before Mercado Pago ever told of it is no reading.
        let is_first = self.mercado_pago_id.is_none();
        self.mercado_pago_id.get_or_insert_with(|| fact.id.clone());
        for transaction in &fact.transactions {
            if let Err(place) = self.transactions.binary_search(transaction) {
                self.transactions.insert(place, transaction.clone());
            }
        }
        match &fact.terminal {
            Some(told) if self.terminal.is_named(told) => self.is_at_its_terminal = true,
            Some(told) => {
                self.told_terminal.get_or_insert_with(|| told.clone());
            }
            None => {}
        }
        let money = |text: &Option<String>| Money::from_wire(text.as_deref()?, self.amount.currency()).ok();
        // Where the tip is not told, it is what was paid above the amount.
        let tip = money(&fact.tip).or_else(|| Some(money(&fact.paid)?.saturating_sub(self.amount)));
        self.tip = tip.filter(|tip| !tip.is_zero()).or(self.tip);
        let known = (self.status.progress(), &self.status.0, &self.detail);
        let told = (fact.status.progress(), &fact.status.0, &fact.detail);
        if !is_first && told.cmp(&known) != Ordering::Greater {
            return false;
        }
        let is_new = self.status != fact.status;
        (self.status, self.detail) = (fact.status.clone(), fact.detail.clone());
        is_new
    }
}

impl Sale {
    /// A charge by its id.
    #[must_use]
    pub fn charge(&self, id: &str) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.id == id)
    }

    /// The charge that a payment says it pays.
    #[must_use]
    pub fn charge_of(&self, attempt: &Attempt) -> Option<&Charge> {
        self.charges.iter().find(|charge| attempt.references.contains(&charge.id))
    }

    /// The payment that a charge was paid with; of several, one that moved money.
    #[must_use]
    pub fn payment_of(&self, charge: &Charge) -> Option<&Attempt> {
        let mut of_it = self.attempts.iter().filter(|attempt| attempt.references.contains(&charge.id));
        let paid = of_it.clone().find(|attempt| attempt.approved_at.is_some());
        paid.or_else(|| of_it.next_back())
    }

    /// Where a charge stands, and why. The money has the last word: a payment that was approved says more than the order
    /// that it was made for, so one that was cancelled and paid all the same is paid; and an order that calls itself paid
    /// is believed once its payment is.
    #[must_use]
    pub fn charge_status(&self, charge: &Charge, now: OffsetDateTime) -> (ChargeStatus, Option<String>) {
        let (status, detail) = charge.status_at(now);
        let payment = self.payment_of(charge);
        let of_payment = || payment.and_then(Attempt::latest).and_then(|latest| latest.detail.clone());
        let Some(paid) = payment.filter(|attempt| attempt.approved_at.is_some()) else {
            return match (status.standing(), payment.map(Attempt::standing)) {
                (ChargeStanding::Paid, Some(Standing::Failed)) => {
                    (ChargeStatus::word("failed"), of_payment())
                }
                (ChargeStanding::Paid, _) if now - charge.created_at > LONGEST => {
                    (ChargeStatus::word("action_required"), Some(status.0))
                }
                (ChargeStanding::Paid, _) => (ChargeStatus::word("processing"), Some(status.0)),
                _ => (status, detail),
            };
        };
        let given_back = paid.standing() == Standing::Refunded
            || paid.amount().is_some_and(|amount| !amount.is_zero() && self.given_back(paid) >= amount);
        if given_back {
            return (ChargeStatus::word("refunded"), Some("refunded".to_owned()));
        }
        if status.0 == "processed" {
            (status, detail)
        } else {
            (ChargeStatus::word("processed"), of_payment())
        }
    }

    fn charge_standing(&self, charge: &Charge, now: OffsetDateTime) -> ChargeStanding {
        self.charge_status(charge, now).0.standing()
    }

    /// Whether the buyer may pay it any moment, or has paid it and the payment is on its way to the sale.
    #[must_use]
    pub fn is_at_work(&self, charge: &Charge, now: OffsetDateTime) -> bool {
        self.charge_standing(charge, now) == ChargeStanding::AtWork
    }

    /// Whether a charge holds its terminal: one that its order calls over holds it no more, whatever is still to be found
    /// out about it.
    #[must_use]
    pub fn holds_its_terminal(&self, charge: &Charge, now: OffsetDateTime) -> bool {
        charge.status_at(now).0.standing() == ChargeStanding::AtWork && self.is_at_work(charge, now)
    }

    /// Charges that the buyer may pay any moment.
    pub fn charges_at_work(&self, now: OffsetDateTime) -> impl Iterator<Item = &Charge> {
        self.charges.iter().filter(move |charge| self.is_at_work(charge, now))
    }

    /// Charges of which Mercado Pago may know more than we do.
    pub fn charges_to_look_at(&self, now: OffsetDateTime) -> impl Iterator<Item = &Charge> {
        self.charges.iter().filter(move |charge| match self.charge_standing(charge, now) {
            ChargeStanding::AtWork | ChargeStanding::InDoubt => true,
            ChargeStanding::Over => now - charge.created_at < PAID_ALL_THE_SAME,
            // The order may explain an amount that is not the one owed.
            ChargeStanding::Paid => self
                .payment_of(charge)
                .is_some_and(|paid| paid.misfits.contains(&super::ReviewReason::Amount)),
        })
    }

    /// The charge of a payment, if the order behind it must tell more before the payment can be judged: at which terminal it
    /// was, or what the buyer added to the amount.
    #[must_use]
    pub fn charge_to_ask_about(&self, payment: &PaymentFact) -> Option<&Charge> {
        let reference = payment.reference.as_deref()?;
        let charge = self.charges.iter().find(|charge| charge.id.eq_ignore_ascii_case(reference))?;
        let with_tip = charge.tip.map(|tip| charge.amount.saturating_add(tip));
        let is_explained = payment.amount == Some(charge.amount) || payment.amount == with_tip;
        (!is_explained || !charge.is_at_its_terminal).then_some(charge)
    }

    /// Since when there is a charge whose end is not known. While the sale is owed, one that came to nothing lately counts:
    /// it may have been paid all the same.
    pub(super) fn charged_since(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let undecided = self.charges.iter().filter(|charge| match self.charge_standing(charge, now) {
            ChargeStanding::AtWork | ChargeStanding::InDoubt => true,
            ChargeStanding::Over => self.status.is_owed() && now - charge.created_at < PAID_ALL_THE_SAME,
            ChargeStanding::Paid => false,
        });
        undecided.map(|charge| charge.created_at).max()
    }

    /// The last charge that did not come to nothing.
    fn last_charge(&self, now: OffsetDateTime) -> Option<(ChargeStanding, &Charge)> {
        let with_standing = |charge| (self.charge_standing(charge, now), charge);
        self.charges.iter().rev().map(with_standing).find(|(standing, _)| *standing != ChargeStanding::Over)
    }

    /// The charge that the same request made before, at a terminal of that id or serial number. A key is for one charge for
    /// good; without one, a request is known by what it asks for while that may still be paid, or was: a repeat must not
    /// charge again.
    pub fn charge_asked_before(
        &self,
        terminal: &str,
        key: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Option<&Charge>, ChargeRefused> {
        let Some(key) = key else {
            let last = self.last_charge(now).map(|(_, charge)| charge);
            return Ok(last.filter(|charge| charge.terminal.is_named(terminal)));
        };
        // What was refused before it was made did not use the key up.
        let is_it = |charge: &&Charge| charge.key.as_deref() == Some(key) && !charge.was_never_made();
        match self.charges.iter().find(is_it) {
            Some(known) if !known.terminal.is_named(terminal) => {
                Err(ChargeRefused::KeyReused(known.terminal.clone()))
            }
            known => Ok(known),
        }
    }

    /// Adds the intent of a charge that a till asks for.
    pub fn request_charge(
        &mut self,
        request: ChargeRequest,
        now: OffsetDateTime,
    ) -> Result<ChargeRequested, ChargeRefused> {
        let key = request.key.as_deref();
        if let Some(known) = self.charge_asked_before(request.terminal.as_str(), key, now)? {
            return Ok(ChargeRequested::Known(known.clone()));
        }
        if let Some((standing, charge)) = self.last_charge(now) {
            let charge = Box::new(charge.clone());
            match standing {
                ChargeStanding::AtWork if self.status.is_owed() => {
                    return Err(ChargeRefused::AtWork(charge));
                }
                ChargeStanding::InDoubt if key.is_none() => return Err(ChargeRefused::InDoubt(charge)),
                _ => {}
            }
        }
        if !self.status.is_owed() {
            return Err(ChargeRefused::NotOwed(self.status));
        }
        if self.charges.len() >= MOST {
            return Err(ChargeRefused::TooMany);
        }
        let charge = Charge {
            id: format!("{}-c{}", self.reference, self.charges.len().saturating_add(1)),
            terminal: request.terminal,
            api: request.api,
            key: request.key,
            caller: request.caller,
            amount: self.amount(),
            mercado_pago_id: None,
            transactions: Vec::new(),
            status: ChargeStatus::word("created"),
            detail: None,
            is_at_its_terminal: false,
            told_terminal: None,
            tip: None,
            notified_at: None,
            created_at: now,
        };
        self.charges.push(charge.clone());
        self.note(now, Event::Charged { terminal: charge.terminal.to_string(), amount: charge.amount });
        Ok(ChargeRequested::New(charge))
    }

    /// Takes in what Mercado Pago says of charges. What is not of this sale is passed over.
    pub fn see_charges(&mut self, facts: &[ChargeFact], now: OffsetDateTime) {
        for fact in facts {
            let is_it = |charge: &Charge| {
                let named = fact.reference.as_ref().is_some_and(|told| told.eq_ignore_ascii_case(&charge.id));
                named || charge.mercado_pago_id.as_ref() == Some(&fact.id)
            };
            let Some(charge) = self.charges.iter_mut().find(|charge| is_it(charge)) else { continue };
            if charge.learn(fact) {
                // Some states have no reason but their own name.
                let detail = charge.detail.clone().filter(|detail| *detail != charge.status.0);
                let (terminal, status) = (charge.terminal.to_string(), charge.status.0.clone());
                let event = Event::ChargeSeen { terminal, status, detail };
                self.note(now, event);
            }
        }
    }

    /// Mercado Pago will not make a charge, or it was never sent: it came to nothing, for a reason.
    pub fn end_charge(&mut self, id: &str, status: &str, reason: &str, now: OffsetDateTime) {
        let Some(charge) = self.charges.iter_mut().find(|charge| charge.id == id) else { return };
        // What Mercado Pago itself told of it stands.
        if charge.is_unconfirmed() {
            (charge.status, charge.detail) = (ChargeStatus::word(status), Some(reason.to_owned()));
            let terminal = charge.terminal.to_string();
            let (status, detail) = (status.to_owned(), Some(reason.to_owned()));
            self.note(now, Event::ChargeSeen { terminal, status, detail });
        }
    }

    /// A notification of a charge came whose signature verified: the application's secret is the right one.
    pub fn see_signed_news(&mut self, charge: &str, now: OffsetDateTime) {
        if let Some(charge) = self.charges.iter_mut().find(|known| known.id == charge) {
            charge.notified_at.get_or_insert(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::super::tests::{NOON, sale};
    use super::*;
    use proptest::prelude::*;

    const WORDS: [&str; 10] = [
        "created",
        "at_terminal",
        "processing",
        "in_orbit",
        "action_required",
        "failed",
        "canceled",
        "expired",
        "processed",
        "refunded",
    ];

    fn request(terminal: &str, key: Option<&str>) -> ChargeRequest {
        ChargeRequest {
            terminal: TerminalId::parse(terminal).unwrap(),
            api: PointApi::Orders,
            key: key.map(str::to_owned),
            caller: "till".to_owned(),
        }
    }

    fn fact(charge: &Charge, status: &str) -> ChargeFact {
        ChargeFact {
            id: ResourceId::parse("ORD01").unwrap(),
            reference: Some(charge.id.clone()),
            terminal: Some(charge.terminal.to_string()),
            status: ChargeStatus::word(status),
            detail: None,
            transactions: Vec::new(),
            tip: None,
            paid: None,
        }
    }

    fn charge(sale: &mut Sale, terminal: &str, key: Option<&str>) -> Result<ChargeRequested, ChargeRefused> {
        sale.request_charge(request(terminal, key), NOON)
    }

    fn new(requested: Result<ChargeRequested, ChargeRefused>) -> Charge {
        match requested {
            Ok(ChargeRequested::New(charge)) => charge,
            other => panic!("a new charge, not {other:?}"),
        }
    }

    #[test]
    fn the_same_request_gives_the_same_charge_with_and_without_a_key() {
        for key in [None, Some("k")] {
            let mut sale = sale(50_000);
            let first = new(charge(&mut sale, "A__1", key));
            assert_eq!(charge(&mut sale, "A__1", key), Ok(ChargeRequested::Known(first.clone())));
            sale.see_charges(&[fact(&first, "action_required")], NOON);
            let known = sale.charges[0].clone();
            assert_eq!(charge(&mut sale, "A__1", key), Ok(ChargeRequested::Known(known)));
        }
    }

    #[test]
    fn a_key_is_for_one_charge_and_none_is_for_the_next_after_nothing_came_of_one() {
        let mut sale = sale(50_000);
        let first = new(charge(&mut sale, "A__1", Some("k")));
        assert!(matches!(charge(&mut sale, "A__2", Some("k")), Err(ChargeRefused::KeyReused(_))));
        assert!(matches!(charge(&mut sale, "A__1", Some("l")), Err(ChargeRefused::AtWork(_))));
        assert!(matches!(charge(&mut sale, "A__2", None), Err(ChargeRefused::AtWork(_))));
        let mut paid = sale.clone();
        paid.see_charges(&[fact(&first, "processed")], NOON);
        assert!(matches!(charge(&mut paid, "A__1", Some("l")), Err(ChargeRefused::AtWork(_))), "not twice");
        sale.see_charges(&[fact(&first, "failed")], NOON);
        assert!(matches!(charge(&mut sale, "A__1", Some("k")), Ok(ChargeRequested::Known(_))));
        let second = new(charge(&mut sale, "A__1", None));
        assert_eq!((&first.id[first.id.len() - 3..], &second.id[second.id.len() - 3..]), ("-c1", "-c2"));
        assert_eq!(Charge::sale_of(&second.id).unwrap(), sale.reference);
    }

    #[test]
    fn a_charge_in_doubt_is_charged_again_only_by_somebody_who_says_so() {
        let mut sale = sale(50_000);
        let first = new(charge(&mut sale, "A__1", None));
        sale.see_charges(&[fact(&first, "action_required")], NOON);
        assert!(matches!(charge(&mut sale, "A__2", None), Err(ChargeRefused::InDoubt(_))));
        new(charge(&mut sale, "A__2", Some("looked at the terminal")));
    }

    #[test]
    fn what_is_settled_is_not_charged() {
        let mut sale = sale(50_000);
        sale.settle_elsewhere("cash", NOON).unwrap();
        let refused = charge(&mut sale, "A__1", None);
        assert_eq!(refused, Err(ChargeRefused::NotOwed(SaleStatus::SettledElsewhere)));
    }

    #[test]
    fn a_charge_that_was_never_confirmed_holds_its_terminal_for_a_while_only() {
        let mut sale = sale(50_000);
        let made = new(charge(&mut sale, "A__1", None));
        assert!(sale.is_at_work(&made, NOON + UNCONFIRMED));
        let later = NOON + UNCONFIRMED + Duration::SECOND;
        assert!(!sale.is_at_work(&made, later));
        assert_eq!(sale.charge_status(&made, later).0.0, "expired");
        sale.see_charges(&[fact(&made, "at_terminal")], NOON);
        let made = sale.charges[0].clone();
        assert!(sale.is_at_work(&made, later) && !sale.is_at_work(&made, NOON + Duration::hours(4)));
    }

    #[test]
    fn a_charge_that_was_thought_refused_and_was_made_is_at_work() {
        let mut sale = sale(50_000);
        let made = new(charge(&mut sale, "A__1", None));
        sale.end_charge(&made.id, "failed", "already_queued_order_for_terminal", NOON);
        assert!(!sale.is_at_work(&sale.charges[0], NOON));
        sale.see_charges(&[fact(&made, "created")], NOON);
        assert!(sale.is_at_work(&sale.charges[0], NOON));
        sale.end_charge(&made.id, "failed", "already_queued_order_for_terminal", NOON);
        assert!(sale.is_at_work(&sale.charges[0], NOON), "what Mercado Pago told stands");
    }

    #[test]
    fn the_sale_is_charged_a_bounded_number_of_times() {
        let mut sale = sale(50_000);
        for _ in 0..MOST {
            let made = new(charge(&mut sale, "A__1", None));
            sale.end_charge(&made.id, "failed", "already_queued_order_for_terminal", NOON);
        }
        assert_eq!(charge(&mut sale, "A__1", None), Err(ChargeRefused::TooMany));
    }

    #[test]
    fn another_terminal_and_a_tip_are_noticed() {
        let mut sale = sale(50_000);
        let made = new(charge(&mut sale, "A__1", None));
        let told = ChargeFact {
            terminal: Some("A__2".to_owned()),
            tip: Some("50.00".to_owned()),
            ..fact(&made, "processed")
        };
        sale.see_charges(&[told], NOON);
        let seen = &sale.charges[0];
        assert_eq!(seen.told_terminal.as_deref(), Some("A__2"));
        assert_eq!(seen.tip.map(Money::minor), Some(5_000));
    }

    proptest! {
        #[test]
        fn readings_in_any_order_come_to_the_same(mut words in proptest::collection::vec(0..WORDS.len(), 1..8), seed in any::<u64>()) {
            let play = |words: &[usize]| {
                let mut sale = sale(50_000);
                let made = new(charge(&mut sale, "A__1", None));
                for word in words {
                    sale.see_charges(&[fact(&made, WORDS[*word])], NOON);
                }
                sale.charges[0].status.0.clone()
            };
            let first = play(&words);
            let mut rng = fastrand::Rng::with_seed(seed);
            rng.shuffle(&mut words);
            prop_assert_eq!(first, play(&words));
        }

        #[test]
        fn every_charge_has_advice_and_a_reference_that_mercado_pago_takes(word in 0..WORDS.len()) {
            let mut sale = sale(50_000);
            let made = new(charge(&mut sale, "A__1", None));
            sale.see_charges(&[fact(&made, WORDS[word])], NOON);
            for language in [Language::Es, Language::Pt, Language::En] {
                prop_assert!(!sale.charge_advice(&sale.charges[0], NOON, language).is_empty());
            }
            prop_assert!(made.id.len() <= 64 && made.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        }
    }
}
