//! The six screens of the petroleras guide, in both generations of the protocol.

use anyhow::Result;
use axum::http::Method;
use serde_json::{Value, json};
use simulated_mercado_pago::{Config, ScanError, Screen, Site};

use crate::bench::{Bench, OTHER, SELLER, account, config, lock};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn screen_of(status: u16, body: Value) -> Result<Screen> {
    let bench = Bench::new().await?;
    bench.station.answers(status, &body);
    Ok(bench.scanned().await?.screen)
}

#[tokio::test]
async fn the_first_generation() -> Result<()> {
    let said = |kind: &str| json!({"error": {"type": kind, "message": "texto"}});
    assert_eq!(screen_of(400, said("unavailable")).await?, Screen::Waiting);
    assert_eq!(screen_of(400, said("in_process")).await?, Screen::Dispensing);
    assert_eq!(screen_of(400, said("invalid")).await?, Screen::Error);
    assert_eq!(screen_of(400, said("timeout")).await?, Screen::CannotOperate);
    assert_eq!(screen_of(400, said("busy")).await?, Screen::Error);
    Ok(())
}

#[tokio::test]
async fn the_second_generation() -> Result<()> {
    let said = |detail: &str| json!({"status": {"status_detail": detail}});
    assert_eq!(screen_of(202, said("Waiting_for_order")).await?, Screen::Waiting);
    assert_eq!(screen_of(202, said("notihing_to_pay")).await?, Screen::Waiting);
    assert_eq!(screen_of(202, said("in_process")).await?, Screen::Dispensing);
    // The right spelling is the wrong one.
    assert_eq!(screen_of(202, said("nothing_to_pay")).await?, Screen::Error);
    assert_eq!(screen_of(202, said("waiting_for_order")).await?, Screen::Error);
    Ok(())
}

#[tokio::test]
async fn a_server_that_does_not_answer_cannot_operate() -> Result<()> {
    let bench = Bench::new().await?;
    let (_, pos) =
        bench.put(&format!("/pos/{}", bench.pos), &json!({"url": "http://127.0.0.1:1/pay-mp"})).await?;
    assert_eq!(pos["url"], "http://127.0.0.1:1/pay-mp");
    assert_eq!(bench.scanned().await?.screen, Screen::CannotOperate);
    assert_eq!(screen_of(503, json!({})).await?, Screen::CannotOperate);
    assert_eq!(screen_of(404, json!({})).await?, Screen::Error);
    Ok(())
}

#[tokio::test]
async fn a_scan_waits_through_the_sale_and_pays_it() -> Result<()> {
    let bench = Bench::new().await?;
    bench.station.answers(400, &json!({"error": {"type": "unavailable"}}));
    let scan = bench.scanned().await?;
    assert_eq!(bench.mp.pay(scan.id, "visa"), Err(ScanError::WrongScreen(Screen::Waiting)));
    bench.station.answers(400, &json!({"error": {"type": "in_process"}}));
    assert_eq!(bench.mp.poll(scan.id).await?.screen, Screen::Dispensing);
    bench.station.answers(200, &bench.station.order());
    let scan = bench.mp.poll(scan.id).await?;
    assert_eq!((scan.screen, scan.generation, scan.polls), (Screen::Checkout, Some(1), 3));
    assert_eq!(scan.amount.to_string(), "500.00");

    let rejected = bench.mp.pay(scan.id, "rejected_funds")?;
    assert_eq!(rejected.screen, Screen::Rejected);
    let order = format!("/merchant_orders/{}", scan.merchant_order.unwrap_or_default());
    let (_, opened) = bench.get(&order).await?;
    assert_eq!((&opened["status"], &opened["order_status"]), (&json!("opened"), &json!("payment_required")));

    assert_eq!(bench.mp.pay(scan.id, "visa")?.screen, Screen::Paid);
    let (_, closed) = bench.get(&order).await?;
    assert_eq!((&closed["status"], &closed["order_status"]), (&json!("closed"), &json!("paid")));
    let statuses: Vec<&Value> =
        closed["payments"].as_array().into_iter().flatten().map(|one| &one["status"]).collect();
    assert_eq!(statuses, ["rejected", "approved"]);
    assert_eq!(bench.mp.pay(scan.id, "visa"), Err(ScanError::WrongScreen(Screen::Paid)));
    Ok(())
}

