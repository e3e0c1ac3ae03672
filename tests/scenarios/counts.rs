//! How often AWS and Mercado Pago are called: the figures that the cost of a payment is made of.

use serde_json::json;
use surtidor_tests::World;

#[tokio::test]
async fn a_lookup_is_one_read() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    station.look_up("1").await;
    let before = world.stack.calls();
    for _ in 0..10 {
        assert_eq!(station.look_up("1").await.status, 200);
    }
    let after = world.stack.calls();
    assert_eq!(after.total() - before.total(), 10);
    assert_eq!(after.of("DynamoDB", "Query") - before.of("DynamoDB", "Query"), 10);
}

#[tokio::test]
async fn a_lookup_that_names_no_pump_by_its_shape_costs_nothing() {
    let world = World::start().await;
    let url = format!("{}/pay-mp?apies=not-a-station&pos=1&key=k", world.demo.api_url);
    let before = world.stack.calls().total();
    world.request(reqwest::Method::GET, &url, &[], "").await;
    assert_eq!(world.stack.calls().total(), before);
}

#[tokio::test]
async fn an_intake_is_one_message_and_a_reconciliation_one_fetch_one_read_one_write() {
    let world = World::start().await;
    let station = world.station();
    world.faults(json!({"notifications": {"fate": "lose"}}));
    // The functions are warm after the first payment: their secrets are read.
    for (round, sale) in ["a", "b"].into_iter().enumerate() {
        let told = station.deliver(sale, "1", "500.00").await;
        let draft = json!({"account": world.demo.collector_id, "amount": 500.00, "external_reference": told["external_reference"], "silent": true});
        let payment = world.mercado_pago.create_payment(&serde_json::from_value(draft).unwrap()).unwrap();
        let (aws, api) = (world.stack.calls(), world.mercado_pago.calls("GET /v1/payments/{payment}"));
        assert_eq!(world.notify(&format!("topic=payment&id={payment}"), &[], "").await.status, 200);
        world.stack.drained("HintQueue").await;
        let (aws_after, api_after) =
            (world.stack.calls(), world.mercado_pago.calls("GET /v1/payments/{payment}"));
        if round == 1 {
            let count = |service, operation| aws_after.of(service, operation) - aws.of(service, operation);
            assert_eq!(count("SQS", "SendMessage"), 1);
            assert_eq!((count("DynamoDB", "GetItem"), count("DynamoDB", "PutItem")), (1, 1));
            assert_eq!(aws_after.total() - aws.total(), 3, "and nothing else");
            assert_eq!(api_after - api, 1);
        }
        station.sale_when(sale, "paid").await;
    }
}

#[tokio::test]
async fn a_repeated_notification_is_read_and_not_written() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let payment = world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    let before = world.stack.calls();
    world.notify(&format!("topic=payment&id={payment}"), &[], "").await;
    world.stack.drained("HintQueue").await;
    let after = world.stack.calls();
    assert_eq!(after.of("DynamoDB", "PutItem"), before.of("DynamoDB", "PutItem"));
}

/// What a till costs: the charge, each of its questions, and the news that settles it.
#[tokio::test]
async fn a_charge_is_a_few_calls_and_a_question_about_it_one_read() {
    let world = World::start().await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    world.faults(json!({"notifications": {"fate": "lose"}}));
    for (round, sale) in ["a", "b"].into_iter().enumerate() {
        station.deliver(sale, "1", "500.00").await;
        let (aws, api) = (world.stack.calls(), world.mercado_pago.calls("POST /v1/orders"));
        let charge = station.charge(&terminal, json!({"sale_id": sale})).await;
        assert_eq!(charge.status, 201, "{}", charge.text);
        let after = world.stack.calls();
        if round == 1 {
            let count = |service, operation| after.of(service, operation) - aws.of(service, operation);
            // The sale's name, the sale, the station, the terminal; the charge before that held it.
            assert_eq!(count("DynamoDB", "GetItem"), 5);
            // Before the call and after it; and the claim of the terminal.
            assert_eq!((count("DynamoDB", "PutItem"), count("DynamoDB", "UpdateItem")), (2, 1));
            assert_eq!(after.total() - aws.total(), 8, "and nothing else");
            assert_eq!(world.mercado_pago.calls("POST /v1/orders") - api, 1);
        }
        world.mercado_pago.receive(&terminal).unwrap();
        world.mercado_pago.cancel_at_terminal(&terminal).unwrap();
        station.charge_when(&charge.json, "canceled").await;
        world.stack.drained("HintQueue").await;
        let before = world.stack.calls();
        for _ in 0..5 {
            station.charged(&charge.json).await;
        }
        assert_eq!(world.stack.calls().total() - before.total(), 5, "what is decided is only read");
    }
}
