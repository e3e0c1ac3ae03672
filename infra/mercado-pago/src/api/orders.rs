//! Orders of type `point`. Sources: the Orders reference and the Point pages.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use time::Duration;

use super::query::Query;
use super::seller::OrderSeller;
use super::strict::{Property, amount, parse};
use super::terminals::{has_terminals, unsupported_site};
use crate::account::Account;
use crate::app::App;
use crate::clock::Moment;
use crate::error::OrderError;
use crate::json::{Json, object};
use crate::model::charge::{Charge, Form, OrderForm, Standing};
use crate::point::act::{CardRead, NetworkLoss};
use crate::point::ids;
use crate::respond;
use crate::world::{Change, OrderKey, World};

type Answer = Result<Response, OrderError>;

/// What a request came to: its answer, and what is told.
pub type Outcome = Result<(StatusCode, Json, Vec<Change>), OrderError>;

/// Orders are read for three months.
const READABLE: Duration = Duration::days(92);

/// How long a key means one request.
const KEPT: Duration = Duration::hours(24);

/// A request that changes something, with the header that makes it happen once.
pub struct Request<'a> {
    /// Who asks.
    pub seller: &'a Account,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// What is asked of what.
    pub route: String,
    /// Its body.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// Carries a request out, or answers what the first one with its key was answered. A refusal does not use up its key;
    /// that, and that keys of all operations share a space, is inferred.
    pub fn once(self, app: &Arc<App>, act: impl FnOnce(&mut World, &Json, Moment) -> Outcome) -> Answer {
        let key = self.headers.get("x-idempotency-key").and_then(|key| key.to_str().ok());
        let key = key.filter(|key| !key.is_empty()).ok_or_else(|| {
            OrderError::new(400, "empty_required_header", "A required header is missing")
                .because("X-Idempotency-Key")
        })?;
        let body = if self.body.trim_ascii().is_empty() { Json::Null } else { parse(self.body)? };
        let key = format!("{}:{key}", self.seller.collector_id);
        let now = app.clock.now();
        let (status, answer) = app.change(|world| {
            let known = world.order_keys.get(&key).filter(|known| now.since(known.at) < KEPT);
            if let Some(known) = known {
                let same = known.route == self.route && known.body == body;
                let used = OrderError::new(
                    409,
                    "idempotency_key_already_used",
                    "The idempotency key was already used for another request",
                );
                let first = (known.status, known.answer.clone());
                return (if same { Ok(first) } else { Err(used) }, Vec::new());
            }
            match act(world, &body, now) {
                Ok((status, answer, changes)) => {
                    let status = status.as_u16();
                    let kept = OrderKey { at: now, route: self.route, body, status, answer: answer.clone() };
                    world.order_keys.insert(key, kept);
                    (Ok((status, answer)), changes)
                }
                Err(error) => (Err(error), Vec::new()),
            }
        })?;
        Ok(respond::json(StatusCode::from_u16(status).unwrap_or_default(), &answer))
    }
}

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

/// What an order is made of.
struct Draft {
    terminal: String,
    amount: i64,
    external_reference: String,
    description: Option<String>,
    expiration_time: String,
    lasts: Duration,
    config: Json,
    integration_data: Json,
}

