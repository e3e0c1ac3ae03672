//! What is at Mercado Pago already: QRs that hang, and QRs that are dead.

use reqwest::Method;
use serde_json::json;
use surtidor::id::{PositionId, StationId};
use surtidor_tests::World;

use crate::operator::{Operator, station_of};

#[tokio::test(flavor = "multi_thread")]
async fn stores_and_points_of_sale_that_are_there_keep_their_qrs_and_ask_here_from_then_on() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let location = json!({"street_number": "9", "street_name": "Ruta 9", "city_name": "Palermo",
        "state_name": "Capital Federal", "latitude": -34.5, "longitude": -58.5});
    let store = json!({"name": "Old", "external_id": "SUC77", "location": location});
    let path = format!("/users/{}/stores", world.demo.collector_id);
    let store = operator.mercado_pago(Method::POST, &path, &store).await;
    assert_eq!(store.status, 201, "{}", store.text);
    for id in ["CAJA1", "CAJA2"] {
        let pos = json!({"name": id, "fixed_amount": true, "external_store_id": "SUC77", "external_id": id,
            "url": "https://old.example.com/pay"});
        let pos = operator.mercado_pago(Method::POST, "/pos", &pos).await;
        assert_eq!(pos.status, 201, "{}", pos.text);
    }
    let before = operator.points().await;
    // Ids at Mercado Pago do not differ by case.
    let lines = r#"store = "suc77"
positions = [{ id = "1", pos = "CAJA1" }, { id = "2", pos = "caja2" }]"#;
    let chain = operator.chain(&station_of("demo", "7001", lines));
    let planned = operator.run(&["plan", &chain]).await.ended(0);
    planned.told(&["~ store suc77", "~ POS CAJA1 of pump side 1", "url: https://old.example.com/pay → "]);
    operator.run(&["apply", &chain]).await.ended(0);
    operator.is_settled(&chain).await;
    let after = operator.points().await;
    assert_eq!(before.len(), after.len());
    assert_eq!(operator.stores().await.len(), 3);
    for id in ["CAJA1", "CAJA2"] {
        assert_eq!(after[id]["qr_code"], before[id]["qr_code"]);
        let url = after[id]["url"].as_str().unwrap();
        assert!(url.starts_with(&world.demo.api_url), "{url}");
    }
    let key = operator.key("7001").await;
    let mut new = world.station().with_key(&key);
    new.id = "7001";
    new.deliver("a", "2", "500.00").await;
    world.scan_and_pay("CAJA2", "visa").await;
    new.sale_when("a", "paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_that_was_removed_is_made_anew_and_its_printed_qr_is_said_to_be_dead() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain("");
    let before = operator.points().await;
    let id = &before["EST6232S02"]["id"];
    let gone = operator.mercado_pago(Method::DELETE, &format!("/pos/{id}"), &json!({})).await;
    assert_eq!(gone.status, 204, "{}", gone.text);

    let sick = operator.run(&["doctor"]).await.ended(3);
    sick.told(&["stations.6232.positions.2", "printed QR is dead", "[pos_missing]", "surtidor apply"]);
    let dead =
        "the QR that hangs of pump side 2 is dead, since its POS EST6232S02 was made anew: print version 2";
    operator.run(&["plan", &chain]).await.ended(0).told(&["+ POS EST6232S02", dead]);
    operator.run(&["apply", &chain]).await.ended(0).told(&[dead]);
    operator.is_settled(&chain).await;
    operator.run(&["doctor"]).await.ended(0);
    let after = operator.points().await;
    assert_ne!(after["EST6232S02"]["qr_code"], before["EST6232S02"]["qr_code"]);
    let records = world.store().records().await.unwrap();
    let record = records.iter().find(|record| record.station == StationId::parse("6232").unwrap()).unwrap();
    let version = |position: &str| record.points[&PositionId::parse(position).unwrap()].version;
    assert_eq!((version("1"), version("2")), (1, 2));
    let station = world.station();
    station.deliver("a", "2", "500.00").await;
    world.scan_and_pay("EST6232S02", "visa").await;
    station.sale_when("a", "paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_that_somebody_else_made_anew_is_noted() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain("");
    let pos = operator.points().await["EST6232S02"].clone();
    operator.mercado_pago(Method::DELETE, &format!("/pos/{}", pos["id"]), &json!({})).await;
    let again = json!({"name": pos["name"], "fixed_amount": true, "category": pos["category"],
        "external_store_id": "EST6232", "external_id": "EST6232S02", "url": pos["url"]});
    assert_eq!(operator.mercado_pago(Method::POST, "/pos", &again).await.status, 201);
    operator.run(&["doctor"]).await.ended(3).told(&["[qr_dead]", "stations.6232.positions.2"]);
    operator.run(&["apply", &chain]).await.ended(0).told(&["print version 2"]);
    operator.is_settled(&chain).await;
    operator.run(&["doctor"]).await.ended(0);
}
