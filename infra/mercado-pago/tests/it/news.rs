//! Notifications: what is sent, in which dialect, and what becomes of it.

use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use simulated_mercado_pago::{Account, ReleaseOrder, Site, State};

use crate::bench::{Arrival, Bench, SECRET, SELLER, account, lock};

fn topics(bench: &Bench) -> Vec<String> {
    let mut topics: Vec<String> = bench
        .station
        .arrivals()
        .iter()
        .map(|one| {
            let (kind, topic) = match one.query.get("topic") {
                Some(topic) => ("ipn", topic),
                None => ("webhooks", &one.query["type"]),
            };
            format!("{} {kind} {topic}", one.path)
        })
        .collect();
    topics.sort();
    topics
}

fn with_webhook(bench: &Bench, query: &str) -> Account {
    Account { webhook_url: Some(format!("{}/wh{query}", bench.station.url)), ..account(SELLER, Site::Mla) }
}

/// Checks the signature by the documented recipe.
fn verifies(arrival: &Arrival, secret: &str) -> bool {
    let signature = &arrival.headers["x-signature"];
    let part = |name: &str| signature.split(',').find_map(|part| part.strip_prefix(&format!("{name}=")));
    let (Some(ts), Some(v1)) = (part("ts"), part("v1")) else { return false };
    let manifest = format!(
        "id:{};request-id:{};ts:{ts};",
        arrival.query.get("data.id").map_or("", String::as_str),
        arrival.headers["x-request-id"],
    );
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(manifest));
    mac.is_ok_and(|mac| hex::encode(mac.finalize().into_bytes()) == v1)
}

#[tokio::test]
async fn the_feed_tells_of_the_checkout_and_of_each_payment() -> Result<()> {
    let bench = Bench::new().await?;
    bench.station.answers(200, &bench.station.order());
    let scan = bench.scanned().await?;
    bench.mp.idle().await;
    let arrivals = bench.station.arrivals();
    let [opened] = arrivals.as_slice() else { anyhow::bail!("{arrivals:?}") };
    let order = scan.merchant_order.context("an order")?.to_string();
    assert_eq!(opened.query["id"], order);
    assert_eq!(opened.query["topic"], "merchant_order");
    assert_eq!(opened.query["key"], "intake", "the url's own query is kept");
    assert_eq!(opened.headers["user-agent"], "MercadoPago Feed v2.0 merchant_order");
    assert_eq!(
        opened.body,
        json!({"resource": format!("https://api.mercadolibre.com/merchant_orders/{order}"), "topic": "merchant_order"})
    );
    assert!(!verifies(opened, SECRET), "the feed is never verifiable");

    let paid = bench.mp.pay(scan.id, "visa")?;
    bench.mp.idle().await;
    assert_eq!(topics(&bench), ["/n ipn merchant_order", "/n ipn merchant_order", "/n ipn payment"]);
    let arrivals = bench.station.arrivals();
    let payment = arrivals.iter().find(|one| one.query["topic"] == "payment").context("a payment")?;
    let id = paid.payment.context("a payment")?.to_string();
    assert_eq!(payment.body, json!({"resource": id, "topic": "payment"}));
    Ok(())
}

#[tokio::test]
async fn webhooks_are_signed() -> Result<()> {
    let bench = Bench::new().await?;
    bench.mp.put_account(with_webhook(&bench, ""))?;
    let payment = bench.payment().await?;
    bench.refund(payment, "", "a").await?;
    bench.mp.idle().await;
    let hooks: Vec<Arrival> = bench.station.arrivals().into_iter().filter(|one| one.path == "/wh").collect();
    assert_eq!(hooks.len(), 2);
    for hook in &hooks {
        assert_eq!(hook.headers["user-agent"], "MercadoPago WebHook v1.0 payment");
        assert_eq!((&hook.query["data.id"], hook.query["type"].as_str()), (&payment.to_string(), "payment"));
        assert_eq!(hook.body["data"]["id"], payment.to_string());
        assert_eq!((hook.body["user_id"].as_u64(), &hook.body["api_version"]), (Some(SELLER), &json!("v1")));
        assert!(verifies(hook, SECRET) && !verifies(hook, "another"));
        assert!(hook.headers["x-signature"].starts_with("ts=1"), "seconds have ten digits");
        assert_eq!(hook.headers["x-signature"].find(','), Some(13));
    }
    let mut actions: Vec<&Value> = hooks.iter().map(|hook| &hook.body["action"]).collect();
    actions.sort_by_key(ToString::to_string);
    assert_eq!(actions, ["payment.created", "payment.updated"]);
    Ok(())
}

