//! Odd amounts, ids and bodies from stations: refused with the field and the rule, never guessed at.

use reqwest::Method;
use serde_json::json;
use surtidor::id::{PositionId, StationId};
use surtidor::money::Currency;
use surtidor_tests::World;

/// Ten thousand million pesos.
const LARGEST: &str = "10000000000.00";

/// Amounts that are none, with a word of the rule that they break.
const NO_AMOUNTS: [(&str, &str); 16] = [
    ("500.0", "exactly the decimals"),
    ("500", "exactly the decimals"),
    ("500.", "exactly the decimals"),
    ("500.000", "exactly the decimals"),
    ("500.001", "exactly the decimals"),
    ("0.00", "more than zero"),
    ("-1.00", "without sign"),
    ("+1.00", "without sign"),
    ("1e3", "a decimal number"),
    (" 500.00", "a decimal number"),
    ("500,00", "a decimal number"),
    ("1,500.00", "a decimal number"),
    ("NaN", "a decimal number"),
    ("", "a decimal number"),
    ("10000000000.01", "at most 10000000000.00"),
    ("99999999999999999999999999999999.00", "at most 10000000000.00"),
];

/// Whether an order has a price, written to the letter.
fn shows_price(order: &str, amount: &str) -> bool {
    order.split([',', '}']).any(|member| member.ends_with(&format!("\"unit_price\":{amount}")))
}

#[tokio::test]
async fn the_smallest_and_the_largest_amount_are_paid_and_given_back_to_the_cent() {
    let world = World::start().await;
    let station = world.station();
    for (sale, position, amount) in [("least", "1", "0.01"), ("most", "2", LARGEST)] {
        station.deliver(sale, position, amount).await;
        let asked = station.look_up(position).await;
        assert!(shows_price(&asked.text, amount), "{}", asked.text);
        world.scan_and_pay(station.pos(position), "visa").await;
        assert_eq!(station.sale_when(sale, "paid").await["amount"], amount);
        let given_back = station.refund(sale, "k", json!({"amount": amount, "reason": "r"})).await;
        assert_eq!(
            (given_back.status, &given_back.json["amount"]),
            (201, &json!(amount)),
            "{}",
            given_back.text
        );
        station.sale_when(sale, "refunded").await;
    }
}

#[tokio::test]
async fn what_is_no_amount_is_refused_with_its_rule_for_sales_and_refunds() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("paid", "1", LARGEST).await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("paid", "paid").await;
    for (amount, rule) in NO_AMOUNTS {
        let told = station.post("/sales", json!({"sale_id": "a", "position": "2", "amount": amount})).await;
        let asked = station.refund("paid", "k", json!({"amount": amount, "reason": "r"})).await;
        for answer in [told, asked] {
            answer.is_problem(422, Some("amount"));
            assert!(answer.json["detail"].as_str().unwrap().contains(rule), "{amount:?}: {}", answer.text);
        }
    }
    for amount in [json!(500.00), json!(500), json!(true), json!(["500.00"]), json!({"value": "500.00"})] {
        let told = station.post("/sales", json!({"sale_id": "a", "position": "2", "amount": amount})).await;
        let asked = station.refund("paid", "k", json!({"amount": amount, "reason": "r"})).await;
        for answer in [told, asked] {
            answer.is_problem(422, Some("amount"));
            assert!(answer.json["detail"].as_str().unwrap().contains("a string"), "{}", answer.text);
        }
    }
    station.get("/sales/a").await.is_problem(404, None);
    assert_eq!(station.sale("paid").await["refunds"], json!([]));
}

#[tokio::test]
async fn a_currency_without_decimals_takes_none_and_another_currency_is_refused() {
    let world = World::start().await;
    let station = world.station();
    let sale = |id: &str, position: &str, amount: &str, currency: &str| json!({"sale_id": id, "position": position, "amount": amount, "currency": currency});
    for (amount, currency) in
        [("500", "CLP"), ("500.00", "CLP"), ("500.00", "XXX"), ("500.00", "ars"), ("500.00", "")]
    {
        station.post("/sales", sale("a", "1", amount, currency)).await.is_problem(422, Some("currency"));
    }
    let (id, position) = (StationId::parse(station.id).unwrap(), PositionId::parse("1").unwrap());
    let (mut chilean, _) = world.store().look_up(&id, &position).await.unwrap().expect("a position");
    chilean.currency = Currency::parse("CLP").unwrap();
    world.store().put_position(&chilean).await.unwrap();
    for amount in ["500.00", "500.0", "500.", "0"] {
        station.post("/sales", sale("a", "1", amount, "CLP")).await.is_problem(422, Some("amount"));
    }
    station.post("/sales", sale("a", "1", "500.00", "ARS")).await.is_problem(422, Some("currency"));
    let told = station.post("/sales", sale("a", "1", "500", "CLP")).await;
    assert_eq!(
        (told.status, &told.json["amount"], &told.json["currency"]),
        (201, &json!("500"), &json!("CLP"))
    );
    assert!(shows_price(&station.look_up("1").await.text, "500"));
}

