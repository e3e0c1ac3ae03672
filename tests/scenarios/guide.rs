//! The scenarios of Mercado Pago's petroleras guide, and those of its older editions that decide the state machine.

use serde_json::json;
use simulated_mercado_pago::Screen;
use surtidor_tests::World;

#[tokio::test]
async fn case_1_scan_before_the_delivery_ends_the_app_waits_and_then_shows_the_bill() {
    let world = World::start().await;
    let station = world.station();
    let scan = world.mercado_pago.scan(station.pos("1")).unwrap();
    assert_eq!(world.mercado_pago.poll(scan.id).await.unwrap().screen, Screen::Waiting);
    station.set("1", "in_use").await;
    assert_eq!(world.mercado_pago.poll(scan.id).await.unwrap().screen, Screen::Dispensing);
    station.deliver("a", "1", "500.00").await;
    let shown = world.mercado_pago.poll(scan.id).await.unwrap();
    assert_eq!(shown.screen, Screen::Checkout, "{:?}", shown.details);
}

#[tokio::test]
async fn case_2_scan_during_the_delivery() {
    let world = World::start().await;
    let station = world.station();
    station.set("1", "in_use").await;
    let scan = world.mercado_pago.scan(station.pos("1")).unwrap();
    assert_eq!(world.mercado_pago.poll(scan.id).await.unwrap().screen, Screen::Dispensing);
}

#[tokio::test]
async fn case_3_the_station_cannot_be_reached() {
    let world = World::start().await;
    let station = world.station();
    world.stack.faults().fail("DynamoDB", "Query", "InternalServerError", None);
    let scan = world.mercado_pago.scan(station.pos("1")).unwrap();
    assert_eq!(world.mercado_pago.poll(scan.id).await.unwrap().screen, Screen::CannotOperate);
}

#[tokio::test]
async fn case_4_wrong_parameters() {
    let world = World::start().await;
    let good = world.station().lookup_url("1");
    for wrong in [good.replace("pos=1", "pos=9"), good.replace("6232", "6230"), format!("{good}x")] {
        let answer = world.request(reqwest::Method::GET, &wrong, &[], "").await;
        assert_eq!((answer.status, &answer.json["error"]["type"]), (400, &json!("invalid")), "{wrong}");
    }
}

#[tokio::test]
async fn case_5_scan_after_the_delivery_shows_the_checkout() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let scan = world.scan_to_checkout(station.pos("1")).await;
    let shown = world.mercado_pago.scan_of(scan).unwrap();
    assert_eq!((shown.amount.number(), shown.currency), (Some("500.00"), "ARS"));
}

#[tokio::test]
async fn case_6_scan_and_pay_the_point_of_sale_learns_of_the_payment() {
    let world = World::start().await;
    let station = world.station();
    let told = station.deliver("a", "1", "500.00").await;
    let payment = world.scan_and_pay(station.pos("1"), "visa").await;
    let sale = station.sale_when("a", "paid").await;
    assert_eq!(sale["attempts"][0]["payment_id"], payment.as_str());
    assert_eq!(
        (&sale["attempts"][0]["channel"], &sale["attempts"][0]["status"]),
        (&json!("qr"), &json!("approved"))
    );

    let commands = station.commands_when(1).await;
    let command = &commands[0];
    let expected = json!({
        "kind": "paid", "sale_id": "a", "position": "1", "external_reference": told["external_reference"],
        "amount": "500.00", "currency": "ARS", "payment_id": payment,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&command[key], value, "{command}");
    }
    let acknowledged = station
        .post(&format!("/commands/{}/ack", command["id"].as_str().unwrap()), json!({"result": "done"}))
        .await;
    assert_eq!(
        (acknowledged.status, &acknowledged.json["result"]),
        (200, &json!("done")),
        "{}",
        acknowledged.text
    );
    station.commands_when(0).await;
}

