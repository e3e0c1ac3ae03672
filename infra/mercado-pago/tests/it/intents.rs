//! Payment intents, the generation before orders.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::http::Method;
use serde_json::{Value, json};
use simulated_mercado_pago::{NetworkLoss, Site, TerminalDraft};

use crate::bench::{Bench, OTHER, TERMINAL};

async fn bench() -> Result<Bench> {
    let bench = Bench::new().await?;
    bench.terminal()?;
    Ok(bench)
}

fn queue() -> String {
    format!("/point/integration-api/devices/{TERMINAL}/payment-intents")
}

async fn intent(bench: &Bench) -> Result<String> {
    let body =
        json!({"amount": 1_500, "additional_info": {"external_reference": "1_2_a", "ticket_number": "39S"}});
    let (status, intent) = bench.post(&queue(), &body).await?;
    ensure!(status == 201, "{intent}");
    Ok(intent["id"].as_str().context("id")?.to_owned())
}

async fn read(bench: &Bench, id: &str) -> Result<Value> {
    Ok(bench.get(&format!("/point/integration-api/payment-intents/{id}")).await?.1)
}

async fn cancel(bench: &Bench, id: &str) -> Result<(u16, Value)> {
    bench.call(Method::DELETE, &format!("{}/{id}", queue()), None, &[]).await
}

