//! Payments: their shape and their search.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench::{Bench, OTHER, SELLER, cause, token};

#[tokio::test]
async fn a_payment_as_it_is_shown() -> Result<()> {
    let bench = Bench::new().await?;
    let id = bench.payment().await?;
    let text = bench
        .client
        .get(format!("{}/v1/payments/{id}", bench.mp.url()))
        .bearer_auth(token(SELLER))
        .send()
        .await?
        .text()
        .await?;
    assert!(text.contains(r#""transaction_amount":500.00,"#), "amounts keep their decimals: {text}");
    let payment: Value = serde_json::from_str(&text)?;
    assert_eq!(payment["collector_id"].as_u64(), Some(SELLER));
    assert_eq!((&payment["pos_id"], &payment["store_id"]), (&json!(bench.pos), &json!(bench.store)));
    assert_eq!((&payment["status"], &payment["status_detail"]), (&json!("approved"), &json!("accredited")));
    assert_eq!(
        (&payment["currency_id"], &payment["external_reference"]),
        (&json!("ARS"), &json!("45ea80da"))
    );
    assert_eq!((&payment["card"], &payment["order"]["type"]), (&json!({}), &json!("mercadopago")));
    let date = payment["date_created"].as_str().context("a date")?;
    assert!(date.ends_with("-04:00") && date.len() == "2021-11-24T13:58:49.312-04:00".len(), "{date}");
    let net = payment["transaction_details"]["net_received_amount"].as_f64();
    assert_eq!((net, payment["fee_details"][0]["amount"].as_f64()), (Some(492.5), Some(7.5)));
    Ok(())
}

#[tokio::test]
async fn other_means() -> Result<()> {
    let bench = Bench::new().await?;
    let of = async |means: &str| -> Result<Value> {
        let id = bench.paid(means).await?.payment.context("a payment")?;
        Ok(bench.get(&format!("/v1/payments/{id}")).await?.1)
    };
    let wallet = of("interop").await?;
    assert_eq!(wallet["payment_method_id"], "interop_transfer");
    assert_eq!(wallet["point_of_interaction"]["sub_type"], "INTER_PSP");
    let card = of("call_for_authorize").await?;
    assert_eq!(card["status_detail"], "cc_rejected_call_for_authorize");
    assert_eq!((&card["card"]["last_four_digits"], &card["date_approved"]), (&json!("3704"), &Value::Null));
    let slow = of("pending").await?;
    assert_eq!(slow["status"], "pending");
    let path = format!("/v1/payments/{}", slow["id"]);
    let (_, cancelled) = bench.put(&path, &json!({"status": "cancelled"})).await?;
    assert_eq!(
        (&cancelled["status"], &cancelled["status_detail"]),
        (&json!("cancelled"), &json!("by_collector"))
    );
    assert_eq!(cause(&bench.put(&path, &json!({"status": "cancelled"})).await?.1), 3005);
    Ok(())
}

#[tokio::test]
async fn searching() -> Result<()> {
    let bench = Bench::new().await?;
    for (reference, created) in [("a1", "NOW-3DAYS"), ("a2", "NOW-2DAYS"), ("a3", "NOW-13MONTHS")] {
        let draft = json!({"account": SELLER, "amount": 10, "external_reference": reference, "date_created": created, "silent": true});
        assert_eq!(bench.post("/_control/payments", &draft).await?.0, 201);
    }
    let found = async |query: &str| -> Result<Vec<String>> {
        let (status, answer) = bench.get(&format!("/v1/payments/search?{query}")).await?;
        anyhow::ensure!(status == 200, "{answer}");
        let results = answer["results"].as_array().context("results")?;
        Ok(results.iter().filter_map(|one| one["external_reference"].as_str().map(str::to_owned)).collect())
    };
    assert_eq!(found("").await?, ["a2", "a1"], "newest first, and only a year");
    assert_eq!(found("sort=date_created&criteria=asc").await?, ["a1", "a2"]);
    assert_eq!(found("external_reference=a1").await?, ["a1"]);
    assert_eq!(found("range=date_created&begin_date=NOW-60HOURS&end_date=NOW").await?, ["a2"]);
    assert_eq!(found("limit=1&offset=1").await?, ["a1"]);
    assert_eq!(found("status=rejected").await?, [""; 0]);
    let (_, page) = bench.get("/v1/payments/search?limit=1").await?;
    assert_eq!(page["paging"], json!({"total": 2, "limit": 1, "offset": 0}));
    for (query, code) in [
        ("colour=red", 1),
        ("sort=colour", 1003),
        ("criteria=up", 1004),
        ("limit=101", 1000),
        ("offset=10001", 1000),
        ("begin_date=yesterday", 1001),
        ("begin_date=NOW-1YEARS&end_date=NOW", 9062),
    ] {
        let (status, refused) = bench.get(&format!("/v1/payments/search?{query}")).await?;
        assert_eq!((status, cause(&refused)), (400, code), "{query}");
    }
    let (_, refused) = bench.get("/v1/payments/search?colour=red").await?;
    assert_eq!(refused["message"], "The attribute [colour] is not a possible param");
    Ok(())
}

#[tokio::test]
async fn each_seller_sees_its_own() -> Result<()> {
    let bench = Bench::new().await?;
    let scan = bench.paid("visa").await?;
    let other = format!("Bearer {}", token(OTHER));
    let as_other = async |path: &str| {
        bench.call(axum::http::Method::GET, path, None, &[("authorization", other.as_str())]).await
    };
    let payment = format!("/v1/payments/{}", scan.payment.unwrap_or_default());
    assert_eq!(as_other(&payment).await?.0, 403);
    assert_eq!(
        as_other(&format!("/merchant_orders/{}", scan.merchant_order.unwrap_or_default())).await?.0,
        401
    );
    assert_eq!(as_other("/v1/payments/search").await?.1["paging"]["total"], 0);
    assert_eq!(
        as_other("/merchant_orders/search").await?.1,
        json!({"elements": null, "next_offset": 0, "total": 0})
    );
    assert_eq!(as_other(&format!("/pos/{}", bench.pos)).await?.0, 404);
    assert_eq!(as_other(&format!("/stores/{}", bench.store)).await?.0, 404);
    assert_eq!(as_other("/users/me").await?.1["site_id"], "MLB");
    assert_eq!(as_other(&format!("/users/{SELLER}/stores/search")).await?.0, 403);
    Ok(())
}