#[tokio::test]
async fn every_scan_that_reaches_the_checkout_opens_an_order() -> Result<()> {
    let bench = Bench::new().await?;
    bench.station.answers(200, &bench.station.order());
    let first = bench.scanned().await?;
    bench.mp.abandon(first.id)?;
    let second = bench.scanned().await?;
    bench.mp.pay(second.id, "account_money")?;
    let (_, found) = bench.get("/merchant_orders/search?external_reference=45ea80da").await?;
    assert_eq!(found["total"], 2);
    assert_eq!(found["elements"][0]["status"], "opened");
    assert_eq!(found["elements"][1]["status"], "closed");
    Ok(())
}

#[tokio::test]
async fn the_second_generations_order() -> Result<()> {
    let bench = Bench::new().await?;
    bench.station.answers_with(200, &[JSON, ("order-version", "2")], &bench.station.second_order());
    let scan = bench.scanned().await?;
    assert_eq!((scan.screen, scan.generation), (Screen::Checkout, Some(2)), "{:?}", scan.details);
    // Without the header it is an order of the first generation, and a wrong one.
    bench.station.answers(200, &bench.station.second_order());
    assert_eq!(bench.scanned().await?.screen, Screen::Error);
    bench.station.answers_with(200, &[JSON, ("order-version", "3")], &bench.station.second_order());
    assert_eq!(bench.scanned().await?.screen, Screen::Error);
    Ok(())
}

/// Answers the first generation's order with one change, and returns what the phone says about it.
async fn faulty(bench: &Bench, pointer: &str, value: Value) -> Result<String> {
    let mut order = bench.station.order();
    match pointer.rsplit_once('/').map(|(parent, name)| (order.pointer_mut(parent), name)) {
        Some((Some(Value::Object(parent)), name)) if value.is_null() => {
            parent.remove(name);
        }
        Some((Some(Value::Object(parent)), name)) => {
            parent.insert(name.to_owned(), value);
        }
        _ => anyhow::bail!("no {pointer}"),
    }
    bench.station.answers(200, &order);
    let scan = bench.scanned().await?;
    Ok(if scan.screen == Screen::Error { scan.details.join("; ") } else { format!("{:?}", scan.screen) })
}

#[tokio::test]
async fn an_order_that_breaks_the_contract_names_the_field() -> Result<()> {
    let bench = Bench::new().await?;
    for (pointer, value) in [
        ("/collector_id", json!(OTHER)),
        ("/collector_id", json!("178106235")),
        ("/sponsor_id", json!("x")),
        ("/sponsor_id", json!(crate::bench::SELLER)),
        ("/external_reference", json!("45ea-80da")),
        ("/external_reference", json!("a".repeat(257))),
        ("/external_reference", Value::Null),
        ("/notification_url", json!("api.example.com/n")),
        ("/notification_url", Value::Null),
        ("/items", json!([])),
        ("/items/0/currency_id", json!("BRL")),
        ("/items/0/unit_price", json!(0)),
        ("/items/0/unit_price", json!("500.00")),
        ("/items/0/unit_price", json!(500.005)),
        ("/items/0/quantity", json!(1.5)),
        ("/items/0/quantity", Value::Null),
        ("/items/0/title", Value::Null),
        ("/items/0/litres", json!(20)),
        ("/total", json!(500)),
    ] {
        let field = pointer.rsplit('/').next().unwrap_or_default();
        let details = faulty(&bench, pointer, value.clone()).await?;
        assert!(details.contains(field), "{pointer} = {value}: {details}");
    }
    bench.station.answers_with(200, &[("content-type", "text/html")], &bench.station.order());
    assert_eq!(bench.scanned().await?.screen, Screen::Error);
    assert_eq!(faulty(&bench, "/sponsor_id", Value::Null).await?, "Checkout");
    Ok(())
}

#[tokio::test]
async fn sums_of_the_second_generation() -> Result<()> {
    let bench = Bench::new().await?;
    for (pointer, value) in [("/total_amount", json!(499.99)), ("/items/0/total_amount", json!(400))] {
        let mut order = bench.station.second_order();
        if let Some(field) = order.pointer_mut(pointer) {
            *field = value;
        }
        bench.station.answers_with(200, &[JSON, ("order-version", "2")], &order);
        let scan = bench.scanned().await?;
        assert!(scan.details.concat().contains("total_amount"), "{:?}", scan.details);
    }
    Ok(())
}

