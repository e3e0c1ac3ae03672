//! Payment intents, the generation before orders. Source: the Point guides.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use time::Duration;

use super::body::object as read_body;
use super::query::Query;
use super::seller::Seller;
use crate::account::Account;
use crate::app::App;
use crate::clock::Moment;
use crate::error::{ApiError, plain};
use crate::json::{Json, object};
use crate::model::charge::{Charge, Form, IntentForm, Standing};
use crate::respond;
use crate::site::Site;
use crate::world::World;

type Answer = Result<Response, ApiError>;

/// Inferred: how long an intent waits is not documented; as long as an order, unless it says otherwise.
const LASTS: Duration = Duration::minutes(15);

/// The limits of an amount in minor units; none where the generation is not offered.
const fn limits(site: Site) -> Option<(i64, i64)> {
    match site {
        Site::Mla => Some((500, 400_000_000)),
        Site::Mlb => Some((100, 7_000_000)),
        Site::Mlm => Some((500, 35_000_000)),
        _ => None,
    }
}

/// `POST /point/integration-api/devices/{device}/payment-intents`
pub async fn create(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path(device): Path<String>,
    body: Bytes,
) -> Answer {
    let id = app.uuid().to_string();
    let now = app.clock.now();
    let known = ["amount", "description", "payment", "additional_info"];
    let body = read_body(&body, &known, ("bad_request", "bad_request"))?;
    let intent = intent(&body, &seller, (id, device), now)?;
    let answer = object! {
        "id": intent.id.as_str(),
        "device_id": intent.terminal.as_str(),
        "amount": intent.amount,
        "additional_info": body.get("additional_info").clone(),
        "description": body.get("description").clone(),
        "payment": body.get("payment").clone(),
    };
    app.change(|world| {
        let checked = check_device(world, &seller, &intent.terminal);
        if checked.is_ok() {
            world.queue(intent);
        }
        (checked, Vec::new())
    })?;
    Ok(respond::created(&answer))
}

/// The seller's device; whether it may be queued for.
fn check_device(world: &World, seller: &Account, device: &str) -> Result<(), ApiError> {
    let terminal = world.terminals.get(device).ok_or_else(|| plain(404, "device not found"))?;
    if terminal.owner != seller.collector_id {
        return Err(plain(403, "The device belongs to another seller"));
    }
    if terminal.is_occupied() {
        return Err(ApiError::new(409, "conflict", "There is already a queued intent for the device"));
    }
    Ok(())
}

fn intent(
    body: &Json,
    seller: &Account,
    (id, terminal): (String, String),
    now: Moment,
) -> Result<Charge, ApiError> {
    let wrong = |message: String| plain(400, message);
    let (least, most) = limits(seller.site).ok_or_else(|| {
        wrong("Payment intents are available in Argentina, Brazil and Mexico only".to_owned())
    })?;
    let amount = body.get("amount").integer().and_then(|amount| i64::try_from(amount).ok());
    let amount = amount.ok_or_else(|| wrong("amount must be a whole number of minor units".to_owned()))?;
    if !(least..=most).contains(&amount) {
        return Err(wrong(format!("amount must be from {least} to {most}")));
    }
    let description = optional(body.get("description"), "description")?;
    let payment = body.get("payment");
    // "BR" in the table of the fields.
    if !payment.is_null() && seller.site != Site::Mlb {
        return Err(wrong("payment is available in Brazil only".to_owned()));
    }
    check_payment(payment)?;
    let info = body.get("additional_info");
    if !info.is_null() {
        if !info.is_object() {
            return Err(wrong("additional_info must be an object".to_owned()));
        }
        if let Some(name) = info.unknown(&["external_reference", "print_on_terminal", "ticket_number"]) {
            return Err(wrong(format!("additional_info.{name} is unknown")));
        }
        optional(info.get("ticket_number"), "additional_info.ticket_number")?;
        let print = info.get("print_on_terminal");
        if !print.is_null() && print.bool().is_none() {
            return Err(wrong("additional_info.print_on_terminal must be a boolean".to_owned()));
        }
    }
    let external_reference = optional(info.get("external_reference"), "additional_info.external_reference")?;
    Ok(Charge {
        id,
        number: 0,
        owner: seller.collector_id,
        site: seller.site,
        terminal,
        amount,
        tip: 0,
        description,
        external_reference,
        form: Form::Intent(IntentForm { payment: payment.clone(), additional_info: info.clone() }),
        standing: Standing::Waiting,
        payment: None,
        cancel_asked: None,
        given_up: None,
        reads: 0,
        version: 1,
        created: now,
        updated: now,
        expires: now.plus(LASTS),
    })
}

