//! Merchant orders. Source: the merchant-order reference.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::query::Query;
use super::seller::Seller;
use crate::app::App;
use crate::clock::Moment;
use crate::error::{ApiError, plain};
use crate::json::{Json, object};
use crate::model::order::MerchantOrder;
use crate::respond;

const FILTERS: [&str; 15] = [
    "status",
    "preference_id",
    "application_id",
    "payer_id",
    "sponsor_id",
    "external_reference",
    "site_id",
    "marketplace",
    "date_created_from",
    "date_created_to",
    "last_updated_from",
    "last_updated_to",
    "items",
    "limit",
    "offset",
];

type Answer = Result<Response, ApiError>;

/// `GET /merchant_orders/{order}`
pub async fn read(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    let id: u64 = id.parse().map_err(|_| ApiError::new(400, "invalid_format", "The id must be a number"))?;
    let world = app.world();
    let order = world.orders.get(&id).ok_or_else(|| plain(404, format!("merchant order {id} not found")))?;
    if order.owner != seller.collector_id {
        return Err(ApiError::new(401, "invalid_caller_id", "The caller is not the collector of this order"));
    }
    Ok(respond::ok(&world.render_order(order)))
}

/// `GET /merchant_orders/search`: newest last, `elements` is null when there are none.
pub async fn search(State(app): State<Arc<App>>, Seller(seller): Seller, raw: RawQuery) -> Answer {
    let query = Query::new(raw);
    let wrong = |message: String| ApiError::new(400, "ds_search_query", message);
    if let Some(name) = query.unknown(&FILTERS) {
        return Err(wrong(format!("The attribute [{name}] is not a possible param")));
    }
    let limit = query.number("limit", 20, 100, &wrong("invalid limit".to_owned()))?;
    let offset = query.number("offset", 0, 10_000, &wrong("invalid offset".to_owned()))?;
    let now = app.clock.now();
    let bound = |name: &str| match query.get(name).map(|text| Moment::parse_bound(text, now)) {
        Some(None) => Err(ApiError::new(400, "invalid_format", format!("{name} is not a date"))),
        Some(found) => Ok(found),
        None => Ok(None),
    };
    let created = (bound("date_created_from")?, bound("date_created_to")?);
    let updated = (bound("last_updated_from")?, bound("last_updated_to")?);
    let inside = |moment: Moment, (from, to): (Option<Moment>, Option<Moment>)| {
        from.is_none_or(|from| moment >= from) && to.is_none_or(|to| moment <= to)
    };
    let is = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
    let text = |id: Option<u64>| id.map(|id| id.to_string()).unwrap_or_default();
    let lag = app.search_lag();
    let fits = |order: &&MerchantOrder| {
        order.owner == seller.collector_id
            && order.created.plus(lag) <= now
            && is("status", order.status())
            && is("preference_id", &order.preference)
            && is("external_reference", &order.external_reference)
            && is("sponsor_id", &text(order.sponsor_id))
            && query.get("site_id").is_none_or(|site| site.eq_ignore_ascii_case(order.site.id()))
            && inside(order.created, created)
            && inside(order.updated, updated)
    };
    let world = app.world();
    let found: Vec<&MerchantOrder> = world.orders.values().filter(fits).collect();
    let total = found.len();
    let page: Vec<Json> =
        found.into_iter().skip(offset).take(limit).map(|order| world.render_order(order)).collect();
    let next = if page.is_empty() { 0 } else { offset + page.len() };
    Ok(respond::ok(&object! {
        "elements": if page.is_empty() { Json::Null } else { Json::List(page) },
        "next_offset": next,
        "total": total,
    }))
}

impl App {
    /// How long a new order of a terminal is not found.
    pub fn order_lag(&self) -> time::Duration {
        let lag = self.faults().terminals.order_lag_ms;
        time::Duration::milliseconds(i64::try_from(lag).unwrap_or(i64::MAX))
    }

    /// How long something new is missing from searches.
    pub fn search_lag(&self) -> time::Duration {
        time::Duration::milliseconds(i64::try_from(self.faults().search_lag_ms).unwrap_or(i64::MAX))
    }
}
