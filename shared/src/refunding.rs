//! Carrying out refunds: the intent is stored, Mercado Pago is asked with the stored key, the outcome is stored.

use time::OffsetDateTime;

use crate::change::change;
use crate::id::PaymentId;
use crate::mercado_pago::{ApiError, MercadoPago};
use crate::payment::RefundFact;
use crate::sale::{Charge, PointApi, Refund, RefundOrigin, RefundOutcome, Sale};
use crate::secrets::Account;
use crate::store::{Store, StoreError};

/// Whether Mercado Pago may have been asked for a refund before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// The intent was stored a moment ago by this very process.
    First,
    /// An earlier call may have been made, and its answer lost.
    Again,
}

/// Asks Mercado Pago for a refund of a sale. Where an earlier answer may be lost, the list of refunds is read first: what
/// is there is not asked for a second time. If several intents could be meant by what is listed, the call is repeated
/// with this refund's own key, which gives its own answer. An error means that the outcome is not known: the refund stays
/// pending, and the next try uses the same key.
pub async fn carry_out(
    mercado_pago: &MercadoPago,
    account: &Account,
    sale: &Sale,
    refund: &Refund,
    attempt: Try,
) -> Result<RefundOutcome, ApiError> {
    let (token, payment) = (&account.access_token, &refund.payment_id);
    let currency = sale.amount().currency();
    if attempt == Try::Again {
        let facts = listed(mercado_pago, account, sale, payment).await?;
        if let Some(id) = &refund.mercado_pago_id {
            let made = facts.into_iter().find(|fact| fact.id == *id);
            return made
                .map(RefundOutcome::Made)
                .ok_or(ApiError::Unreadable("the refund is not listed".to_owned()));
        }
        let mut answers =
            facts.into_iter().filter(|fact| fact.amount == refund.amount && !sale.knows_refund(&fact.id));
        if let (Some(made), None, true) = (answers.next(), answers.next(), sale.is_only_intent(refund)) {
            return Ok(RefundOutcome::Made(made));
        }
    }
    if let Some((charge, transaction)) = order_of(sale, payment) {
        match of_order(mercado_pago, account, sale, refund, (charge, transaction), attempt).await {
            // Mercado Pago keeps orders for three months, and their payments for longer; and it does not give back an order
            // that is over, which may have been paid all the same.
            Err(error) if error.is_not_found() || error.code() == Some("cannot_refund_order") => {}
            outcome => return outcome.or_else(|error| refused(refund, error)),
        }
    }
    let amount = (!sale.is_whole(refund)).then_some(refund.amount);
    match mercado_pago.refund(token, payment, amount, refund.idempotency_key()).await {
        Ok(body) => match body.fact_in(currency, Some(refund.amount)) {
            Some(fact) => Ok(RefundOutcome::Made(fact)),
            None => Err(ApiError::Unreadable("a refund without id".to_owned())),
        },
        Err(error) => refused(refund, error),
    }
}

/// What a call that made no refund means for it.
fn refused(refund: &Refund, error: ApiError) -> Result<RefundOutcome, ApiError> {
    // The account's fault, not a verdict on the refund: nobody waits for the system's own, so it can wait for a mended
    // account.
    let is_the_accounts = refund.origin == RefundOrigin::System && error.is_unauthorised();
    if error.is_passing() || is_the_accounts {
        return Err(error);
    }
    tracing::warn!(event = "refund_refused", refund = refund.id, %error, "Mercado Pago refused a refund");
    Ok(RefundOutcome::Refused(error.refusal()))
}

/// The charge with an order of the Orders API that names a payment, and the order's name of it. A payment that only bears
/// the charge's reference is none of the order's: to give the order back would give another payment back.
fn order_of<'a>(sale: &'a Sale, payment: &PaymentId) -> Option<(&'a Charge, &'a str)> {
    let of_charge = |charge: &'a Charge| {
        let transaction = charge.transactions.iter().find(|of| of.payment == *payment)?;
        Some((charge, transaction.id.as_str()))
    };
    sale.charges.iter().filter(|charge| charge.api == PointApi::Orders).find_map(of_charge)
}

/// A refund of an order ("Refund order"): its answer names the refund otherwise than the payment does, so which one it
/// is is read from the payment's list. While it is not there, the outcome is not known.
async fn of_order(
    mercado_pago: &MercadoPago,
    account: &Account,
    sale: &Sale,
    refund: &Refund,
    (charge, transaction): (&Charge, &str),
    attempt: Try,
) -> Result<RefundOutcome, ApiError> {
    let token = &account.access_token;
    let Some(order) = &charge.mercado_pago_id else { return Err(ApiError::NoAnswer("not sent")) };
    // All of an order is given back without naming a part of it, which some payments do not allow.
    let is_whole = sale.is_whole(refund) && charge.transactions.len() == 1;
    let part = (!is_whole).then_some((transaction, refund.amount));
    if let Err(error) = mercado_pago.refund_order(token, order, part, refund.idempotency_key()).await {
        let by_this_one = attempt == Try::Again && error.code() == Some("order_already_refunded");
        let unknown = || ApiError::Unreadable("given back already, and not listed yet".to_owned());
        return Err(if by_this_one { unknown() } else { error });
    }
    let facts = listed(mercado_pago, account, sale, &refund.payment_id).await?;
    let unknown: Vec<_> = facts.into_iter().filter(|fact| !sale.knows_refund(&fact.id)).collect();
    let alike: Vec<_> = unknown.iter().filter(|fact| fact.amount == refund.amount).collect();
    // Of several of one amount each intent takes its own, in order: they are worth the same. Where somebody at the panel
    // was faster with a part, all that was left went back, and is the newest.
    let place = sale.place_among_intents(refund).min(alike.len().saturating_sub(1));
    let newest = || unknown.iter().filter(|_| part.is_none()).max_by_key(|fact| fact.created_at);
    let made = alike.get(place).copied().or_else(newest).cloned();
    made.map(RefundOutcome::Made).ok_or_else(|| ApiError::Unreadable("the refund is not listed".to_owned()))
}

/// The refunds of a payment of a sale, as Mercado Pago lists them.
pub async fn listed(
    mercado_pago: &MercadoPago,
    account: &Account,
    sale: &Sale,
    payment: &PaymentId,
) -> Result<Vec<RefundFact>, ApiError> {
    let currency = sale.amount().currency();
    let bodies = mercado_pago.refunds(&account.access_token, payment).await?;
    Ok(bodies.into_iter().filter_map(|body| body.fact_in(currency, None)).collect())
}

/// Stores which refunds of a payment Mercado Pago lists. Gives the sale as it stands.
pub async fn see(
    store: &Store,
    sale: Sale,
    payment: &PaymentId,
    facts: &[RefundFact],
    now: OffsetDateTime,
) -> Result<Sale, StoreError> {
    let see = |sale: &mut Sale| {
        sale.see_listed_refunds(payment, facts, now);
        Ok(())
    };
    change(store, sale, now, see).await.map(|(sale, ())| sale)
}

/// Stores the outcome of a refund, whatever else happened to the sale meanwhile. Gives the sale as it stands.
pub async fn conclude(
    store: &Store,
    sale: Sale,
    refund: &str,
    outcome: &RefundOutcome,
    now: OffsetDateTime,
) -> Result<Sale, StoreError> {
    let conclude = |sale: &mut Sale| {
        sale.conclude_refund(refund, outcome, now);
        Ok(())
    };
    change(store, sale, now, conclude).await.map(|(sale, ())| sale)
}
