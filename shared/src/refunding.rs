//! Carrying out refunds: the intent is stored, Mercado Pago is asked with the stored key, the outcome is stored.

use time::OffsetDateTime;

use crate::mercado_pago::{ApiError, MercadoPago};
use crate::sale::{Refund, RefundOutcome, Sale};
use crate::secrets::Account;
use crate::store::{SaveError, Store, StoreError};
use crate::telemetry;

/// Whether Mercado Pago may have been asked for a refund before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// The intent was stored a moment ago by this very process.
    First,
    /// An earlier call may have been made, and its answer lost.
    Again,
}

/// Asks Mercado Pago for a refund of a sale. Where an earlier answer may be lost, the list of refunds is read
/// first: what is there is not asked for a second time. An error means that the outcome is not known: the refund
/// stays pending, and the next try uses the same key.
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
        let listed = mercado_pago.refunds(token, payment).await?;
        let of_this = |id: &str| refund.mercado_pago_id.as_deref() == Some(id);
        let of_another = |id: &str| {
            sale.refunds
                .iter()
                .any(|other| other.id != refund.id && other.mercado_pago_id.as_deref() == Some(id))
        };
        let facts = listed.into_iter().filter_map(|body| body.fact_in(currency, None));
        let made = facts.into_iter().find(|fact| {
            of_this(&fact.id)
                || (refund.mercado_pago_id.is_none() && fact.amount == refund.amount && !of_another(&fact.id))
        });
        if let Some(fact) = made {
            return Ok(RefundOutcome::Made(fact));
        }
    }
    let amount = (!sale.is_whole(refund)).then_some(refund.amount);
    match mercado_pago.refund(token, payment, amount, refund.idempotency_key()).await {
        Ok(body) => match body.fact_in(currency, Some(refund.amount)) {
            Some(fact) => Ok(RefundOutcome::Made(fact)),
            None => Err(ApiError::Unreadable("a refund without id".to_owned())),
        },
        Err(error) if error.is_passing() => Err(error),
        Err(error) => {
            tracing::warn!(event = "refund_refused", refund = refund.id, %error, "Mercado Pago refused a refund");
            Ok(RefundOutcome::Refused(error.refusal()))
        }
    }
}

/// Stores the outcome of a refund, whatever else happened to the sale meanwhile. Gives the sale as it stands.
pub async fn conclude(
    store: &Store,
    mut sale: Sale,
    refund: &str,
    outcome: &RefundOutcome,
    now: OffsetDateTime,
) -> Result<Sale, StoreError> {
    loop {
        let before = sale.clone();
        sale.conclude_refund(refund, outcome, now);
        if sale == before {
            return Ok(sale);
        }
        match store.save(&mut sale).await {
            Ok(()) => {
                telemetry::tell_of_review(&before, &sale);
                return Ok(sale);
            }
            Err(SaveError::Conflict(standing)) => sale = *standing,
            Err(SaveError::Store(error)) => return Err(error),
        }
    }
}
