//! Money that goes back. An intent stands in the sale, with its idempotency key, before Mercado Pago is asked.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Attempt, CommandKind, Event, Sale, SaleStatus};
use crate::id::PaymentId;
use crate::money::Money;
use crate::payment::{RefundFact, Standing};

/// Reason of a refund that the system makes: another payment paid the sale first.
pub const DUPLICATE: &str = "duplicate_payment";
/// Reason of a refund that the system makes: the station had taken other money, or takes it now.
pub const PAID_ELSEWHERE: &str = "paid_elsewhere";
/// Reason of a refund that the system makes: the station had withdrawn the sale.
pub const VOIDED: &str = "sale_void";

/// Reason of a refund that somebody made in Mercado Pago's panel.
pub const IN_THE_PANEL: &str = "made_at_mercado_pago";

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Asked for, or on its way at Mercado Pago.
    Pending,
    /// The money went back.
    Approved,
    /// Mercado Pago will not do it.
    Rejected,
}

/// Who wanted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum RefundOrigin {
    /// Somebody through our API.
    Request {
        /// The caller's `Idempotency-Key`.
        key: String,
        /// Hash of the request, to tell a repeat from another request with the same key.
        digest: String,
        /// Id of the key that the caller showed.
        caller: String,
    },
    /// The system, because a payment lost against another tender.
    System,
    /// Somebody in Mercado Pago's panel.
    MercadoPago,
}

/// What to do about a refund that Mercado Pago refused, for the person at the till.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The payment is older than Mercado Pago refunds (codes 2024, 15016).
    TooOld,
    /// The seller's account lacks the money (2031).
    NoBalance,
    /// The payment is in no state to be refunded, or was given back already (2063).
    WrongState,
    /// Only a full refund is possible, as in Peru (3024).
    PartialUnsupported,
    /// More than is left, or no amount (2017, 4040, 4041).
    Amount,
    /// The account's production credentials are not activated, or the token may not refund (401, 403).
    NotActivated,
    /// Mercado Pago does not find the payment with this account's token (2000).
    NotFound,
    /// Another refusal.
    Other,
}

/// What came of asking Mercado Pago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundOutcome {
    /// It made a refund, in this state.
    Made(RefundFact),
    /// It refused for good: the key is free again.
    Refused(Refusal),
}

/// One refund of one payment, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Our id: the sale's reference and a number.
    pub id: String,
    /// The payment that gives back.
    pub payment_id: PaymentId,
    /// How much: what was asked for, and once Mercado Pago made it, what it made.
    pub amount: Money,
    /// Why, in the caller's words or one of ours.
    pub reason: String,
    /// Who wanted it.
    pub origin: RefundOrigin,
    /// How far it is.
    pub status: RefundStatus,
    /// Mercado Pago's id, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mercado_pago_id: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// When it was asked for or first seen.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl Refund {
    /// `X-Idempotency-Key` of the call: it is stored with the refund, as the refund's id, before the call is made
    /// and is the same on every repeat.
    #[must_use]
    pub fn idempotency_key(&self) -> &str {
        &self.id
    }

    /// Whether money may still move for it.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.status == RefundStatus::Pending
    }
}

/// What a caller asks for.
#[derive(Clone, Debug)]
pub struct RefundRequest {
    /// How much; all that is left when absent.
    pub amount: Option<Money>,
    /// Of which payment; of the one that paid the sale when absent.
    pub payment: Option<PaymentId>,
    /// Why.
    pub reason: String,
    /// The caller's `Idempotency-Key`.
    pub key: String,
    /// Hash of the request.
    pub digest: String,
    /// Id of the key that the caller showed.
    pub caller: String,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// A new intent, to be stored and then carried out.
    New(Refund),
    /// The same request was made before; this is its refund.
    Known(Refund),
}

/// Why a refund cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefused {
    /// The key belongs to another request.
    #[error("this Idempotency-Key was used for another refund of this sale; use a new one for a new refund")]
    KeyReused,
    /// There is no payment that could give money back.
    #[error("the sale is {0}: there is no approved payment to give money back from")]
    NothingPaid(SaleStatus),
    /// Everything went back already, or is on its way.
    #[error("nothing is left to refund: all of it was given back or is on its way")]
    NothingLeft,
    /// More than is left.
    #[error("must be at most {0}, which is what is left to refund")]
    AboveLeft(Money),
    /// No money.
    #[error("must be more than zero")]
    Zero,
}

