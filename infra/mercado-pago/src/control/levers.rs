//! Switches and levers, over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::lever::{ChargebackChange, PaymentChange, PaymentDraft};
use super::{ControlError, Newest, read};
use crate::app::{App, lock};
use crate::calls::Calls;
use crate::faults::Faults;
use crate::json::{Json, object};
use crate::model::refund::RefundStatus;
use crate::respond;

type Answer = Result<Response, ControlError>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Completion {
    status: RefundStatus,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PanelRefund {
    payment: u64,
    amount: Json,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    payment: u64,
    #[serde(default)]
    amount: Json,
}

/// `GET /_control/faults`
pub async fn faults(State(app): State<Arc<App>>) -> Response {
    respond::ok(&app.faults())
}

/// `PUT /_control/faults`: what the document leaves out is switched off.
pub async fn set_faults(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    app.set_faults(read(&body)?)?;
    Ok(respond::ok(&app.faults()))
}

/// `DELETE /_control/faults`: everything works.
pub async fn clear_faults(State(app): State<Arc<App>>) -> StatusCode {
    *lock(&app.faults) = Faults::default();
    StatusCode::NO_CONTENT
}

/// `GET /_control/calls`
pub async fn calls(State(app): State<Arc<App>>) -> Response {
    respond::ok(&lock(&app.calls).render())
}

/// `DELETE /_control/calls`: counts from zero.
pub async fn clear_calls(State(app): State<Arc<App>>) -> StatusCode {
    *lock(&app.calls) = Calls::default();
    StatusCode::NO_CONTENT
}

/// `GET /_control/clock`
pub async fn clock(State(app): State<Arc<App>>) -> Response {
    respond::ok(&object! {"now": app.clock.now()})
}

/// `POST /_control/clock` `{"advance_seconds": 3600}`
pub async fn advance_clock(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let Advance { advance_seconds } = read(&body)?;
    app.clock.advance(time::Duration::seconds(i64::from(advance_seconds)));
    app.catch_up();
    Ok(respond::ok(&object! {"now": app.clock.now()}))
}

/// `GET /_control/payments?newest=1000`: of all sellers, newest first, each as its own seller sees it.
pub async fn payments(State(app): State<Arc<App>>, Query(Newest { newest }): Query<Newest>) -> Response {
    let world = app.world();
    let all: Vec<Json> =
        world.payments.values().rev().take(newest).map(|payment| world.render_payment(payment)).collect();
    respond::ok(&Json::List(all))
}

/// `POST /_control/payments`: answers the payment.
pub async fn create_payment(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let draft: PaymentDraft = read(&body)?;
    let id = app.create_payment(&draft)?;
    Ok(respond::created(&shown(&app, id)))
}

/// `PUT /_control/payments/{payment}` `{"status": "in_mediation"}`
pub async fn change_payment(State(app): State<Arc<App>>, Path(id): Path<u64>, body: Bytes) -> Answer {
    let change: PaymentChange = read(&body)?;
    app.change_payment(id, &change)?;
    Ok(respond::ok(&shown(&app, id)))
}

/// `POST /_control/refunds` `{"payment": 130000000007, "amount": 12.50}`: answers the refund.
pub async fn refund_in_panel(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let PanelRefund { payment, amount } = read(&body)?;
    let site = app.world().payments.get(&payment).map(|payment| payment.site);
    let site = site.ok_or_else(|| ControlError::missing(format!("there is no payment {payment}")))?;
    let amount = site.amount(&amount).map_err(|error| ControlError::bad(format!("amount {error}")))?;
    let id = app.refund_in_panel(payment, amount)?;
    let world = app.world();
    let found = world.payments.get(&payment).and_then(|payment| {
        let refund = payment.refunds.iter().find(|refund| refund.id == id)?;
        Some(world.render_refund(payment, refund))
    });
    Ok(respond::created(&found.unwrap_or(Json::Null)))
}

/// `PUT /_control/refunds/{refund}` `{"status": "approved"}`
pub async fn complete_refund(State(app): State<Arc<App>>, Path(id): Path<u64>, body: Bytes) -> Answer {
    let Completion { status } = read(&body)?;
    app.complete_refund(id, status)?;
    Ok(respond::ok(&object! {"id": id, "status": status.word()}))
}

/// `POST /_control/chargebacks` `{"payment": 130000000007}`
pub async fn charge_back(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let claim: Claim = read(&body)?;
    let amount = {
        let world = app.world();
        let site = world.payments.get(&claim.payment).map(|payment| payment.site);
        match site.filter(|_| !claim.amount.is_null()).map(|site| site.amount(&claim.amount)) {
            Some(Err(error)) => return Err(ControlError::bad(format!("amount {error}"))),
            Some(Ok(minor)) => Some(minor),
            None => None,
        }
    };
    let id = app.charge_back(claim.payment, amount)?;
    Ok(respond::created(&object! {"id": id, "payment": claim.payment}))
}

/// `PUT /_control/chargebacks/{chargeback}` `{"documentation_status": "valid"}`: answers the chargeback.
pub async fn change_chargeback(State(app): State<Arc<App>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let change: ChargebackChange = read(&body)?;
    app.change_chargeback(&id, &change)?;
    let world = app.world();
    let seller = |owner: &u64| world.accounts.get(owner).is_some_and(|seller| seller.live_mode);
    let shown = world.chargebacks.get(&id).map(|chargeback| chargeback.render(seller(&chargeback.owner)));
    Ok(respond::ok(&shown.unwrap_or(Json::Null)))
}

fn shown(app: &App, id: u64) -> Json {
    let world = app.world();
    world.payments.get(&id).map_or(Json::Null, |payment| world.render_payment(payment))
}
