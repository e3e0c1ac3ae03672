//! What is notified of charges on terminals.

use anyhow::Result;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use simulated_mercado_pago::{Account, NetworkLoss, ReleaseOrder, Site};

use crate::bench::{Arrival, Bench, SECRET, SELLER, TERMINAL, account, lock};

async fn bench() -> Result<Bench> {
    let bench = Bench::new().await?;
    bench.terminal()?;
    let webhook_url = Some(format!("{}/wh", bench.station.url));
    bench.mp.put_account(Account { webhook_url, ..account(SELLER, Site::Mla) })?;
    Ok(bench)
}

/// What arrived of a type since the last time.
async fn arrived(bench: &Bench, topic: &str) -> Vec<Arrival> {
    bench.mp.idle().await;
    let all = std::mem::take(&mut *lock(&bench.station.arrivals));
    all.into_iter().filter(|one| one.query.get("type").is_some_and(|found| found == topic)).collect()
}

/// Checks the signature of an id by the documented recipe.
fn verifies(arrival: &Arrival, id: &str) -> bool {
    let signature = &arrival.headers["x-signature"];
    let part = |name: &str| signature.split(',').find_map(|part| part.strip_prefix(&format!("{name}=")));
    let (Some(ts), Some(v1)) = (part("ts"), part("v1")) else { return false };
    let manifest = format!("id:{id};request-id:{};ts:{ts};", arrival.headers["x-request-id"]);
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).map(|mac| mac.chain_update(manifest));
    mac.is_ok_and(|mac| hex::encode(mac.finalize().into_bytes()) == v1)
}

#[tokio::test]
async fn a_paid_order_is_told() -> Result<()> {
    let bench = bench().await?;
    let order = bench.order("a").await?;
    bench.mp.receive(TERMINAL)?;
    assert!(arrived(&bench, "order").await.is_empty(), "neither its making nor its showing is told");
    bench.card("visa")?;
    bench.mp.idle().await;
    let arrivals = bench.station.arrivals();
    let mut topics: Vec<&str> = arrivals.iter().map(|one| one.query["type"].as_str()).collect();
    topics.sort_unstable();
    assert_eq!(topics, ["order", "payment"], "the payment is told as any is");
    let news = arrived(&bench, "order").await.remove(0);
    assert_eq!(news.query["data.id"], order);
    assert_eq!(news.headers["user-agent"], "MercadoPago WebHook v1.0 order");
    assert!(verifies(&news, &order));
    let shown = bench.read_order(&order).await?;
    let payment = &shown["transactions"]["payments"][0];
    assert_eq!(news.body["action"], "order.processed");
    assert_eq!((&news.body["type"], &news.body["api_version"]), (&json!("order"), &json!("v1")));
    assert_eq!((&news.body["user_id"], &news.body["live_mode"]), (&json!(SELLER.to_string()), &json!(true)));
    assert_eq!(news.body["application_id"], "7364289770550796");
    assert_eq!(
        news.body["data"],
        json!({
            "external_reference": "a", "id": order, "status": "processed", "status_detail": "accredited", "type": "point",
            "version": shown["version"], "total_paid_amount": "24.90",
            "transactions": {"payments": [{
                "id": payment["id"], "amount": "24.90", "paid_amount": "24.90", "status": "processed",
                "status_detail": "accredited", "reference": {"id": payment["reference_id"]},
                "payment_method": {"id": "visa", "type": "credit_card", "installments": 1},
            }]},
        })
    );

    bench.keyed(&format!("/v1/orders/{order}/refund"), &Value::Null, "r").await?;
    let refunded = arrived(&bench, "order").await.remove(0);
    assert_eq!(refunded.body["action"], "order.refunded");
    let data = &refunded.body["data"];
    assert_eq!(
        (&data["status"], &data["transactions"]["refunds"][0]["amount"]),
        (&json!("refunded"), &json!("24.90"))
    );
    assert!(data["version"].as_u64() > shown["version"].as_u64());
    Ok(())
}

#[tokio::test]
async fn every_end_of_an_order_has_its_word() -> Result<()> {
    let bench = bench().await?;
    for end in ["canceled", "failed", "expired", "action_required"] {
        let order = bench.order(end).await?;
        match end {
            "canceled" => bench.mp.cancel_at_terminal(TERMINAL)?,
            "failed" => bench.card("rejected_other")?,
            "expired" => bench.mp.expire(TERMINAL)?,
            _ => {
                bench.mp.receive(TERMINAL)?;
                bench.mp.lose_network(TERMINAL, &NetworkLoss { card: None, now: true })?
            }
        };
        let news = arrived(&bench, "order").await;
        let [news] = news.as_slice() else { anyhow::bail!("{news:?}") };
        assert_eq!(news.body["action"], format!("order.{end}"));
        assert_eq!((&news.body["data"]["id"], &news.body["data"]["status"]), (&json!(order), &json!(end)));
        assert_eq!(news.body["data"]["transactions"].is_null(), end == "action_required");
    }
    Ok(())
}

