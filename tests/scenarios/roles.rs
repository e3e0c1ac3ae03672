//! Keys: what each role may do on each route, for which stations, until when; and that all of it can be listed and revoked.

use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use surtidor::access::{Role, Scope};
use surtidor::id::StationId;
use surtidor::store::{CallerKey, Created, Revoked, hash_of_key};
use surtidor_tests::{World, eventually};
use time::{Duration, OffsetDateTime};

fn stations<const N: usize>(ids: [&str; N]) -> Scope {
    Scope::Stations(ids.iter().map(|id| StationId::parse(id).unwrap()).collect())
}

fn key_of(role: Role) -> CallerKey {
    let now = OffsetDateTime::now_utc();
    CallerKey::new("k", role, stations(["6232"]), "somebody", now, None).unwrap()
}

/// Each route, a path of it, who may use it beside the station's software, and what the others may not do.
const TABLE: [(&str, &str, &str, &str); 17] = [
    ("PUT", "/positions/9", "", "tell what happens at the pumps, nor acknowledge commands"),
    ("POST", "/heartbeat", "", "tell what happens at the pumps, nor acknowledge commands"),
    ("POST", "/sales", "", "tell what happens at the pumps, nor acknowledge commands"),
    ("POST", "/commands/x/ack", "", "tell what happens at the pumps, nor acknowledge commands"),
    ("GET", "/sales/x", "attendant manager treasury auditor support", ""),
    ("GET", "/sales/x/refunds", "attendant manager treasury auditor support", ""),
    ("GET", "/commands", "attendant manager treasury auditor support", ""),
    ("GET", "/terminals", "attendant manager treasury auditor support", ""),
    ("GET", "/charges/x", "attendant manager treasury auditor support", ""),
    ("POST", "/terminals/x/charges", "attendant manager", "charge at terminals"),
    ("POST", "/charges/x/cancel", "attendant manager", "charge at terminals"),
    ("POST", "/sales/x/settle", "attendant manager", "settle sales"),
    ("POST", "/sales/x/void", "manager", "void sales"),
    ("POST", "/sales/x/refunds", "manager treasury", "give refunds"),
    ("PUT", "/terminals/x", "manager", "link terminals, nor set their mode"),
    ("PUT", "/terminals/x/mode", "manager", "link terminals, nor set their mode"),
    ("GET", "/terminals/x/check", "manager support", "check terminals"),
];

