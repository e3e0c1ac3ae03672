//! What the facts that Mercado Pago tells mean for a sale. Pure: no clock, no I/O.

use time::OffsetDateTime;

use crate::payment::{PaymentFact, Standing};
use crate::sale::{Attempt, CommandKind, Disposition, Event, ReviewReason, Sale, SaleStatus};

/// The seller that a sale's money must reach.
#[derive(Clone, Debug)]
pub struct Seller {
    /// User id at Mercado Pago.
    pub collector_id: String,
    /// Whether the account takes real money. It is declared, never inferred: test tokens look like live ones.
    pub live: bool,
}

/// What settling came to.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The sale as it is now.
    pub sale: Sale,
    /// Whether it differs from before, so that it must be written.
    pub changed: bool,
    /// The sale went to `needs_review` just now.
    pub newly_in_review: bool,
}

/// Takes facts into a sale. The first approved payment that is in order wins, by Mercado Pago's own time of
/// approval; any other approved one is given back by the system (as a pending refund of the sale, to be carried
/// out once it is stored). A payment that does not fit never settles and is never dropped: it puts the sale
/// under review. The same facts in any order and number give the same money in the end.
#[must_use]
pub fn settle(before: &Sale, seller: &Seller, facts: &[PaymentFact], now: OffsetDateTime) -> Settlement {
    let mut sale = before.clone();
    for fact in facts {
        take_in(&mut sale, seller, fact, now);
    }
    give_back_the_losers(&mut sale, now);
    sale.refresh_status(now);
    tell_the_station(&mut sale, now);
    let newly_in_review = sale.status == SaleStatus::NeedsReview && before.status != SaleStatus::NeedsReview;
    Settlement { changed: sale != *before, newly_in_review, sale }
}

fn take_in(sale: &mut Sale, seller: &Seller, fact: &PaymentFact, now: OffsetDateTime) {
    let misfits = misfits(sale, seller, fact);
    let known = sale.attempts.iter().position(|attempt| attempt.payment_id == fact.id);
    let was = known.and_then(|place| sale.attempts.get(place)).and_then(Attempt::latest).cloned();
    let is = if let Some(attempt) = known.and_then(|place| sale.attempts.get_mut(place)) {
        attempt.learn(fact, misfits);
        attempt.latest().cloned()
    } else {
        let attempt = Attempt::first_seen(fact, misfits);
        let latest = attempt.latest().cloned();
        sale.attempts.push(attempt);
        latest
    };
    if let Some(is) = is
        && was.is_none_or(|was| (was.status, was.detail) != (is.status.clone(), is.detail.clone()))
    {
        let event =
            Event::PaymentSeen { payment: fact.id.to_string(), status: is.status.0, detail: is.detail };
        sale.note(now, event);
    }
    if let Some(refunds) = &fact.refunds {
        sale.see_refunds(&fact.id, refunds, now);
    }
}

/// Every way in which a payment does not fit its sale. What a check needs and the resource did not carry counts
/// as a misfit: money is not credited on half a story.
fn misfits(sale: &Sale, seller: &Seller, fact: &PaymentFact) -> Vec<ReviewReason> {
    let owed = sale.amount();
    let same_reference =
        fact.reference.as_ref().is_some_and(|told| told.eq_ignore_ascii_case(sale.reference.as_str()));
    let currency_differs = fact.amount.is_some_and(|paid| paid.currency() != owed.currency());
    let amount_differs = fact.amount.is_none_or(|paid| paid.minor() != owed.minor()) && !currency_differs;
    let checks = [
        (fact.collector.as_deref() != Some(seller.collector_id.as_str()), ReviewReason::Collector),
        (currency_differs, ReviewReason::Currency),
        (amount_differs, ReviewReason::Amount),
        (!same_reference, ReviewReason::Reference),
        (seller.live && fact.live_mode == Some(false), ReviewReason::LiveMode),
    ];
    checks.into_iter().filter_map(|(differs, reason)| differs.then_some(reason)).collect()
}

fn give_back_the_losers(sale: &mut Sale, now: OffsetDateTime) {
    let reason = match &sale.disposition {
        Disposition::Settled { .. } => crate::sale::PAID_ELSEWHERE,
        Disposition::Void => crate::sale::VOIDED,
        Disposition::Open | Disposition::Deferred => crate::sale::DUPLICATE,
    };
    let winner = sale.winner().map(|winner| winner.payment_id.clone());
    let losers: Vec<_> = sale
        .attempts
        .iter()
        .filter(|attempt| attempt.is_in_order() && attempt.is_approved())
        .map(|attempt| attempt.payment_id.clone())
        .filter(|payment| Some(payment) != winner.as_ref())
        .collect();
    for payment in losers {
        let refunds = sale.refunds.len();
        sale.give_back(&payment, reason, now);
        if sale.refunds.len() > refunds {
            sale.note(now, Event::CompetingPayment { payment: payment.to_string() });
        }
    }
}

fn tell_the_station(sale: &mut Sale, now: OffsetDateTime) {
    let Some(winner) = sale.winner() else { return };
    let (payment, method) = (winner.payment_id.clone(), winner.method.clone());
    let cause = payment.to_string();
    let amount = sale.amount();
    let told = sale
        .commands
        .iter()
        .any(|command| command.kind == CommandKind::Paid && command.payment_id == payment);
    match winner.standing() {
        Standing::Approved if !told => {
            sale.command(CommandKind::Paid, &cause, amount, (&payment, method.as_deref()), now);
            sale.note(now, Event::Paid { payment: cause });
        }
        Standing::ChargedBack if told => {
            sale.command(CommandKind::Withdrawn, &cause, amount, (&payment, method.as_deref()), now);
        }
        _ => {}
    }
}
