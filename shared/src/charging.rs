//! Charging at a terminal: the intent is stored, Mercado Pago is asked with the stored key, and what it then says of the
//! charge decides.

use time::{Duration, OffsetDateTime};

use crate::change::change;
use crate::id::{PaymentId, ResourceId};
use crate::mercado_pago::{ApiError, Cancelled, MercadoPago, Order, PaymentIntent};
use crate::payment::{Channel, PaymentFact};
use crate::refunding::Try;
use crate::sale::{Charge, ChargeFact, ChargeStatus, PointApi, Sale};
use crate::secrets::Account;
use crate::store::{Store, StoreError};

/// What came of sending a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Mercado Pago has it.
    Made(ChargeFact),
    /// It will not take it, for this reason: nothing is at the terminal.
    Refused(String),
}

/// Sends a charge to its terminal. An error means that nobody knows whether it was made: the charge stays as it is, and
/// the next try of an order is the same request under the same key. A legacy intent is not sent a second time.
pub async fn send(
    mercado_pago: &MercadoPago,
    account: &Account,
    sale: &Sale,
    charge: &Charge,
    attempt: Try,
) -> Result<Sent, ApiError> {
    let description = sale.delivery.description.as_deref();
    match mercado_pago.charge(&account.access_token, charge, description).await {
        // It was made for this reference, whether or not the answer says so.
        Ok(made) => Ok(Sent::Made(ChargeFact { reference: Some(charge.id.clone()), ..made })),
        Err(error) => {
            // An order that was made is given again under its key, so what is queued is another one. The legacy API has
            // neither a key nor a code for it.
            let is_queued = match charge.api {
                PointApi::Orders => error.code().is_some_and(|code| code.starts_with("already_queued")),
                PointApi::PaymentIntents => {
                    error == (ApiError::Busy { status: 409 }) && attempt == Try::First
                }
            };
            if is_queued {
                return Ok(Sent::Refused("already_queued_order_for_terminal".to_owned()));
            }
            if error.is_passing() {
                return Err(error);
            }
            tracing::warn!(event = "charge_refused", charge = charge.id, %error, "Mercado Pago refused a charge");
            Ok(Sent::Refused(refusal(&error)))
        }
    }
}

/// The reason of a refusal as a word: Mercado Pago's code, or what its HTTP class means.
fn refusal(error: &ApiError) -> String {
    let by_class = match error {
        ApiError::Refused { status: 401, .. } => Some("unauthorized"),
        ApiError::Refused { status: 404, .. } => Some("terminal_not_found"),
        ApiError::Refused { status: 403, .. } => Some("forbidden_checking_terminal_owner"),
        _ => None,
    };
    match (error.code(), by_class) {
        // A word of its own says more than a class; a number, or the class itself in words, does not.
        (Some(code), _) if code.contains('_') && code != "bad_request" && code != "not_found" => {
            code.to_owned()
        }
        (_, Some(word)) => word.to_owned(),
        (code, None) => code.unwrap_or("refused").to_owned(),
    }
}

/// What a charge is said to be, and the payments that it names.
pub type Reading = (ChargeFact, Vec<PaymentFact>);

/// An order with its payments; `None` for one of a QR, which is no charge.
pub(crate) async fn read_order(
    mercado_pago: &MercadoPago,
    account: &Account,
    id: &ResourceId,
    order: &Order,
) -> Result<Option<Reading>, Looked> {
    let Some(charge) = order.charge(id.clone()) else { return Ok(None) };
    let payments = payments(mercado_pago, account, &order.payments(), order.reference()).await?;
    Ok(Some((charge, payments)))
}

/// A payment intent with its payments, which say how it ended.
pub(crate) async fn read_intent(
    mercado_pago: &MercadoPago,
    account: &Account,
    id: &ResourceId,
    intent: &PaymentIntent,
) -> Result<Reading, Looked> {
    let payments = payments(mercado_pago, account, &intent.payments(), intent.reference()).await?;
    Ok((intent.charge(id.clone(), &payments), payments))
}