#[tokio::test]
async fn older_case_5_several_scans_of_one_sale_give_the_same_order() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let first = station.look_up("1").await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        let scan = world.scan_to_checkout(station.pos("1")).await;
        orders.push(world.mercado_pago.scan_of(scan).unwrap());
    }
    assert!(orders.iter().all(|scan| scan.external_reference == orders[0].external_reference));
    assert_ne!(orders[0].merchant_order, orders[1].merchant_order, "a new merchant order for each scan");
    assert_eq!(station.look_up("1").await.text, first.text);
    world.mercado_pago.idle().await;
    assert_eq!(station.sale("a").await["status"], "pending", "opened orders are no news");
}

#[tokio::test]
async fn older_case_7_pay_and_scan_again_finds_nothing() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay(station.pos("1"), "account_money").await;
    station.sale_when("a", "paid").await;
    let answer = station.look_up("1").await;
    assert_eq!((answer.status, &answer.json["error"]["type"]), (400, &json!("unavailable")));
}

#[tokio::test]
async fn older_case_8_scan_walk_away_pay_cash_scan_again_finds_nothing() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let scan = world.scan_to_checkout(station.pos("1")).await;
    world.mercado_pago.abandon(scan).unwrap();
    let settled = station.post("/sales/a/settle", json!({"tender": "cash"})).await;
    assert_eq!((settled.status, &settled.json["status"]), (200, &json!("settled_elsewhere")));
    assert_eq!(station.look_up("1").await.json["error"]["type"], "unavailable");
}

#[tokio::test]
async fn older_case_9_a_rejected_card_leaves_the_sale_open_and_another_means_pays_it() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let scan = world.scan_to_checkout(station.pos("1")).await;
    let rejected = world.mercado_pago.pay(scan, "call_for_authorize").unwrap();
    assert_eq!(rejected.screen, Screen::Rejected);
    let seen = surtidor_tests::eventually("the rejected payment is known", || async {
        let sale = station.sale("a").await;
        (sale["attempts"][0]["status"] == "rejected").then_some(sale)
    })
    .await;
    assert_eq!(seen["status"], "pending");
    assert_eq!(seen["attempts"][0]["status_detail"], "cc_rejected_call_for_authorize");
    assert_eq!(station.look_up("1").await.status, 200, "the sale is still owed");
    world.mercado_pago.pay(scan, "visa").unwrap();
    let paid = station.sale_when("a", "paid").await;
    assert_eq!(paid["attempts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn older_case_10_of_two_unpaid_sales_the_newest_is_payable_and_the_other_is_deferred() {
    let world = World::start().await;
    let station = world.station();
    let open = station.deliver("a", "1", "500.00").await;
    let phone = world.scan_to_checkout(station.pos("1")).await;
    station.deliver("b", "1", "700.00").await;
    assert!(station.look_up("1").await.text.contains("700.00"));
    assert_eq!(station.sale("a").await["status"], "deferred");
    // The driver whose phone shows the first bill can still pay it.
    world.mercado_pago.pay(phone, "visa").unwrap();
    let paid = station.sale_when("a", "paid").await;
    assert_eq!(paid["external_reference"], open["external_reference"]);
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("b", "paid").await;
    assert_eq!(
        station.look_up("1").await.json["error"]["type"],
        "unavailable",
        "an older sale never comes back"
    );
}

#[tokio::test]
async fn the_second_generation_takes_the_same_road() {
    let world = World::start().await;
    let station = world.station_v2();
    station.deliver("a", "1", "19.99").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
}

#[tokio::test]
async fn money_that_comes_back_has_its_state() {
    let world = World::start().await;
    let station = world.station();
    for (sale, status, expected) in [
        ("r", "refunded", "refunded"),
        ("c", "charged_back", "charged_back"),
        ("m", "in_mediation", "in_mediation"),
    ] {
        station.deliver(sale, "1", "500.00").await;
        let payment = world.scan_and_pay(station.pos("1"), "visa").await;
        station.sale_when(sale, "paid").await;
        let change = serde_json::from_value(json!({"status": status})).unwrap();
        world.mercado_pago.change_payment(payment.parse().unwrap(), &change).unwrap();
        station.sale_when(sale, expected).await;
    }
}
