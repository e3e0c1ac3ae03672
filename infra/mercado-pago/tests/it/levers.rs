//! What a tester does to the simulator directly.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use simulated_mercado_pago::{Account, Screen, Site};

use crate::bench::{Bench, OTHER, SELLER, account, token};

#[tokio::test]
async fn the_next_payment_says_something_else() -> Result<()> {
    let bench = Bench::new().await?;
    let twist =
        json!({"collector_id": OTHER, "currency": "BRL", "amount": 499.99, "external_reference": "x"});
    bench.faults(&json!({"next_payment": twist})).await?;
    let wrong = bench.payment().await?;
    let (_, wrong) = bench.get(&format!("/v1/payments/{wrong}")).await?;
    assert_eq!((&wrong["collector_id"], &wrong["currency_id"]), (&json!(OTHER), &json!("BRL")));
    assert_eq!((&wrong["transaction_amount"], &wrong["external_reference"]), (&json!(499.99), &json!("x")));
    let right = bench.payment().await?;
    let (_, right) = bench.get(&format!("/v1/payments/{right}")).await?;
    assert_eq!(right["collector_id"], SELLER, "it is used once");
    Ok(())
}

#[tokio::test]
async fn a_payment_gets_any_status() -> Result<()> {
    let bench = Bench::new().await?;
    let scan = bench.paid("visa").await?;
    let payment = scan.payment.context("a payment")?;
    let order = format!("/merchant_orders/{}", scan.merchant_order.context("an order")?);
    let mut updates = Vec::new();
    for (status, order_status) in [
        ("in_mediation", "paid"),
        ("approved", "paid"),
        ("charged_back", "reverted"),
        ("abducted", "payment_required"),
        ("refunded", "reverted"),
    ] {
        let (_, shown) =
            bench.put(&format!("/_control/payments/{payment}"), &json!({"status": status})).await?;
        assert_eq!(shown["status"], status);
        updates.push(shown["date_last_updated"].as_str().unwrap_or_default().to_owned());
        let (_, order) = bench.get(&order).await?;
        assert_eq!(
            (&order["status"], &order["order_status"]),
            (&json!("closed"), &json!(order_status)),
            "{status}"
        );
    }
    assert!(updates.is_sorted_by(|a, b| a < b), "each change has its own time: {updates:?}");
    let (_, refunds) = bench.get(&format!("/v1/payments/{payment}/refunds")).await?;
    assert_eq!(refunds[0]["source"]["type"], "operator", "refunded by hand from the panel");
    Ok(())
}

#[tokio::test]
async fn a_payment_under_review_ends_on_the_phone() -> Result<()> {
    let bench = Bench::new().await?;
    for (end, screen) in [("approved", Screen::Paid), ("rejected", Screen::Rejected)] {
        let scan = bench.paid("in_process").await?;
        assert_eq!(scan.screen, Screen::Pending);
        let order = format!("/merchant_orders/{}", scan.merchant_order.context("an order")?);
        assert_eq!(bench.get(&order).await?.1["order_status"], "payment_in_process");
        let path = format!("/_control/payments/{}", scan.payment.context("a payment")?);
        bench.put(&path, &json!({"status": end})).await?;
        assert_eq!(bench.mp.scan_of(scan.id)?.screen, screen);
    }
    Ok(())
}

#[tokio::test]
async fn a_second_payment_in_one_order() -> Result<()> {
    let bench = Bench::new().await?;
    let order = bench.paid("visa").await?.merchant_order.context("an order")?;
    let draft = json!({"account": SELLER, "amount": 500, "order": order});
    let (status, payment) = bench.post("/_control/payments", &draft).await?;
    assert_eq!((status, &payment["external_reference"]), (201, &json!("45ea80da")));
    let (_, order) = bench.get(&format!("/merchant_orders/{order}")).await?;
    assert_eq!(order["paid_amount"], 1000.0);
    Ok(())
}

#[tokio::test]
async fn a_chargeback() -> Result<()> {
    let bench = Bench::new().await?;
    bench.mp.put_account(Account {
        webhook_url: Some(format!("{}/wh", bench.station.url)),
        ..account(SELLER, Site::Mla)
    })?;
    let payment = bench.payment().await?;
    bench.mp.idle().await;
    crate::bench::lock(&bench.station.arrivals).clear();
    let (status, made) = bench.post("/_control/chargebacks", &json!({"payment": payment})).await?;
    assert_eq!(status, 201);
    let id = made["id"].as_str().context("id")?;
    let (_, chargeback) = bench.get(&format!("/v1/chargebacks/{id}")).await?;
    assert_eq!((&chargeback["payments"], &chargeback["amount"]), (&json!([payment]), &json!(500.0)));
    let (_, found) = bench.get(&format!("/v1/chargebacks/search?payment_id={payment}")).await?;
    assert_eq!(found["results"][0]["id"], id);
    assert_eq!(bench.get(&format!("/v1/payments/{payment}")).await?.1["status"], "charged_back");
    bench.mp.idle().await;
    let arrivals = bench.station.arrivals();
    assert!(arrivals.iter().any(|one| one.query.get("topic").is_some_and(|topic| topic == "chargebacks")));
    assert!(
        arrivals.iter().any(|one| one.query.get("type").is_some_and(|topic| topic == "topic_chargebacks_wh"))
    );
    Ok(())
}

