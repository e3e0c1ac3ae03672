//! Mercado Pago, as far as refunds race: payments, their refunds, and the keys that it has seen.

use surtidor::id::PaymentId;
use surtidor::money::{Currency, Money};
use surtidor::payment::{Channel, PaymentFact, PaymentStatus, RefundFact};
use surtidor::sale::{RefundOutcome, Refusal};
use time::OffsetDateTime;
use time::macros::datetime;

pub const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
pub const COLLECTOR: &str = "178106235";

pub fn ars(minor: u64) -> Money {
    Money::from_minor(minor, Currency::ARS).expect("an amount")
}

/// Mercado Pago's times are its own: it ticks with each of its changes.
fn minute(tick: u8) -> OffsetDateTime {
    NOON + time::Duration::minutes(i64::from(tick))
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MercadoPago {
    tick: u8,
    pub payments: Vec<Payment>,
    answers: Vec<(String, Answer)>,
}

/// A payment, which is here from its approval on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payment {
    pub id: u64,
    pub amount: u64,
    approved_at: u8,
    updated_at: u8,
    pub refunds: Vec<Refund>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refund {
    pub id: String,
    pub amount: u64,
    /// The key that asked for it; none if somebody made it in the panel.
    pub key: Option<String>,
}

/// What a call for a refund is answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Made(Refund),
    Refused,
}

impl MercadoPago {
    /// A phone's payment is approved.
    pub fn approve(&mut self, id: u64, amount: u64) {
        self.tick += 1;
        let (approved_at, updated_at) = (self.tick, self.tick);
        self.payments.push(Payment { id, amount, approved_at, updated_at, refunds: Vec::new() });
        // They are found by their number; which was first is in their times.
        self.payments.sort_by_key(|payment| payment.id);
    }

    pub fn payment(&self, id: u64) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.id == id)
    }

    /// Whether no payment was approved before this one.
    pub fn is_first(&self, id: u64) -> bool {
        self.payments.iter().min_by_key(|payment| payment.approved_at).is_some_and(|first| first.id == id)
    }

    /// `POST /v1/payments/{id}/refunds`, all that is left without an amount. The same key gives the first answer; a
    /// refusal frees it.
    pub fn refund(&mut self, payment: u64, amount: Option<u64>, key: &str) -> Answer {
        if let Some((_, first)) = self.answers.iter().find(|(known, _)| known == key) {
            return first.clone();
        }
        let answer = self.make(payment, amount, Some(key));
        if let Answer::Made(_) = &answer {
            self.answers.push((key.to_owned(), answer.clone()));
        }
        answer
    }

    /// Somebody gives money back by hand.
    pub fn refund_in_the_panel(&mut self, payment: u64, amount: u64) -> Answer {
        self.make(payment, Some(amount), None)
    }

    fn make(&mut self, id: u64, amount: Option<u64>, key: Option<&str>) -> Answer {
        let number = self.payments.iter().map(|payment| payment.refunds.len()).sum::<usize>() + 1;
        let Some(payment) = self.payments.iter_mut().find(|payment| payment.id == id) else {
            return Answer::Refused;
        };
        let left = payment.amount - payment.refunded();
        let amount = amount.unwrap_or(left);
        if amount == 0 || amount > left {
            return Answer::Refused;
        }
        let refund = Refund { id: format!("9{number}"), amount, key: key.map(str::to_owned) };
        self.tick += 1;
        payment.updated_at = self.tick;
        payment.refunds.push(refund.clone());
        Answer::Made(refund)
    }
}

impl Payment {
    pub fn refunded(&self) -> u64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    /// The payment as a fetch tells it now: from `/v1/payments` with its refunds one by one, from within a merchant
    /// order with their sum.
    pub fn fact(&self, reference: &str, one_by_one: bool) -> PaymentFact {
        let (status, detail) = match self.refunded() {
            0 => ("approved", "accredited"),
            part if part < self.amount => ("approved", "partially_refunded"),
            _ => ("refunded", "refunded"),
        };
        PaymentFact {
            id: payment_id(self.id),
            collector: Some(COLLECTOR.to_owned()),
            reference: Some(reference.to_owned()),
            amount: Some(ars(self.amount)),
            refunded: Some(ars(self.refunded())),
            status: PaymentStatus(status.to_owned()),
            status_detail: Some(detail.to_owned()),
            approved_at: Some(minute(self.approved_at)),
            updated_at: minute(self.updated_at),
            live_mode: Some(true),
            method: one_by_one.then(|| "visa".to_owned()),
            channel: Channel::Qr,
            refunds: one_by_one.then(|| self.refunds.iter().map(Refund::fact).collect()),
        }
    }
}

impl Refund {
    pub fn fact(&self) -> RefundFact {
        let (id, status) = (self.id.clone(), "approved".to_owned());
        RefundFact { id, amount: ars(self.amount), status, created_at: None }
    }
}

impl Answer {
    /// What the product makes of it.
    pub fn outcome(&self) -> RefundOutcome {
        match self {
            Self::Made(refund) => RefundOutcome::Made(refund.fact()),
            Self::Refused => RefundOutcome::Refused(Refusal::WrongState),
        }
    }
}

pub fn payment_id(id: u64) -> PaymentId {
    PaymentId::parse(&id.to_string()).expect("a number")
}

/// The number of a payment of the model.
pub fn number_of(id: &PaymentId) -> u64 {
    id.as_str().parse().expect("a payment of the model")
}