#[tokio::test]
async fn each_role_may_use_each_route_as_the_table_says() {
    let world = World::start().await;
    assert_eq!(TABLE.len(), surtidor::access::ROUTES.len());
    let software = world.station();
    for (word, role) in Role::WORDS.into_iter().filter(|(_, role)| *role != Role::Station) {
        let key = world.key(role).await;
        let person = world.station().with_key(&key);
        for (method, path, may, not) in TABLE {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = person.call(method.clone(), path, &json!({})).await;
            if may.split(' ').any(|may| may == word) {
                let same = software.call(method, path, &json!({})).await;
                assert_eq!(answer.status, same.status, "{word} {path}: {}", answer.text);
                assert!(![401, 403, 500, 503].contains(&same.status), "{path}: {}", same.text);
            } else {
                answer.is_problem(403, None);
                let expected = format!("a key of the role {word} may not {not}");
                assert_eq!(answer.json["detail"], expected.as_str(), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_day_with_staff() {
    let world = World::start().await;
    let (attendant, manager, treasury) = (
        world.key(Role::Attendant).await,
        world.key(Role::Manager).await,
        world.key_for(Role::Treasury, Scope::All).await,
    );
    let software = world.station();
    let attendant = software.with_key(&attendant);
    software.deliver("paid", "1", "500.00").await;
    software.deliver("cash", "2", "300.00").await;
    software.deliver("mistake", "3", "100.00").await;
    let charge = attendant.charge(&world.demo.terminal, json!({"sale_id": "paid"})).await;
    assert_eq!(charge.status, 201, "{}", charge.text);
    let cancelled = attendant.cancel(&charge.json).await;
    assert_eq!(
        (cancelled.status, &cancelled.json["status"]),
        (200, &json!("canceled")),
        "{}",
        cancelled.text
    );
    let settled = attendant.post("/sales/cash/settle", json!({"tender": "cash"})).await;
    assert_eq!((settled.status, &settled.json["status"]), (200, &json!("settled_elsewhere")));
    attendant.post("/sales/mistake/void", json!({})).await.is_problem(403, None);
    let void = software.with_key(&manager).post("/sales/mistake/void", json!({})).await;
    assert_eq!((void.status, &void.json["status"]), (200, &json!("void")));
    world.scan_and_pay(software.pos("1"), "visa").await;
    software.sale_when("paid", "paid").await;
    let everything = json!({"reason": "wrong fuel"});
    attendant.refund("paid", "a", everything.clone()).await.is_problem(403, None);
    assert_eq!(software.sale("paid").await["refunds"], json!([]), "nothing was written down either");
    let refund = software.with_key(&treasury).refund("paid", "t", everything).await;
    assert_eq!(refund.status, 201, "{}", refund.text);
    software.sale_when("paid", "refunded").await;
    // Who did it is kept.
    let id = StationId::parse("6232").unwrap();
    let sale = world.store().sale_named(&id, &"paid".to_owned().try_into().unwrap()).await.unwrap().unwrap();
    let stored = serde_json::to_value(&sale).unwrap();
    assert_eq!(stored["refunds"][0]["origin"]["caller"], "treasury");
    assert_eq!(stored["charges"][0]["caller"], "attendant");
}

#[tokio::test]
async fn who_only_looks_at_a_charge_sends_nothing_to_the_terminal() {
    let world = World::start().await;
    let (station, auditor) = (world.station(), world.key(Role::Auditor).await);
    station.deliver("a", "1", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /v1/orders", "do": "status", "status": 500}]}));
    let unknown = station.charge(&world.demo.terminal, json!({"sale_id": "a"})).await;
    assert_eq!(unknown.status, 202, "{}", unknown.text);
    world.faults(json!({}));
    let seen = station.with_key(&auditor).charged(&unknown.json).await;
    assert_eq!((&seen["charge_id"], &seen["mercado_pago_id"]), (&unknown.json["charge_id"], &Value::Null));
    assert_eq!(world.mercado_pago.orders().len(), 0);
    let sent = station.charged(&unknown.json).await;
    assert!(sent["mercado_pago_id"].is_string(), "the till's own question sends it: {sent}");
}

#[tokio::test]
async fn a_key_opens_the_stations_that_it_is_for() {
    let world = World::start().await;
    for (number, (scope, first, second)) in [
        (stations(["6232"]), true, false),
        (stations(["9999", "6233"]), false, true),
        (stations(["6233", "6232"]), true, true),
        (Scope::All, true, true),
    ]
    .into_iter()
    .enumerate()
    {
        let key_id = format!("k{number}");
        let key = world.make_key(&CallerKey { key_id, scope, ..key_of(Role::Auditor) }).await;
        for (station, opens) in [(world.station(), first), (world.station_v2(), second)] {
            let answer = station.with_key(&key).get("/commands").await;
            if opens {
                assert_eq!(answer.status, 200, "{}", answer.text);
            } else {
                answer.is_problem(403, None);
                assert_eq!(answer.json["detail"], "this key is for another station");
            }
        }
        let mut nowhere = world.station();
        nowhere.id = "a-b";
        nowhere.with_key(&key).get("/commands").await.is_problem(403, None);
    }
}

#[tokio::test]
async fn a_key_that_was_revoked_or_has_ended_opens_nothing() {
    let world = World::start().await;
    let (store, now) = (world.store(), OffsetDateTime::now_utc());
    let ended = CallerKey {
        expires_at: Some(now - Duration::SECOND),
        key_id: "e".to_owned(),
        ..key_of(Role::Support)
    };
    let lasting =
        CallerKey { expires_at: Some(now + Duration::DAY), key_id: "l".to_owned(), ..key_of(Role::Support) };
    for (key, status) in [(world.make_key(&ended).await, 401), (world.make_key(&lasting).await, 200)] {
        assert_eq!(world.station().with_key(&key).get("/commands").await.status, status);
    }
    let revoked = world.make_key(&key_of(Role::Support)).await;
    let station = world.station().with_key(&revoked);
    assert_eq!(station.get("/commands").await.status, 200);
    assert_eq!(store.revoke_key("k", now).await.unwrap(), Revoked::Now);
    // What a process read before, it knows for a minute; a new one knows nothing.
    world.stack.kill("AuthorizerFunction");
    eventually("a revoked key is refused", || async {
        (station.get("/commands").await.status == 401).then_some(())
    })
    .await;
    station.get("/commands").await.is_problem(401, None);
}

#[tokio::test]
async fn the_call_of_a_person_is_no_sign_of_life_of_a_station() {
    let world = World::start().await;
    let (id, store) = (StationId::parse("6232").unwrap(), world.store());
    let side = "1".to_owned().try_into().unwrap();
    let (mut position, _) = store.look_up(&id, &side).await.unwrap().unwrap();
    position.seen_at -= Duration::HOUR;
    store.put_position(&position).await.unwrap();
    let station = world.station();
    for (_, role) in Role::WORDS.into_iter().filter(|(_, role)| *role != Role::Station) {
        let key = world.key(role).await;
        for path in ["/commands", "/terminals", "/sales/x/refunds"] {
            station.with_key(&key).get(path).await;
        }
        assert_eq!(station.look_up("1").await.json["error"]["type"], "timeout", "{role}");
    }
    station.get("/commands").await;
    assert_eq!(station.look_up("1").await.json["error"]["type"], "unavailable");
}

/// An item as a person may write it.
async fn write(world: &World, item: &[(&str, AttributeValue)]) -> String {
    let deployment = world.deployment();
    let key = world.draw_key();
    let mut put = deployment.dynamodb().put_item().table_name(&deployment.stack.table);
    put = put.item("pk", AttributeValue::S(format!("key#{}", hash_of_key(&key))));
    put = put.item("sk", AttributeValue::S("key".to_owned()));
    for (name, value) in item {
        put = put.item(*name, value.clone());
    }
    put.send().await.unwrap();
    key
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[tokio::test]
async fn a_key_of_one_station_that_was_written_by_hand_still_opens_it() {
    let world = World::start().await;
    let by_hand = [("key_id", s("6232-1")), ("role", s("station")), ("station", s("6232"))];
    let key = write(&world, &by_hand).await;
    let station = world.station().with_key(&key);
    assert_eq!(station.set("1", "idle").await.status, 200);
    world.station_v2().with_key(&key).get("/commands").await.is_problem(403, None);
    let revoked = by_hand.into_iter().chain([("revoked", AttributeValue::Bool(true))]);
    let key = write(&world, &revoked.collect::<Vec<_>>()).await;
    world.station().with_key(&key).get("/commands").await.is_problem(401, None);
}

#[tokio::test]
async fn a_key_of_a_role_that_nobody_knows_opens_nothing_and_the_log_names_it() {
    let world = World::start().await;
    let odd = [("key_id", s("boss-1")), ("role", s("boss")), ("all", AttributeValue::Bool(true))];
    let key = write(&world, &odd).await;
    world.station().with_key(&key).get("/commands").await.is_problem(401, None);
    let told = |line: &str| line.contains("key_unreadable") && line.contains("boss-1");
    eventually("the log names the key", || async {
        world.stack.logs().iter().any(|line| told(&line.line)).then_some(())
    })
    .await;
    assert_eq!(world.station().get("/commands").await.status, 200, "others are served");
}

#[tokio::test]
async fn a_name_stands_for_one_key_and_making_it_again_changes_nothing() {
    let world = World::start().await;
    let (store, owner) = (world.store(), key_of(Role::Manager));
    let (key, other) = (SecretString::from(world.draw_key()), SecretString::from(world.draw_key()));
    assert_eq!(store.create_key(&key, &owner).await.unwrap(), Created::New);
    let later = CallerKey { name: "somebody else".to_owned(), ..owner.clone() };
    assert_eq!(store.create_key(&key, &later).await.unwrap(), Created::Known(owner.clone()));
    assert_eq!(store.create_key(&other, &owner).await.unwrap(), Created::Taken);
    let renamed = CallerKey { key_id: "k2".to_owned(), ..owner.clone() };
    assert_eq!(store.create_key(&key, &renamed).await.unwrap(), Created::Taken);
    let listed = store.keys().await.unwrap();
    let names: Vec<_> = listed.keys.iter().map(|key| key.key_id.as_str()).collect();
    assert_eq!(names, ["k", "demo-6233", "demo-6232"], "newest first, and no half of a key");
    assert_eq!(listed.keys[0], owner);
    // A revoked key is not opened again by making it again.
    store.revoke_key("k", OffsetDateTime::now_utc()).await.unwrap();
    let Created::Known(known) = store.create_key(&key, &owner).await.unwrap() else { panic!("it is known") };
    assert!(known.revoked_at.is_some());
}

#[tokio::test]
async fn a_key_is_revoked_once_in_the_list_and_where_it_is_checked() {
    let world = World::start().await;
    let (store, now) = (world.store(), OffsetDateTime::now_utc());
    let key = world.make_key(&key_of(Role::Treasury)).await;
    let first = now.replace_nanosecond(now.microsecond() * 1_000).unwrap();
    assert_eq!(store.revoke_key("k", first).await.unwrap(), Revoked::Now);
    assert_eq!(store.revoke_key("k", first + Duration::HOUR).await.unwrap(), Revoked::Before(first));
    assert_eq!(store.revoke_key("nobody", first).await.unwrap(), Revoked::Unknown);
    let checked = store.key(&hash_of_key(&key)).await.unwrap().unwrap();
    let list = store.keys().await.unwrap().keys;
    let listed = list.into_iter().find(|key| key.key_id == "k").unwrap();
    assert_eq!((checked.revoked_at, &listed), (Some(first), &checked));
}

#[tokio::test]
async fn every_key_is_listed_over_several_pages_also_one_that_cannot_be_read() {
    let world = World::start().await;
    // A page of DynamoDB holds a megabyte.
    let long = "x".repeat(100_000);
    for number in 0..12 {
        let made = OffsetDateTime::now_utc() + Duration::seconds(number);
        let (key_id, name) = (format!("k{number}"), long.clone());
        let owner = CallerKey { key_id, name, created_at: Some(made), ..key_of(Role::Auditor) };
        world.make_key(&owner).await;
    }
    let deployment = world.deployment();
    let odd = deployment.dynamodb().put_item().table_name(&deployment.stack.table);
    let odd = odd.item("pk", s("keys")).item("sk", s("odd")).item("key_id", s("odd")).item("role", s("boss"));
    odd.send().await.unwrap();
    let before = world.stack.calls().of("DynamoDB", "Query");
    let list = world.store().keys().await.unwrap();
    assert!(world.stack.calls().of("DynamoDB", "Query") - before >= 2);
    let names: Vec<_> = list.keys.iter().map(|key| key.key_id.clone()).collect();
    let mut expected: Vec<_> = (0..12).rev().map(|number| format!("k{number}")).collect();
    expected.extend(["demo-6233".to_owned(), "demo-6232".to_owned()]);
    assert_eq!(names, expected);
    assert_eq!(list.unreadable, ["odd"]);
}
