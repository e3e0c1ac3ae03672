//! Orders of type `point`. Sources: the Orders reference and the Point pages.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use time::Duration;

use super::once::Request;
use super::order_draft::Draft;
use super::query::Query;
use super::seller::OrderSeller;
use super::strict::{Property, parse};
use crate::account::Account;
use crate::app::App;
use crate::clock::Moment;
use crate::error::OrderError;
use crate::json::{Json, object};
use crate::model::charge::{Charge, Standing};
use crate::point::act::{CardRead, NetworkLoss};
use crate::point::ids;
use crate::respond;
use crate::world::World;

type Answer = Result<Response, OrderError>;

/// Orders are read for three months.
const READABLE: Duration = Duration::days(92);

/// The seller's order of that id. Another seller's is not found.
pub fn find<'a>(world: &'a World, seller: &Account, id: &str) -> Result<&'a Charge, OrderError> {
    let order = world.charges.get(id).filter(|order| order.is_order() && order.owner == seller.collector_id);
    order.ok_or_else(|| OrderError::new(404, "order_not_found", "The order was not found").because(id))
}

/// `POST /v1/orders`
pub async fn create(
    State(app): State<Arc<App>>,
    OrderSeller(seller): OrderSeller,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (order, transaction) = (app.uuid(), app.uuid());
    let request =
        Request { seller: &seller, headers: &headers, route: "POST /v1/orders".to_owned(), body: &body };
    request.once(&app, |world, body, now| {
        let draft = Draft::read(body, &seller)?;
        if world.has_reference(seller.collector_id, &draft.external_reference) {
            // Inferred: the reference is said to be unique, not how another one is refused.
            return Err(Property::root(body).member("external_reference").wrong("was used before"));
        }
        draft.check_terminal(world, &seller)?;
        let order = draft.order(&seller, (ids::of("ORD", now, order), ids::of("PAY", now, transaction)), now);
        let id = order.id.clone();
        world.queue(order);
        let shown = world.charges.get(&id).map(|order| world.render_charge(order));
        Ok((StatusCode::CREATED, shown.unwrap_or_default(), Vec::new()))
    })
}

/// `GET /v1/orders/{order}`
pub async fn read(
    State(app): State<Arc<App>>,
    OrderSeller(seller): OrderSeller,
    Path(id): Path<String>,
) -> Answer {
    let lag = app.order_lag();
    let now = app.clock.now();
    let world = app.world();
    let order = find(&world, &seller, &id)?;
    if order.created.plus(lag) > now || now.since(order.created) > READABLE {
        return Err(OrderError::new(404, "order_not_found", "The order was not found").because(id));
    }
    Ok(respond::ok(&world.render_charge(order)))
}

/// `GET /v1/orders`. Only the SDKs know it; the shape of its answer is inferred.
pub async fn search(State(app): State<Arc<App>>, OrderSeller(seller): OrderSeller, raw: RawQuery) -> Answer {
    let query = Query::new(raw);
    let known = ["begin_date", "end_date", "page", "page_size", "external_reference", "status", "type"];
    if let Some(name) = query.unknown(&known) {
        return Err(
            OrderError::new(400, "unsupported_properties", "A parameter is not supported").because(name)
        );
    }
    let wrong = |name: &str| OrderError::new(400, "property_value", "A parameter is not valid").because(name);
    let now = app.clock.now();
    let date = |name: &str| {
        let missing =
            || OrderError::new(400, "required_properties", "A required parameter is missing").because(name);
        Moment::parse_bound(query.get(name).ok_or_else(missing)?, now).ok_or_else(|| wrong(name))
    };
    let (begin, end) = (date("begin_date")?, date("end_date")?);
    let number = |name: &str, usual: usize, most: usize| {
        let number = query.get(name).map_or(Ok(usual), str::parse);
        number.ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| wrong(name))
    };
    let (page, size) = (number("page", 1, 10_000)?, number("page_size", 30, 100)?);
    let lag = app.search_lag();
    let world = app.world();
    let is = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
    let mut found: Vec<&Charge> = world
        .charges
        .values()
        .filter(|order| order.is_order() && order.owner == seller.collector_id)
        .filter(|order| (begin..=end).contains(&order.created) && order.created.plus(lag) <= now)
        .filter(|order| {
            let payment = order.payment.and_then(|id| world.payments.get(&id));
            is("external_reference", order.external_reference.as_deref().unwrap_or_default())
                && is("status", order.order_status(payment).0)
                && is("type", "point")
        })
        .collect();
    found.sort_by_key(|order| std::cmp::Reverse(order.number));
    let total = found.len();
    let skipped = (page - 1) * size;
    let shown: Vec<Json> =
        found.into_iter().skip(skipped).take(size).map(|order| world.render_charge(order)).collect();
    Ok(respond::ok(&object! {
        "data": shown,
        "paging": object! {
            "total": total, "total_pages": total.div_ceil(size), "offset": skipped, "limit": size,
        },
    }))
}

