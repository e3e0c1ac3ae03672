//! Who calls.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::account::Account;
use crate::app::App;
use crate::error::{ApiError, OrderError};

/// The seller whose token came with the request. The token is taken from the header only: in the query it would end up
/// in logs, and the current reference does not know it there.
pub struct Seller(pub Account);

/// The same for the Orders API, whose errors have another shape.
pub struct OrderSeller(pub Account);

fn token(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim)
}

/// The seller that a token acts for: the seller's own, or one that an application was given.
fn seller(app: &App, token: &str) -> Option<Account> {
    let world = app.world();
    let of_application = || world.seller_of_application(token, || app.clock.now());
    world.seller(token).or_else(of_application).cloned()
}

impl FromRequestParts<Arc<App>> for Seller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match token(parts) {
            // Error 5 of the payments reference.
            None if parts.uri.path().starts_with("/v1/") => {
                Err(ApiError::coded(400, 5, "Must provide your access_token to proceed"))
            }
            None => Err(ApiError::new(401, "unauthorized", "authorization value not present")),
            Some(token) => seller(app, token).map(Seller).ok_or_else(ApiError::token),
        }
    }
}

impl FromRequestParts<Arc<App>> for OrderSeller {
    type Rejection = OrderError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, OrderError> {
        let seller = token(parts).and_then(|token| seller(app, token));
        seller.map(OrderSeller).ok_or_else(OrderError::token)
    }
}
