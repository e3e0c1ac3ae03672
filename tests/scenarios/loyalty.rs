//! Points: a claim that keeps the programme's rules goes along with the order, one that does not is left out with a warning,
//! and the buyer pays all the same.

use reqwest::Method;
use serde_json::{Value, json};
use surtidor::country::Country;
use surtidor::id::{PositionId, StationId};
use surtidor::lookup::Position;
use surtidor_tests::{ATTENDANT, World};

/// A delivery whose buyer claims points of a programme.
fn claim(sale: &str, program: &str) -> Value {
    json!({
        "sale_id": sale, "position": "1", "amount": "500.00", "delivered_at": "2026-11-22T13:33:13-03:00",
        "invoice_number": "3592", "attendant": {"type": "DNI", "number": ATTENDANT},
        "products": [{"code": "1", "quantity": "8.033", "unit": "litre", "unit_price": "62.24"}],
        "loyalty": {"program": program},
    })
}

fn with(mut claim: Value, field: &str, value: Value) -> Value {
    claim[field] = value;
    claim
}

/// Changes the first position, as a person does who sets it up.
async fn set_up(world: &World, change: impl FnOnce(&mut Position)) {
    let (station, side) = (StationId::parse("6232").unwrap(), PositionId::parse("1").unwrap());
    let (mut position, _) = world.store().look_up(&station, &side).await.unwrap().unwrap();
    change(&mut position);
    world.store().put_position(&position).await.unwrap();
}