#[tokio::test]
async fn bodies_that_say_a_thing_twice_or_nothing_are_refused_where_it_matters() {
    let world = World::start().await;
    let station = world.station();
    let key = format!("Bearer {}", station.key);
    let headers = [("authorization", key.as_str())];
    let least = r#""position":"1","amount":"5.00""#;
    for (body, field) in [
        (format!(r#"{{"sale_id":"a","sale_id":"a",{least}}}"#), "sale_id"),
        (format!(r#"{{"sale_id":"a",{least},"amount":"6.00"}}"#), "amount"),
        (format!(r#"{{"sale_id":null,{least}}}"#), "sale_id"),
        (r#"{"sale_id":"a","position":null,"amount":"5.00"}"#.to_owned(), "position"),
        (r#"{"sale_id":"a","position":"1","amount":null}"#.to_owned(), "amount"),
        (format!(r#"{{"sale_id":"a",{least},"products":null}}"#), "products"),
        (format!(r#"{{"sale_id":"a",{least},"products":[null]}}"#), "products[0]"),
        (format!(r#"{{"sale_id":"a",{least},"attendant":{{"type":null,"number":"1"}}}}"#), "attendant.type"),
        (format!(r#"{{"sale_id":"a",{least},"Amount":"5.00"}}"#), "Amount"),
        (format!(r#"{{"sale_id":"a",{least},"":"x"}}"#), ""),
        (format!(r#"{{"sale_id":"\u0000",{least}}}"#), "sale_id"),
        (format!(r#"{{"sale_id":"{}",{least}}}"#, "a".repeat(65)), "sale_id"),
    ] {
        let told = station.raw(Method::POST, "/sales", &headers, &body).await;
        assert_eq!((told.status, told.json["field"].as_str()), (422, Some(field)), "{body}: {}", told.text);
    }
    for body in [
        format!(r#"{{"sale_id":"\ud800",{least}}}"#),
        format!(r#"{{"sale_id":"a",{least},}}"#),
        format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)),
        format!(r#"{{"sale_id":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000)),
        format!("\u{feff}{{\"sale_id\":\"a\",{least}}}"),
    ] {
        let told = station.raw(Method::POST, "/sales", &headers, &body).await;
        assert!(matches!(told.status, 400 | 422), "{}", told.text);
        assert_eq!(told.header("content-type"), "application/problem+json");
    }
    station.get("/sales/a").await.is_problem(404, None);
    // What may be left out may be null.
    let nulls = format!(
        r#"{{"sale_id":"a",{least},"description":null,"loyalty":null,"attendant":null,"delivered_at":null}}"#
    );
    let told = station.raw(Method::POST, "/sales", &headers, &nulls).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let same = station.post("/sales", json!({"sale_id": "a", "position": "1", "amount": "5.00"})).await;
    assert_eq!(same.status, 200, "null and nothing say the same: {}", same.text);
}

#[tokio::test]
async fn odd_ids_in_bodies_name_their_field_and_odd_ids_in_paths_name_nothing() {
    let world = World::start().await;
    let station = world.station();
    let long = "a".repeat(2_000);
    let odd = [
        "../x",
        "..",
        ".",
        "a/b",
        "a b",
        "a\n",
        "ñ",
        "日本",
        "a\u{202e}b",
        "🚗",
        "'; --",
        "a%2fb",
        "sale#a",
        &long,
    ];
    for id in odd {
        let told = station.post("/sales", json!({"sale_id": id, "position": "1", "amount": "5.00"})).await;
        told.is_problem(422, Some("sale_id"));
        let told = station.post("/sales", json!({"sale_id": "a", "position": id, "amount": "5.00"})).await;
        told.is_problem(422, Some("position"));
    }
    station.deliver("a", "1", "5.00").await;
    for id in [
        "..%2fa",
        "a%2f..%2fa",
        "%2e%2e%2fa",
        "%00",
        "a%00",
        "a%0a",
        "%c3%b1",
        "%ff",
        "%f0%9f%9a%97",
        "a%20",
        "A",
        "%25",
        &long,
    ] {
        for (method, rest, body) in [
            (Method::GET, "", ""),
            (Method::POST, "/settle", r#"{"tender":"cash"}"#),
            (Method::POST, "/void", "{}"),
            (Method::POST, "/refunds", r#"{"reason":"r"}"#),
        ] {
            let key = format!("Bearer {}", station.key);
            let headers = [("authorization", key.as_str()), ("idempotency-key", "k")];
            let answer = station.raw(method.clone(), &format!("/sales/{id}{rest}"), &headers, body).await;
            assert_eq!(answer.status, 404, "{method} {id}{rest}: {}", answer.text);
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
        let ack = station.post(&format!("/commands/{id}/ack"), json!({"result": "done"})).await;
        ack.is_problem(404, Some("command"));
    }
    for key in ["two words", "ñ", "", &"k".repeat(65)] {
        station.refund("a", key, json!({"reason": "r"})).await.is_problem(422, Some("Idempotency-Key"));
    }
    assert_eq!(station.sale("a").await["status"], "pending", "nothing came through");
}