fn check_payment(payment: &Json) -> Result<(), ApiError> {
    let wrong = |name: &str| plain(400, format!("payment.{name} is not valid"));
    if payment.is_null() {
        return Ok(());
    }
    if let Some(name) = payment.unknown(&["type", "installments", "installments_cost", "voucher_type"]) {
        return Err(wrong(name));
    }
    let word = |name: &str, words: &[&str]| {
        let value = payment.get(name);
        let fits = value.is_null() || value.text().is_some_and(|text| words.contains(&text));
        if fits { Ok(()) } else { Err(wrong(name)) }
    };
    word("type", &["credit_card", "debit_card", "voucher_card"])?;
    word("installments_cost", &["seller", "buyer"])?;
    let count = payment.get("installments");
    if !count.is_null() && count.integer().is_none_or(|count| count == 0) {
        return Err(wrong("installments"));
    }
    Ok(())
}

fn optional(value: &Json, name: &str) -> Result<Option<String>, ApiError> {
    match value {
        Json::Null => Ok(None),
        Json::Text(text) => Ok(Some(text.clone())),
        _ => Err(plain(400, format!("{name} must be a string"))),
    }
}

fn find<'a>(world: &'a World, seller: &Account, id: &str) -> Result<&'a Charge, ApiError> {
    let intent = world.charges.get(id).filter(|one| !one.is_order() && one.owner == seller.collector_id);
    intent.ok_or_else(|| plain(404, "payment intent not found"))
}

/// `DELETE /point/integration-api/devices/{device}/payment-intents/{intent}`: only while it is queued. One that is over
/// is not found, which says nothing of whether it was paid.
pub async fn cancel(
    State(app): State<Arc<App>>,
    Seller(seller): Seller,
    Path((device, id)): Path<(String, String)>,
) -> Answer {
    let now = app.clock.now();
    app.change(|world| {
        let standing = find(world, &seller, &id).and_then(|intent| {
            if intent.terminal == device {
                Ok(intent.standing)
            } else {
                Err(plain(404, "payment intent not found"))
            }
        });
        match standing {
            Ok(Standing::Waiting) => {
                (Ok(()), world.conclude(&id, Standing::Canceled, now).into_iter().collect())
            }
            Ok(standing) if standing.is_over() => (Err(plain(404, "payment intent not found")), Vec::new()),
            Ok(_) => {
                let error = ApiError::new(409, "conflict", "The intent is on the terminal: cancel it there");
                (Err(error), Vec::new())
            }
            Err(error) => (Err(error), Vec::new()),
        }
    })?;
    Ok(respond::ok(&object! {"id": id}))
}

/// `GET /point/integration-api/payment-intents/{intent}`. Its state may lag behind.
pub async fn read(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    let lag = app.faults().terminals.intent_lag_reads;
    let intent = find(&app.world(), &seller, &id)?.clone();
    let lags = intent.shows_payment() && intent.reads < lag;
    if lags {
        app.change(|world| {
            if let Some(intent) = world.charges.get_mut(&id) {
                intent.reads += 1;
            }
            ((), Vec::new())
        });
    }
    let standing = if lags { Standing::AtTerminal } else { intent.standing };
    Ok(respond::ok(&intent.render_intent(standing)))
}

/// `GET /point/integration-api/payment-intents/{intent}/events`: the last one.
pub async fn event(State(app): State<Arc<App>>, Seller(seller): Seller, Path(id): Path<String>) -> Answer {
    let world = app.world();
    let intent = find(&world, &seller, &id)?;
    Ok(respond::ok(
        &object! {"status": intent.standing.intent_word(), "created_on": intent.updated.seconds()},
    ))
}

/// `GET /point/integration-api/payment-intents/events?startDate=&endDate=`: of each intent the last one, which is
/// inferred. Dates may come without a time.
pub async fn events(State(app): State<Arc<App>>, Seller(seller): Seller, raw: RawQuery) -> Answer {
    let query = Query::new(raw);
    let date = |name: &str, time: &str| {
        let text = query.get(name).ok_or_else(|| plain(400, format!("{name} is required")))?;
        let date = Moment::parse(text).or_else(|| Moment::parse(&format!("{text}T{time}Z")));
        date.ok_or_else(|| plain(400, format!("{name} is not a date")))
    };
    let (start, end) = (date("startDate", "00:00:00")?, date("endDate", "23:59:59")?);
    if start > end || end.since(start) > Duration::days(31) {
        return Err(plain(400, "the range must be of at most 30 days"));
    }
    let world = app.world();
    let mut found: Vec<&Charge> = world
        .charges
        .values()
        .filter(|intent| !intent.is_order() && intent.owner == seller.collector_id)
        .filter(|intent| (start..=end).contains(&intent.updated))
        .collect();
    found.sort_by_key(|intent| (intent.updated, intent.number));
    let events: Vec<Json> = found
        .into_iter()
        .map(|intent| {
            object! {
                "payment_intent_id": intent.id.as_str(),
                "status": intent.standing.intent_word(),
                "created_on": intent.updated.seconds(),
            }
        })
        .collect();
    Ok(respond::ok(&object! {"events": events}))
}
