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

#[tokio::test]
async fn a_second_phones_payment_that_nobody_told_of_is_found_by_looking_back_and_given_back() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let (first, second) =
        (world.scan_to_checkout(station.pos("1")).await, world.scan_to_checkout(station.pos("1")).await);
    world.mercado_pago.pay(first, "visa").unwrap();
    station.sale_when("a", "paid").await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    world.mercado_pago.pay(second, "account_money").unwrap();
    world.stack.fire("PaymentReconciliationFunction").await.unwrap();
    let sale = eventually("the second payment is given back", || async {
        let sale = station.sale("a").await;
        (sale["refunds"][0]["status"] == "approved").then_some(sale)
    })
    .await;
    assert_eq!(
        (&sale["status"], &sale["refunds"][0]["reason"]),
        (&json!("paid"), &json!("duplicate_payment"))
    );
}

#[tokio::test]
async fn a_refund_in_the_panel_that_nobody_told_of_is_found_by_looking_back() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let payment = world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    world.mercado_pago.refund_in_panel(payment.parse().unwrap(), 10_000).unwrap();
    world.stack.fire("PaymentReconciliationFunction").await.unwrap();
    station.sale_when("a", "partially_refunded").await;
}

#[tokio::test]
async fn a_look_back_reads_every_page_and_asks_for_nothing_twice() {
    let world = World::start().await;
    let station = world.station();
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let told = station.deliver("a", "1", "500.00").await;
    for number in 0..120 {
        let reference =
            if number == 60 { told["external_reference"].clone() } else { json!(format!("other{number}")) };
        let draft = json!({"account": world.demo.collector_id, "amount": 500.00, "external_reference": reference, "silent": true});
        world.mercado_pago.create_payment(&serde_json::from_value(draft).unwrap()).unwrap();
    }
    let route = "GET /v1/payments/search";
    let hint = json!({"look_back_minutes": 30});
    world.stack.invoke("PaymentReconciliationFunction", &hint).await.unwrap();
    station.sale_when("a", "paid").await;
    world.stack.drained("HintQueue").await;
    assert_eq!(world.mercado_pago.calls(route), 3, "three pages");
}

#[tokio::test]
async fn a_command_that_waits_for_its_station_rings_and_goes_on_waiting() {
    let world = World::start().await;
    let station = world.station();
    let told = station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    let commands = station.commands_when(1).await;
    // As if a quarter of an hour had passed.
    world.age_commands(&told, time::Duration::minutes(20)).await;
    world.make_due(&told).await;
    world.stack.fire("SweepFunction").await.unwrap();
    eventually("somebody is told", || async {
        world.stack.logs().iter().any(|line| line.line.contains("command_waits")).then_some(())
    })
    .await;
    assert_eq!(station.commands_when(1).await[0]["id"], commands[0]["id"]);
    let ack = format!("/commands/{}/ack", commands[0]["id"].as_str().unwrap());
    station.post(&ack, json!({"result": "done"})).await;
    let swept = world.stack.invoke("SweepFunction", &json!({})).await.unwrap();
    assert_eq!(swept, json!({"found": 0, "failed": 0}), "what is acknowledged is looked at no more");
}