impl Draft {
    fn read(body: &Json, seller: &Account) -> Result<Draft, OrderError> {
        let body = Property::root(body).object(&[
            "type",
            "external_reference",
            "expiration_time",
            "transactions",
            "config",
            "description",
            "integration_data",
        ])?;
        // Orders of the type `qr` are not simulated.
        body.required("type")?.word(&["point"])?;
        if !has_terminals(seller.site) {
            return Err(unsupported_site());
        }
        let reference = body.required("external_reference")?;
        let external_reference = reference.short_text(64)?;
        if !external_reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
            return Err(reference.wrong("must have letters, digits, hyphens and underscores only"));
        }
        let expiration = body.optional("expiration_time");
        let lasts = match &expiration {
            None => Duration::minutes(15),
            Some(property) => duration(property.text()?)
                .filter(|lasts| (30..=10_800).contains(lasts))
                .map(Duration::seconds)
                .ok_or_else(|| property.wrong("must be a duration from PT30S to PT3H"))?,
        };
        let expiration_time = expiration.as_ref().and_then(|property| property.value().text());
        let description = body.optional("description").map(|text| text.short_text(150)).transpose()?;
        let transactions = body.required("transactions")?.object(&["payments"])?;
        let payment = transactions.required("payments")?.only_item()?.object(&["amount"])?;
        let amount = amount(&payment.required("amount")?, seller.site.decimals())?;
        let (terminal, config) = config(&body.required("config")?.object(&["point", "payment_method"])?)?;
        if let Some(data) = body.optional("integration_data") {
            let data = data.object(&["platform_id", "integrator_id", "sponsor"])?;
            for name in ["platform_id", "integrator_id"] {
                data.optional(name).map(|text| text.short_text(64)).transpose()?;
            }
            if let Some(sponsor) = data.optional("sponsor") {
                sponsor.object(&["id"])?.required("id")?.short_text(64)?;
            }
        }
        Ok(Draft {
            terminal,
            amount,
            external_reference: external_reference.to_owned(),
            description: description.map(str::to_owned),
            expiration_time: expiration_time.unwrap_or("PT15M").to_owned(),
            lasts,
            config,
            integration_data: body.member("integration_data").value().clone(),
        })
    }

    fn check_terminal(&self, world: &World, seller: &Account) -> Result<(), OrderError> {
        let terminal = world.terminals.get(&self.terminal).ok_or_else(|| {
            OrderError::new(404, "terminal_not_found", "The terminal was not found").because(&self.terminal)
        })?;
        if terminal.owner != seller.collector_id {
            return Err(OrderError::new(
                403,
                "forbidden_checking_terminal_owner",
                "The terminal belongs to another seller",
            ));
        }
        // Inferred: a terminal that is used by hand takes the order, and never shows it.
        if terminal.is_occupied() {
            return Err(OrderError::new(
                409,
                "already_queued_order_for_terminal",
                "There is already a queued order for the terminal",
            ));
        }
        Ok(())
    }

    fn order(self, seller: &Account, (id, transaction): (String, String), now: Moment) -> Charge {
        Charge {
            id,
            number: 0,
            owner: seller.collector_id,
            site: seller.site,
            terminal: self.terminal,
            amount: self.amount,
            tip: 0,
            description: self.description,
            external_reference: Some(self.external_reference),
            form: Form::Order(OrderForm {
                transaction,
                expiration_time: self.expiration_time,
                config: self.config,
                integration_data: self.integration_data,
            }),
            standing: Standing::Waiting,
            payment: None,
            cancel_asked: None,
            given_up: None,
            reads: 0,
            version: 1,
            created: now,
            updated: now,
            expires: now.plus(self.lasts),
        }
    }
}

/// `config`: the terminal, and what is kept.
fn config(config: &Property<'_>) -> Result<(String, Json), OrderError> {
    let point = config.required("point")?.object(&["terminal_id", "print_on_terminal", "ticket_number"])?;
    let terminal = point.required("terminal_id")?.text()?.to_owned();
    let ticket = match point.optional("print_on_terminal") {
        Some(word) => word.word(&["seller_ticket", "no_ticket"])?,
        None => "seller_ticket",
    };
    let mut kept = object! {"terminal_id": terminal.as_str(), "print_on_terminal": ticket};
    if let Some(number) = point.optional("ticket_number") {
        // Inferred: its length is not documented.
        kept.put("ticket_number", number.short_text(20)?.into());
    }
    let mut all = object! {"point": kept};
    if let Some(method) = config.optional("payment_method") {
        let method = method.object(&["default_type", "default_installments", "installments_cost"])?;
        if let Some(kind) = method.optional("default_type") {
            kind.word(&["credit_card", "debit_card"])?;
        }
        if let Some(number) = method.optional("default_installments") {
            // Whether it is a number or a string is not clear.
            let count = number.value().id().filter(|count| (1..=36).contains(count));
            count.ok_or_else(|| number.wrong("must be a number of instalments"))?;
        }
        if let Some(cost) = method.optional("installments_cost") {
            cost.word(&["seller", "buyer"])?;
        }
        all.put("payment_method", method.value().clone());
    }
    Ok((terminal, all))
}

/// The seconds of an ISO 8601 duration of hours, minutes and seconds.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix("PT")?;
    let mut seconds = 0_i64;
    let mut units = [('H', 3_600), ('M', 60), ('S', 1)].into_iter();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (count, tail) = rest.split_at(end);
        let unit = tail.chars().next()?;
        // Each unit once, in this order.
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        seconds += i64::from(count.parse::<u16>().ok()?) * length;
        rest = tail.get(1..)?;
    }
    (seconds > 0).then_some(seconds)
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

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations() {
        assert_eq!(
            (duration("PT30S"), duration("PT3H"), duration("PT1H30M5S")),
            (Some(30), Some(10_800), Some(5_405))
        );
        for wrong in ["", "PT", "30", "P1D", "PT-5M", "PT5", "PT1M1H", "PT1M1M", "pt5m", "PT1.5M"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
