//! The station's software: facts in, commands out, and a clear answer to everything that is wrong.

use reqwest::Method;
use serde_json::{Value, json};
use surtidor_tests::World;

#[tokio::test]
async fn a_sale_told_twice_is_one_sale_and_other_content_is_a_conflict() {
    let world = World::start().await;
    let station = world.station();
    let sale = json!({"sale_id": "a", "position": "1", "amount": "500.00", "description": "SUPER"});
    let first = station.post("/sales", sale.clone()).await;
    let second = station.post("/sales", sale.clone()).await;
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.json, second.json);
    for (key, value) in
        [("amount", json!("500.01")), ("position", json!("2")), ("description", json!("OTHER"))]
    {
        let mut other = sale.clone();
        other[key] = value;
        station.post("/sales", other).await.is_problem(409, Some("sale_id"));
    }
    assert_eq!(station.look_up("2").await.json["error"]["type"], "unavailable");
    assert_eq!(first.json["status"], "pending");
    assert_eq!((&first.json["attempts"], &first.json["refunds"]), (&json!([]), &json!([])));
    assert!(first.json["version"].is_u64() && first.json["timeline"].is_array());
}

#[tokio::test]
async fn the_same_sale_told_by_many_at_once_is_one_sale() {
    let world = World::start().await;
    let station = world.station();
    let body = || json!({"sale_id": "a", "position": "1", "amount": "500.00"});
    let (a, b, c, d) = tokio::join!(
        station.post("/sales", body()),
        station.post("/sales", body()),
        station.post("/sales", body()),
        station.post("/sales", body()),
    );
    let mut statuses = [a.status, b.status, c.status, d.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201]);
    assert_eq!(a.json["external_reference"], d.json["external_reference"]);
}

