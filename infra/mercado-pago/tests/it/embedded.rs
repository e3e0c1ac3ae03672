//! A simulator without a port, in virtual time.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use simulated_mercado_pago::http::{Request, Response};
use simulated_mercado_pago::{
    Account, Body, Bytes, Clock, Embedded, Fate, Faults, NotificationFaults, Outside, Receive, Screen,
    Simulator, Site, State, TerminalDraft, Terminals, Unanswered,
};
use time::macros::datetime;
use tokio::time::{Instant, sleep, timeout};

use crate::bench::{SELLER, TERMINAL, account, lock, point_order, store, token};

const LOOKUP: &str = "https://pumps.example.com/pay-mp?apies=6232&pos=1";

type Sent = futures_util::future::BoxFuture<'static, Result<Response<Body>, String>>;

/// A station at the other end of no wire.
struct Nearby {
    started: Instant,
    /// Every request with its time, to the last header.
    heard: Mutex<Vec<(Duration, String)>>,
    /// The status of the next notifications; 200 when empty.
    statuses: Mutex<Vec<u16>>,
    /// Whether lookups are left without an answer.
    silent: Mutex<bool>,
}

impl Outside for Nearby {
    fn send(&self, request: Request<Bytes>) -> Sent {
        lock(&self.heard).push((self.started.elapsed(), format!("{request:?}")));
        let lookup = request.uri().path() == "/pay-mp";
        if lookup && *lock(&self.silent) {
            return Box::pin(pending());
        }
        let mut statuses = lock(&self.statuses);
        let status = if lookup || statuses.is_empty() { 200 } else { statuses.remove(0) };
        Box::pin(async move {
            sleep(Duration::from_millis(30)).await;
            let answer = Response::builder().status(status).header("content-type", "application/json");
            let body = if lookup { order().to_string() } else { String::new() };
            answer.body(Body::from(body)).map_err(|error| error.to_string())
        })
    }
}

impl Nearby {
    /// When each request to a path came, in whole seconds.
    fn seconds(&self, path: &str) -> Vec<u64> {
        let heard = lock(&self.heard);
        heard.iter().filter(|(_, request)| request.contains(path)).map(|(at, _)| at.as_secs()).collect()
    }
}

fn order() -> Value {
    json!({
        "collector_id": SELLER,
        "sponsor_id": 334_249_281,
        "items": [{
            "title": "SUPER", "currency_id": "ARS", "description": "SUPER", "quantity": 1.0, "unit_price": 500.00,
        }],
        "external_reference": "45ea80da",
        "notification_url": "https://pumps.example.com/n",
    })
}

/// A call of the seller's software.
async fn call(mp: &Simulator, method: &str, path: &str, body: &Value) -> Result<(u16, Value)> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", mp.url()))
        .header("authorization", format!("Bearer {}", token(SELLER)))
        .header("x-idempotency-key", "key");
    let answer = mp.call(request.body(Body::from(body))?).await?;
    ensure!(answer.headers().contains_key("x-request-id"), "{answer:?}");
    Ok((answer.status().as_u16(), serde_json::from_slice(answer.body())?))
}

/// A simulator with one pump.
async fn embedded(seed: u64) -> Result<(Simulator, Arc<Nearby>)> {
    let started = Instant::now();
    let station = Arc::new(Nearby {
        started,
        heard: Mutex::default(),
        statuses: Mutex::default(),
        silent: Mutex::default(),
    });
    let mp = Simulator::embedded(Embedded {
        base: "https://mp.example".to_owned(),
        accounts: vec![account(SELLER, Site::Mla)],
        seed,
        clock: Clock::of(move || datetime!(2026-03-01 12:00 UTC) + started.elapsed()),
        outside: Arc::clone(&station) as Arc<dyn Outside>,
    })?;
    let (status, made) = call(&mp, "POST", &format!("/users/{SELLER}/stores"), &store("EST0001")).await?;
    ensure!(status == 201, "{made}");
    let pump = json!({
        "name": "Surtidor 1", "fixed_amount": true, "external_store_id": "EST0001",
        "external_id": "EST0001S01", "url": LOOKUP,
    });
    let (status, made) = call(&mp, "POST", "/pos", &pump).await?;
    ensure!(status == 201, "{made}");
    Ok((mp, station))
}

/// Someone scans and pays.
async fn paid(mp: &Simulator) -> Result<u64> {
    let scan = mp.poll(mp.scan("EST0001S01")?.id).await?;
    ensure!(scan.screen == Screen::Checkout, "{scan:?}");
    mp.pay(scan.id, "visa")?.payment.context("a payment")
}

