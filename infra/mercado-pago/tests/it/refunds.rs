//! Refunds and their idempotency.

use std::time::Duration;

use anyhow::{Context, Result};
use axum::http::Method;
use serde_json::json;
use simulated_mercado_pago::Site;

use crate::bench::{Bench, OTHER, SELLER, cause, token};

#[tokio::test]
async fn parts_and_then_the_rest() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    let (status, refund) = bench.refund(payment, r#"{"amount": 10.5}"#, "a").await?;
    assert_eq!((status, &refund["status"], refund["amount"].as_f64()), (201, &json!("approved"), Some(10.5)));
    assert_eq!(refund["payment_id"].as_u64(), Some(payment));
    let (_, shown) = bench.get(&format!("/v1/payments/{payment}")).await?;
    assert_eq!(
        (&shown["status"], &shown["status_detail"]),
        (&json!("approved"), &json!("partially_refunded"))
    );
    assert_eq!(shown["transaction_amount_refunded"].as_f64(), Some(10.5));

    let (status, rest) = bench.refund(payment, "", "b").await?;
    assert_eq!((status, rest["amount"].as_f64()), (201, Some(489.5)));
    let (_, shown) = bench.get(&format!("/v1/payments/{payment}")).await?;
    assert_eq!((&shown["status"], &shown["status_detail"]), (&json!("refunded"), &json!("refunded")));
    let (_, list) = bench.get(&format!("/v1/payments/{payment}/refunds")).await?;
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    let (_, one) = bench.get(&format!("/v1/payments/{payment}/refunds/{}", rest["id"])).await?;
    assert_eq!(one, rest);
    let (_, order) = bench.get("/merchant_orders/search?external_reference=45ea80da").await?;
    let order = &order["elements"][0];
    assert_eq!((&order["status"], &order["order_status"]), (&json!("closed"), &json!("reverted")));
    assert_eq!(order["refunded_amount"].as_f64(), Some(500.0));
    let (status, gone) = bench.refund(payment, "", "c").await?;
    assert_eq!((status, cause(&gone)), (400, 2063));
    Ok(())
}

#[tokio::test]
async fn a_key_means_one_request() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    let (_, first) = bench.refund(payment, r#"{"amount": 100}"#, "key").await?;
    let (status, again) = bench.refund(payment, r#"{"amount":100.00}"#, "key").await?;
    assert_eq!((status, &again), (201, &first));
    for body in [r#"{"amount": 99}"#, ""] {
        let (status, refused) = bench.refund(payment, body, "key").await?;
        assert_eq!((status, cause(&refused)), (404, 2032), "{body}");
    }
    let other = bench.payment().await?;
    assert_eq!(cause(&bench.refund(other, r#"{"amount": 100}"#, "key").await?.1), 2032);
    // A refusal does not use up its key.
    assert_eq!(bench.refund(payment, r#"{"amount": 400.01}"#, "late").await?.0, 400);
    assert_eq!(bench.refund(payment, r#"{"amount": 400}"#, "late").await?.0, 201);
    Ok(())
}

#[tokio::test]
async fn a_full_refund_can_be_repeated() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    let first = bench.refund(payment, "", "key").await?;
    assert_eq!(first.0, 201);
    assert_eq!(bench.refund(payment, "{}", "key").await?, first);
    Ok(())
}

#[tokio::test]
async fn what_is_refused() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    let path = format!("/v1/payments/{payment}/refunds");
    assert_eq!(cause(&bench.call(Method::POST, &path, None, &[]).await?.1), 4292);
    for (body, status, code) in [
        (r#"{"amount": -1}"#, 401, 4040),
        (r#"{"amount": 0}"#, 401, 4040),
        (r#"{"amount": "10"}"#, 401, 4041),
        (r#"{"amount": 1.005}"#, 401, 4041),
        (r#"{"amount": null}"#, 401, 4041),
        (r#"{"amonut": 10}"#, 400, 8),
        (r#"{"amount": 500.01}"#, 400, 2063),
        ("{", 400, 1),
    ] {
        let (found, answer) = bench.refund(payment, body, "key").await?;
        assert_eq!((found, cause(&answer)), (status, code), "{body}: {answer}");
    }
    bench.faults(&json!({"refunds": {"live_status": true, "insufficient_balance": true}})).await?;
    assert_eq!(bench.refund(payment, r#"{"amount": -1}"#, "key").await?.0, 400);
    assert_eq!(cause(&bench.refund(payment, "", "key").await?.1), 2031);
    assert_eq!(cause(&bench.refund(7, "", "key").await?.1), 2000);
    let other = format!("Bearer {}", token(OTHER));
    let headers = [("authorization", other.as_str()), ("x-idempotency-key", "k")];
    assert_eq!(bench.call(Method::POST, &path, None, &headers).await?.0, 403);
    let rejected = bench.paid("rejected_funds").await?.payment.context("a payment")?;
    assert_eq!(cause(&bench.refund(rejected, "", "key").await?.1), 2063);
    Ok(())
}

#[tokio::test]
async fn after_180_days_it_is_too_late() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    bench.mp.advance_clock(Duration::from_hours(24 * 179));
    assert_eq!(bench.refund(payment, r#"{"amount": 1}"#, "a").await?.0, 201);
    bench.mp.advance_clock(Duration::from_hours(48));
    let (status, late) = bench.refund(payment, "", "b").await?;
    assert_eq!((status, cause(&late)), (404, 2024));
    Ok(())
}

#[tokio::test]
async fn peru_refunds_in_full_only() -> Result<()> {
    let bench = Bench::at(Site::Mpe).await?;
    let draft = json!({"account": SELLER, "amount": 80, "external_reference": "pe1"});
    let (_, payment) = bench.post("/_control/payments", &draft).await?;
    let payment = payment["id"].as_u64().context("id")?;
    assert_eq!(cause(&bench.refund(payment, r#"{"amount": 10}"#, "a").await?.1), 3024);
    assert_eq!(bench.refund(payment, "", "a").await?.0, 201);
    Ok(())
}

#[tokio::test]
async fn a_refund_in_process_ends_later() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    bench.faults(&json!({"refunds": {"outcome": "in_process"}})).await?;
    let (status, refund) = bench.refund(payment, r#"{"amount": 200}"#, "a").await?;
    assert_eq!((status, &refund["status"]), (201, &json!("in_process")));
    let (_, shown) = bench.get(&format!("/v1/payments/{payment}")).await?;
    assert_eq!(shown["transaction_amount_refunded"].as_f64(), Some(0.0));
    // It holds its part already.
    assert_eq!(bench.refund(payment, r#"{"amount": 301}"#, "b").await?.0, 400);
    let path = format!("/_control/refunds/{}", refund["id"]);
    assert_eq!(bench.put(&path, &json!({"status": "approved"})).await?.0, 200);
    let (_, shown) = bench.get(&format!("/v1/payments/{payment}")).await?;
    assert_eq!(shown["transaction_amount_refunded"].as_f64(), Some(200.0));
    assert_eq!(bench.put(&path, &json!({"status": "rejected"})).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn a_rejected_refund_leaves_the_money() -> Result<()> {
    let bench = Bench::new().await?;
    let payment = bench.payment().await?;
    bench.faults(&json!({"refunds": {"outcome": "rejected"}})).await?;
    assert_eq!(bench.refund(payment, "", "a").await?.1["status"], "rejected");
    bench.faults(&json!({})).await?;
    assert_eq!(bench.refund(payment, "", "b").await?.1["amount"].as_f64(), Some(500.0));
    Ok(())
}