#[tokio::test]
async fn the_documents_of_a_chargeback_are_judged() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    let (_, made) = bench.post("/_control/chargebacks", &json!({"payment": payment})).await?;
    let path = format!("/v1/chargebacks/{}", made["id"].as_str().context("id")?);
    let before = bench.get(&path).await?.1;
    assert_eq!(
        (&before["documentation_status"], &before["date_last_updated"]),
        (&json!("pending"), &before["date_created"])
    );
    bench.post("/_control/clock", &json!({"advance_seconds": 60})).await?;
    let lever = format!("/_control/chargebacks/{}", made["id"].as_str().context("id")?);
    let (status, shown) = bench.put(&lever, &json!({"documentation_status": "valid"})).await?;
    let after = bench.get(&path).await?.1;
    assert_eq!((status, &shown), (200, &after));
    assert_eq!(
        (&after["documentation_status"], &after["date_created"]),
        (&json!("valid"), &before["date_created"])
    );
    assert!(after["date_last_updated"].as_str() > before["date_last_updated"].as_str());
    let unknown = bench.put("/_control/chargebacks/1", &json!({"documentation_status": "valid"})).await?;
    assert_eq!(unknown.0, 404);
    Ok(())
}

#[tokio::test]
async fn a_seller_comes_later() -> Result<()> {
    let bench = Bench::new().await?;
    let seller = json!({
        "nickname": "NUEVA", "collector_id": 42, "access_token": token(42), "site": "MLC",
        "webhook_secret": "s", "application_id": 7,
    });
    let (status, shown) = bench.post("/_control/accounts", &seller).await?;
    assert_eq!((status, &shown["site"]), (200, &json!("MLC")));
    let (_, all) = bench.get("/_control/accounts").await?;
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    assert!(!all.to_string().contains("APP_USR"), "no token is shown");
    let draft = json!({"account": 42, "amount": 5000.50});
    assert_eq!(bench.post("/_control/payments", &draft).await?.0, 400, "Chile has no decimals");
    let (_, payment) = bench.post("/_control/payments", &json!({"account": 42, "amount": 5000})).await?;
    assert_eq!((&payment["currency_id"], &payment["external_reference"]), (&json!("CLP"), &Value::Null));
    let mut clash = seller;
    clash["collector_id"] = json!(43);
    assert_eq!(bench.post("/_control/accounts", &clash).await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn a_part_goes_back_at_the_panel() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    let panel = |amount: Value| json!({"payment": payment, "amount": amount});
    let (status, refund) = bench.post("/_control/refunds", &panel(json!(12.50))).await?;
    assert_eq!((status, &refund["amount"], &refund["status"]), (201, &json!(12.5), &json!("approved")));
    assert_eq!(refund["source"]["type"], "operator");
    let (_, shown) = bench.get(&format!("/v1/payments/{payment}")).await?;
    assert_eq!(
        (&shown["status"], &shown["status_detail"]),
        (&json!("approved"), &json!("partially_refunded"))
    );
    assert_eq!(shown["refunds"][0]["id"], refund["id"]);

    for wrong in [json!(487.51), json!(0), json!(-1), json!(0.001), json!("x"), Value::Null] {
        assert_eq!(bench.post("/_control/refunds", &panel(wrong.clone())).await?.0, 400, "{wrong}");
    }
    let unknown = json!({"payment": 7, "amount": 1});
    assert_eq!(bench.post("/_control/refunds", &unknown).await?.0, 404);

    bench.mp.refund_in_panel(payment, 48_750)?;
    assert_eq!(bench.get(&format!("/v1/payments/{payment}")).await?.1["status"], "refunded");
    assert!(bench.mp.refund_in_panel(payment, 1).is_err(), "nothing is left");
    let pending = bench.paid("in_process").await?.payment.context("a payment")?;
    assert!(bench.mp.refund_in_panel(pending, 1).is_err(), "nothing was paid yet");
    Ok(())
}