impl Sale {
    /// What went back from a payment: the larger of what Mercado Pago's sum says and what we know was approved,
    /// since either may be ahead of the other.
    #[must_use]
    pub fn given_back(&self, attempt: &Attempt) -> Money {
        let zero = Money::zero(self.amount().currency());
        let told = Money::from_minor(attempt.refunded_minor(), zero.currency()).unwrap_or(zero);
        self.sum_of_refunds(&attempt.payment_id, |refund| refund.status == RefundStatus::Approved).max(told)
    }

    /// What of a payment could still go back: its amount less what went back and what is on its way.
    #[must_use]
    pub fn left_to_refund(&self, attempt: &Attempt) -> Money {
        let paid = attempt.amount().unwrap_or_else(|| Money::zero(self.amount().currency()));
        let on_its_way = self.sum_of_refunds(&attempt.payment_id, Refund::is_pending);
        paid.saturating_sub(self.given_back(attempt)).saturating_sub(on_its_way)
    }

    fn sum_of_refunds(&self, payment: &PaymentId, counts: impl Fn(&Refund) -> bool) -> Money {
        self.refunds
            .iter()
            .filter(|refund| refund.payment_id == *payment && counts(refund))
            .fold(Money::zero(self.amount().currency()), |sum, refund| sum.saturating_add(refund.amount))
    }

    /// The payment that a refund is taken from: the one that paid the sale, else the only one that holds money
    /// (a payment under review can be given back).
    fn refundable(&self) -> Option<&Attempt> {
        if let Some(winner) = self.winner() {
            return winner.is_approved().then_some(winner);
        }
        let mut approved = self.attempts.iter().filter(|attempt| attempt.is_approved());
        approved.next().filter(|_| approved.next().is_none())
    }

    /// Adds the intent of a refund that somebody asks for.
    pub fn request_refund(
        &mut self,
        request: RefundRequest,
        now: OffsetDateTime,
    ) -> Result<Requested, RefundRefused> {
        for refund in &self.refunds {
            if let RefundOrigin::Request { key, digest, .. } = &refund.origin
                && *key == request.key
            {
                let same = *digest == request.digest;
                return if same {
                    Ok(Requested::Known(refund.clone()))
                } else {
                    Err(RefundRefused::KeyReused)
                };
            }
        }
        let named = |payment: &PaymentId| {
            self.attempts.iter().find(|attempt| attempt.payment_id == *payment && attempt.is_approved())
        };
        let target = request.payment.as_ref().map_or_else(|| self.refundable(), named);
        let target = target.ok_or_else(|| match self.winner().map(Attempt::standing) {
            Some(Standing::Refunded) => RefundRefused::NothingLeft,
            _ => RefundRefused::NothingPaid(self.status),
        })?;
        let (payment, left) = (target.payment_id.clone(), self.left_to_refund(target));
        let amount = request.amount.unwrap_or(left);
        if left.is_zero() {
            return Err(RefundRefused::NothingLeft);
        }
        if amount.is_zero() {
            return Err(RefundRefused::Zero);
        }
        if amount.currency() != left.currency() || amount.minor() > left.minor() {
            return Err(RefundRefused::AboveLeft(left));
        }
        let origin =
            RefundOrigin::Request { key: request.key, digest: request.digest, caller: request.caller };
        Ok(Requested::New(self.intend_refund(payment, amount, request.reason, origin, now)))
    }

    fn intend_refund(
        &mut self,
        payment_id: PaymentId,
        amount: Money,
        reason: String,
        origin: RefundOrigin,
        now: OffsetDateTime,
    ) -> Refund {
        let refund = Refund {
            id: format!("{}-r{}", self.reference, self.next_refund()),
            payment_id,
            amount,
            reason: reason.clone(),
            origin,
            status: RefundStatus::Pending,
            mercado_pago_id: None,
            refusal: None,
            created_at: now,
        };
        self.refunds.push(refund.clone());
        self.note(now, Event::RefundAsked { amount, reason });
        refund
    }

    /// A number that no refund of the sale has: its id is also its idempotency key.
    fn next_refund(&self) -> u32 {
        let number = |refund: &Refund| refund.id.rsplit_once("-r")?.1.parse::<u32>().ok();
        self.refunds.iter().filter_map(number).max().unwrap_or(0).saturating_add(1)
    }