/// For so long a new order may not be found yet.
const NOT_VISIBLE_YET: Duration = Duration::seconds(60);

/// What Mercado Pago says of a charge and of its payments; nothing while it does not find it. An order whose id was lost is
/// searched for by its reference.
pub async fn look(
    mercado_pago: &MercadoPago,
    account: &Account,
    charge: &Charge,
    now: OffsetDateTime,
) -> Result<Option<Reading>, Looked> {
    let token = &account.access_token;
    let Some(id) = &charge.mercado_pago_id else {
        if charge.api == PointApi::PaymentIntents {
            return Ok(None);
        }
        return match mercado_pago.orders_of(token, charge.reference(), charge.created_at).await? {
            Some((id, order)) => read_order(mercado_pago, account, &id, &order).await,
            None => Ok(None),
        };
    };
    let found = match charge.api {
        PointApi::Orders => match absent(mercado_pago.order(token, id).await)? {
            Some(order) => read_order(mercado_pago, account, id, &order).await?,
            None => None,
        },
        PointApi::PaymentIntents => match absent(mercado_pago.payment_intent(token, id).await)? {
            Some(intent) => Some(read_intent(mercado_pago, account, id, &intent).await?),
            None => None,
        },
    };
    let is_gone = found.is_none() && now - charge.created_at > NOT_VISIBLE_YET;
    Ok(found.or_else(|| is_gone.then(|| (gone(charge, id.clone()), Vec::new()))))
}

/// What Mercado Pago made and does not have any more is over; a payment of it says more.
fn gone(charge: &Charge, id: ResourceId) -> ChargeFact {
    ChargeFact {
        id,
        reference: Some(charge.id.clone()),
        terminal: None,
        status: ChargeStatus("expired".to_owned()),
        detail: Some("not_found".to_owned()),
        transactions: Vec::new(),
        tip: None,
        paid: None,
    }
}

fn absent<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Why a charge could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Looked {
    /// Mercado Pago did not tell.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A document lacks what it must have.
    #[error("Mercado Pago's document lacks {0}")]
    Document(&'static str),
}

/// The payments that an order or payment intent of a terminal names. One that does not say what it pays was made for what
/// the order was made for: it was fetched by the order's own word.
async fn payments(
    mercado_pago: &MercadoPago,
    account: &Account,
    ids: &[PaymentId],
    reference: Option<&str>,
) -> Result<Vec<PaymentFact>, Looked> {
    let mut facts = Vec::with_capacity(ids.len());
    for id in ids {
        let payment = mercado_pago.payment(&account.access_token, id).await?;
        let mut fact = payment.fact().map_err(Looked::Document)?;
        fact.channel = Channel::Point;
        let named = fact.reference.take().filter(|named| !named.is_empty());
        fact.reference = named.or_else(|| reference.map(str::to_owned));
        facts.push(fact);
    }
    Ok(facts)
}

/// Asks Mercado Pago to cancel a charge that it has.
pub async fn cancel(
    mercado_pago: &MercadoPago,
    account: &Account,
    charge: &Charge,
    now: OffsetDateTime,
) -> Result<Cancelled, ApiError> {
    let Some(id) = &charge.mercado_pago_id else { return Ok(Cancelled::Refused) };
    let key = format!("{}-x{}", charge.id, now.unix_timestamp_nanos() / 1_000_000);
    mercado_pago.cancel_charge(&account.access_token, charge, id, &key).await
}

/// Stores what came of sending a charge. Gives the sale as it stands.
pub async fn conclude(
    store: &Store,
    sale: Sale,
    charge: &str,
    sent: &Sent,
    now: OffsetDateTime,
) -> Result<Sale, StoreError> {
    let conclude = |sale: &mut Sale| {
        match sent {
            Sent::Made(fact) => sale.see_charges(std::slice::from_ref(fact), now),
            Sent::Refused(reason) => sale.end_charge(charge, "failed", reason, now),
        }
        Ok(())
    };
    change(store, sale, now, conclude).await.map(|(sale, ())| sale)
}
