//! Keys of the API.

use serde_json::json;
use surtidor::store::hash_of_key;
use surtidor_tests::World;

use crate::operator::Operator;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_stored_as_a_hash() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let made = operator.run(&["key", "create", "--role", "station", "--station", "6232", "--id", "night"]);
    let made = made.await.ended(0);
    let key = made.out.trim();
    assert_eq!(made.out, format!("{key}\n"), "the key is the only line on stdout");
    assert!(!made.err.contains(key) && made.err.contains("night, role station, stations 6232"));
    let station = world.station().with_key(key);
    station.deliver("a", "1", "500.00").await;
    let mut foreign = station;
    foreign.id = "6233";
    assert_eq!(foreign.get("/sales/a").await.status, 403);

    let table = &world.deployment().stack.table;
    let items = world.deployment().dynamodb().scan().table_name(table).send().await.unwrap();
    let items = format!("{:?}", items.items());
    assert!(items.contains(&hash_of_key(key)) && !items.contains(key));

    let list = operator.run(&["key", "list"]).await.ended(0);
    list.told(&["night", "demo-6232", "station of 6232"]);
    let list = operator.run(&["key", "list", "--json"]).await.ended(0).json();
    assert_eq!(list["items"][0]["key_id"], "night");
    assert!(!list.to_string().contains(key));

    operator
        .run(&["key", "create", "--role", "station", "--station", "6233", "--id", "night"])
        .await
        .ended(1)
        .told(&["there is a key night already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_what_its_role_and_stations_say_until_it_ends() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let auditor = operator.run(&["key", "create", "--role", "auditor", "--all-stations", "--json"]).await;
    let auditor = auditor.ended(0).json();
    assert_eq!((&auditor["role"], &auditor["expires_at"]), (&json!("auditor"), &json!(null)));
    world.station().deliver("a", "1", "500.00").await;
    let reader = world.station().with_key(auditor["key"].as_str().unwrap());
    assert_eq!(reader.get("/sales/a").await.status, 200);
    assert_eq!(reader.post("/sales/a/void", json!({})).await.status, 403);

    let stations = ["--station", "6232", "--station", "6233", "--days", "30", "--json"];
    let manager = [["key", "create", "--role", "manager"].as_slice(), stations.as_slice()].concat();
    let manager = operator.run(&manager).await.ended(0).json();
    let days = |field: &str| manager[field].as_str().unwrap()[..10].parse::<jiff::civil::Date>().unwrap();
    assert_eq!((days("expires_at") - days("created_at")).get_days(), 30);
    operator.run(&["key", "list"]).await.ended(0).told(&["good until"]);
    let manager = world.station().with_key(manager["key"].as_str().unwrap());
    assert_eq!(manager.get("/sales/a").await.status, 200);

    for (arguments, code, told) in [
        (["--role", "station", "--station", "6299"].as_slice(), 1, "there is no station 6299"),
        (["--role", "station", "--station", "6232", "--station", "6233"].as_slice(), 1, "station"),
        (["--role", "station", "--all-stations"].as_slice(), 1, "station"),
        (["--role", "king", "--all-stations"].as_slice(), 2, "possible values: station, attendant"),
        (["--role", "auditor"].as_slice(), 2, "--station"),
        (["--role", "auditor", "--all-stations", "--days", "0"].as_slice(), 2, "--days"),
    ] {
        let arguments = [["key", "create"].as_slice(), arguments].concat();
        operator.run(&arguments).await.ended(code).told(&[told]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_opens_nothing() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let create = ["key", "create", "--role", "station", "--station", "6232", "--id", "lost"];
    let made = operator.run(&create).await.ended(0);
    operator.run(&["key", "revoke", "lost"]).await.ended(0).told(&["lost is revoked"]);
    let station = world.station().with_key(made.out.trim());
    // It was never used, so nobody remembers it.
    assert_eq!(station.get("/commands").await.status, 401);
    operator.run(&["key", "revoke", "lost"]).await.ended(0).told(&["lost was revoked on"]);
    operator.run(&["key", "list"]).await.ended(0).told(&["revoked"]);
    operator.run(&["key", "revoke", "never"]).await.ended(1).told(&["there is no key never"]);
}
