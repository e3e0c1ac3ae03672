//! Calls that are lost: the charge is made once, whatever the till was told.

use serde_json::json;
use surtidor::sale::PointApi;

use super::{at_the_terminal, both, card, world};

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let world = world(PointApi::Orders).await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    station.deliver("a", "1", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /v1/orders", "do": "lose_answer", "times": 1}]}));
    let made = station.charge(&terminal, json!({"sale_id": "a"})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(world.mercado_pago.orders().len(), 1);
}

#[tokio::test]
async fn a_till_that_hears_nothing_repeats_and_gets_the_same_charge() {
    let world = world(PointApi::Orders).await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    station.deliver("a", "1", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /v1/orders", "do": "lose_answer", "times": 2}]}));
    let unknown = station.charge(&terminal, json!({"sale_id": "a"})).await;
    assert_eq!((unknown.status, &unknown.json["mercado_pago_id"]), (202, &json!(null)), "{}", unknown.text);
    let again = station.charge(&terminal, json!({"sale_id": "a"})).await;
    assert_eq!((again.status, &again.json["charge_id"]), (200, &unknown.json["charge_id"]), "{}", again.text);
    assert!(again.json["mercado_pago_id"].is_string(), "{}", again.text);
    assert_eq!(world.mercado_pago.orders().len(), 1);
    world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
    station.sale_when("a", "paid").await;
}

#[tokio::test]
async fn a_legacy_intent_whose_id_nobody_heard_is_paid_and_settles() {
    let world = world(PointApi::PaymentIntents).await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    station.deliver("a", "1", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /point/**", "do": "lose_answer", "times": 1}]}));
    // The second try meets the first one at the terminal: that is no reason to think that it was not made.
    let unknown = station.charge(&terminal, json!({"sale_id": "a"})).await;
    assert_eq!(unknown.status, 202, "{}", unknown.text);
    let again = station.charge(&terminal, json!({"sale_id": "a"})).await;
    assert_eq!((again.status, &again.json["charge_id"]), (202, &unknown.json["charge_id"]), "{}", again.text);
    world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
    station.sale_when("a", "paid").await;
    let charge = station.charge_when(&unknown.json, "processed").await;
    assert!(charge["mercado_pago_id"].is_string(), "its news told the id: {charge}");
}

#[tokio::test]
async fn a_till_that_only_asks_for_the_charge_has_it_sent() {
    let world = world(PointApi::Orders).await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    station.deliver("a", "1", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /v1/orders", "do": "status", "status": 503, "times": 2}]}));
    let unknown = station.charge(&terminal, json!({"sale_id": "a"})).await;
    assert_eq!(unknown.status, 202, "{}", unknown.text);
    let shown = station.charged(&unknown.json).await;
    assert!(shown["mercado_pago_id"].is_string(), "{shown}");
}

#[tokio::test]
async fn mercado_pago_that_is_down_before_anything_is_written_costs_nothing() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        world.faults(json!({"api": [{"route": "GET /**", "do": "status", "status": 503}]}));
        station.charge(&terminal, json!({"sale_id": "a"})).await.is_problem(503, None);
        assert_eq!(station.sale("a").await["charges"], json!([]));
    }
}

#[tokio::test]
async fn what_mercado_pago_refuses_is_said_and_the_terminal_is_free() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        for (status, words) in [(400, "Rejected"), (401, "token"), (403, "account"), (404, "account")] {
            world.faults(json!({"api": [
                {"route": "POST /v1/orders", "do": "status", "status": status},
                {"route": "POST /point/**", "do": "status", "status": status}]}));
            let refused = station.charge(&terminal, json!({"sale_id": "a"})).await;
            refused.is_problem(422, None);
            assert!(refused.json["detail"].as_str().unwrap().contains(words), "{}", refused.text);
        }
        world.faults(json!({}));
        assert_eq!(station.charge(&terminal, json!({"sale_id": "a"})).await.status, 201);
    }
}

#[tokio::test]
async fn an_order_that_is_not_visible_yet_is_waited_for() {
    let world = world(PointApi::Orders).await;
    world.faults(json!({"terminals": {"order_lag_ms": 300}}));
    let charge = at_the_terminal(&world, "a").await;
    world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
    world.station().charge_when(&charge, "processed").await;
}

#[tokio::test]
async fn a_lost_refund_answer_of_a_charge_makes_one_refund() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        station.sale_when("a", "paid").await;
        world.faults(json!({"api": [
            {"route": "POST /v1/orders/*/refund", "do": "lose_answer", "times": 1},
            {"route": "POST /v1/payments/*/refunds", "do": "lose_answer", "times": 1}]}));
        let body = json!({"amount": "100.00", "reason": "spilled"});
        let first = station.refund("a", "k", body.clone()).await;
        assert!(matches!(first.status, 201 | 202), "{}", first.text);
        let again = station.refund("a", "k", body).await;
        assert_eq!(again.status, 201, "{}", again.text);
        assert_eq!(station.sale("a").await["refunds"].as_array().unwrap().len(), 1);
        let paid = &world.mercado_pago.payments()[0];
        assert_eq!(paid.get("transaction_amount_refunded").to_string(), "100.00");
    }
}

#[tokio::test]
async fn an_order_that_mercado_pago_has_forgotten_is_refunded_by_its_payment() {
    let world = world(PointApi::Orders).await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    at_the_terminal(&world, "a").await;
    world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
    station.sale_when("a", "paid").await;
    world.faults(json!({"api": [{"route": "POST /v1/orders/*/refund", "do": "status", "status": 404}]}));
    let refund = station.refund("a", "k", json!({"reason": "wrong fuel"})).await;
    assert_eq!(refund.status, 201, "{}", refund.text);
    station.sale_when("a", "refunded").await;
}