#[tokio::test]
async fn choices_of_the_signature() -> Result<()> {
    let bench = Bench::new().await?;
    bench.mp.put_account(with_webhook(&bench, ""))?;
    bench.faults(&json!({"webhooks": {"ts": "milliseconds", "merchant_order": true}})).await?;
    bench.payment().await?;
    bench.mp.idle().await;
    let arrivals = bench.station.arrivals();
    let hooks: Vec<&Arrival> = arrivals.iter().filter(|one| one.path == "/wh").collect();
    assert!(hooks.iter().all(|hook| verifies(hook, SECRET)));
    assert!(hooks.iter().all(|hook| hook.headers["x-signature"].find(',') == Some(16)));
    let order =
        hooks.iter().find(|hook| hook.query["type"] == "topic_merchant_order_wh").context("an order")?;
    assert!(
        order.body["id"].is_string() && order.body["data"]["id"].is_null(),
        "the id is on top: {}",
        order.body
    );

    bench.faults(&json!({"webhooks": {"wrong_secret": true}})).await?;
    lock(&bench.station.arrivals).clear();
    bench.payment().await?;
    bench.mp.idle().await;
    assert!(bench.station.arrivals().iter().all(|one| !verifies(one, SECRET)));
    Ok(())
}

#[tokio::test]
async fn a_url_may_restrict_what_it_gets() -> Result<()> {
    let bench = Bench::new().await?;
    bench.mp.put_account(with_webhook(&bench, "?source_news=ipn"))?;
    let mut order = bench.station.order();
    order["notification_url"] = json!(format!("{}/n?source_news=webhooks", bench.station.url));
    bench.station.answers(200, &order);
    let scan = bench.scanned().await?;
    bench.mp.pay(scan.id, "visa")?;
    bench.mp.idle().await;
    assert_eq!(
        topics(&bench),
        ["/n webhooks payment", "/wh ipn merchant_order", "/wh ipn merchant_order", "/wh ipn payment"]
    );
    Ok(())
}

#[tokio::test]
async fn what_is_not_acknowledged_is_tried_again() -> Result<()> {
    let bench = Bench::new().await?;
    bench.faults(&json!({"notifications": {"retry_ms": [0, 0]}})).await?;
    lock(&bench.station.statuses).extend([500, 202, 200]);
    bench.station.answers(200, &bench.station.order());
    bench.scanned().await?;
    bench.mp.idle().await;
    let retries: Vec<Option<String>> =
        bench.station.arrivals().iter().map(|one| one.headers.get("x-retry").cloned()).collect();
    assert_eq!(retries, [None, Some("1".to_owned()), Some("2".to_owned())]);
    let [note] = bench.mp.notifications().try_into().map_err(|all| anyhow::anyhow!("{all:?}"))?;
    assert_eq!(note.state, State::Delivered);
    assert_eq!(
        note.tries.iter().map(|one| one.status).collect::<Vec<_>>(),
        [Some(500), Some(202), Some(200)]
    );

    lock(&bench.station.statuses).extend([500, 500, 500]);
    bench.scanned().await?;
    bench.mp.idle().await;
    assert_eq!(bench.mp.notifications().last().map(|note| note.state), Some(State::Failed));
    Ok(())
}

#[tokio::test]
async fn lost_doubled_and_held() -> Result<()> {
    let bench = Bench::new().await?;
    bench.faults(&json!({"notifications": {"fate": "lose"}})).await?;
    bench.payment().await?;
    bench.mp.idle().await;
    assert_eq!(topics(&bench), [""; 0]);
    assert!(bench.mp.notifications().iter().all(|note| note.state == State::Lost));

    bench.faults(&json!({"notifications": {"extra_copies": 2}})).await?;
    bench.scanned().await?;
    bench.mp.idle().await;
    assert_eq!(topics(&bench), ["/n ipn merchant_order"; 3]);

    lock(&bench.station.arrivals).clear();
    bench.faults(&json!({"notifications": {"fate": "hold"}})).await?;
    bench.payment().await?;
    bench.mp.idle().await;
    assert_eq!(topics(&bench), [""; 0]);
    bench.faults(&json!({})).await?;
    let (_, released) = bench.post("/_control/notifications/release", &json!({"order": "lifo"})).await?;
    let order: Vec<u64> =
        released["released"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    assert!(order.is_sorted_by(|a, b| a > b) && order.len() == 3, "{order:?}");
    bench.mp.idle().await;
    // One after the other: the newest first.
    let arrived: Vec<String> =
        bench.station.arrivals().iter().map(|one| one.query["topic"].clone()).collect();
    assert_eq!(arrived, ["merchant_order", "payment", "merchant_order"]);
    assert_eq!(bench.mp.release(ReleaseOrder::Fifo, 0), [0; 0]);
    Ok(())
}

#[tokio::test]
async fn a_notification_can_be_sent_again() -> Result<()> {
    let bench = Bench::new().await?;
    bench.station.answers(200, &bench.station.order());
    bench.scanned().await?;
    bench.mp.idle().await;
    let (_, log) = bench.get("/_control/notifications").await?;
    assert_eq!(log[0]["tries"][0]["status"], 200);
    let (status, _) =
        bench.post(&format!("/_control/notifications/{}/resend", log[0]["id"]), &json!({})).await?;
    assert_eq!(status, 202);
    bench.mp.idle().await;
    assert_eq!(topics(&bench), ["/n ipn merchant_order"; 2]);
    assert!(!bench.mp.resend(99));
    Ok(())
}
