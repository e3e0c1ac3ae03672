//! Calls that go wrong.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::bench::{Bench, SELLER, token};

async fn break_with(bench: &Bench, rule: serde_json::Value) -> Result<()> {
    bench.faults(&json!({"api": [rule]})).await
}

#[tokio::test]
async fn errors_for_some_calls() -> Result<()> {
    let bench = Bench::new().await?;
    break_with(
        &bench,
        json!({"route": "GET /users/*", "do": "status", "status": 429, "retry_after": 3, "times": 2}),
    )
    .await?;
    for status in [429, 429, 200] {
        let answer = bench
            .client
            .get(format!("{}/users/me", bench.mp.url()))
            .bearer_auth(token(SELLER))
            .send()
            .await?;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().contains_key("retry-after"), status == 429);
    }
    assert_eq!(bench.mp.calls("GET /users/me"), 3);
    let (_, calls) = bench.get("/_control/calls").await?;
    let me = calls["routes"].as_array().into_iter().flatten().find(|one| one["route"] == "GET /users/me");
    assert_eq!(me.map(|one| &one["statuses"]), Some(&json!({"200": 1, "429": 2})));
    Ok(())
}

#[tokio::test]
async fn an_answer_is_lost_after_the_deed() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    break_with(&bench, json!({"route": "POST /v1/payments/*/refunds", "do": "lose_answer", "times": 1}))
        .await?;
    assert!(bench.refund(payment, r#"{"amount": 100}"#, "key").await.is_err());
    let (_, list) = bench.get(&format!("/v1/payments/{payment}/refunds")).await?;
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    let (status, again) = bench.refund(payment, r#"{"amount": 100}"#, "key").await?;
    assert_eq!((status, &again["id"]), (201, &list[0]["id"]), "the same key finds the same refund");
    Ok(())
}

#[tokio::test]
async fn garbage_and_silence() -> Result<()> {
    let bench = Bench::new().await?;
    break_with(&bench, json!({"route": "* /**", "do": "garbage", "times": 1})).await?;
    assert!(bench.get("/users/me").await.is_err());
    break_with(&bench, json!({"route": "GET /users/me", "do": "hang"})).await?;
    let url = format!("{}/users/me", bench.mp.url());
    let waiting =
        bench.client.get(&url).bearer_auth(token(SELLER)).timeout(Duration::from_millis(50)).send().await;
    assert!(waiting.is_err_and(|error| error.is_timeout()));
    break_with(&bench, json!({"route": "GET /users/me", "do": "slow", "ms": 1})).await?;
    assert_eq!(bench.get("/users/me").await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn chance_comes_from_the_seed() -> Result<()> {
    let run = async || -> Result<Vec<u16>> {
        let bench = Bench::new().await?;
        break_with(&bench, json!({"route": "GET /users/me", "do": "status", "status": 500, "chance": 0.5}))
            .await?;
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(bench.get("/users/me").await?.0);
        }
        Ok(statuses)
    };
    let first = run().await?;
    assert_eq!(first, run().await?);
    assert!(first.contains(&200) && first.contains(&500));
    Ok(())
}

#[tokio::test]
async fn a_document_that_cannot_be_meant_is_refused() -> Result<()> {
    let bench = Bench::new().await?;
    for wrong in [
        json!({"colour": 1}),
        json!({"api": [{"route": "GET /a", "do": "status"}]}),
        json!({"api": [{"route": "/a", "do": "hang"}]}),
        json!({"api": [{"route": "GET /a", "do": "hang", "chance": 2}]}),
    ] {
        assert_eq!(bench.put("/_control/faults", &wrong).await?.0, 400, "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn searches_lag_behind() -> Result<()> {
    let bench = Bench::new().await?;
    bench.faults(&json!({"search_lag_ms": 60_000})).await?;
    let payment = bench.payment().await?;
    assert_eq!(bench.get(&format!("/v1/payments/{payment}")).await?.0, 200);
    let search = "/v1/payments/search?external_reference=45ea80da";
    assert_eq!(bench.get(search).await?.1["paging"]["total"], 0);
    bench.mp.advance_clock(Duration::from_secs(61));
    assert_eq!(bench.get(search).await?.1["paging"]["total"], 1);
    Ok(())
}