fn loyalty() -> Value {
    json!({
        "program": "serviclub", "transaction_id": "00029-45ea80da", "invoice_number": "00003592",
        "transaction_date": "2019-12-12T10:40:49.000+00:00", "transaction_amount": 500.00, "store_id": "00029",
        "products": [{"code": "1", "quantity": 11.2, "unit": "litre", "unit_price": 62.24}],
        "cashier_identification": {"type": "DNI", "number": "00000000"},
        "period": "0000", "shift": "1", "affinity_plan": "7",
    })
}

#[tokio::test]
async fn the_loyalty_block() -> Result<()> {
    let bench = Bench::new().await?;
    // Litres times price is not the amount in the documents' own sample, and need not be.
    assert_eq!(faulty(&bench, "/loyalty", loyalty()).await?, "Checkout");
    for (field, value) in [
        ("program", json!("other")),
        ("transaction_id", json!("x".repeat(41))),
        ("invoice_number", json!("000003592")),
        ("store_id", json!(29)),
        ("transaction_amount", json!(499)),
        ("shift", json!("12")),
        ("transaction_date", json!("2019-12-12")),
        ("products", json!([{"code": "1", "quantity": 1.0001, "unit": "litre", "unit_price": 1}])),
        ("cashier_identification", json!({"type": "DNI"})),
    ] {
        let mut block = loyalty();
        block[field] = value;
        let details = faulty(&bench, "/loyalty", block).await?;
        assert!(details.contains(field), "{field}: {details}");
    }
    Ok(())
}

#[tokio::test]
async fn loyalty_is_for_argentina_only() -> Result<()> {
    let bench = Bench::at(Site::Mlm).await?;
    let mut order = bench.station.order();
    order["items"][0]["currency_id"] = json!("MXN");
    order["loyalty"] = loyalty();
    bench.station.answers(200, &order);
    assert_eq!(bench.scanned().await?.details, ["loyalty: is for Argentina only"]);
    Ok(())
}

#[tokio::test]
async fn a_pump_is_found_by_whatever_names_it() -> Result<()> {
    let bench = Bench::new().await?;
    let (_, pos) = bench.get(&format!("/pos/{}", bench.pos)).await?;
    for name in [
        bench.pos.as_str(),
        "est0001s01",
        pos["qr_code"].as_str().unwrap_or_default(),
        pos["url"].as_str().unwrap_or_default(),
    ] {
        let (status, scan) = bench.post("/_control/scans", &json!({"pos": name})).await?;
        assert_eq!((status, scan["pos"].to_string()), (201, bench.pos.clone()), "{name}");
    }
    assert_eq!(bench.post("/_control/scans", &json!({"pos": "nowhere"})).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn the_url_is_called_as_it_was_configured() -> Result<()> {
    let bench = Bench::new().await?;
    bench.scanned().await?;
    bench.faults(&json!({"callback": {"method": "POST"}})).await?;
    bench.scanned().await?;
    let expected = "/pay-mp?apies=6232&pos=1".to_owned();
    assert_eq!(*lock(&bench.station.lookups), [(Method::GET, expected.clone()), (Method::POST, expected)]);
    Ok(())
}

#[tokio::test]
async fn the_app_asks_by_itself() -> Result<()> {
    let bench = Bench::with(Config { auto_poll: true, ..config(vec![account(SELLER, Site::Mla)]) }).await?;
    bench.faults(&json!({"callback": {"every_ms": 1}})).await?;
    bench.station.answers(400, &json!({"error": {"type": "in_process"}}));
    let scan = bench.mp.scan(&bench.pos)?;
    bench.station.answers(200, &bench.station.order());
    bench.station.arrived.notified().await;
    assert_eq!(bench.mp.scan_of(scan.id)?.external_reference.as_deref(), Some("45ea80da"));
    Ok(())
}

#[tokio::test]
async fn the_whole_of_it_over_http() -> Result<()> {
    let bench = Bench::new().await?;
    bench.station.answers(200, &bench.station.order());
    let (_, scan) = bench.post("/_control/scans", &json!({"pos": bench.pos})).await?;
    let path = format!("/_control/scans/{}", scan["id"]);
    assert_eq!(bench.get(&path).await?.1["screen"], "scanned");
    assert_eq!(bench.post(&format!("{path}/poll"), &json!({})).await?.1["screen"], "checkout");
    assert_eq!(bench.post(&format!("{path}/pay"), &json!({"means": "cash"})).await?.0, 400);
    let (_, paid) = bench.post(&format!("{path}/pay"), &json!({"means": "interop"})).await?;
    assert_eq!(paid["screen"], "paid");
    assert_eq!(bench.post(&format!("{path}/abandon"), &json!({})).await?.0, 409);
    Ok(())
}
