//! Payments. Source: the payments reference; error codes are its own.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use time::Duration;

use super::query::Query;
use super::seller::Seller;
use crate::account::Account;
use crate::app::App;
use crate::clock::Moment;
use crate::error::ApiError;
use crate::json::{Json, object};
use crate::model::payment::Payment;
use crate::respond;
use crate::world::World;

const PARAMETERS: [&str; 20] = [
    "sort",
    "criteria",
    "external_reference",
    "range",
    "begin_date",
    "end_date",
    "limit",
    "offset",
    "status",
    "status_detail",
    "operation_type",
    "payment_method_id",
    "payment_type_id",
    "payer.id",
    "collector.id",
    "store_id",
    "pos_id",
    "sponsor_id",
    "currency_id",
    "id",
];

type Answer = Result<Response, ApiError>;

/// The payment of that id, for its seller only.
pub fn find<'a>(world: &'a World, seller: &Account, id: &str) -> Result<&'a Payment, ApiError> {
    let payment = id.parse::<u64>().ok().and_then(|id| world.payments.get(&id));
    let payment = payment.ok_or_else(|| ApiError::coded(404, 2000, "Payment not found"))?;
    if payment.owner != seller.collector_id {
        return Err(ApiError::coded(403, 4, "The caller is not authorized to access this resource"));
    }
    Ok(payment)
}

/// `GET /v1/payments/{payment}`
pub async fn read(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    let world = app.world();
    let payment = find(&world, &seller, &id)?;
    Ok(respond::ok(&world.render_payment(payment)))
}

/// `PUT /v1/payments/{payment}` with `{"status":"cancelled"}`, only for what is not decided yet.
pub async fn cancel(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let wanted = Json::parse(&body).map_err(|_| ApiError::coded(400, 1, "Params Error"))?;
    if wanted.unknown(&["status"]).is_some() || wanted.get("status").text() != Some("cancelled") {
        return Err(ApiError::coded(400, 8, "The name of the following parameters is wrong"));
    }
    let now = app.clock.now();
    let id = app.change(|world| {
        match find(world, &seller, &id).map(|payment| (payment.id, payment.status.clone())) {
            Ok((id, status)) if matches!(status.as_str(), "pending" | "in_process") => {
                (Ok(id), world.set_payment(id, "cancelled", None, now).unwrap_or_default())
            }
            Ok(_) => (Err(ApiError::coded(400, 3005, "Action not valid in the payment's state")), Vec::new()),
            Err(error) => (Err(error), Vec::new()),
        }
    })?;
    let world = app.world();
    let payment = find(&world, &seller, &id.to_string())?;
    Ok(respond::ok(&world.render_payment(payment)))
}

/// `GET /v1/payments/search`
pub async fn search(State(app): State<Arc<App>>, Seller(seller): Seller, raw: RawQuery) -> Answer {
    let query = Query::new(raw);
    if let Some(name) = query.unknown(&PARAMETERS) {
        return Err(ApiError::coded(400, 1, format!("The attribute [{name}] is not a possible param")));
    }
    let now = app.clock.now();
    let rows = ApiError::coded(400, 1000, "Number of rows exceeded the limits");
    let limit = query.number("limit", 30, 100, &rows)?;
    let offset = query.number("offset", 0, 10_000, &rows)?;
    let order = Order::read(&query)?;
    let window = Window::read(&query, now)?;
    let lag = app.search_lag();
    let world = app.world();
    let mut found: Vec<&Payment> = world
        .payments
        .values()
        .filter(|payment| payment.owner == seller.collector_id)
        // "Only the last 12 months."
        .filter(|payment| {
            payment.created.plus(lag) <= now && now.since(payment.created) < Duration::days(366)
        })
        .filter(|payment| wanted(&query, payment) && window.has(payment))
        .collect();
    order.sort(&mut found);
    let total = found.len();
    let page: Vec<Json> =
        found.into_iter().skip(offset).take(limit).map(|payment| world.render_payment(payment)).collect();
    Ok(respond::ok(&object! {
        "paging": object! {"total": total, "limit": limit, "offset": offset},
        "results": page,
    }))
}