/// `POST /v1/orders/{order}/cancel`: what is queued, at once; what is on the terminal only with a header, and later.
pub async fn cancel(
    State(app): State<Arc<App>>,
    OrderSeller(seller): OrderSeller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let allowed = headers.get("x-allow-cancelable-status").is_some_and(|value| value == "at_terminal");
    let route = format!("POST /v1/orders/{id}/cancel");
    let request = Request { seller: &seller, headers: &headers, route, body: &body };
    request.once(&app, |world, _, now| {
        let standing = find(world, &seller, &id)?.standing;
        let (status, changes) = match standing {
            Standing::Canceled => {
                return Err(OrderError::new(409, "order_already_canceled", "The order was already canceled"));
            }
            Standing::Waiting => {
                (StatusCode::OK, world.conclude(&id, Standing::Canceled, now).into_iter().collect())
            }
            Standing::AtTerminal if allowed => {
                if let Some(order) = world.charges.get_mut(&id) {
                    order.cancel_asked.get_or_insert(now);
                }
                (StatusCode::ACCEPTED, Vec::new())
            }
            _ => {
                return Err(OrderError::new(
                    409,
                    "cannot_cancel_order",
                    "The order cannot be canceled in its status",
                ));
            }
        };
        let shown = world.charges.get(&id).map(|order| world.render_charge(order));
        Ok((status, shown.unwrap_or_default(), changes))
    })
}

/// `POST /v1/orders/{order}/events` `{"status": "processed"}`: plays the terminal. It is for tests; any terminal can be
/// played here, not only the virtual one.
pub async fn simulate(
    State(app): State<Arc<App>>,
    OrderSeller(seller): OrderSeller,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let body = parse(&body)?;
    let body = Property::root(&body).object(&[
        "status",
        "status_detail",
        "payment_method_type",
        "payment_method_id",
        "installments",
    ])?;
    let words = ["processed", "failed", "canceled", "expired", "action_required", "at_terminal", "refunded"];
    let status = body.required("status")?.word(&words)?;
    let (terminal, payment) = {
        let world = app.world();
        let order = find(&world, &seller, &id)?;
        let open = !order.standing.is_over();
        if !open && status != "refunded" {
            return Err(OrderError::new(409, "cannot_simulate_event", "The order is over"));
        }
        (order.terminal.clone(), order.payment.filter(|_| order.standing == Standing::Processed))
    };
    let debit = body.member("payment_method_type").value().text() == Some("debit_card");
    let means = match (status, body.member("payment_method_id").value().text()) {
        ("failed", _) => "rejected_other",
        (_, Some("master")) => "master",
        _ if debit => "debit",
        _ => "visa",
    };
    let done = match status {
        "processed" | "failed" => {
            app.read_card(&terminal, &CardRead { means: means.to_owned(), ..CardRead::default() }).map(drop)
        }
        "canceled" => app.cancel_at_terminal(&terminal).map(drop),
        "expired" => app.expire(&terminal).map(drop),
        "action_required" => app
            .receive(&terminal)
            .and_then(|_| app.lose_network(&terminal, &NetworkLoss { card: None, now: true }))
            .and_then(|_| app.restore_network(&terminal))
            .map(drop),
        "at_terminal" => app.receive(&terminal).map(drop),
        _ => {
            let left = payment
                .and_then(|id| app.world().payments.get(&id).map(|payment| (id, payment.refundable())));
            left.map_or(Ok(()), |(id, left)| app.refund_in_panel(id, left).map(drop))
        }
    };
    done.map_err(|error| OrderError::new(409, "cannot_simulate_event", error.to_string()))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /v1/orders/{order}/refund`: all that is left without a body, else a part of its transaction.
pub async fn refund(
    State(app): State<Arc<App>>,
    OrderSeller(seller): OrderSeller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let rules = app.faults().refunds;
    let route = format!("POST /v1/orders/{id}/refund");
    let request = Request { seller: &seller, headers: &headers, route, body: &body };
    request
        .once(&app, |world, body, now| super::order_refunds::refund(world, &seller, &id, body, &rules, now))
}