/// Fields of the warnings of a sale.
fn warned(sale: &Value) -> Vec<&str> {
    let warnings = sale["warnings"].as_array().map(Vec::as_slice).unwrap_or_default();
    warnings.iter().map(|warning| warning["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_claim_goes_along_with_the_order_as_the_programme_wants_it() {
    let world = World::start().await;
    let station = world.station();
    set_up(&world, |position| {
        (position.site_id, position.loyalty) = (Some("29".to_owned()), Some("CTC".to_owned()));
    })
    .await;
    let goods = json!([
        {"code": "7", "description": "Café", "quantity": "2", "unit": "piece", "unit_price": "100.50"},
        {"code": "4", "quantity": "1", "unit": "piece", "unit_price": "10.00"},
        {"code": "2", "description": "SUPER", "quantity": "4.5", "unit": "litre", "unit_price": "62.24"},
        {"code": "7", "description": "Alfajor", "quantity": "1", "unit": "piece", "unit_price": "8.92"},
    ]);
    let told = station.post("/sales", with(claim("a", "ctc"), "products", goods.clone())).await;
    assert_eq!((told.status, &told.json["warnings"]), (201, &Value::Null), "{}", told.text);
    assert_eq!(told.json["products"], goods, "what the station said is kept as it is");
    let order = station.look_up("1").await.json;
    let expected = json!({
        "program": "CTC", "transaction_id": told.json["external_reference"], "invoice_number": "00003592",
        "transaction_date": "2026-11-22T13:33:13.000-03:00", "transaction_amount": 500.0, "store_id": "00029",
        "products": [
            {"code": "2", "quantity": 4.5, "unit": "litre", "unit_price": 62.24},
            {"code": "4", "quantity": 1, "unit": "piece", "unit_price": 10.0},
            {"code": "7", "quantity": 1, "unit": "piece", "unit_price": 209.92},
        ],
        "cashier_identification": {"type": "DNI", "number": ATTENDANT}, "period": "0000", "shift": "1", "affinity_plan": "7",
    });
    assert_eq!(order["loyalty"], expected);
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
}

#[tokio::test]
async fn a_faulty_claim_is_left_out_with_a_warning_and_the_buyer_pays() {
    let world = World::start().await;
    let station = world.station();
    let goods = json!([{"code": "99", "quantity": "1", "unit": "litre", "unit_price": "500.00"}]);
    let body = with(with(claim("a", "serviclub"), "products", goods), "shift", json!("noche"));
    let told = station.post("/sales", body.clone()).await;
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(warned(&told.json), ["shift", "products[0].code"]);
    let again = station.post("/sales", body).await;
    assert_eq!((again.status, warned(&again.json)), (200, vec!["shift", "products[0].code"]));
    let order = station.look_up("1").await;
    assert_eq!((order.status, &order.json["loyalty"]), (200, &Value::Null));
    world.scan_and_pay(station.pos("1"), "visa").await;
    let paid = station.sale_when("a", "paid").await;
    assert_eq!(warned(&paid), ["shift", "products[0].code"], "every later answer warns too");
    let key = format!("Bearer {}", station.key);
    for (language, no_points, why) in [
        ("es", "No se acreditarán puntos", "el producto 99 no es del programa serviclub"),
        ("pt", "Pontos de fidelidade não serão creditados", "o produto 99 não é do programa serviclub"),
        ("en", "No loyalty points will be credited", "the product 99 is none of the programme serviclub"),
    ] {
        let headers = [("authorization", key.as_str()), ("accept-language", language)];
        let sale = station.raw(Method::GET, "/sales/a", &headers, "").await.json;
        let line = sale["timeline"][1]["text"].as_str().unwrap();
        assert!(line.starts_with(no_points) && line.ends_with(why), "{line}");
        let detail = sale["warnings"][1]["detail"].as_str().unwrap();
        assert!(detail.ends_with(why), "{detail}");
    }
}

#[tokio::test]
async fn a_claim_for_a_programme_that_is_unknown_or_another_stations_is_left_out() {
    let world = World::start().await;
    let station = world.station();
    for (sale, program, of_station, warns) in [
        ("a", "payback", None, true),
        ("b", "CTC", Some("serviclub"), true),
        ("c", "ServiClub", Some("serviclub"), false),
    ] {
        set_up(&world, |position| position.loyalty = of_station.map(str::to_owned)).await;
        let told = station.post("/sales", claim(sale, program)).await;
        let expected: &[&str] = if warns { &["loyalty.program"] } else { &[] };
        assert_eq!((told.status, warned(&told.json).as_slice()), (201, expected), "{program}");
        assert_eq!(station.look_up("1").await.json["loyalty"].is_null(), warns, "{program}");
    }
}

#[tokio::test]
async fn what_a_station_was_told_of_a_claim_stands_when_its_position_is_mended() {
    let world = World::start().await;
    let station = world.station();
    set_up(&world, |position| position.loyalty = Some("CTC".to_owned())).await;
    station.post("/sales", claim("a", "serviclub")).await;
    set_up(&world, |position| position.loyalty = Some("serviclub".to_owned())).await;
    assert_eq!(station.look_up("1").await.json["loyalty"], Value::Null, "no points, as the sale says");
    assert_eq!(warned(&station.sale("a").await), ["loyalty.program"]);
}

#[tokio::test]
async fn points_are_claimed_in_argentina_and_in_the_first_generation_only() {
    let world = World::start_with(|demo| {
        (demo.country, demo.currency) = (Country::Br, Country::Br.currency().code().to_owned());
    })
    .await;
    let second = World::start().await;
    for station in [world.station(), second.station_v2()] {
        let told = station.post("/sales", claim("a", "serviclub")).await;
        assert_eq!((told.status, warned(&told.json)), (201, vec!["loyalty"]), "{}", told.text);
        let order = station.look_up("1").await;
        assert_eq!((order.status, &order.json["loyalty"]), (200, &Value::Null));
    }
}

#[tokio::test]
async fn a_claim_costs_no_further_call() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("warm", "1", "500.00").await;
    let mut costs = Vec::new();
    let plain = json!({"sale_id": "plain", "position": "2", "amount": "500.00"});
    let right = with(claim("right", "serviclub"), "position", json!("3"));
    let faulty = with(claim("faulty", "payback"), "position", json!("4"));
    for body in [plain, right, faulty] {
        let before = world.stack.calls().total();
        let told = station.post("/sales", body).await;
        assert_eq!(told.status, 201, "{}", told.text);
        station.look_up(told.json["position"].as_str().unwrap()).await;
        costs.push(world.stack.calls().total() - before);
    }
    assert_eq!((costs[1], costs[2]), (costs[0], costs[0]));
}
