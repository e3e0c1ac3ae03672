//! Mercado Pago's news in every dialect: authentic, forged, doubled, malformed.

use reqwest::Method;
use serde_json::json;
use surtidor_tests::{World, sign, sign_manifest};

const REQUEST_ID: &str = "b01f0262-589b-4feb-aff1-ac74c690b4d0";

fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

/// An approved payment of a sale of which Mercado Pago tells nobody.
async fn silent_payment(world: &World, sale: &str, position: &str) -> u64 {
    let station = world.station();
    let told = station.deliver(sale, position, "500.00").await;
    let draft = json!({
        "account": world.demo.collector_id, "amount": 500.00, "external_reference": told["external_reference"],
        "pos": station.pos(position), "silent": true,
    });
    world.mercado_pago.create_payment(&serde_json::from_value(draft).unwrap()).unwrap()
}

fn webhook(kind: &str, id: &str) -> String {
    json!({"id": 12345, "live_mode": true, "type": kind, "date_created": "2026-11-22T10:04:58.396-04:00", "user_id": 44444,
           "api_version": "v1", "action": format!("{kind}.updated"), "data": {"id": id}}).to_string()
}

#[tokio::test]
async fn a_signed_webhook_in_seconds_or_milliseconds_and_of_either_secret_settles() {
    let world = World::start().await;
    for (number, ts) in [(1, now()), (2, now() * 1000)] {
        let (sale, position) = (format!("s{number}"), number.to_string());
        let payment = silent_payment(&world, &sale, &position).await.to_string();
        let signature = sign(&world.demo.webhook_secret, &payment, REQUEST_ID, ts);
        let headers = [("x-signature", signature.as_str()), ("x-request-id", REQUEST_ID)];
        let query = format!("data.id={payment}&type=payment");
        let answer = world.notify(&query, &headers, &webhook("payment", &payment)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        world.station().sale_when(&sale, "paid").await;
    }
}

#[tokio::test]
async fn a_webhook_without_a_query_verifies_by_what_it_covers() {
    let world = World::start().await;
    for (sale, position, covers_id) in [("a", "1", true), ("b", "2", false)] {
        let payment = silent_payment(&world, sale, position).await.to_string();
        let signature = if covers_id {
            sign(&world.demo.webhook_secret, &payment, REQUEST_ID, now())
        } else {
            sign_manifest(&world.demo.webhook_secret, &format!("request-id:{REQUEST_ID};"), now())
        };
        let headers = [("x-signature", signature.as_str()), ("x-request-id", REQUEST_ID)];
        assert_eq!(world.notify("", &headers, &webhook("payment", &payment)).await.status, 200);
        world.station().sale_when(sale, "paid").await;
        let other = webhook("payment", &format!("{payment}0"));
        if covers_id {
            world.notify("", &headers, &other).await.is_problem(401, Some("x-signature"));
        }
    }
}

#[tokio::test]
async fn the_feed_is_a_hint_with_its_unverifiable_signature_and_without_a_body() {
    let world = World::start().await;
    let payment = silent_payment(&world, "a", "1").await;
    let headers = [(
        "x-signature",
        "ts=1766455694,v1=5c80908c297a81fec85641e32f78210f42fa1de8a712d6d73a55f663f43082f5",
    )];
    let body = json!({"resource": payment.to_string(), "topic": "payment"}).to_string();
    assert_eq!(world.notify(&format!("id={payment}&topic=payment"), &headers, &body).await.status, 200);
    world.station().sale_when("a", "paid").await;

    let payment = silent_payment(&world, "b", "2").await;
    assert_eq!(world.notify(&format!("topic=payment&id={payment}"), &[], "").await.status, 200);
    world.station().sale_when("b", "paid").await;
}

#[tokio::test]
async fn a_merchant_order_settles_in_feed_and_in_webhooks_form() {
    let world = World::start().await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let station = world.station();
    for (sale, position, form) in [("a", "1", "feed"), ("b", "2", "webhook")] {
        station.deliver(sale, position, "500.00").await;
        let scan = world.scan_to_checkout(station.pos(position)).await;
        let order = world.mercado_pago.pay(scan, "visa").unwrap().merchant_order.unwrap();
        let (query, body) = match form {
            "feed" => {
                let resource = format!("https://api.mercadolibre.com/merchant_orders/{order}");
                (
                    format!("id={order}&topic=merchant_order"),
                    json!({"resource": resource, "topic": "merchant_order"}),
                )
            }
            _ => (
                String::new(),
                json!({"action": "update", "data": {"status": "closed"}, "id": order.to_string(), "type": "topic_merchant_order_wh", "version": 1}),
            ),
        };
        assert_eq!(
            world.notify(&query, &[("x-signature", "ts=1,v1=00")], &body.to_string()).await.status,
            200
        );
        station.sale_when(sale, "paid").await;
    }
}

#[tokio::test]
async fn what_should_verify_and_does_not_is_refused_and_costs_no_call() {
    let world = World::start().await;
    let payment = silent_payment(&world, "a", "1").await.to_string();
    let query = format!("data.id={payment}&type=payment");
    let other = sign("another secret", &payment, REQUEST_ID, now());
    let other_id = sign(&world.demo.webhook_secret, "1", REQUEST_ID, now());
    let stale = sign(&world.demo.webhook_secret, &payment, REQUEST_ID, now() - 365 * 86_400);
    let good = sign(&world.demo.webhook_secret, &payment, REQUEST_ID, now());
    let before = world.calls("SQS", "SendMessage");
    for signature in
        ["", "nonsense", "ts=1,v1=zz", "v1=00", &other, &other_id, &stale, &"x".repeat(5_000), "ts=ñ,v1=ñ"]
    {
        let headers = [("x-signature", signature), ("x-request-id", REQUEST_ID)];
        let answer = world.notify(&query, &headers, &webhook("payment", &payment)).await;
        answer.is_problem(401, Some("x-signature"));
    }
    world
        .notify(&query, &[("x-signature", good.as_str())], &webhook("payment", &payment))
        .await
        .is_problem(401, Some("x-signature"));
    for kind in ["order", "point_integration_wh", "topic_chargebacks_wh", "mp-connect"] {
        let answer = world.notify(&format!("data.id=ORD01&type={kind}"), &[], &webhook(kind, "ORD01")).await;
        answer.is_problem(401, Some("x-signature"));
    }
    assert_eq!(world.calls("SQS", "SendMessage"), before);
    assert_eq!(world.station().sale("a").await["status"], "pending");
}

#[tokio::test]
async fn without_the_intake_key_nothing_is_accepted() {
    let world = World::start().await;
    let base = format!("{}/notifications", world.demo.api_url);
    let feed = "topic=payment&id=1";
    for (url, status) in [
        (format!("{base}/demo?{feed}"), 401),
        (format!("{base}/demo?key=&{feed}"), 401),
        (format!("{base}/demo?key=wrong&{feed}"), 401),
        (format!("{base}/nobody?key={}&{feed}", world.demo.intake_key), 404),
        (format!("{base}/no%20body?key={}&{feed}", world.demo.intake_key), 404),
    ] {
        world.request(Method::POST, &url, &[], "").await.is_problem(status, None);
    }
    assert_eq!(world.calls("SQS", "SendMessage"), 0);
}

#[tokio::test]
async fn what_cannot_be_understood_is_400_and_what_is_not_for_us_is_acknowledged() {
    let world = World::start().await;
    for (query, body) in [
        ("", ""),
        ("", "{"),
        ("", "[]"),
        ("", "{}"),
        ("topic=weather&id=1", ""),
        ("topic=payment", ""),
        ("topic=payment&id=x", ""),
    ] {
        world.notify(query, &[], body).await.is_problem(400, None);
    }
    world.notify("", &[], &format!("\"{}\"", "x".repeat(70_000))).await.is_problem(413, None);
    assert_eq!(world.notify("topic=delivery_cancellation&id=1", &[], "").await.status, 200);
    assert_eq!(world.calls("SQS", "SendMessage"), 0);
}

#[tokio::test]
async fn doubled_and_reordered_news_pay_once() {
    let world = World::start().await;
    world.faults(json!({"notifications": {"extra_copies": 3}, "webhooks": {"merchant_order": true, "to_notification_url": true}}));
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    let sale = station.sale("a").await;
    assert_eq!(sale["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(sale["refunds"], json!([]));
    station.commands_when(1).await;
}

#[tokio::test]
async fn a_late_pending_does_not_take_back_what_was_approved() {
    let world = World::start().await;
    world.faults(json!({"notifications": {"fate": "hold"}}));
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let scan = world.scan_to_checkout(station.pos("1")).await;
    world.mercado_pago.pay(scan, "rejected_funds").unwrap();
    world.mercado_pago.pay(scan, "visa").unwrap();
    let _ = world.mercado_pago.release(simulated_mercado_pago::ReleaseOrder::Lifo, 0);
    station.sale_when("a", "paid").await;
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    assert_eq!(station.sale("a").await["status"], "paid");
}
