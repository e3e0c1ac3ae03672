//! A sale, by whatever name somebody has of it.

use serde_json::{Value, json};
use surtidor_tests::{Station, World};

use crate::operator::Operator;

/// Tells a delivery without its attendant, whom the document for programs would show.
async fn deliver(station: Station<'_>, sale: &str) -> Value {
    let told = station.post("/sales", json!({"sale_id": sale, "position": "1", "amount": "500.00"})).await;
    assert_eq!(told.status, 201, "{}", told.text);
    told.json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_found_by_each_of_its_names() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let station = world.station();
    deliver(station, "1001").await;
    let payment = world.scan_and_pay(station.pos("1"), "visa").await;
    let sale = station.sale_when("1001", "paid").await;
    let reference = sale["external_reference"].as_str().unwrap();
    let capitals = reference.to_ascii_uppercase();
    for name in [reference, "6232/1001", &payment, &capitals] {
        let shown = operator.run(&["sale", name]).await.ended(0);
        shown.told(&["paid", "ARS 500.00", "sale 1001", "station 6232", reference, &payment, "approved"]);
        let json = operator.run(&["sale", name, "--json"]).await.ended(0).json();
        assert_eq!((&json["external_reference"], &json["status"]), (&json!(reference), &json!("paid")));
    }
    operator.run(&["sale", "6232/1001", "--language", "es"]).await.ended(0);
    for (name, told) in [
        ("6232/1002", "has told of no sale 1002"),
        ("130000099999", "no account of this system has a payment"),
        ("?", "is no external reference, no STATION/SALE, and no number of a payment"),
    ] {
        operator.run(&["sale", name]).await.ended(1).told(&[told]);
        operator.run(&["check", name]).await.ended(1).told(&[told]);
    }
    let mut nowhere = reference.to_owned();
    nowhere.replace_range(reference.len() - 4.., "zzzz");
    operator.run(&["sale", &nowhere]).await.ended(1).told(&["there is no sale"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_settles_a_sale_whose_notifications_were_lost() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let station = world.station();
    let sale = deliver(station, "a").await;
    let reference = sale["external_reference"].as_str().unwrap();
    let owed = operator.run(&["check", "6232/a", "--wait", "1"]).await.ended(3);
    owed.told(&["knows no payment of it"]);

    world.faults(json!({"notifications": {"fate": "lose"}}));
    let payment = world.scan_and_pay(station.pos("1"), "visa").await;
    world.mercado_pago.idle().await;
    assert_ne!(station.sale("a").await["status"], "paid");
    // A command waits, which the station has yet to acknowledge.
    let checked = operator.run(&["check", reference]).await.ended(3);
    checked.told(&["Mercado Pago: payment", &payment, "changed after", "paid", "has not acknowledged"]);
    assert_eq!(station.sale("a").await["status"], "paid");
    let again = operator.run(&["check", &payment, "--wait", "1", "--json"]).await.ended(3).json();
    assert_eq!(again["status"], "paid");
}
