//! Cancelling is a request: what Mercado Pago then says decides.

use serde_json::json;
use simulated_mercado_pago::CardRead;
use surtidor::sale::PointApi;

use super::{at_the_terminal, both, card, world};

#[tokio::test]
async fn before_the_terminal_shows_it_it_is_cancelled() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        let charge = station.charge(&terminal, json!({"sale_id": "a"})).await.json;
        let answer = station.cancel(&charge).await;
        assert_eq!((answer.status, &answer.json["status"]), (200, &json!("canceled")), "{}", answer.text);
        let again = station.cancel(&charge).await;
        assert_eq!((again.status, &again.json["status"]), (200, &json!("canceled")));
        assert_eq!(station.sale("a").await["status"], "pending");
        assert_eq!(
            station.charge(&terminal, json!({"sale_id": "a"})).await.status,
            201,
            "the terminal is free"
        );
    }
}

#[tokio::test]
async fn at_the_terminal_it_must_be_cancelled_there() {
    for world in both().await {
        let station = world.station();
        let charge = at_the_terminal(&world, "a").await;
        let answer = station.cancel(&charge).await;
        answer.is_problem(409, Some("charge"));
        assert!(answer.json["detail"].as_str().unwrap().contains("at the terminal"), "{}", answer.text);
        assert_eq!(station.charged(&charge).await["status"], "at_terminal");
        world.mercado_pago.cancel_at_terminal(&world.demo.terminal).unwrap();
        station.charge_when(&charge, "canceled").await;
    }
}

#[tokio::test]
async fn a_charge_that_was_paid_in_the_same_moment_is_paid() {
    for world in both().await {
        world.faults(json!({"notifications": {"fate": "lose"}}));
        let station = world.station();
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
        let answer = station.cancel(&charge).await;
        assert_eq!((answer.status, &answer.json["status"]), (200, &json!("processed")), "{}", answer.text);
        station.sale_when("a", "paid").await;
    }
}

#[tokio::test]
async fn a_cancelled_charge_that_was_paid_all_the_same_is_paid() {
    for world in both().await {
        let station = world.station();
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.cancel_at_terminal(&world.demo.terminal).unwrap();
        station.charge_when(&charge, "canceled").await;
        let late = CardRead { late: true, ..card("visa") };
        world.mercado_pago.read_card(&world.demo.terminal, &late).unwrap();
        station.sale_when("a", "paid").await;
        let paid = station.charged(&charge).await;
        assert_eq!((&paid["status"], &paid["advice"]), (&json!("processed"), &json!("Paid")), "{paid}");
    }
}

#[tokio::test]
async fn two_charges_of_a_sale_that_were_both_paid_keep_one() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let first = at_the_terminal(&world, "a").await;
        world.mercado_pago.cancel_at_terminal(&terminal).unwrap();
        station.charge_when(&first, "canceled").await;
        world.faults(json!({"notifications": {"fate": "hold"}}));
        let late = CardRead { late: true, ..card("visa") };
        world.mercado_pago.read_card(&terminal, &late).unwrap();
        let second = station.charge(&terminal, json!({"sale_id": "a"})).await;
        assert_eq!(second.status, 201, "nobody knows yet: {}", second.text);
        world.mercado_pago.read_card(&terminal, &card("debit")).unwrap();
        world.faults(json!({}));
        assert!(!world.mercado_pago.release(simulated_mercado_pago::ReleaseOrder::Lifo, 1).is_empty());
        let sale = surtidor_tests::eventually("one payment is kept", || async {
            let sale = station.sale("a").await;
            (sale["status"] == "paid" && sale["refunds"][0]["status"] == "approved").then_some(sale)
        })
        .await;
        assert_eq!(sale["attempts"].as_array().unwrap().len(), 2, "{sale}");
        assert_eq!(sale["refunds"][0]["reason"], "duplicate_payment");
    }
}

#[tokio::test]
async fn the_answer_that_told_the_id_was_lost_and_it_is_cancelled_all_the_same() {
    let world = world(PointApi::Orders).await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    station.deliver("a", "1", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /v1/orders", "do": "lose_answer", "times": 2}]}));
    let charge = station.charge(&terminal, json!({"sale_id": "a"})).await;
    assert_eq!(charge.status, 202, "{}", charge.text);
    let answer = station.cancel(&charge.json).await;
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("canceled")), "{}", answer.text);
    assert_eq!(world.mercado_pago.orders().len(), 1);
}

#[tokio::test]
async fn mercado_pago_does_not_answer_a_cancellation() {
    for world in both().await {
        let station = world.station();
        let charge = at_the_terminal(&world, "a").await;
        world.faults(json!({"api": [
            {"route": "POST /v1/orders/*/cancel", "do": "status", "status": 503},
            {"route": "DELETE /point/**", "do": "status", "status": 503}]}));
        station.cancel(&charge).await.is_problem(503, None);
        assert_eq!(station.charged(&charge).await["sale_status"], "pending");
    }
}
