//! Several tenders for one sale: one winner, the others given back, both visible.

use serde_json::json;
use surtidor_tests::{World, eventually};

#[tokio::test]
async fn two_phones_pay_one_sale_and_the_second_gets_its_money_back() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let (first, second) =
        (world.scan_to_checkout(station.pos("1")).await, world.scan_to_checkout(station.pos("1")).await);
    world.mercado_pago.pay(first, "visa").unwrap();
    world.mercado_pago.pay(second, "account_money").unwrap();
    let sale = eventually("the second payment is given back", || async {
        let sale = station.sale("a").await;
        (sale["refunds"][0]["status"] == "approved").then_some(sale)
    })
    .await;
    assert_eq!(sale["status"], "paid");
    assert_eq!(sale["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(sale["refunds"][0]["reason"], "duplicate_payment");
    let winner = world.mercado_pago.scan_of(first).unwrap().payment.unwrap().to_string();
    assert_ne!(sale["refunds"][0]["payment_id"], winner.as_str());
}

#[tokio::test]
async fn cash_and_then_the_phone_gives_the_phone_its_money_back() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let phone = world.scan_to_checkout(station.pos("1")).await;
    station.post("/sales/a/settle", json!({"tender": "cash"})).await;
    world.mercado_pago.pay(phone, "visa").unwrap();
    let sale = eventually("the phone gets its money back", || async {
        let sale = station.sale("a").await;
        (sale["refunds"][0]["status"] == "approved").then_some(sale)
    })
    .await;
    assert_eq!(
        (&sale["status"], &sale["refunds"][0]["reason"]),
        (&json!("settled_elsewhere"), &json!("paid_elsewhere"))
    );
    let commands = station.commands_when(1).await;
    assert_eq!(commands[0]["kind"], "refunded");
}

#[tokio::test]
async fn the_phone_and_then_cash_is_told_to_the_cashier() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
    station.post("/sales/a/settle", json!({"tender": "cash"})).await.is_problem(409, None);
    station.post("/sales/a/void", json!({})).await.is_problem(409, None);
}

#[tokio::test]
async fn a_void_sale_that_a_phone_pays_is_given_back() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let phone = world.scan_to_checkout(station.pos("1")).await;
    station.post("/sales/a/void", json!({})).await;
    world.mercado_pago.pay(phone, "visa").unwrap();
    eventually("the phone gets its money back", || async {
        let sale = station.sale("a").await;
        (sale["status"] == "void" && sale["refunds"][0]["status"] == "approved").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_station_that_was_paid_elsewhere_has_the_wallet_payment_given_back() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    let commands = station.commands_when(1).await;
    let ack = format!("/commands/{}/ack", commands[0]["id"].as_str().unwrap());
    assert_eq!(station.post(&ack, json!({"result": "paid_elsewhere"})).await.status, 200);
    let sale = station.sale_when("a", "refunded").await;
    assert_eq!(sale["refunds"][0]["reason"], "paid_elsewhere");
}

#[tokio::test]
async fn a_payment_that_does_not_fit_goes_to_review_and_is_never_dropped() {
    let world = World::start().await;
    let station = world.station();
    for (number, (twist, reason)) in [
        (json!({"amount": 499.99}), "amount"),
        (json!({"amount": 500.01}), "amount"),
        (json!({"currency": "BRL"}), "currency"),
        (json!({"collector_id": 1}), "collector"),
    ]
    .into_iter()
    .enumerate()
    {
        let (sale, position) = (format!("s{number}"), (number % 4 + 1).to_string());
        station.deliver(&sale, &position, "500.00").await;
        world.faults(json!({"next_payment": twist, "notifications": {"fate": "lose"}}));
        let payment = world.scan_and_pay(station.pos(&position), "visa").await;
        assert_eq!(world.notify(&format!("topic=payment&id={payment}"), &[], "").await.status, 200);
        let found = station.sale_when(&sale, "needs_review").await;
        assert!(found["review"].as_array().unwrap().contains(&json!(reason)), "{found}");
        assert_eq!(station.look_up(&position).await.status, 400, "it is not offered again");
    }
    assert_eq!(station.get("/commands").await.json["items"], json!([]), "nobody is told that it is paid");
}

#[tokio::test]
async fn documents_that_contradict_each_other_end_in_review_whichever_comes_first() {
    let world = World::start().await;
    let station = world.station();
    for (sale, position, order) in [
        ("a", "1", simulated_mercado_pago::ReleaseOrder::Fifo),
        ("b", "2", simulated_mercado_pago::ReleaseOrder::Lifo),
    ] {
        station.deliver(sale, position, "500.00").await;
        // The merchant order tells the right seller, the payment another one.
        world.faults(json!({"next_payment": {"collector_id": 1}, "notifications": {"fate": "hold"}}));
        world.scan_and_pay(station.pos(position), "visa").await;
        let _ = world.mercado_pago.release(order, 0);
        let found = station.sale_when(sale, "needs_review").await;
        assert_eq!(found["review"], json!(["collector"]));
    }
}

#[tokio::test]
async fn a_test_payment_does_not_settle_a_live_sale() {
    let world = World::start().await;
    let station = world.station();
    let seller = simulated_mercado_pago::Account { live_mode: false, ..world.demo.seller() };
    world.mercado_pago.put_account(seller).unwrap();
    station.deliver("a", "1", "500.00").await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let payment = world.scan_and_pay(station.pos("1"), "visa").await;
    assert_eq!(world.notify(&format!("topic=payment&id={payment}"), &[], "").await.status, 200);
    let sale = station.sale_when("a", "needs_review").await;
    assert_eq!(sale["review"], json!(["live_mode"]));
}

#[tokio::test]
async fn an_unknown_acknowledgement_is_a_case_for_the_back_office() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    let commands = station.commands_when(1).await;
    station
        .post(&format!("/commands/{}/ack", commands[0]["id"].as_str().unwrap()), json!({"result": "unknown"}))
        .await;
    let sale = station.sale_when("a", "needs_review").await;
    assert_eq!(sale["review"], json!(["unknown_to_station"]));
}