#[tokio::test]
async fn of_deliveries_told_at_once_one_is_payable_and_the_others_are_deferred() {
    let world = World::start().await;
    let station = world.station();
    let ids: Vec<_> = (0..12).map(|number| format!("s{number}")).collect();
    let told = ids
        .iter()
        .map(|id| station.post("/sales", json!({"sale_id": id, "position": "1", "amount": "5.00"})));
    let told = futures_util::future::join_all(told).await;
    assert!(told.iter().all(|answer| answer.status == 201));
    let mut statuses = Vec::new();
    for id in &ids {
        statuses.push(station.sale(id).await["status"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(statuses.iter().filter(|status| *status == "pending").count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_position_says_what_is_payable() {
    let world = World::start().await;
    let station = world.station();
    let idle = station.set("1", "idle").await;
    assert_eq!((idle.status, idle.json), (200, json!({"position": "1", "state": "idle", "payable": null})));
    station.deliver("a", "1", "500.00").await;
    let owed = station.set("1", "idle").await;
    assert_eq!(owed.json["payable"], json!({"sale_id": "a", "amount": "500.00"}));
    assert_eq!(station.set("1", "in_use").await.json["payable"], Value::Null);
    station.set("9", "idle").await.is_problem(404, Some("position"));
    station.set("a%20b", "idle").await.is_problem(404, Some("position"));
    station.set("1", "flying").await.is_problem(422, Some("state"));
}

#[tokio::test]
async fn keys_open_their_own_station_only() {
    let world = World::start().await;
    let (station, other) = (world.station(), world.station_v2());
    let theirs = format!("Bearer {}", other.key);
    for (headers, status) in [
        (vec![], 401),
        (vec![("authorization", "Bearer nonsense")], 401),
        (vec![("authorization", "Basic abc")], 401),
        (vec![("authorization", "")], 401),
        (vec![("authorization", theirs.as_str())], 403),
    ] {
        for (method, path) in [
            (Method::GET, "/commands"),
            (Method::GET, "/sales/a"),
            (Method::POST, "/sales"),
            (Method::PUT, "/positions/1"),
            (Method::POST, "/heartbeat"),
            (Method::POST, "/sales/a/settle"),
            (Method::POST, "/sales/a/void"),
            (Method::POST, "/sales/a/refunds"),
            (Method::GET, "/sales/a/refunds"),
            (Method::POST, "/commands/x/ack"),
        ] {
            station.raw(method, path, &headers, "{}").await.is_problem(status, None);
        }
    }
}

#[tokio::test]
async fn bad_input_is_refused_on_every_route_and_nothing_is_stored() {
    let world = World::start().await;
    let station = world.station();
    let key = format!("Bearer {}", station.key);
    let headers = [("authorization", key.as_str())];
    station.deliver("a", "1", "500.00").await;
    for (method, path) in [
        (Method::POST, "/sales"),
        (Method::PUT, "/positions/1"),
        (Method::POST, "/heartbeat"),
        (Method::POST, "/sales/a/settle"),
    ] {
        for body in ["", "{", "[]", "null", "\"x\"", "{}x"] {
            let answer = station.raw(method.clone(), path, &headers, body).await;
            assert!(answer.status == 400 || answer.status == 422, "{path} {body} {}", answer.text);
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
        let unknown = station.raw(method.clone(), path, &headers, r#"{"colour":"red"}"#).await;
        unknown.is_problem(422, Some("colour"));
        let long = format!("{{\"x\":\"{}\"}}", "y".repeat(70_000));
        station.raw(method, path, &headers, &long).await.is_problem(413, None);
    }
    station
        .post("/sales", json!({"sale_id": "b", "position": "9", "amount": "1.00"}))
        .await
        .is_problem(422, Some("position"));
    station
        .post("/sales", json!({"sale_id": "b", "position": "1", "amount": 1.0}))
        .await
        .is_problem(422, Some("amount"));
    station
        .post("/sales", json!({"sale_id": "b", "position": "1", "amount": "1.00", "currency": "BRL"}))
        .await
        .is_problem(422, Some("currency"));
    station.get("/sales/b").await.is_problem(404, None);
    station.post("/sales/b/settle", json!({"tender": "cash"})).await.is_problem(404, None);
    station.post("/sales/b/void", json!({})).await.is_problem(404, None);
    station.post("/sales/a/settle", json!({"tender": "two words"})).await.is_problem(422, Some("tender"));
    station.post("/commands/nonsense/ack", json!({"result": "done"})).await.is_problem(404, Some("command"));
    station.get("/commands?after=nonsense").await.is_problem(422, Some("after"));
    station.get("/commands?limit=0").await.is_problem(422, Some("limit"));
    assert_eq!(station.look_up("1").await.status, 200, "the sale is what it was");
}

#[tokio::test]
async fn settle_and_void_may_be_repeated_and_exclude_each_other() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    for _ in 0..2 {
        let settled = station.post("/sales/a/settle", json!({"tender": "cash"})).await;
        assert_eq!((settled.status, &settled.json["status"]), (200, &json!("settled_elsewhere")));
    }
    station.post("/sales/a/void", json!({})).await.is_problem(409, None);
    station.post("/sales/a/settle", json!({"tender": "card"})).await.is_problem(409, None);
    station.deliver("b", "1", "500.00").await;
    for _ in 0..2 {
        let void = station.post("/sales/b/void", json!({})).await;
        assert_eq!((void.status, &void.json["status"]), (200, &json!("void")));
    }
}

#[tokio::test]
async fn commands_come_in_pages_and_stay_until_acknowledged() {
    let world = World::start().await;
    let station = world.station();
    for position in ["1", "2", "3", "4"] {
        station.deliver(position, position, "500.00").await;
        world.scan_and_pay(station.pos(position), "visa").await;
    }
    station.commands_when(4).await;
    let mut seen = Vec::new();
    let mut path = "/commands?limit=3".to_owned();
    loop {
        let page = station.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        seen.extend(
            page.json["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|command| command["sale_id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("/commands?limit=3&after={next}");
    }
    seen.sort();
    assert_eq!(seen, ["1", "2", "3", "4"]);
    let open = station.commands_when(4).await;
    let id = open[0]["id"].as_str().unwrap();
    for (answer, standing) in [("already_done", "already_done"), ("done", "already_done")] {
        let acknowledged = station.post(&format!("/commands/{id}/ack"), json!({"result": answer})).await;
        assert_eq!((acknowledged.status, &acknowledged.json["result"]), (200, &json!(standing)));
    }
    station.commands_when(3).await;
    let other = world.station_v2();
    other
        .post(&format!("/commands/{id}/ack"), json!({"result": "done"}))
        .await
        .is_problem(404, Some("command"));
}

#[tokio::test]
async fn a_heartbeat_tells_clock_drift_and_open_commands() {
    let world = World::start().await;
    let station = world.station();
    let ahead = time::OffsetDateTime::now_utc() + time::Duration::hours(1);
    let clock = ahead.format(&time::format_description::well_known::Rfc3339).unwrap();
    let beat = station.post("/heartbeat", json!({"clock": clock})).await;
    assert_eq!(beat.status, 200, "{}", beat.text);
    let drift = beat.json["drift_seconds"].as_i64().unwrap();
    assert!((3_590..=3_600).contains(&drift), "{drift}");
    assert_eq!(beat.json["open_commands"], 0);
    station.post("/heartbeat", json!({"clock": "noon"})).await.is_problem(422, Some("clock"));
}

#[tokio::test]
async fn the_timeline_speaks_the_readers_language() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let key = format!("Bearer {}", station.key);
    for (language, words) in [
        ("es-AR,es", "Despacho recibido"),
        ("pt-BR", "Abastecimento recebido"),
        ("en", "Delivery received"),
        ("de", "Delivery received"),
    ] {
        let headers = [("authorization", key.as_str()), ("accept-language", language)];
        let sale = station.raw(Method::GET, "/sales/a", &headers, "").await;
        assert!(sale.json["timeline"][0]["text"].as_str().unwrap().starts_with(words), "{}", sale.text);
    }
}
