//! Every row of the lookup's table, in both generations, and what a stranger may send.

use reqwest::Method;
use serde_json::{Value, json};
use surtidor::id::{PositionId, StationId};
use surtidor_tests::{ATTENDANT, Answer, Station, World};

fn is(answer: &Answer, status: u16, body: &Value) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    match body.as_str() {
        Some(kind) if status == 400 => assert_eq!(answer.json["error"]["type"], kind, "{}", answer.text),
        Some(detail) => assert_eq!(answer.json, json!({"status": {"status_detail": detail}})),
        None => assert_eq!(&answer.json, body),
    }
}

async fn every_row(world: &World, station: Station<'_>, rows: [(u16, &str); 3], version: &str) {
    let [nothing_owed, in_process, settled] = rows;
    let row = |(status, word): (u16, &str)| (status, json!(word));
    let check = |answer: &Answer, expected| {
        let (status, body) = row(expected);
        is(answer, status, &body);
    };
    check(&station.look_up("1").await, nothing_owed);
    station.set("1", "out_of_order").await;
    check(&station.look_up("1").await, nothing_owed);
    station.set("1", "in_use").await;
    check(&station.look_up("1").await, in_process);
    let told = station.deliver("a", "1", "500.00").await;
    let order = station.look_up("1").await;
    assert_eq!((order.status, order.header("content-type")), (200, "application/json"));
    assert_eq!(order.header("order-version"), version);
    assert_eq!(order.json["external_reference"], told["external_reference"]);
    assert_eq!(order.json["notification_url"], world.demo.notification_url.as_str());
    let posted = world.request(Method::POST, &station.lookup_url("1"), &[], "anything").await;
    assert_eq!((posted.status, posted.text), (200, order.text), "GET and POST are the same");
    station.post("/sales/a/settle", json!({"tender": "cash"})).await;
    check(&station.look_up("1").await, settled);
    station.deliver("b", "1", "600.00").await;
    station.post("/sales/b/void", json!({})).await;
    check(&station.look_up("1").await, settled);
    station.deliver("c", "1", "700.00").await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("c", "paid").await;
    check(&station.look_up("1").await, settled);
    station.set("1", "in_use").await;
    check(&station.look_up("1").await, in_process);
    let unknown = station.lookup_url("1").replace("pos=1", "pos=77");
    is(&world.request(Method::GET, &unknown, &[], "").await, 400, &json!("invalid"));
    world.stack.faults().fail("DynamoDB", "Query", "ProvisionedThroughputExceededException", None);
    is(&station.look_up("1").await, 400, &json!("timeout"));
}

#[tokio::test]
async fn the_table_in_the_first_generation() {
    let world = World::start().await;
    let rows = [(400, "unavailable"), (400, "in_process"), (400, "unavailable")];
    every_row(&world, world.station(), rows, "").await;
}

#[tokio::test]
async fn the_table_in_the_second_generation() {
    let world = World::start().await;
    let rows = [(202, "Waiting_for_order"), (202, "in_process"), (202, "notihing_to_pay")];
    every_row(&world, world.station_v2(), rows, "2").await;
}

#[tokio::test]
async fn a_station_that_is_silent_for_too_long_answers_timeout_until_it_calls_again() {
    let world = World::start().await;
    let store = world.store();
    let (id, side) = (StationId::parse("6232").unwrap(), PositionId::parse("1").unwrap());
    let silent_since = |minutes| {
        let (store, id, side) = (store.clone(), id.clone(), side.clone());
        async move {
            let (mut position, _) = store.look_up(&id, &side).await.unwrap().unwrap();
            position.seen_at = time::OffsetDateTime::now_utc() - time::Duration::minutes(minutes);
            store.put_position(&position).await.unwrap();
        }
    };
    let station = world.station();
    silent_since(9).await;
    is(&station.look_up("1").await, 400, &json!("unavailable"));
    silent_since(11).await;
    is(&station.look_up("1").await, 400, &json!("timeout"));
    // Any call will do, also one that is about nothing of this position.
    station.get("/commands").await;
    is(&station.look_up("1").await, 400, &json!("unavailable"));
}

#[tokio::test]
async fn the_order_of_the_first_generation_is_the_guides_loyalty_and_all() {
    let world = World::start().await;
    let station = world.station();
    let sale = json!({
        "sale_id": "45ea80da", "position": "1", "amount": "500.00", "currency": "ARS", "description": "$500.00 de SUPER",
        "delivered_at": "2026-11-22T13:33:13-03:00", "invoice_number": "3592", "shift": "1", "period": "0000",
        "attendant": {"type": "DNI", "number": ATTENDANT},
        "products": [{"code": "1", "description": "SUPER", "quantity": "11.200", "unit": "litre", "unit_price": "62.24"}],
        "loyalty": {"program": "serviclub", "affinity_plan": "7"},
    });
    let told = station.post("/sales", sale).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let order = station.look_up("1").await;
    let reference = &told.json["external_reference"];
    assert!(reference.as_str().unwrap().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    assert!(
        order.text.contains(r#""unit_price":500.00"#) && order.text.contains(r#""quantity":11.200"#),
        "{}",
        order.text
    );
    let expected = json!({
        "collector_id": world.demo.collector_id, "sponsor_id": world.demo.sponsor_id,
        "items": [{"title": "$500.00 de SUPER", "currency_id": "ARS", "description": "$500.00 de SUPER", "quantity": 1, "unit_price": 500.0}],
        "external_reference": reference, "notification_url": world.demo.notification_url,
        "loyalty": {
            "program": "serviclub", "transaction_id": reference, "invoice_number": "00003592",
            "transaction_date": "2026-11-22T13:33:13.000-03:00", "transaction_amount": 500.0, "store_id": "06232",
            "products": [{"code": "1", "quantity": 11.2, "unit": "litre", "unit_price": 62.24}],
            "cashier_identification": {"type": "DNI", "number": ATTENDANT}, "period": "0000", "shift": "1", "affinity_plan": "7",
        },
    });
    assert_eq!(order.json, expected);
    world.scan_to_checkout(station.pos("1")).await;
}

#[tokio::test]
async fn strangers_get_invalid_whatever_they_send() {
    let world = World::start().await;
    let base = format!("{}/pay-mp", world.demo.api_url);
    let long = "x".repeat(4_000);
    for query in [
        "",
        "?",
        "?apies=6232",
        "?apies=6232&pos=1",
        "?apies=6232&pos=1&key=",
        "?apies=6232&pos=1&key=wrong",
        "?apies=%00&pos=%ff&key=%",
        "?apies=6232&pos=1&key=%F0%9F%9A%97",
        "?pos=1&key=a&apies=..%2F..",
        "?apies[]=6232&pos=1&key=a",
        &format!("?apies={long}&pos=1&key={long}"),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = world.request(method, &format!("{base}{query}"), &[], "{").await;
            is(&answer, 400, &json!("invalid"));
        }
    }
}

#[tokio::test]
async fn more_parameters_do_no_harm() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let url = format!("{}&source=app&key=second", station.lookup_url("1"));
    assert_eq!(world.request(Method::GET, &url, &[], "").await.status, 200);
}

#[tokio::test]
async fn a_hundred_lookups_at_once_get_the_same_order() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let expected = station.look_up("1").await.text;
    let answers = futures_util::future::join_all((0..100).map(|_| station.look_up("1"))).await;
    assert_eq!(answers.len(), 100);
    assert!(answers.iter().all(|answer| (answer.status, &answer.text) == (200, &expected)));
}
