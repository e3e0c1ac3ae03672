//! Orders of type `point`: what is taken and refused, how they end, and how money goes back.

use std::time::Duration;

use anyhow::{Context, Result};
use axum::http::Method;
use serde_json::{Value, json};
use simulated_mercado_pago::{CardRead, Site, TerminalDraft};

use crate::bench::{Bench, OTHER, SELLER, TERMINAL, code, point_order, token};

async fn bench() -> Result<Bench> {
    let bench = Bench::new().await?;
    bench.terminal()?;
    Ok(bench)
}

/// A paid order with the id of its transaction and of its payment.
async fn paid(bench: &Bench, reference: &str) -> Result<(String, String, u64)> {
    let order = bench.order(reference).await?;
    bench.card("visa")?;
    let shown = bench.read_order(&order).await?;
    let transaction = &shown["transactions"]["payments"][0];
    let payment = transaction["reference_id"].as_str().context("reference_id")?.parse()?;
    Ok((order, transaction["id"].as_str().context("id")?.to_owned(), payment))
}

fn part(transaction: &str, amount: &str) -> Value {
    json!({"transactions": [{"id": transaction, "amount": amount}]})
}

#[tokio::test]
async fn the_document_of_an_order() -> Result<()> {
    let bench = bench().await?;
    let (status, order) = bench.keyed("/v1/orders", &point_order("venta-1_a"), "k").await?;
    assert_eq!(status, 201);
    let id = order["id"].as_str().context("id")?;
    assert!(id.starts_with("ORD") && id.len() == 29, "{id}");
    let transaction = &order["transactions"]["payments"][0];
    assert!(transaction["id"].as_str().is_some_and(|id| id.starts_with("PAY") && id.len() == 29));
    assert_eq!(
        (&transaction["status"], &transaction["status_detail"]),
        (&json!("created"), &json!("ready_to_process"))
    );
    for (name, value) in [
        ("type", json!("point")),
        ("status", json!("created")),
        ("status_detail", json!("created")),
        ("external_reference", json!("venta-1_a")),
        ("description", json!("Carga de combustible")),
        ("expiration_time", json!("PT15M")),
        ("processing_mode", json!("automatic")),
        ("country_code", json!("AR")),
        ("currency", json!("ARS")),
        ("user_id", json!(SELLER.to_string())),
        ("version", json!(1)),
        ("config", json!({"point": {"terminal_id": TERMINAL, "print_on_terminal": "seller_ticket"}})),
    ] {
        assert_eq!(order[name], value, "{name}");
    }
    assert!(order["created_date"].as_str().is_some_and(|date| date.ends_with('Z') && date.len() == 24));
    assert_eq!(bench.read_order(id).await?, order);

    bench.mp.receive(TERMINAL)?;
    let shown = bench.read_order(id).await?;
    assert_eq!(
        (&shown["status"], &shown["transactions"]["payments"][0]["status"]),
        (&json!("at_terminal"), &json!("at_terminal"))
    );
    bench.card("visa")?;
    let shown = bench.read_order(id).await?;
    assert_eq!((&shown["status"], &shown["status_detail"]), (&json!("processed"), &json!("accredited")));
    assert!(shown["version"].as_u64() > order["version"].as_u64());
    assert!(shown["last_updated_date"].as_str() > order["last_updated_date"].as_str());
    let transaction = &shown["transactions"]["payments"][0];
    let payment = transaction["reference"]["id"].as_str().context("reference")?;
    assert_eq!(transaction["reference_id"], payment);
    assert_eq!((&transaction["amount"], &transaction["paid_amount"]), (&json!("24.90"), &json!("24.90")));
    assert_eq!(
        transaction["payment_method"],
        json!({"id": "visa", "type": "credit_card", "installments": 1})
    );

    let (_, payment) = bench.get(&format!("/v1/payments/{payment}")).await?;
    assert_eq!((&payment["status"], &payment["transaction_amount"]), (&json!("approved"), &json!(24.9)));
    assert_eq!(payment["point_of_interaction"]["type"], "POINT");
    assert_eq!((&payment["external_reference"], &payment["order"]), (&json!("venta-1_a"), &json!({})));
    assert_eq!((&payment["pos_id"], &payment["notification_url"]), (&json!(bench.pos), &Value::Null));
    assert_eq!(bench.mp.payments().len(), 1);
    assert_eq!(bench.mp.orders().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_tip_is_paid_on_top() -> Result<()> {
    let bench = bench().await?;
    let order = bench.order("a").await?;
    let tip = CardRead { means: "debit".to_owned(), tip: Some("10.00".to_owned()), late: false };
    bench.mp.read_card(TERMINAL, &tip)?;
    let transaction = bench.read_order(&order).await?["transactions"]["payments"][0].clone();
    assert_eq!(
        (&transaction["amount"], &transaction["paid_amount"], &transaction["tip_amount"]),
        (&json!("24.90"), &json!("34.90"), &json!("10.00"))
    );
    let (_, payment) =
        bench.get(&format!("/v1/payments/{}", transaction["reference_id"].as_str().context("id")?)).await?;
    assert_eq!(payment["transaction_amount"], 34.9);
    let id = transaction["id"].as_str().context("id")?;
    let (status, error) = bench.keyed(&format!("/v1/orders/{order}/refund"), &part(id, "5.00"), "r").await?;
    assert_eq!((status, code(&error)), (403, "partial_refund_forbidden_with_tips"));
    let (status, refund) = bench.keyed(&format!("/v1/orders/{order}/refund"), &Value::Null, "r").await?;
    assert_eq!((status, &refund["transactions"]["refunds"][0]["amount"]), (201, &json!("34.90")));
    Ok(())
}

#[tokio::test]
async fn a_rejected_card_ends_an_order() -> Result<()> {
    let bench = bench().await?;
    let order = bench.order("a").await?;
    bench.card("rejected_funds")?;
    let shown = bench.read_order(&order).await?;
    let transaction = &shown["transactions"]["payments"][0];
    assert_eq!((&shown["status"], &transaction["status"]), (&json!("failed"), &json!("failed")));
    assert_eq!(transaction["status_detail"], "cc_rejected_insufficient_amount");
    let (_, payment) =
        bench.get(&format!("/v1/payments/{}", transaction["reference_id"].as_str().context("id")?)).await?;
    assert_eq!(payment["status"], "rejected");
    let (status, error) = bench.keyed(&format!("/v1/orders/{order}/refund"), &Value::Null, "r").await?;
    assert_eq!((status, code(&error)), (409, "cannot_refund_order"));
    Ok(())
}

#[tokio::test]
async fn what_is_refused() -> Result<()> {
    let bench = bench().await?;
    let with = |name: &str, value: Value| {
        let mut order = point_order("a");
        order[name] = value;
        order
    };
    let without = |name: &str| {
        let mut order = point_order("a");
        order.as_object_mut().map(|members| members.remove(name));
        order
    };
    let amount = |amount: Value| with("transactions", json!({"payments": [{"amount": amount}]}));
    let point = |point: Value| with("config", json!({"point": point}));
    for (body, expected) in [
        (with("total_amount", json!("24.90")), "unsupported_properties"),
        (
            with("transactions", json!({"payments": [{"amount": "1.00", "currency": "ARS"}]})),
            "unsupported_properties",
        ),
        (without("type"), "required_properties"),
        (without("external_reference"), "required_properties"),
        (without("config"), "required_properties"),
        (point(json!({})), "required_properties"),
        (with("type", json!("qr")), "property_value"),
        (amount(json!(24.90)), "property_type"),
        (amount(json!("24.9")), "property_value"),
        (amount(json!("0.00")), "property_value"),
        (with("transactions", json!({"payments": []})), "property_value"),
        (
            with("transactions", json!({"payments": [{"amount": "1.00"}, {"amount": "1.00"}]})),
            "property_value",
        ),
        (with("transactions", json!({"payments": "1.00"})), "property_type"),
        (with("expiration_time", json!("PT29S")), "property_value"),
        (with("expiration_time", json!("PT3H1S")), "property_value"),
        (with("expiration_time", json!("15 minutes")), "property_value"),
        (with("external_reference", json!("venta 1")), "property_value"),
        (with("external_reference", json!("x".repeat(65))), "property_value"),
        (with("external_reference", json!(7)), "property_type"),
        (with("description", json!("x".repeat(151))), "property_value"),
        (point(json!({"terminal_id": TERMINAL, "print_on_terminal": "both"})), "property_value"),
        (
            with(
                "config",
                json!({"point": {"terminal_id": TERMINAL}, "payment_method": {"default_type": "pix"}}),
            ),
            "property_value",
        ),
        (with("integration_data", json!({"sponsor": "x"})), "property_type"),
        (json!([]), "property_type"),
    ] {
        let (status, error) = bench.keyed("/v1/orders", &body, "key").await?;
        assert_eq!((status, code(&error)), (400, expected), "{body}: {error}");
    }
    let (status, error) = bench.post("/v1/orders", &point_order("a")).await?;
    assert_eq!((status, code(&error)), (400, "empty_required_header"));
    let (status, error) =
        bench.keyed("/v1/orders", &point(json!({"terminal_id": "PAX_A910__X"})), "key").await?;
    assert_eq!((status, code(&error)), (404, "terminal_not_found"));
    bench.mp.add_terminal(TerminalDraft {
        account: OTHER,
        id: "PAX_A910__X".to_owned(),
        ..Default::default()
    })?;
    let (status, error) =
        bench.keyed("/v1/orders", &point(json!({"terminal_id": "PAX_A910__X"})), "key").await?;
    assert_eq!((status, code(&error)), (403, "forbidden_checking_terminal_owner"));

    bench.order("a").await?;
    bench.card("visa")?;
    let (status, error) = bench.keyed("/v1/orders", &point_order("a"), "other").await?;
    assert_eq!((status, code(&error)), (400, "property_value"), "a reference is used once");
    let whole = json!({
        "type": "point", "external_reference": "b", "expiration_time": "PT30S", "description": "x",
        "transactions": {"payments": [{"amount": "5.00"}]},
        "config": {
            "point": {"terminal_id": TERMINAL, "print_on_terminal": "no_ticket", "ticket_number": "S0392JED"},
            "payment_method": {"default_type": "credit_card", "default_installments": 6, "installments_cost": "seller"},
        },
        "integration_data": {"platform_id": "p", "integrator_id": "dev_1", "sponsor": {"id": "446566691"}},
    });
    let (status, order) = bench.keyed("/v1/orders", &whole, "whole").await?;
    assert_eq!((status, &order["config"]), (201, &whole["config"]));
    Ok(())
}

#[tokio::test]
async fn chile_has_no_decimals() -> Result<()> {
    let bench = Bench::at(Site::Mlc).await?;
    bench.terminal()?;
    let mut order = point_order("a");
    assert_eq!(code(&bench.keyed("/v1/orders", &order, "a").await?.1), "property_value");
    order["transactions"]["payments"][0]["amount"] = json!("15000");
    assert_eq!(bench.keyed("/v1/orders", &order, "a").await?.1["currency"], "CLP");
    Ok(())
}

#[tokio::test]
async fn a_key_means_one_request_for_a_day() -> Result<()> {
    let bench = bench().await?;
    let first = bench.keyed("/v1/orders", &point_order("a"), "key").await?;
    bench.mp.receive(TERMINAL)?;
    assert_eq!(
        bench.keyed("/v1/orders", &point_order("a"), "key").await?,
        first,
        "the first answer, old as it is"
    );
    let (status, error) = bench.keyed("/v1/orders", &point_order("b"), "key").await?;
    assert_eq!((status, code(&error)), (409, "idempotency_key_already_used"));
    let id = first.1["id"].as_str().context("id")?;
    let (status, error) = bench.keyed(&format!("/v1/orders/{id}/cancel"), &Value::Null, "key").await?;
    assert_eq!((status, code(&error)), (409, "idempotency_key_already_used"), "for another operation too");
    bench.mp.advance_clock(Duration::from_hours(24));
    assert_eq!(bench.keyed("/v1/orders", &point_order("b"), "key").await?.0, 201, "another day");
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again() -> Result<()> {
    let bench = bench().await?;
    bench.faults(&json!({"api": [{"route": "POST /v1/orders", "do": "lose_answer", "times": 1}]})).await?;
    assert!(bench.keyed("/v1/orders", &point_order("a"), "key").await.is_err());
    let (status, order) = bench.keyed("/v1/orders", &point_order("a"), "key").await?;
    assert_eq!(status, 201);
    assert_eq!(
        bench.mp.order(order["id"].as_str().context("id")?).map(|order| order.to_string()),
        Some(bench.mp.orders()[0].to_string())
    );
    assert_eq!(bench.mp.orders().len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_order_expires() -> Result<()> {
    let bench = bench().await?;
    let mut body = point_order("a");
    body["expiration_time"] = json!("PT30S");
    let (_, order) = bench.keyed("/v1/orders", &body, "a").await?;
    let id = order["id"].as_str().context("id")?;
    bench.mp.walk_away(TERMINAL)?;
    bench.mp.advance_clock(Duration::from_secs(28));
    assert_eq!(bench.read_order(id).await?["status"], "at_terminal");
    bench.post("/_control/clock", &json!({"advance_seconds": 3})).await?;
    let shown = bench.read_order(id).await?;
    assert_eq!(
        (&shown["status"], &shown["transactions"]["payments"][0]["status"]),
        (&json!("expired"), &json!("expired"))
    );
    bench.order("b").await?;
    Ok(())
}

#[tokio::test]
async fn canceling() -> Result<()> {
    let bench = bench().await?;
    let cancel = |order: &str| format!("/v1/orders/{order}/cancel");
    let order = bench.order("a").await?;
    let (status, shown) = bench.keyed(&cancel(&order), &Value::Null, "1").await?;
    assert_eq!((status, &shown["status"]), (200, &json!("canceled")));
    let (status, error) = bench.keyed(&cancel(&order), &Value::Null, "2").await?;
    assert_eq!((status, code(&error)), (409, "order_already_canceled"));
    assert_eq!(bench.keyed(&cancel(&order), &Value::Null, "1").await?.0, 200, "the same request");

    let order = bench.order("b").await?;
    bench.mp.receive(TERMINAL)?;
    let (status, error) = bench.keyed(&cancel(&order), &Value::Null, "3").await?;
    assert_eq!((status, code(&error)), (409, "cannot_cancel_order"));
    let headers = [("x-idempotency-key", "4"), ("x-allow-cancelable-status", "at_terminal")];
    let (status, shown) = bench.call(Method::POST, &cancel(&order), None, &headers).await?;
    assert_eq!((status, &shown["status"]), (202, &json!("at_terminal")), "it is only asked for");
    bench.mp.receive(TERMINAL)?;
    assert_eq!(bench.read_order(&order).await?["status"], "canceled");

    let order = bench.order("c").await?;
    bench.mp.receive(TERMINAL)?;
    let headers = [("x-idempotency-key", "5"), ("x-allow-cancelable-status", "at_terminal")];
    assert_eq!(bench.call(Method::POST, &cancel(&order), None, &headers).await?.0, 202);
    bench.card("visa")?;
    assert_eq!(bench.read_order(&order).await?["status"], "processed", "the card was faster");
    let headers = [("x-idempotency-key", "6"), ("x-allow-cancelable-status", "at_terminal")];
    let (status, error) = bench.call(Method::POST, &cancel(&order), None, &headers).await?;
    assert_eq!((status, code(&error)), (409, "cannot_cancel_order"));
    assert_eq!(code(&bench.keyed(&cancel("ORD0"), &Value::Null, "7").await?.1), "order_not_found");
    Ok(())
}

#[tokio::test]
async fn money_goes_back_in_parts() -> Result<()> {
    let bench = bench().await?;
    let (order, transaction, payment) = paid(&bench, "a").await?;
    let path = format!("/v1/orders/{order}/refund");
    let (status, refund) = bench.keyed(&path, &part(&transaction, "4.90"), "1").await?;
    assert_eq!(
        (status, &refund["status"], &refund["status_detail"]),
        (201, &json!("processed"), &json!("partially_refunded"))
    );
    let entry = &refund["transactions"]["refunds"][0];
    assert!(entry["id"].as_str().is_some_and(|id| id.starts_with("REF") && id.len() == 29));
    assert_eq!(
        (&entry["transaction_id"], &entry["amount"], &entry["status"]),
        (&json!(transaction), &json!("4.90"), &json!("processed"))
    );
    let (_, refunds) = bench.get(&format!("/v1/payments/{payment}/refunds")).await?;
    assert_eq!(
        (&refunds[0]["id"].to_string(), &refunds[0]["amount"]),
        (&entry["reference_id"].as_str().unwrap_or_default().to_owned(), &json!(4.9))
    );
    assert_eq!(
        bench.keyed(&path, &part(&transaction, "4.90"), "1").await?,
        (201, refund.clone()),
        "the same request"
    );

    for (body, status, expected) in [
        (part(&transaction, "20.01"), 400, "refund_amount_exceeds"),
        (part(&transaction, "24.90"), 400, "refund_amount_exceeds"),
        (part("PAY01", "1.00"), 404, "transaction_not_found"),
        (part(&transaction, "1.0"), 400, "property_value"),
        (json!({"amount": "1.00"}), 400, "unsupported_properties"),
    ] {
        let (found, error) = bench.keyed(&path, &body, "wrong").await?;
        assert_eq!((found, code(&error)), (status, expected), "{body}");
    }
    assert_eq!(code(&bench.post(&path, &Value::Null).await?.1), "empty_required_header");

    // A refund of the payment is one of the order.
    assert_eq!(bench.refund(payment, r#"{"amount": 10}"#, "2").await?.0, 201);
    let shown = bench.read_order(&order).await?;
    assert_eq!(shown["transactions"]["refunds"][1]["amount"], "10.00");
    bench.mp.refund_in_panel(payment, 100)?;
    let (_, rest) = bench.keyed(&path, &Value::Null, "3").await?;
    assert_eq!(
        (&rest["status"], &rest["transactions"]["refunds"][0]["amount"]),
        (&json!("refunded"), &json!("9.00"))
    );
    let shown = bench.read_order(&order).await?;
    assert_eq!(
        (&shown["status"], &shown["transactions"]["payments"][0]["status"]),
        (&json!("refunded"), &json!("refunded"))
    );
    assert_eq!(shown["transactions"]["refunds"].as_array().map(Vec::len), Some(4));
    let (status, error) = bench.keyed(&path, &Value::Null, "4").await?;
    assert_eq!((status, code(&error)), (409, "order_already_refunded"));
    Ok(())
}

#[tokio::test]
async fn refunds_that_cannot_be() -> Result<()> {
    let bench = bench().await?;
    let refund = async |order: &str, body: &Value| -> Result<(u16, String)> {
        let (status, error) = bench.keyed(&format!("/v1/orders/{order}/refund"), body, "key").await?;
        Ok((status, code(&error).to_owned()))
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let all = Value::Null;
    let (order, transaction, payment) = paid(&bench, "a").await?;
    bench.faults(&json!({"refunds": {"insufficient_balance": true}})).await?;
    assert_eq!(refund(&order, &all).await?, refused(428, "insufficient_money_for_refund"));
    bench.faults(&json!({})).await?;
    bench.put(&format!("/_control/payments/{payment}"), &json!({"status": "in_mediation"})).await?;
    assert_eq!(refund(&order, &all).await?, refused(422, "payment_not_refundable"));
    bench.put(&format!("/_control/payments/{payment}"), &json!({"status": "approved"})).await?;
    bench.mp.advance_clock(Duration::from_hours(24 * 91));
    assert_eq!(refund(&order, &all).await?, refused(409, "refund_period_exceeded"));
    assert_eq!(refund(&order, &part(&transaction, "1.00")).await?, refused(409, "refund_period_exceeded"));

    let waiting = bench.order("b").await?;
    assert_eq!(refund(&waiting, &all).await?, refused(409, "cannot_refund_order"));
    bench.card("account_money")?;
    let shown = bench.read_order(&waiting).await?;
    let wallet = shown["transactions"]["payments"][0]["id"].as_str().context("id")?;
    assert_eq!(refund(&waiting, &part(wallet, "1.00")).await?, refused(400, "unsupported_partially_refunds"));
    bench.faults(&json!({"refunds": {"outcome": "in_process"}})).await?;
    let (status, made) = bench.keyed(&format!("/v1/orders/{waiting}/refund"), &all, "process").await?;
    let entry = &made["transactions"]["refunds"][0];
    assert_eq!((status, &made["status"], &entry["status"]), (201, &json!("processed"), &json!("processing")));
    assert_eq!(refund(&waiting, &all).await?, refused(409, "refund_in_progress"));
    let id = entry["reference_id"].as_str().context("id")?;
    bench.put(&format!("/_control/refunds/{id}"), &json!({"status": "approved"})).await?;
    assert_eq!(bench.read_order(&waiting).await?["status"], "refunded");
    assert_eq!(refund(&waiting, &all).await?, refused(409, "order_already_refunded"));
    assert_eq!(refund("ORD0", &all).await?, refused(404, "order_not_found"));
    Ok(())
}

#[tokio::test]
async fn searching() -> Result<()> {
    let bench = bench().await?;
    for reference in ["a", "b", "c"] {
        bench.order(reference).await?;
        bench.card(if reference == "b" { "rejected_other" } else { "visa" })?;
    }
    let find = async |query: &str| {
        bench.get(&format!("/v1/orders?begin_date=NOW-1HOURS&end_date=NOW&{query}")).await
    };
    let (status, all) = find("page_size=2").await?;
    assert_eq!(status, 200);
    assert_eq!(all["paging"], json!({"total": 3, "total_pages": 2, "offset": 0, "limit": 2}));
    assert_eq!(all["data"][0]["external_reference"], "c", "newest first");
    assert_eq!(find("page=2&page_size=2").await?.1["data"][0]["external_reference"], "a");
    assert_eq!(find("external_reference=b").await?.1["data"][0]["status"], "failed");
    assert_eq!(find("status=processed").await?.1["paging"]["total"], 2);
    assert_eq!(code(&bench.get("/v1/orders?end_date=NOW").await?.1), "required_properties");
    assert_eq!(code(&find("page=0").await?.1), "property_value");
    assert_eq!(code(&find("sort=x").await?.1), "unsupported_properties");
    bench.faults(&json!({"search_lag_ms": 60_000})).await?;
    assert_eq!(find("").await?.1["paging"]["total"], 0);
    Ok(())
}

#[tokio::test]
async fn a_new_order_may_not_be_found_yet_and_an_old_one_no_more() -> Result<()> {
    let bench = bench().await?;
    bench.faults(&json!({"terminals": {"order_lag_ms": 5_000}})).await?;
    let order = bench.order("a").await?;
    let (status, error) = bench.get(&format!("/v1/orders/{order}")).await?;
    assert_eq!((status, code(&error)), (404, "order_not_found"));
    bench.mp.advance_clock(Duration::from_secs(5));
    bench.read_order(&order).await?;
    bench.mp.advance_clock(Duration::from_hours(24 * 93));
    assert_eq!(bench.get(&format!("/v1/orders/{order}")).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn events_can_be_played() -> Result<()> {
    let bench = bench().await?;
    for (at, status) in
        ["processed", "failed", "canceled", "expired", "action_required", "refunded"].iter().enumerate()
    {
        let order = bench.order(&format!("r{at}")).await?;
        let path = format!("/v1/orders/{order}/events");
        if *status == "refunded" {
            assert_eq!(bench.post(&path, &json!({"status": "processed"})).await?.0, 204);
        }
        let (played, _) =
            bench.post(&path, &json!({"status": status, "payment_method_id": "master"})).await?;
        assert_eq!((played, &bench.read_order(&order).await?["status"]), (204, &json!(status)));
        assert_eq!(bench.post(&path, &json!({"status": "processed"})).await?.0, 409, "it is over");
    }
    let order = bench.order("last").await?;
    let (status, error) =
        bench.post(&format!("/v1/orders/{order}/events"), &json!({"status": "eaten"})).await?;
    assert_eq!((status, code(&error)), (400, "property_value"));
    let other = format!("Bearer {}", token(OTHER));
    let (path, body) = (format!("/v1/orders/{order}/events"), json!({"status": "failed"}).to_string());
    let foreign = bench.call(Method::POST, &path, Some(body), &[("authorization", &other)]).await?;
    assert_eq!(foreign.0, 404);
    Ok(())
}

#[tokio::test]
async fn the_next_payment_may_be_a_cards() -> Result<()> {
    let bench = bench().await?;
    bench.faults(&json!({"next_payment": {"amount": 1.00, "external_reference": "x"}})).await?;
    let (_, _, payment) = paid(&bench, "a").await?;
    let (_, payment) = bench.get(&format!("/v1/payments/{payment}")).await?;
    assert_eq!((&payment["transaction_amount"], &payment["external_reference"]), (&json!(1.0), &json!("x")));
    Ok(())
}
