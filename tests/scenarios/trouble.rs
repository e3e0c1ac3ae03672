//! Mercado Pago slow, throttling or down; AWS down; functions killed.

use serde_json::json;
use surtidor_tests::World;

#[tokio::test]
async fn throttling_and_errors_of_mercado_pago_are_outlasted() {
    let world = World::start().await;
    let station = world.station();
    world.faults(json!({"api": [
        {"route": "GET /merchant_orders/*", "do": "status", "status": 429, "times": 1},
        {"route": "GET /merchant_orders/*", "do": "status", "status": 503, "times": 1},
        {"route": "GET /v1/payments/*", "do": "garbage", "times": 1},
        {"route": "GET /v1/payments/*", "do": "lose_answer", "times": 1},
    ]}));
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
}

#[tokio::test]
async fn a_poison_message_fails_alone_and_ends_as_a_dead_letter() {
    let world = World::start().await;
    let station = world.station();
    world.stack.send("HintQueue", "this is no hint");
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
    world.mercado_pago.idle().await;
    // Other hints of the payment would die as well of what is done to the queue now.
    surtidor_tests::eventually("only the poison is left", || async {
        let left = world.stack.queue("HintQueue");
        (left.visible + left.in_flight + left.delayed == 1).then_some(())
    })
    .await;
    surtidor_tests::eventually("the poison is a dead letter", || async {
        world.stack.redeliver_now("HintQueue");
        (world.stack.queue("DeadLetterQueue").visible == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_down_makes_mercado_pago_repeat() {
    let world = World::start().await;
    world.stack.faults().fail("SQS", "SendMessage", "InternalError", None);
    world.notify("topic=payment&id=1", &[], "").await.is_problem(503, None);
    world.stack.faults().clear();
    assert_eq!(world.notify("topic=payment&id=1", &[], "").await.status, 200);
}

#[tokio::test]
async fn a_ledger_that_is_down_refuses_facts_and_keeps_hints() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let scan = world.scan_to_checkout(station.pos("1")).await;
    world.stack.faults().fail("DynamoDB", "PutItem", "ThrottlingException", None);
    let refused = station.post("/sales", json!({"sale_id": "b", "position": "2", "amount": "1.00"})).await;
    refused.is_problem(503, None);
    world.mercado_pago.pay(scan, "visa").unwrap();
    world.mercado_pago.idle().await;
    world.stack.faults().clear();
    surtidor_tests::eventually("the sale is paid after all", || async {
        world.stack.redeliver_now("HintQueue");
        (station.sale("a").await["status"] == "paid").then_some(())
    })
    .await;
    assert_eq!(
        station.post("/sales", json!({"sale_id": "b", "position": "2", "amount": "1.00"})).await.status,
        201
    );
}

#[tokio::test]
async fn a_lost_answer_of_the_ledger_settles_once() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.stack.faults().lose_answer("DynamoDB", "PutItem", Some(1));
    world.scan_and_pay(station.pos("1"), "visa").await;
    let sale = station.sale_when("a", "paid").await;
    assert_eq!(sale["attempts"].as_array().unwrap().len(), 1);
    station.commands_when(1).await;
}

#[tokio::test]
async fn functions_killed_in_the_middle_lose_and_double_nothing() {
    let world = World::start().await;
    let station = world.station();
    for round in 0..4 {
        let (sale, position) = (format!("s{round}"), (round % 4 + 1).to_string());
        station.deliver(&sale, &position, "500.00").await;
        world.scan_and_pay(station.pos(&position), "visa").await;
        world.stack.kill("payment-reconciliation");
        surtidor_tests::eventually("the sale is paid", || async {
            world.stack.redeliver_now("HintQueue");
            (station.sale(&sale).await["status"] == "paid").then_some(())
        })
        .await;
        let found = station.sale(&sale).await;
        assert_eq!((found["attempts"].as_array().unwrap().len(), &found["refunds"]), (1, &json!([])));
    }
    station.commands_when(4).await;
}

#[tokio::test]
async fn hints_for_one_resource_in_a_batch_are_fetched_once_and_the_poison_among_them_fails_alone() {
    let world = World::start().await;
    let station = world.station();
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let told = station.deliver("a", "1", "500.00").await;
    let draft = json!({"account": world.demo.collector_id, "amount": 500.00, "external_reference": told["external_reference"], "silent": true});
    let payment = world.mercado_pago.create_payment(&serde_json::from_value(draft).unwrap()).unwrap();
    let hint = json!({"account": "demo", "resource": {"payment": payment.to_string()}, "since": "2026-11-22T16:33:40Z"});
    let record = |id: usize, body: String| json!({"messageId": id.to_string(), "receiptHandle": id.to_string(), "body": body, "attributes": {}, "messageAttributes": {}});
    let mut records: Vec<_> = (0..9).map(|id| record(id, hint.to_string())).collect();
    records.push(record(9, "this is no hint".to_owned()));
    let event = json!({"Records": records});
    let answer = world.stack.invoke("PaymentReconciliationFunction", &event).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "9"}]}));
    assert_eq!(world.mercado_pago.calls("GET /v1/payments/{payment}"), 1);
    station.sale_when("a", "paid").await;
}
