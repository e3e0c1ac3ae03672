//! Refunds. Source: the refunds reference, with the HTTP classes that it lists.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use time::Duration;

use super::payments::find;
use super::seller::Seller;
use crate::account::Account;
use crate::app::App;
use crate::clock::Moment;
use crate::error::ApiError;
use crate::faults::Refunds;
use crate::json::Json;
use crate::model::payment::Payment;
use crate::model::refund::Refund;
use crate::respond;
use crate::site::Site;
use crate::world::{Change, RefundKey, World};

type Answer = Result<Response, ApiError>;

/// `GET /v1/payments/{payment}/refunds`: an array.
pub async fn list(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    let world = app.world();
    let payment = find(&world, &seller, &id)?;
    let refunds: Vec<Json> =
        payment.refunds.iter().map(|refund| world.render_refund(payment, refund)).collect();
    Ok(respond::ok(&Json::List(refunds)))
}

/// `GET /v1/payments/{payment}/refunds/{refund}`
pub async fn read(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path((id, refund)): Path<(String, String)>,
) -> Answer {
    let world = app.world();
    let payment = find(&world, &seller, &id)?;
    let refund = payment.refunds.iter().find(|known| known.id.to_string() == refund);
    let refund = refund.ok_or_else(|| ApiError::coded(404, 2032, "Refund not found"))?;
    Ok(respond::ok(&world.render_refund(payment, refund)))
}

/// `POST /v1/payments/{payment}/refunds`: all of it without a body, else `amount`.
pub async fn create(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let rules = app.faults().refunds;
    let now = app.clock.now();
    let key =
        headers.get("x-idempotency-key").and_then(|key| key.to_str().ok()).filter(|key| !key.is_empty());
    let refund = app.change(|world| {
        let request = Request { seller: &seller, payment: &id, key, body: &body };
        match request.carry_out(world, &rules, now) {
            Ok((refund, changes)) => (Ok(refund), changes),
            Err(error) => (Err(error), Vec::new()),
        }
    })?;
    let world = app.world();
    let payment = find(&world, &seller, &id)?;
    Ok(respond::created(&world.render_refund(payment, &refund)))
}

struct Request<'a> {
    seller: &'a Account,
    payment: &'a str,
    key: Option<&'a str>,
    body: &'a [u8],
}

impl Request<'_> {
    fn carry_out(
        &self,
        world: &mut World,
        rules: &Refunds,
        now: Moment,
    ) -> Result<(Refund, Vec<Change>), ApiError> {
        let refused = |documented: u16, code: u32, message: &str| refusal(rules, documented, code, message);
        let key = self.key.ok_or_else(|| refused(404, 4292, "Header X-Idempotency-Key can't be null"))?;
        let payment = find(world, self.seller, self.payment)?;
        let amount = amount(self.body, payment.site, rules)?;
        let key = format!("{}:{key}", self.seller.collector_id);
        if let Some(known) = world.refund_keys.get(&key) {
            // The same request gets the first answer; another one with that key is refused.
            let same = known.payment == payment.id && known.amount == amount;
            let first = payment.refunds.iter().find(|refund| same && refund.id == known.refund);
            let used = || refused(404, 2032, "The idempotency key was already used for another request");
            return first.cloned().map(|first| (first, Vec::new())).ok_or_else(used);
        }
        check(payment, amount, rules, now)?;
        let id = payment.id;
        let refund = Refund {
            id: 0,
            payment: id,
            amount: amount.unwrap_or_else(|| payment.refundable()),
            status: rules.outcome,
            source: "collector".to_owned(),
            created: now,
        };
        let (refund, changes) =
            world.refund(refund).ok_or_else(|| ApiError::coded(404, 2000, "Payment not found"))?;
        world.refund_keys.insert(key, RefundKey { payment: id, amount, refund: refund.id });
        Ok((refund, changes))
    }
}

/// The reference lists some errors under 401 and 404 that live answers are said to have under 400.
fn refusal(rules: &Refunds, documented: u16, code: u32, message: &str) -> ApiError {
    ApiError::coded(if rules.live_status { 400 } else { documented }, code, message)
}

/// The amount of a partial refund; none for a full one.
fn amount(body: &[u8], site: Site, rules: &Refunds) -> Result<Option<i64>, ApiError> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let body = Json::parse(body).map_err(|_| ApiError::coded(400, 1, "Params Error"))?;
    if !body.is_object() || body.unknown(&["amount"]).is_some() {
        return Err(ApiError::coded(400, 8, "The name of the following parameters is wrong"));
    }
    let numeric = || refusal(rules, 401, 4041, "Attribute amount must be numeric");
    match body.get("amount") {
        Json::Null if body.unknown(&[]).is_none() => Ok(None),
        value => match site.amount(value).map_err(|_| numeric())? {
            amount if amount > 0 => Ok(Some(amount)),
            _ => Err(refusal(rules, 401, 4040, "Attribute amount must be positive")),
        },
    }
}

/// The rules of refunds. The codes for an amount that exceeds what is left and for a seller without money are inferred:
/// the reference has none of their own.
fn check(payment: &Payment, amount: Option<i64>, rules: &Refunds, now: Moment) -> Result<(), ApiError> {
    if payment.status != "approved" || payment.refundable() <= 0 {
        return Err(ApiError::coded(
            400,
            2063,
            "The action requested is not valid for the current payment state",
        ));
    }
    if payment.approved.is_some_and(|approved| now.since(approved) > Duration::days(180)) {
        return Err(refusal(rules, 404, 2024, "Payment too old to be refunded"));
    }
    if payment.site == Site::Mpe && amount.is_some_and(|amount| amount != payment.amount) {
        return Err(refusal(rules, 404, 3024, "Partial refund unsupported for this transaction"));
    }
    if amount.is_some_and(|amount| amount > payment.refundable()) {
        return Err(ApiError::coded(400, 2063, "The amount exceeds what is left of the payment"));
    }
    if rules.insufficient_balance {
        return Err(ApiError::coded(400, 2031, "The collector does not have enough available balance"));
    }
    Ok(())
}
