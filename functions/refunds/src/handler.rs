//! The intent is stored, then Mercado Pago is asked, then the outcome is stored and told.

use std::time::Duration;

use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, Response};
use surtidor::api::{KEY_RULE, Page, RefundBody, RefundView, digest, idempotency_key, parse};
use surtidor::change::change;
use surtidor::clock::Clock;
use surtidor::edge::{Caller, language, path_id};
use surtidor::id::{SaleId, StationId};
use surtidor::life::SignsOfLife;
use surtidor::mercado_pago::{self, MercadoPago};
use surtidor::problem::{Problem, json};
use surtidor::queue::{Hint, Queue, Resource};
use surtidor::refunding::{self, Try};
use surtidor::sale::{Refund, RefundRefused, RefundRequest, RefundStatus, Requested, Sale};
use surtidor::secrets::{Account, Book};
use surtidor::store::Store;

/// The caller waits, and API Gateway waits 30 s at most: what is not known by then is found out behind the queue.
pub const PATIENCE: mercado_pago::Patience = mercado_pago::Patience {
    call: Duration::from_secs(6),
    tries: 2,
    pause: Duration::from_millis(300),
    ..mercado_pago::Patience::FUNCTION
};

/// What giving money back takes.
#[derive(Debug)]
pub struct Refunds {
    /// The ledger.
    pub store: Store,
    /// Where a refund waits whose outcome is not known.
    pub queue: Queue,
    /// Who moves the money.
    pub mercado_pago: MercadoPago,
    /// Whose token asks.
    pub accounts: Book<Account>,
    /// When a sign of life of a station is due.
    pub life: SignsOfLife,
    /// The time.
    pub clock: Clock,
}

/// Answers one call: a refund that is asked for, or the list of a sale's refunds.
pub async fn handle(refunds: &Refunds, request: Request) -> Response<Body> {
    let answer = if request.method() == Method::GET {
        list(refunds, &request).await
    } else {
        create(refunds, &request).await
    };
    answer.unwrap_or_else(Problem::into_response)
}

async fn sale_of(refunds: &Refunds, station: &StationId, request: &Request) -> Result<Sale, Problem> {
    let sale = path_id(request, "sale", SaleId::parse)?;
    let found = refunds.store.sale_named(station, &sale).await?;
    found.ok_or_else(|| Problem::not_found(format!("the station has told no sale {sale}")))
}

async fn list(refunds: &Refunds, request: &Request) -> Result<Response<Body>, Problem> {
    let (caller, station) = Caller::admitted(request)?;
    refunds.life.sign(&refunds.store, &caller, &station, refunds.clock.now()).await;
    let sale = sale_of(refunds, &station, request).await?;
    let language = language(request);
    let items = sale.refunds.iter().map(|refund| RefundView::new(refund, language)).collect();
    Ok(json(200, &Page { items, next: None }))
}

async fn create(refunds: &Refunds, request: &Request) -> Result<Response<Body>, Problem> {
    let (caller, station) = Caller::admitted(request)?;
    refunds.life.sign(&refunds.store, &caller, &station, refunds.clock.now()).await;
    let key = idempotency_key(request.headers().get("idempotency-key").map(HeaderValue::as_bytes))?
        .ok_or_else(|| Problem::invalid("Idempotency-Key", KEY_RULE))?;
    let body: RefundBody = parse(request.body())?;
    let sale = sale_of(refunds, &station, request).await?;
    let (amount, payment, reason) = body.read(sale.amount().currency())?;
    let digest = digest(&(amount, &payment, &reason));
    let asked = RefundRequest { amount, payment, reason, key, digest, caller: caller.key_id };
    let (sale, requested) = store_intent(refunds, sale, asked).await?;
    if matches!(&requested, Requested::New(_)) {
        // On the queue before Mercado Pago is asked: whatever dies in between, the refund is finished.
        look_again(refunds, &sale).await;
    }
    let (sale, refund) = match requested {
        Requested::New(refund) => carry_out(refunds, sale, refund, Try::First).await?,
        Requested::Known(refund) if refund.is_pending() => {
            carry_out(refunds, sale, refund, Try::Again).await?
        }
        Requested::Known(refund) => (sale, refund),
    };
    let language = language(request);
    let status = match refund.status {
        RefundStatus::Approved => 201,
        RefundStatus::Pending => 202,
        RefundStatus::Rejected => {
            let advice = refund.refusal.unwrap_or(surtidor::sale::Refusal::Other).advice(language);
            tracing::warn!(event = "refund_rejected", sale = %sale.reference, refusal = ?refund.refusal, "A refund was rejected");
            return Err(Problem::refused(advice));
        }
    };
    Ok(json(status, &RefundView::new(&refund, language)))
}

/// Writes the intent into the sale. Of several at once, each sees what the others left.
async fn store_intent(
    refunds: &Refunds,
    sale: Sale,
    asked: RefundRequest,
) -> Result<(Sale, Requested), Problem> {
    let now = refunds.clock.now();
    let ask = |sale: &mut Sale| sale.request_refund(asked.clone(), now).map_err(refused);
    change(&refunds.store, sale, now, ask).await
}

fn refused(refused: RefundRefused) -> Problem {
    match refused {
        RefundRefused::KeyReused => Problem::conflict(refused.to_string()).with_field("Idempotency-Key"),
        RefundRefused::NothingPaid(_) => Problem::conflict(refused.to_string()),
        RefundRefused::NothingLeft | RefundRefused::AboveLeft(_) | RefundRefused::Zero => {
            Problem::invalid("amount", refused.to_string())
        }
    }
}

/// Asks Mercado Pago. What is not known when it does not answer is found out behind the queue; the caller gets 202.
async fn carry_out(
    refunds: &Refunds,
    sale: Sale,
    refund: Refund,
    attempt: Try,
) -> Result<(Sale, Refund), Problem> {
    let Some(account) = refunds.accounts.get(&sale.account).await.ok().flatten() else {
        tracing::error!(event = "account_unknown", account = %sale.account, "The sale's account cannot be read");
        return Ok((sale, refund));
    };
    let outcome = match refunding::carry_out(&refunds.mercado_pago, &account, &sale, &refund, attempt).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::warn!(event = "refund_unknown", sale = %sale.reference, %error, "A refund's outcome is not known yet");
            return Ok((sale, refund));
        }
    };
    let now = refunds.clock.now();
    match refunding::conclude(&refunds.store, sale.clone(), &refund.id, &outcome, now).await {
        Ok(sale) => {
            let refund = sale.refunds.iter().find(|known| known.id == refund.id).cloned().unwrap_or(refund);
            Ok((sale, refund))
        }
        Err(error) => {
            // Mercado Pago has it; our books will follow.
            tracing::error!(event = "store_failed", %error, "A refund's outcome could not be stored");
            Ok((sale, refund))
        }
    }
}

/// Seconds after which a refund is surely not in the hands of a request any more: API Gateway gives it 30.
const LET_GO: i32 = 60;

/// Puts the sale on the queue, so that its open refund is finished without the caller.
async fn look_again(refunds: &Refunds, sale: &Sale) {
    let resource = Resource::Sale(sale.reference.clone());
    let hint = Hint::new(sale.account.clone(), resource, refunds.clock.now());
    if let Err(error) = refunds.queue.send_after(&hint, LET_GO).await {
        tracing::error!(event = "queue_failed", %error, "A refund that is open could not be put on the queue");
    }
}
