//! Chargebacks. Source: the chargebacks reference.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::query::Query;
use super::seller::Seller;
use crate::app::App;
use crate::error::{ApiError, plain};
use crate::json::{Json, object};
use crate::respond;

type Answer = Result<Response, ApiError>;

/// `GET /v1/chargebacks/{chargeback}`
pub async fn read(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    let world = app.world();
    let found = world.chargebacks.get(&id).filter(|chargeback| chargeback.owner == seller.collector_id);
    let chargeback = found.ok_or_else(|| plain(404, "Chargeback not found"))?;
    Ok(respond::ok(&chargeback.render(seller.live_mode)))
}

/// `GET /v1/chargebacks/search`. Its parameters are not listed; `payment_id` is inferred.
pub async fn search(State(app): State<Arc<App>>, Seller(seller): Seller, raw: RawQuery) -> Answer {
    let query = Query::new(raw);
    if let Some(name) = query.unknown(&["payment_id", "limit", "offset"]) {
        return Err(ApiError::coded(400, 1, format!("The attribute [{name}] is not a possible param")));
    }
    let rows = ApiError::coded(400, 1000, "Number of rows exceeded the limits");
    let limit = query.number("limit", 30, 100, &rows)?;
    let offset = query.number("offset", 0, 10_000, &rows)?;
    let wanted = query.get("payment_id");
    let world = app.world();
    let found: Vec<Json> = world
        .chargebacks
        .values()
        .filter(|chargeback| chargeback.owner == seller.collector_id)
        .filter(|chargeback| wanted.is_none_or(|id| id == chargeback.payment.to_string()))
        .map(|chargeback| chargeback.render(seller.live_mode))
        .collect();
    let total = found.len();
    let page: Vec<Json> = found.into_iter().skip(offset).take(limit).collect();
    Ok(respond::ok(&object! {
        "paging": object! {"total": total, "limit": limit, "offset": offset},
        "results": page,
    }))
}
