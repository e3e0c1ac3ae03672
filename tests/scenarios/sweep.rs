//! Silence is repaired: what nobody told of is found.

use serde_json::json;
use surtidor_tests::{World, eventually};

#[tokio::test]
async fn a_payment_whose_every_notification_is_lost_is_found() {
    let world = World::start().await;
    let station = world.station();
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let told = station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    world.stack.fire("SweepFunction").await.unwrap();
    assert_eq!(world.calls("SQS", "SendMessage"), 0, "it is too soon to look");
    world.make_due(&told).await;
    world.stack.fire("SweepFunction").await.unwrap();
    station.sale_when("a", "paid").await;
    station.commands_when(1).await;
}

#[tokio::test]
async fn a_sale_is_looked_at_once_until_it_is_due_again_and_no_more_once_it_is_settled() {
    let world = World::start().await;
    let station = world.station();
    let told = station.deliver("a", "1", "500.00").await;
    world.make_due(&told).await;
    for _ in 0..3 {
        world.stack.fire("SweepFunction").await.unwrap();
    }
    assert_eq!(world.calls("SQS", "SendMessage"), 1);
    assert_eq!(station.sale("a").await["status"], "pending", "an empty search proves nothing");
    station.post("/sales/a/settle", json!({"tender": "cash"})).await;
    let swept = world.stack.invoke("SweepFunction", &json!({})).await.unwrap();
    assert_eq!(swept, json!({"found": 0, "failed": 0}));
}

#[tokio::test]
async fn one_sale_that_cannot_be_queued_does_not_stop_the_others() {
    let world = World::start().await;
    let station = world.station();
    for position in ["1", "2", "3"] {
        let told = station.deliver(position, position, "500.00").await;
        world.make_due(&told).await;
    }
    world.stack.faults().fail("SQS", "SendMessage", "InvalidMessageContents", Some(1));
    let swept = world.stack.invoke("SweepFunction", &json!({})).await.unwrap();
    assert_eq!(swept, json!({"found": 3, "failed": 1}));
    let swept = world.stack.invoke("SweepFunction", &json!({})).await.unwrap();
    assert_eq!(swept, json!({"found": 1, "failed": 0}), "what failed is found by the next run");
}

#[tokio::test]
async fn a_payment_that_was_waiting_is_followed_to_its_end() {
    let world = World::start().await;
    let station = world.station();
    let told = station.deliver("a", "1", "500.00").await;
    let payment = world.scan_and_pay(station.pos("1"), "in_process").await;
    eventually("the waiting payment is known", || async {
        (station.sale("a").await["attempts"][0]["status"] == "in_process").then_some(())
    })
    .await;
    let change = serde_json::from_value(json!({"status": "approved", "silent": true})).unwrap();
    world.mercado_pago.change_payment(payment.parse().unwrap(), &change).unwrap();
    world.make_due(&told).await;
    world.stack.fire("SweepFunction").await.unwrap();
    station.sale_when("a", "paid").await;
}