    /// The system gives back all that is left of a payment, unless it is doing so or was refused.
    pub(crate) fn give_back(&mut self, payment: &PaymentId, reason: &str, now: OffsetDateTime) {
        let Some(attempt) = self.attempts.iter().find(|attempt| attempt.payment_id == *payment) else {
            return;
        };
        let left = self.left_to_refund(attempt);
        let refused_before = self.refunds.iter().any(|refund| {
            refund.payment_id == *payment
                && refund.origin == RefundOrigin::System
                && refund.status == RefundStatus::Rejected
        });
        if attempt.standing() == Standing::Approved && !left.is_zero() && !refused_before {
            self.intend_refund(payment.clone(), left, reason.to_owned(), RefundOrigin::System, now);
        }
    }

    /// Refunds that Mercado Pago has still to be asked about.
    pub fn pending_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| refund.is_pending())
    }

    /// Whether a refund gives back the whole payment at once, which some countries demand.
    #[must_use]
    pub fn is_whole(&self, refund: &Refund) -> bool {
        self.attempts
            .iter()
            .any(|attempt| attempt.payment_id == refund.payment_id && attempt.amount() == Some(refund.amount))
    }

    /// Writes down what came of asking Mercado Pago for a refund.
    pub fn conclude_refund(&mut self, id: &str, outcome: &RefundOutcome, now: OffsetDateTime) {
        if let RefundOutcome::Made(fact) = outcome {
            self.give_way(id, &fact.id);
        }
        let Some(place) = self.refunds.iter().position(|refund| refund.id == id) else { return };
        match outcome {
            RefundOutcome::Made(fact) => {
                let displaced = self.let_go(place, &fact.id);
                self.see_refund_at(place, fact, now);
                if let Some((payment, other)) = displaced {
                    self.see_refunds(&payment, &[other], now);
                }
            }
            RefundOutcome::Refused(refusal) => {
                if let Some(refund) = self.refunds.get_mut(place).filter(|refund| refund.is_pending()) {
                    refund.status = RefundStatus::Rejected;
                    refund.refusal = Some(*refusal);
                    let (amount, refusal) = (refund.amount, *refusal);
                    self.note(now, Event::RefundRejected { amount, refusal });
                }
            }
        }
        self.refresh_status(now);
    }

    /// The answer to a call is certain; that a listed refund is the answer to an intent is not. If the listed one was
    /// taken for another intent's, that intent is open again; if it was taken for somebody's at the panel, there was
    /// nobody.
    fn give_way(&mut self, refund: &str, id: &str) {
        for other in self.refunds.iter_mut().filter(|other| other.id != refund) {
            if other.mercado_pago_id.as_deref() == Some(id) && other.origin != RefundOrigin::MercadoPago {
                (other.mercado_pago_id, other.status) = (None, RefundStatus::Pending);
            }
        }
        self.refunds.retain(|other| other.id == refund || other.mercado_pago_id.as_deref() != Some(id));
    }

    /// The other way round: if a listed refund was taken for this one's and its own answer names another, the listed one
    /// is somebody else's. It is given to find out whose, so that it stays in the books, and this one is told for itself.
    fn let_go(&mut self, place: usize, id: &str) -> Option<(PaymentId, RefundFact)> {
        let refund = self.refunds.get_mut(place)?;
        let other = refund.mercado_pago_id.take_if(|known| known != id)?;
        let status = match std::mem::replace(&mut refund.status, RefundStatus::Pending) {
            RefundStatus::Approved => "approved",
            RefundStatus::Rejected => "rejected",
            RefundStatus::Pending => "in_process",
        };
        let fact =
            RefundFact { id: other, amount: refund.amount, status: status.to_owned(), created_at: None };
        Some((refund.payment_id.clone(), fact))
    }

    /// Takes in the refunds that Mercado Pago lists for a payment. One that is not known is the answer to an intent of
    /// ours of that amount whose answer was lost, or else somebody made it in Mercado Pago's panel. Where several intents
    /// could be meant, nothing is guessed: their own answers, or a later look, will tell.
    pub(crate) fn see_refunds(&mut self, payment: &PaymentId, facts: &[RefundFact], now: OffsetDateTime) {
        // One that is listed twice is still one.
        let again = |place: usize, id: &str| facts.iter().take(place).any(|earlier| earlier.id == id);
        let facts = facts.iter().enumerate().filter(|(place, fact)| !again(*place, &fact.id));
        let facts: Vec<_> = facts.map(|(_, fact)| fact).collect();
        for fact in &facts {
            if let Some(place) = self.refund_with_id(&fact.id) {
                self.see_refund_at(place, fact, now);
            }
        }
        let unknown: Vec<_> =
            facts.into_iter().filter(|fact| self.refund_with_id(&fact.id).is_none()).collect();
        for fact in &unknown {
            let rivals = unknown.iter().filter(|other| other.amount == fact.amount).count();
            let intents = self.unanswered(payment, fact.amount);
            let place = match intents.as_slice() {
                [] => {
                    let (reason, origin) = (IN_THE_PANEL.to_owned(), RefundOrigin::MercadoPago);
                    self.intend_refund(payment.clone(), fact.amount, reason, origin, now);
                    self.refunds.len().saturating_sub(1)
                }
                [intent] if rivals == 1 => *intent,
                _ => continue,
            };
            self.see_refund_at(place, fact, now);
        }
    }

    /// The same for a list that was fetched on its own: the status follows.
    pub fn see_listed_refunds(&mut self, payment: &PaymentId, facts: &[RefundFact], now: OffsetDateTime) {
        self.see_refunds(payment, facts, now);
        self.refresh_status(now);
    }

    /// Whether a refund that Mercado Pago lists was found to be one of the sale's.
    pub(crate) fn knows_refund(&self, id: &str) -> bool {
        self.refund_with_id(id).is_some()
    }

    fn refund_with_id(&self, id: &str) -> Option<usize> {
        self.refunds.iter().position(|refund| refund.mercado_pago_id.as_deref() == Some(id))
    }

    /// Intents for an amount of a payment to which no answer is known.
    fn unanswered(&self, payment: &PaymentId, amount: Money) -> Vec<usize> {
        let is_it = |refund: &Refund| {
            refund.is_pending()
                && refund.mercado_pago_id.is_none()
                && refund.payment_id == *payment
                && refund.amount == amount
        };
        self.refunds.iter().enumerate().filter(|(_, refund)| is_it(refund)).map(|(place, _)| place).collect()
    }

    /// Whether a refund is the only intent that a listed refund of its amount can be the answer to.
    #[must_use]
    pub fn is_only_intent(&self, refund: &Refund) -> bool {
        self.unanswered(&refund.payment_id, refund.amount).len() == 1
    }

    /// How many intents before this one a listed refund of its amount could be the answer to.
    #[must_use]
    pub fn place_among_intents(&self, refund: &Refund) -> usize {
        let place = |other: &Refund| self.refunds.iter().position(|known| known.id == other.id);
        let intents = self.unanswered(&refund.payment_id, refund.amount);
        intents.into_iter().filter(|intent| Some(*intent) < place(refund)).count()
    }

    /// Payments of which Mercado Pago says that more went back than the refunds that we know of.
    pub fn with_unlisted_refunds(&self) -> impl Iterator<Item = &PaymentId> {
        let unlisted = |attempt: &&Attempt| {
            let known =
                self.sum_of_refunds(&attempt.payment_id, |refund| refund.status == RefundStatus::Approved);
            attempt.refunded_minor() > known.minor()
        };
        self.attempts.iter().filter(unlisted).map(|attempt| &attempt.payment_id)
    }

    fn see_refund_at(&mut self, place: usize, fact: &RefundFact, now: OffsetDateTime) {
        let Some(refund) = self.refunds.get_mut(place) else { return };
        refund.mercado_pago_id = Some(fact.id.clone());
        // All of a payment was asked for, and somebody at the panel was faster: what went back is the rest.
        refund.amount = fact.amount;
        let status = match fact.status.as_str() {
            "approved" => RefundStatus::Approved,
            "rejected" | "cancelled" => RefundStatus::Rejected,
            // `in_process`, `authorized`, or a word that nobody has seen: it is read again later.
            _ => RefundStatus::Pending,
        };
        if refund.status == status || refund.status == RefundStatus::Approved {
            return;
        }
        refund.status = status;
        refund.refusal = None;
        let (payment_id, amount) = (refund.payment_id.clone(), refund.amount);
        match status {
            // Told by Mercado Pago's id, so that it is told once, whichever intent it is found to answer.
            RefundStatus::Approved => {
                if self.command(CommandKind::Refunded, &fact.id, amount, (&payment_id, None), now) {
                    self.note(now, Event::RefundApproved { amount });
                }
            }
            RefundStatus::Rejected => {
                self.note(now, Event::RefundRejected { amount, refusal: Refusal::Other });
            }
            RefundStatus::Pending => {}
        }
    }
}
