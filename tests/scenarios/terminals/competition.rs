//! A charge, the QR and cash compete for one sale under one set of rules.

use serde_json::json;
use simulated_mercado_pago::CardRead;
use surtidor_tests::{World, eventually};

use super::{at_the_terminal, both, card};

/// Waits until of all payments one is kept, and the others went back.
async fn one_is_kept(world: &World, sale: &str) -> serde_json::Value {
    let station = world.station();
    eventually("one payment is kept", || async {
        let sale = station.sale(sale).await;
        let refunds = sale["refunds"].as_array().unwrap();
        let back = refunds.iter().filter(|refund| refund["status"] == "approved").count();
        (sale["status"] == "paid" && back == 1).then_some(sale)
    })
    .await
}

#[tokio::test]
async fn a_phone_that_pays_first_wins_and_the_terminal_lets_go() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        let charge = station.charge(&terminal, json!({"sale_id": "a"})).await.json;
        world.scan_and_pay(station.pos("1"), "account_money").await;
        station.sale_when("a", "paid").await;
        // It was not shown yet, so it is taken away.
        let charge = station.charge_when(&charge, "canceled").await;
        assert_eq!(charge["sale_status"], "paid");
    }
}

#[tokio::test]
async fn a_card_that_pays_after_the_phone_goes_back() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        at_the_terminal(&world, "a").await;
        world.scan_and_pay(station.pos("1"), "account_money").await;
        station.sale_when("a", "paid").await;
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        let sale = one_is_kept(&world, "a").await;
        assert_eq!(sale["refunds"][0]["reason"], "duplicate_payment");
        assert_eq!(sale["attempts"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_phone_that_pays_after_the_card_goes_back() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        at_the_terminal(&world, "a").await;
        let scan = world.scan_to_checkout(station.pos("1")).await;
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        station.sale_when("a", "paid").await;
        world.mercado_pago.pay(scan, "account_money").unwrap();
        let sale = one_is_kept(&world, "a").await;
        let kept =
            sale["attempts"].as_array().unwrap().iter().find(|attempt| attempt["status"] == "approved");
        assert_eq!(kept.unwrap()["channel"], "point", "{sale}");
    }
}

#[tokio::test]
async fn cash_takes_the_amount_off_the_terminal() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        let charge = station.charge(&terminal, json!({"sale_id": "a"})).await.json;
        station.post("/sales/a/settle", json!({"tender": "cash"})).await;
        station.charge_when(&charge, "canceled").await;
        assert_eq!(station.sale("a").await["status"], "settled_elsewhere");
    }
}

#[tokio::test]
async fn a_card_that_pays_after_cash_or_void_goes_back() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        for (sale, path, body, reason, end) in [
            ("a", "settle", json!({"tender": "cash"}), "paid_elsewhere", "settled_elsewhere"),
            ("b", "void", json!({}), "sale_void", "void"),
        ] {
            at_the_terminal(&world, sale).await;
            station.post(&format!("/sales/{sale}/{path}"), body).await;
            world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
            let sale = eventually("it goes back", || async {
                let found = station.sale(sale).await;
                (found["refunds"][0]["status"] == "approved").then_some(found)
            })
            .await;
            assert_eq!((&sale["refunds"][0]["reason"], &sale["status"]), (&json!(reason), &json!(end)));
        }
    }
}

#[tokio::test]
async fn a_payment_that_names_another_terminal_than_its_charge_is_looked_at_by_a_person() {
    let [world, _] = both().await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    at_the_terminal(&world, "a").await;
    // The ledger says that it was sent elsewhere than where Mercado Pago says that it was paid.
    let store = world.store();
    let told = station.sale("a").await;
    let reference =
        surtidor::id::ExternalReference::parse(told["external_reference"].as_str().unwrap()).unwrap();
    let mut sale = store.sale(&reference).await.unwrap().unwrap();
    sale.charges[0].terminal = surtidor::id::TerminalId::parse("NEWLAND_N950__OTHER").unwrap();
    store.save(&mut sale, time::OffsetDateTime::now_utc()).await.unwrap();
    world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
    let sale = station.sale_when("a", "needs_review").await;
    assert_eq!(sale["review"], json!(["terminal"]), "{sale}");
}

#[tokio::test]
async fn an_order_that_expired_and_was_paid_all_the_same_settles() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.expire(&terminal).unwrap();
        station.charge_when(&charge, "expired").await;
        let late = CardRead { late: true, ..card("visa") };
        world.mercado_pago.read_card(&terminal, &late).unwrap();
        station.sale_when("a", "paid").await;
    }
}

/// An order that is over is not given back by Mercado Pago, though its payment is there.
#[tokio::test]
async fn what_was_paid_after_the_order_expired_and_cash_was_taken_goes_back() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.expire(&terminal).unwrap();
        station.charge_when(&charge, "expired").await;
        station.post("/sales/a/settle", json!({"tender": "cash"})).await;
        let late = CardRead { late: true, ..card("visa") };
        world.mercado_pago.read_card(&terminal, &late).unwrap();
        let sale = eventually("it goes back", || async {
            let found = station.sale("a").await;
            (found["refunds"][0]["status"] == "approved").then_some(found)
        })
        .await;
        assert_eq!(
            (&sale["status"], &sale["refunds"][0]["reason"]),
            (&json!("settled_elsewhere"), &json!("paid_elsewhere"))
        );
    }
}