#[tokio::test]
async fn the_casing_of_the_signed_id() -> Result<()> {
    let bench = bench().await?;
    bench.faults(&json!({"webhooks": {"signed_id": "lower"}})).await?;
    let order = bench.order("a").await?;
    bench.card("visa")?;
    let news = arrived(&bench, "order").await.remove(0);
    assert_eq!(news.query["data.id"], order, "the query keeps it");
    assert!(verifies(&news, &order.to_lowercase()) && !verifies(&news, &order));
    Ok(())
}

#[tokio::test]
async fn an_intent_is_told_flatly() -> Result<()> {
    let bench = bench().await?;
    let queue = format!("/point/integration-api/devices/{TERMINAL}/payment-intents");
    let body = json!({"amount": 1_500, "additional_info": {"external_reference": "information"}});
    let mut states = Vec::new();
    for end in ["card", "cancel", "fail", "expire", "cut"] {
        let (_, intent) = bench.post(&queue, &body).await?;
        match end {
            "card" => bench.card("visa")?,
            "cancel" => bench.mp.cancel_at_terminal(TERMINAL)?,
            "fail" => bench.mp.fail_at_terminal(TERMINAL)?,
            "expire" => bench.mp.expire(TERMINAL)?,
            _ => {
                bench.mp.lose_network(TERMINAL, &NetworkLoss { card: Some("visa".to_owned()), now: true })?
            }
        };
        let news = arrived(&bench, "point_integration_wh").await;
        let [news] = news.as_slice() else { anyhow::bail!("{news:?}") };
        let id = intent["id"].as_str().unwrap_or_default();
        assert_eq!((&news.body["id"], &news.body["amount"]), (&intent["id"], &json!(1_500)));
        assert_eq!((&news.body["caller_id"], &news.body["data"]), (&json!(SELLER), &Value::Null));
        assert_eq!(news.body["additional_info"]["external_reference"], "information");
        assert!(news.body["created_at"].as_str().is_some_and(|date| date.len() == 19 && !date.contains('T')));
        assert_eq!(news.query["data.id"], id);
        assert!(verifies(news, id));
        states.push((news.body["state"].clone(), news.body["payment"]["state"].clone()));
    }
    assert_eq!(
        states,
        [
            (json!("FINISHED"), json!("approved")),
            (json!("CANCELED"), Value::Null),
            (json!("ERROR"), Value::Null),
            (json!("ABANDONED"), Value::Null),
            (json!("CONFIRMATION_REQUIRED"), json!("")),
        ]
    );
    bench.mp.restore_network(TERMINAL)?;
    bench.faults(&json!({"terminals": {"bare_intents": true}})).await?;
    let (_, intent) = bench.post(&queue, &body).await?;
    bench.card("visa")?;
    let news = arrived(&bench, "point_integration_wh").await.remove(0);
    assert!(!news.query.contains_key("data.id"));
    assert!(
        verifies(&news, intent["id"].as_str().unwrap_or_default()),
        "software in the field signs the body's id"
    );
    Ok(())
}

#[tokio::test]
async fn the_levers_of_news_hold_for_them() -> Result<()> {
    let bench = bench().await?;
    bench.faults(&json!({"notifications": {"fate": "hold", "extra_copies": 1}})).await?;
    bench.order("a").await?;
    bench.card("visa")?;
    assert!(arrived(&bench, "order").await.is_empty());
    assert_eq!(bench.mp.release(ReleaseOrder::Lifo, 0).len(), 4);
    assert_eq!(arrived(&bench, "order").await.len(), 2);
    let held = bench.mp.notifications().into_iter().find(|one| one.topic == "order").map(|one| one.id);
    assert!(held.is_some_and(|id| bench.mp.resend(id)));
    assert_eq!(arrived(&bench, "order").await.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_expiry_is_told_when_it_is_due() -> Result<()> {
    let bench = bench().await?;
    bench.order("a").await?;
    bench.mp.advance_clock(std::time::Duration::from_mins(15));
    assert_eq!(arrived(&bench, "order").await.len(), 1, "nobody asked");
    Ok(())
}

#[tokio::test]
async fn they_go_to_the_panels_url_only() -> Result<()> {
    let bench = bench().await?;
    let webhook_url = Some(format!("{}/wh?source_news=ipn", bench.station.url));
    bench.mp.put_account(Account { webhook_url, ..account(SELLER, Site::Mla) })?;
    bench.order("a").await?;
    bench.card("visa")?;
    bench.mp.idle().await;
    let arrivals = bench.station.arrivals();
    assert!(
        arrivals.iter().all(|one| one.query.get("topic").is_some_and(|topic| topic == "payment")),
        "{arrivals:?}"
    );
    Ok(())
}
