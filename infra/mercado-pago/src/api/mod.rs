//! Mercado Pago's HTTP API.

mod body;
mod chargebacks;
mod images;
mod intents;
mod merchant_orders;
pub mod oauth;
mod once;
mod order_draft;
mod order_refunds;
mod orders;
mod payments;
mod pos;
mod query;
mod refunds;
mod seller;
mod stores;
mod strict;
mod terminals;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};

use crate::app::App;
use crate::error::ApiError;

/// The routes of the API.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/oauth/token", post(oauth::token))
        .route("/users/me", get(users::me))
        .route("/users/{user}/stores", axum::routing::post(stores::create))
        .route("/users/{user}/stores/search", get(stores::search))
        .route("/users/{user}/stores/{store}", axum::routing::put(stores::update).delete(stores::delete))
        .route("/stores/{store}", get(stores::read))
        .route("/pos", get(pos::search).post(pos::create))
        .route("/pos/{pos}", get(pos::read).put(pos::update).delete(pos::delete))
        .route("/merchant_orders", get(merchant_orders::search))
        .route("/merchant_orders/search", get(merchant_orders::search))
        .route("/merchant_orders/{order}", get(merchant_orders::read))
        .route("/v1/payments/search", get(payments::search))
        .route("/v1/payments/{payment}", get(payments::read).put(payments::cancel))
        .route("/v1/payments/{payment}/refunds", get(refunds::list).post(refunds::create))
        .route("/v1/payments/{payment}/refunds/{refund}", get(refunds::read))
        .route("/v1/chargebacks/search", get(chargebacks::search))
        .route("/v1/chargebacks/{chargeback}", get(chargebacks::read))
        .route("/v1/orders", get(orders::search).post(orders::create))
        .route("/v1/orders/{order}", get(orders::read))
        .route("/v1/orders/{order}/cancel", post(orders::cancel))
        .route("/v1/orders/{order}/refund", post(orders::refund))
        .route("/v1/orders/{order}/events", post(orders::simulate))
        .route("/terminals/v1/list", get(terminals::list))
        .route("/terminals/v1/setup", patch(terminals::set_up))
        .merge(legacy_point())
}

/// Terminals as the generation before orders has them.
fn legacy_point() -> Router<Arc<App>> {
    let point = Router::new()
        .route("/devices", get(terminals::devices))
        .route("/devices/{device}", patch(terminals::set_device))
        .route("/devices/{device}/payment-intents", post(intents::create))
        .route("/devices/{device}/payment-intents/{intent}", axum::routing::delete(intents::cancel))
        .route("/payment-intents/events", get(intents::events))
        .route("/payment-intents/{intent}", get(intents::read))
        .route("/payment-intents/{intent}/events", get(intents::event));
    Router::new().nest("/point/integration-api", point)
}

/// What needs no token: the images that `qr` names.
pub fn images() -> Router<Arc<App>> {
    Router::new().route("/instore/merchant/qr/{pos}/{file}", get(images::read))
}

/// Anything else. The text is the one that Mercado Pago answers.
pub async fn nothing() -> Response {
    let message = "Si quieres conocer los recursos de la API que se encuentran disponibles visita el Sitio de \
                   Desarrolladores de MercadoLibre (https://developers.mercadopago.com)";
    ApiError::new(404, "not_found", message).into_response()
}
