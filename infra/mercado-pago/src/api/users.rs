//! `/users/me`.

use axum::response::Response;

use super::seller::Seller;
use crate::respond;

/// The seller that a token belongs to.
pub async fn me(Seller(account): Seller) -> Response {
    respond::ok(&account.render())
}