fn wanted(query: &Query, payment: &Payment) -> bool {
    let is = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
    let id = |value: Option<u64>| value.map(|id| id.to_string()).unwrap_or_default();
    is("external_reference", payment.external_reference.as_deref().unwrap_or_default())
        && is("status", &payment.status)
        && is("status_detail", &payment.status_detail)
        && is("operation_type", "regular_payment")
        && is("payment_method_id", payment.method.id())
        && is("payment_type_id", payment.method.kind())
        && is("collector.id", &payment.collector_id.to_string())
        && is("payer.id", &crate::model::payment::BUYER.to_string())
        && is("store_id", &id(payment.store))
        && is("pos_id", &id(payment.pos))
        && is("sponsor_id", &id(payment.sponsor_id))
        && is("currency_id", &payment.currency)
        && is("id", &payment.id.to_string())
}

/// A date of a payment, by its name in `range` and `sort`.
fn date(payment: &Payment, name: &str) -> Option<Moment> {
    match name {
        "date_created" => Some(payment.created),
        "date_last_updated" => Some(payment.updated),
        "money_release_date" => payment.approved.map(|approved| approved.plus(Duration::days(14))),
        _ => payment.approved,
    }
}

/// `sort` and `criteria`.
struct Order {
    by: String,
    descending: bool,
}

impl Order {
    fn read(query: &Query) -> Result<Order, ApiError> {
        let known = [
            "date_approved",
            "date_created",
            "date_last_updated",
            "id",
            "money_release_date",
            "external_reference",
        ];
        let by = query.get("sort").unwrap_or("date_created");
        if !known.contains(&by) {
            return Err(ApiError::coded(400, 1003, "Sort is not valid"));
        }
        let descending = match query.get("criteria").unwrap_or("desc") {
            "asc" => false,
            "desc" => true,
            _ => return Err(ApiError::coded(400, 1004, "Criteria must be asc or desc")),
        };
        Ok(Order { by: by.to_owned(), descending })
    }

    fn sort(&self, found: &mut [&Payment]) {
        match self.by.as_str() {
            "id" => found.sort_by_key(|payment| payment.id),
            "external_reference" => found.sort_by_key(|payment| payment.external_reference.clone()),
            name => found.sort_by_key(|payment| (date(payment, name), payment.id)),
        }
        if self.descending {
            found.reverse();
        }
    }
}

/// `range`, `begin_date` and `end_date`.
struct Window {
    by: String,
    begin: Option<Moment>,
    end: Option<Moment>,
}

impl Window {
    fn read(query: &Query, now: Moment) -> Result<Window, ApiError> {
        let by = query.get("range").unwrap_or("date_created");
        if !["date_created", "date_last_updated", "date_approved", "money_release_date"].contains(&by) {
            return Err(ApiError::coded(400, 1, "The range is not one of the possible values"));
        }
        let bound = |name: &str| match query.get(name) {
            None => Ok(None),
            Some(text) => Moment::parse_bound(text, now)
                .map(Some)
                .ok_or_else(|| ApiError::coded(400, 1001, format!("{name}: the date format is not valid"))),
        };
        let (begin, end) = (bound("begin_date")?, bound("end_date")?);
        if let Some((begin, end)) = begin.zip(end) {
            if begin > end {
                return Err(ApiError::coded(400, 1001, "begin_date is after end_date"));
            }
            if end.since(begin) >= Duration::days(365) {
                return Err(ApiError::coded(400, 9062, "The range must be under 365 days"));
            }
        }
        Ok(Window { by: by.to_owned(), begin, end })
    }

    fn has(&self, payment: &Payment) -> bool {
        if self.begin.is_none() && self.end.is_none() {
            return true;
        }
        date(payment, &self.by).is_some_and(|date| {
            self.begin.is_none_or(|begin| date >= begin) && self.end.is_none_or(|end| date <= end)
        })
    }
}