#[tokio::test(start_paused = true)]
async fn it_asks_and_tells_whom_it_was_given() -> Result<()> {
    let (mp, station) = embedded(7).await?;
    let payment = paid(&mp).await?;
    mp.idle().await;
    let heard: Vec<String> = lock(&station.heard).iter().map(|(_, request)| request.clone()).collect();
    assert!(heard[0].contains("GET") && heard[0].contains(LOOKUP), "{}", heard[0]);
    let told = format!("https://pumps.example.com/n?id={payment}&topic=payment");
    let told = heard.iter().find(|request| request.contains(&told)).context("news of the payment")?;
    assert!(told.contains("POST") && told.contains("MercadoPago Feed v2.0 payment"), "{told}");
    let (_, shown) = call(&mp, "GET", &format!("/v1/payments/{payment}"), &Value::Null).await?;
    assert!(shown["date_created"].as_str().is_some_and(|date| date.starts_with("2026-03-01T08:00:00")));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn it_waits_in_virtual_time() -> Result<()> {
    let (mp, station) = embedded(7).await?;
    mp.set_faults(Faults {
        notifications: NotificationFaults { retry_ms: Some(vec![60_000, 3_600_000]), ..Default::default() },
        ..Faults::default()
    })?;
    lock(&station.statuses).extend([500, 503]);
    mp.poll(mp.scan("EST0001S01")?.id).await?;
    sleep(Duration::from_hours(2)).await;
    assert_eq!(station.seconds("topic=merchant_order"), [0, 60, 3660]);
    assert_eq!(mp.notifications()[0].state, State::Delivered);

    *lock(&station.silent) = true;
    let asked = Instant::now();
    let scan = mp.poll(mp.scan("EST0001S01")?.id).await?;
    assert_eq!((scan.screen, asked.elapsed().as_secs()), (Screen::CannotOperate, 5), "{scan:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn its_books_show_a_refund_whose_answer_was_lost() -> Result<()> {
    let (mp, _station) = embedded(7).await?;
    let payments = [paid(&mp).await?, paid(&mp).await?];
    let rule = json!({"api": [
        {"route": "POST /v1/payments/*/refunds", "do": "lose_answer", "times": 1},
        {"route": "GET /users/me", "do": "hang"},
    ]});
    mp.set_faults(serde_json::from_value(rule)?)?;
    let path = format!("/v1/payments/{}/refunds", payments[1]);
    let lost = call(&mp, "POST", &path, &json!({"amount": 100})).await;
    assert_eq!(lost.err().and_then(|error| error.downcast().ok()), Some(Unanswered));
    let (status, refund) = call(&mp, "POST", &path, &json!({"amount": 100})).await?;
    assert_eq!((status, &refund["amount"]), (201, &json!(100.0)), "with the same key it is the same");
    let hung = call(&mp, "GET", "/users/me", &Value::Null);
    assert!(timeout(Duration::from_hours(1), hung).await.is_err());

    mp.charge_back(payments[0], None)?;
    let books = json!([mp.payments(), mp.chargebacks()]);
    let ids: Vec<&Value> = books[0].as_array().into_iter().flatten().map(|payment| &payment["id"]).collect();
    assert_eq!(ids, [&json!(payments[0]), &json!(payments[1])]);
    assert_eq!(books[0][1]["refunds"], json!([refund]));
    assert_eq!(
        (&books[0][1]["transaction_amount_refunded"], &books[1][0]["amount"]),
        (&json!(100.0), &json!(500.0))
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_terminal_lives_in_virtual_time() -> Result<()> {
    let (mp, _) = embedded(7).await?;
    let webhook_url = Some("https://pumps.example.com/wh".to_owned());
    mp.put_account(Account { webhook_url, ..account(SELLER, Site::Mla) })?;
    mp.set_faults(Faults {
        terminals: Terminals { receive: Some(Receive::Auto), ..Terminals::default() },
        ..Faults::default()
    })?;
    mp.add_terminal(TerminalDraft { account: SELLER, id: TERMINAL.to_owned(), ..TerminalDraft::default() })?;
    let (status, order) = call(&mp, "POST", "/v1/orders", &point_order("a")).await?;
    ensure!(status == 201, "{order}");
    let id = order["id"].as_str().context("id")?;
    let status = async || call(&mp, "GET", &format!("/v1/orders/{id}"), &Value::Null).await;
    assert_eq!(status().await?.1["status"], "created");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(status().await?.1["status"], "at_terminal");
    sleep(Duration::from_mins(15)).await;
    mp.catch_up();
    mp.idle().await;
    let news = mp.notifications();
    assert!(news.iter().any(|one| one.topic == "order" && one.body.contains("order.expired")), "{news:?}");
    Ok(())
}

/// All that is heard of an hour in which half of the news is lost, and the books at its end.
async fn story(seed: u64) -> Result<Vec<String>> {
    let (mp, station) = embedded(seed).await?;
    mp.set_faults(Faults {
        notifications: NotificationFaults { fate: Fate::Lose, chance: Some(0.5), ..Default::default() },
        ..Faults::default()
    })?;
    for sale in 0..20 {
        let payment = paid(&mp).await?;
        if sale % 3 == 0 {
            lock(&station.statuses).push(500);
            mp.refund_in_panel(payment, 1_000)?;
        }
        sleep(Duration::from_secs(10)).await;
    }
    sleep(Duration::from_hours(1)).await;
    let mut story: Vec<String> =
        lock(&station.heard).iter().map(|(at, request)| format!("{at:?} {request}")).collect();
    story.push(serde_json::to_string(&(mp.payments(), mp.notifications()))?);
    story.push(format!("{:?}", mp.call(Request::new(Body::empty())).await?));
    Ok(story)
}

#[tokio::test(start_paused = true)]
async fn one_seed_makes_one_story() -> Result<()> {
    let first = story(7).await?;
    assert_eq!(first, story(7).await?);
    assert_ne!(first, story(8).await?);
    Ok(())
}
