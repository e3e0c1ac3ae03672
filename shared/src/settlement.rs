//! What the facts that Mercado Pago tells mean for a sale. Pure: no clock, no I/O.

use time::OffsetDateTime;

use crate::money::Money;
use crate::payment::{PaymentFact, Standing};
use crate::sale::{Attempt, CommandKind, Disposition, Event, ReviewReason, Sale};

/// The seller that a sale's money must reach.
#[derive(Clone, Debug)]
pub struct Seller {
    /// User id at Mercado Pago.
    pub collector_id: String,
    /// Whether the account takes real money. It is declared, never inferred: test tokens look like live ones.
    pub live: bool,
}

/// Takes facts into a sale. The first approved payment that is in order wins, by Mercado Pago's own time of
/// approval; any other approved one is given back by the system (as a pending refund of the sale, to be carried
/// out once it is stored), also one of another amount than is owed. A payment that does not fit never settles and is
/// never dropped: while nothing else settles the sale, it puts the sale under review. The same facts in any order and
/// number give the same money in the end.
#[must_use]
pub fn settle(before: &Sale, seller: &Seller, facts: &[PaymentFact], now: OffsetDateTime) -> Sale {
    let mut sale = before.clone();
    for fact in facts {
        take_in(&mut sale, fact, now);
    }
    let found: Vec<_> = sale.attempts.iter().map(|attempt| misfits(&sale, seller, attempt)).collect();
    for (attempt, misfits) in sale.attempts.iter_mut().zip(found) {
        attempt.misfits = misfits;
    }
    give_back_the_losers(&mut sale, now);
    sale.refresh_status(now);
    tell_the_station(&mut sale, now);
    sale
}

fn take_in(sale: &mut Sale, fact: &PaymentFact, now: OffsetDateTime) {
    let known = sale.attempts.iter().position(|attempt| attempt.payment_id == fact.id);
    let was = known.and_then(|place| sale.attempts.get(place)).and_then(Attempt::latest).cloned();
    let is = if let Some(attempt) = known.and_then(|place| sale.attempts.get_mut(place)) {
        attempt.learn(fact);
        attempt.latest().cloned()
    } else {
        let attempt = Attempt::first_seen(fact);
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

/// Every way in which a payment does not fit its sale. What a check needs and no document carried, or what documents
/// contradict each other in, counts as a misfit: money is not credited on half a story. It is found out anew each time, so that a mended account mends its sales.
fn misfits(sale: &Sale, seller: &Seller, attempt: &Attempt) -> Vec<ReviewReason> {
    let owed = sale.amount();
    let only = |told: &[String], expected: &str| matches!(told, [one] if one == expected);
    let charge = sale.charge_of(attempt);
    let names_sale = charge.is_some() && attempt.references.len() == 1
        || only(&attempt.references, sale.reference.as_str());
    // What the buyer added at the terminal is paid on top of what is owed.
    let with_tip = charge.and_then(|charge| charge.tip).map(|tip| owed.saturating_add(tip));
    let currency_differs = attempt.amounts.iter().any(|paid| paid.currency() != owed.currency());
    let is_owed = |paid: &Money| *paid == owed || Some(*paid) == with_tip;
    let amount_differs = !matches!(attempt.amounts.as_slice(), [paid] if is_owed(paid)) && !currency_differs;
    let checks = [
        (!only(&attempt.collectors, &seller.collector_id), ReviewReason::Collector),
        (currency_differs, ReviewReason::Currency),
        (amount_differs, ReviewReason::Amount),
        (!names_sale, ReviewReason::Reference),
        (charge.is_some_and(|charge| charge.told_terminal.is_some()), ReviewReason::Terminal),
        (seller.live && attempt.is_test, ReviewReason::LiveMode),
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
    // A wrong amount alone is a case for a person only while nothing else settles the sale: after that the payment is one
    // too many, whatever its amount. Whose money it is, or whether it is money, stays a case.
    let is_settled =
        winner.is_some() || !matches!(sale.disposition, Disposition::Open | Disposition::Deferred);
    let is_ours = |attempt: &Attempt| match attempt.misfits.as_slice() {
        [] => true,
        [ReviewReason::Amount] => is_settled && attempt.amount().is_some_and(|paid| !paid.is_zero()),
        _ => false,
    };
    let losers: Vec<_> = sale
        .attempts
        .iter()
        .filter(|attempt| attempt.is_approved() && is_ours(attempt))
        .map(|attempt| attempt.payment_id.clone())
        .filter(|payment| Some(payment) != winner.as_ref() || sale.was_paid_elsewhere(payment))
        .collect();
    for payment in losers {
        let reason = if sale.was_paid_elsewhere(&payment) { crate::sale::PAID_ELSEWHERE } else { reason };
        let refunds = sale.refunds.len();
        sale.give_back(&payment, reason, now);
        if sale.refunds.len() > refunds {
            sale.note(now, Event::CompetingPayment { payment: payment.to_string() });
        }
    }
}

fn tell_the_station(sale: &mut Sale, now: OffsetDateTime) {
    let Some(winner) = sale.winner() else { return };
    if winner.review_reasons().next().is_some() || sale.was_paid_elsewhere(&winner.payment_id) {
        return;
    }
    let (payment, method) = (winner.payment_id.clone(), winner.method.clone());
    let told = sale.commands.iter().filter(|command| {
        command.payment_id == payment && matches!(command.kind, CommandKind::Paid | CommandKind::Withdrawn)
    });
    let last = told.clone().next_back().map(|command| command.kind);
    let kind = match (winner.standing(), last) {
        (Standing::Approved, None | Some(CommandKind::Withdrawn)) => CommandKind::Paid,
        (Standing::ChargedBack, Some(CommandKind::Paid)) => CommandKind::Withdrawn,
        _ => return,
    };
    // A dispute that is lost and won again tells the same things a second time.
    let before = told.filter(|command| command.kind == kind).count();
    let cause =
        if before == 0 { payment.to_string() } else { format!("{payment}-{}", before.saturating_add(1)) };
    let amount = sale.amount();
    sale.command(kind, &cause, amount, (&payment, method.as_deref()), now);
    if kind == CommandKind::Paid {
        sale.note(now, Event::Paid { payment: payment.to_string() });
    }
}

#[cfg(test)]
mod tests;