#[tokio::test]
async fn a_card_finishes_one() -> Result<()> {
    let bench = bench().await?;
    for (card, status) in [("debit", "approved"), ("rejected_funds", "rejected")] {
        let id = intent(&bench).await?;
        assert_eq!(read(&bench, &id).await?["state"], "OPEN");
        bench.mp.receive(TERMINAL)?;
        assert_eq!(read(&bench, &id).await?["state"], "ON_TERMINAL");
        bench.card(card)?;
        let shown = read(&bench, &id).await?;
        let payment = shown["payment"]["id"].as_str().context("a string")?;
        assert_eq!(
            shown,
            json!({
                "state": "FINISHED", "id": id, "device_id": TERMINAL, "amount": 1_500, "payment": {"id": payment},
                "additional_info": {"external_reference": "1_2_a", "ticket_number": "39S"},
            })
        );
        let (_, payment) = bench.get(&format!("/v1/payments/{payment}")).await?;
        assert_eq!(
            (&payment["status"], &payment["transaction_amount"]),
            (&json!(status), &json!(15.0)),
            "{card}"
        );
        assert_eq!(payment["external_reference"], "1_2_a");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_refused() -> Result<()> {
    let bench = bench().await?;
    for wrong in [
        json!({}),
        json!({"amount": "1500"}),
        json!({"amount": 15.00}),
        json!({"amount": 499}),
        json!({"amount": 400_000_001}),
        json!({"amount": 1_500, "payment": {"type": "credit_card"}}),
        json!({"amount": 1_500, "additional_info": {"reference": "a"}}),
        json!({"amount": 1_500, "additional_info": {"print_on_terminal": "yes"}}),
        json!({"amount": 1_500, "currency": "ARS"}),
    ] {
        let (status, error) = bench.post(&queue(), &wrong).await?;
        assert_eq!((status, &error["status"]), (400, &json!(400)), "{wrong}");
    }
    let body = json!({"amount": 1_500});
    assert_eq!(bench.post("/point/integration-api/devices/PAX_A910__X/payment-intents", &body).await?.0, 404);
    bench.mp.add_terminal(TerminalDraft {
        account: OTHER,
        id: "PAX_A910__X".to_owned(),
        ..Default::default()
    })?;
    assert_eq!(bench.post("/point/integration-api/devices/PAX_A910__X/payment-intents", &body).await?.0, 403);
    intent(&bench).await?;
    assert_eq!(bench.post(&queue(), &body).await?.0, 409, "one at a time");
    Ok(())
}

#[tokio::test]
async fn each_country_has_its_own() -> Result<()> {
    let brazil = Bench::at(Site::Mlb).await?;
    brazil.terminal()?;
    let body = json!({
        "amount": 100, "description": "x",
        "payment": {"type": "credit_card", "installments": 2, "installments_cost": "seller"},
    });
    let (status, made) = brazil.post(&queue(), &body).await?;
    assert_eq!((status, &made["payment"]["installments"]), (201, &json!(2)));
    let chile = Bench::at(Site::Mlc).await?;
    chile.terminal()?;
    assert_eq!(chile.post(&queue(), &json!({"amount": 1_500})).await?.0, 400, "not listed");
    Ok(())
}

#[tokio::test]
async fn canceling() -> Result<()> {
    let bench = bench().await?;
    let id = intent(&bench).await?;
    assert_eq!(cancel(&bench, &id).await?, (200, json!({"id": id})));
    assert_eq!(read(&bench, &id).await?["state"], "CANCELED");
    let id = intent(&bench).await?;
    bench.mp.receive(TERMINAL)?;
    assert_eq!(cancel(&bench, &id).await?.0, 409, "it must be done there");
    bench.card("visa")?;
    assert_eq!(cancel(&bench, &id).await?.0, 404, "not found, and yet paid");
    assert_eq!(read(&bench, &id).await?["state"], "FINISHED");
    let id = intent(&bench).await?;
    bench.mp.cancel_at_terminal(TERMINAL)?;
    assert_eq!(read(&bench, &id).await?["state"], "CANCELED");
    Ok(())
}

#[tokio::test]
async fn other_ends() -> Result<()> {
    let bench = bench().await?;
    let id = intent(&bench).await?;
    bench.mp.walk_away(TERMINAL)?;
    bench.mp.advance_clock(Duration::from_mins(15));
    assert_eq!(read(&bench, &id).await?["state"], "ABANDONED");
    let id = intent(&bench).await?;
    bench.mp.fail_at_terminal(TERMINAL)?;
    assert_eq!(read(&bench, &id).await?["state"], "ERROR");
    let id = intent(&bench).await?;
    bench.mp.lose_network(TERMINAL, &NetworkLoss { card: Some("visa".to_owned()), now: false })?;
    assert_eq!(read(&bench, &id).await?["state"], "PROCESSING");
    assert_eq!(cancel(&bench, &id).await?.0, 409);
    bench.mp.advance_clock(Duration::from_secs(40));
    let shown = read(&bench, &id).await?;
    assert_eq!((&shown["state"], &shown["payment"]), (&json!("CONFIRMATION_REQUIRED"), &Value::Null));
    Ok(())
}

#[tokio::test]
async fn the_state_may_lag_behind() -> Result<()> {
    let bench = bench().await?;
    bench.faults(&json!({"terminals": {"intent_lag_reads": 2}})).await?;
    let id = intent(&bench).await?;
    bench.card("visa")?;
    let mut states = Vec::new();
    for _ in 0..3 {
        states.push(read(&bench, &id).await?["state"].clone());
    }
    assert_eq!(states, ["ON_TERMINAL", "ON_TERMINAL", "FINISHED"]);
    Ok(())
}

#[tokio::test]
async fn events() -> Result<()> {
    let bench = bench().await?;
    let first = intent(&bench).await?;
    bench.mp.cancel_at_terminal(TERMINAL)?;
    let second = intent(&bench).await?;
    let (_, event) = bench.get(&format!("/point/integration-api/payment-intents/{first}/events")).await?;
    assert_eq!(event["status"], "CANCELED");
    let at = event["created_on"].as_str().context("a date")?;
    assert!(at.len() == 20 && at.ends_with('Z'), "{at}");
    let day = &at[..10];
    let path = "/point/integration-api/payment-intents/events";
    let (_, all) = bench.get(&format!("{path}?startDate={day}&endDate={day}")).await?;
    let found: Vec<&Value> =
        all["events"].as_array().into_iter().flatten().map(|one| &one["payment_intent_id"]).collect();
    assert_eq!(found, [&json!(first), &json!(second)]);
    assert_eq!(bench.get(path).await?.0, 400);
    assert_eq!(bench.get(&format!("{path}?startDate=2026-01-01&endDate=2026-03-01")).await?.0, 400);
    Ok(())
}
