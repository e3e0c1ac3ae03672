//! What is not in the file any more.

use reqwest::Method;
use serde_json::json;
use surtidor::id::StationId;
use surtidor_tests::World;

use crate::operator::{DEMO, Operator, station};

/// The demo's chain without its second station, and with fewer pump sides at the first.
fn less() -> String {
    let (first, _) = DEMO.split_once("[stations.6233]").expect("a second station");
    first.replace("positions = 4", "positions = 3")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_file_stays_and_is_told_until_it_is_pruned_by_name() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.file("chain.toml", &less());
    let before = operator.points().await;
    let kept = operator.run(&["apply", &chain]).await.ended(0);
    kept.told(&[
        "stations.6232.positions.4 (POS EST6232S04) is not in the file, and stays: --prune removes it",
        "stations.6233 \"Estación Demo Norte\" (2 pump sides) is not in the file, and stays",
    ]);
    assert_eq!(operator.points().await.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    let north = world.station_v2();
    north.deliver("a", "1", "500.00").await;
    world.scan_and_pay(north.pos("1"), "visa").await;
    let paid = north.sale_when("a", "paid").await;
    for command in north.commands_when(1).await {
        let id = command["id"].as_str().unwrap();
        assert_eq!(north.post(&format!("/commands/{id}/ack"), json!({"result": "done"})).await.status, 200);
    }

    let writes = operator.writes();
    let planned = operator.run(&["plan", &chain, "--prune", "--detailed-exitcode"]).await.ended(3);
    planned.told(&["- POS EST6232S04 of pump side 4: its printed QR will be dead", "- store EST6233"]);
    let refused = operator.run(&["apply", &chain, "--prune"]).await.ended(1);
    refused.told(&["would be removed, and nobody is here to confirm it", "--yes"]);
    assert_eq!(operator.writes(), writes);

    operator.run(&["apply", &chain, "--prune", "--yes"]).await.ended(0);
    operator.run(&["plan", &chain, "--prune", "--detailed-exitcode"]).await.ended(0);
    operator.is_settled(&chain).await;
    let after: Vec<_> = operator.points().await.into_keys().collect();
    assert_eq!(after, ["EST6232C01", "EST6232S01", "EST6232S02", "EST6232S03"]);
    assert_eq!(operator.stores().await.into_keys().collect::<Vec<_>>(), ["EST6232"]);
    let records = world.store().records().await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].points.len(), 3);
    assert_eq!(north.look_up("1").await.status, 400, "its pump is not known any more");
    let sale = paid["external_reference"].as_str().unwrap();
    operator.run(&["sale", sale]).await.ended(0).told(&["paid", "500.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_something_is_owed_nothing_is_pruned() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.file("chain.toml", &less());
    world.station().deliver("a", "4", "500.00").await;
    let north = world.station_v2();
    north.deliver("b", "1", "500.00").await;
    world.scan_and_pay(north.pos("1"), "visa").await;
    north.sale_when("b", "paid").await;
    north.commands_when(1).await;
    let before = operator.points().await.len();
    let kept = operator.run(&["apply", &chain, "--prune", "--yes"]).await.ended(0);
    kept.told(&[
        "positions.4 (POS EST6232S04) stays: sale a at pump side 4 is not paid yet",
        "stations.6233 \"Estación Demo Norte\" (2 pump sides) stays: its software has not acknowledged every command",
    ]);
    assert_eq!(operator.points().await.len(), before);
    world.scan_and_pay("EST6232S04", "visa").await;
    world.station().sale_when("a", "paid").await;
    operator.run(&["apply", &chain, "--prune", "--yes"]).await.ended(0);
    assert!(!operator.points().await.contains_key("EST6232S04"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_made_at_mercado_pago_is_never_touched() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let location = json!({"street_number": "9", "street_name": "Ruta 9", "city_name": "Palermo",
        "state_name": "Capital Federal", "latitude": -34.5, "longitude": -58.5});
    let path = format!("/users/{}/stores", world.demo.collector_id);
    let store = json!({"name": "Kiosco", "external_id": "KIOSCO", "location": location});
    assert_eq!(operator.mercado_pago(Method::POST, &path, &store).await.status, 201);
    for (store, id) in [("KIOSCO", "KIOSCO1"), ("EST6232", "ESTSHOP")] {
        let pos = json!({"name": id, "fixed_amount": false, "external_store_id": store, "external_id": id});
        assert_eq!(operator.mercado_pago(Method::POST, "/pos", &pos).await.status, 201);
    }
    let (points, stores) = (operator.points().await, operator.stores().await);
    let chain = operator.file("chain.toml", &format!("{}{}", less(), station("7001", 1)));
    operator.run(&["apply", &chain]).await.ended(0);
    let chain = operator.file("chain.toml", &less());
    operator.run(&["apply", &chain, "--prune", "--yes"]).await.ended(0);
    let after = operator.points().await;
    assert_eq!(after["KIOSCO1"], points["KIOSCO1"]);
    assert_eq!(after["ESTSHOP"], points["ESTSHOP"]);
    assert_eq!(operator.stores().await["KIOSCO"], stores["KIOSCO"]);
    assert!(!after.contains_key("EST7001S01") && !after.contains_key("EST6233S01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_till_of_a_terminal_that_is_not_in_the_file_is_told_and_pruned() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let terminals = "terminals = [{ serial = \"N950NCB86232\", till = \"shop\", pos = \"EST6232C01\" }]";
    let chain = operator.file("chain.toml", &DEMO.replace(terminals, ""));
    operator.run(&["apply", &chain]).await.ended(0).told(&["POS EST6232C01", "--prune removes it"]);
    assert!(operator.points().await.contains_key("EST6232C01"));
    operator.run(&["apply", &chain]).await.ended(0).told(&["POS EST6232C01", "--prune removes it"]);
    operator.run(&["apply", &chain, "--prune", "--yes"]).await.ended(0);
    assert!(!operator.points().await.contains_key("EST6232C01"));
    operator.is_settled(&chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_works_and_a_plan_has_nothing_to_do() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.file("chain.toml", &less());
    operator.run(&["apply", &chain]).await.ended(0);
    operator.is_settled(&chain).await;
    let station = StationId::parse("6232").unwrap();
    let known = world.store().station(&station).await.unwrap().unwrap();
    assert_eq!(known.positions.len(), 4, "its signs of life are for side 4 too");
    world.station().deliver("a", "4", "500.00").await;
    world.scan_and_pay("EST6232S04", "visa").await;
    world.station().sale_when("a", "paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qr_that_hangs_at_another_number_now_is_not_pruned() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let before = operator.points().await;
    // The fourth side is called 5 now, and the second station 7233; store and QRs are the same.
    let chain = DEMO
        .replace("positions = 4", "positions = [1, 2, 3, { id = \"5\", pos = \"est6232s04\" }]")
        .replace("[stations.6233]", "[stations.7233]\nstore = \"EST6233\"")
        .replace(
            "positions = 2",
            "positions = [{ id = 1, pos = \"EST6233S01\" }, { id = 2, pos = \"EST6233S02\" }]",
        );
    let (chain, _) = chain.rsplit_once("terminals =").unwrap();
    let chain = operator.file("chain.toml", chain);
    operator.run(&["apply", &chain, "--prune", "--yes"]).await.ended(0);
    operator.run(&["plan", &chain, "--prune", "--detailed-exitcode"]).await.ended(0);
    let after = operator.points().await;
    for id in ["EST6232S04", "EST6233S01", "EST6233S02"] {
        assert_eq!(after[id]["qr_code"], before[id]["qr_code"], "{id}");
    }
    assert!(after["EST6233S02"]["url"].as_str().unwrap().contains("apies=7233&pos=2&"));
    operator.run(&["doctor"]).await.ended(0);
    world.station().deliver("a", "5", "500.00").await;
    world.scan_and_pay("EST6232S04", "visa").await;
    world.station().sale_when("a", "paid").await;
}
