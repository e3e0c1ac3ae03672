//! Mercado Pago, AWS or the network fails while a chain is set up.

use serde_json::{Value, json};
use surtidor_tests::World;

use crate::operator::{Operator, station, station_of};

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_healed_within_the_run_and_nothing_is_doubled() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let mut stations = String::new();
    let troubles = [
        ("7001", json!({"route": "POST /pos", "do": "lose_answer", "times": 2})),
        ("7002", json!({"route": "POST /users/*/stores", "do": "lose_answer", "times": 1})),
        ("7003", json!({"route": "POST /pos", "do": "status", "status": 429, "retry_after": 1, "times": 1})),
        ("7004", json!({"route": "POST /users/*/stores", "do": "status", "status": 500, "times": 2})),
        ("7005", json!({"route": "POST /pos", "do": "status", "status": 503, "times": 2})),
        ("7006", json!({"route": "POST /pos", "do": "garbage", "times": 1})),
        ("7007", json!({"route": "GET /pos", "do": "status", "status": 429, "retry_after": 1, "times": 1})),
        ("7008", json!({"route": "GET /users/me", "do": "lose_answer", "times": 1})),
    ];
    for (id, trouble) in troubles {
        stations.push_str(&station(id, 2));
        let chain = operator.chain(&stations);
        world.faults(json!({"api": [trouble]}));
        operator.run(&["apply", &chain]).await.ended(0);
        world.faults(json!({}));
        operator.is_settled(&chain).await;
    }
    assert_eq!(operator.points().await.len(), 8 + 2 * 8);
    assert_eq!(operator.stores().await.len(), 2 + 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_is_told_and_healed_by_the_next_run() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain(&[station("7001", 2), station("7002", 2)].concat());
    world.stack.faults().fail("DynamoDB", "UpdateItem", "ValidationException", Some(1));
    let failed = operator.run(&["apply", &chain, "--parallel", "1"]).await.ended(1);
    failed.told(&["stations.7001: pump side 1 in the table", "the table cannot be written", "1 failed"]);
    assert!(operator.points().await.contains_key("EST7002S02"), "the other station is made all the same");
    operator.run(&["apply", &chain]).await.ended(0);
    operator.is_settled(&chain).await;
    assert_eq!(operator.points().await.len(), 8 + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_enabled_is_told_once_and_no_further_station_is_tried() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain(&[station("7001", 2), station("7002", 2), station("7003", 2)].concat());
    world.faults(json!({"enabled_hosts": ["pumps.example.com"]}));
    let refused = operator.run(&["apply", &chain, "--parallel", "1"]).await.ended(1);
    refused.told(&["stations.7001: POS EST7001S01", "is not enabled", "docs/setup.md", "1 failed"]);
    assert_eq!(refused.all().matches("not enabled").count(), 1);
    let stores = operator.stores().await;
    assert!(!stores.contains_key("EST7002") && !stores.contains_key("EST7003"));
    world.faults(json!({}));
    operator.run(&["apply", &chain]).await.ended(0);
    operator.is_settled(&chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_becomes_advice_and_the_other_stations_are_made() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let odd = station("7001", 1).replace("latitude = -34.5", "latitude = 1e-7");
    let chain = operator.chain(&[odd, station("7002", 1)].concat());
    let refused = operator.run(&["apply", &chain]).await.ended(1);
    refused.told(&["stations.7001: store EST7001", "INVALID_LATITUDE: address.latitude is refused"]);
    assert!(operator.points().await.contains_key("EST7002S01"));
    let told = operator.run(&["apply", &chain, "--json"]).await.ended(1).json();
    assert_eq!(told["applied"]["failures"][0]["place"], "stations.7001");
    assert!(told["applied"]["failures"][0]["advice"].as_str().unwrap().starts_with("INVALID_LATITUDE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_mercado_pago_does_not_take_becomes_advice() {
    for (url, advice) in [
        ("surtidor", "INVALID_URL: the lookup URL is refused"),
        (&format!("https://pumps.example.com/{}", "a".repeat(300)), "URL_TOO_LONG: the lookup URL has 300"),
    ] {
        let world = World::start().await;
        let operator = Operator::of(&world);
        operator.change_stack(|stack| stack["api_url"] = url.into());
        let chain = operator.chain(&station("7001", 1));
        let refused = operator.run(&["apply", &chain, "--station", "7001"]).await.ended(1);
        refused.told(&["stations.7001: POS EST7001S01", advice]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mercado_pago_that_is_not_there_is_told() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain(&station("7001", 1));
    let before = operator.writes();
    world.faults(json!({"api": [{"route": "GET /users/me", "do": "status", "status": 418}]}));
    operator.run(&["apply", &chain]).await.ended(2).told(&["accounts.demo:", "418", "nothing was done"]);
    world.faults(json!({"api": [
        {"route": "GET /users/me", "do": "status", "status": 503, "retry_after": 3600}
    ]}));
    let silent = operator.run(&["apply", &chain]).await.ended(1);
    silent.told(&["accounts.demo:", "run it again in some minutes", "nothing was done"]);
    assert_eq!(operator.writes(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_not_there_yet_is_told_and_linked_once_it_is() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let terminal = "NEWLAND_N950__N950NCB87001";
    let lines = "positions = 1\nterminals = [{ serial = \"N950NCB87001\", till = \"shop\" }]";
    let chain = operator.chain(&station_of("demo", "7001", lines));
    operator.run(&["apply", &chain]).await.ended(0).told(&["N950NCB87001 is not known at Mercado Pago yet"]);
    let draft = json!({"account": world.demo.collector_id, "id": terminal, "pos": "EST7001CSHOP",
        "operating_mode": "STANDALONE"});
    let url = format!("{}/_control/terminals", world.mercado_pago.url());
    let headers = [("content-type", "application/json")];
    let added = world.request(reqwest::Method::POST, &url, &headers, draft.to_string()).await;
    assert!(added.status < 300, "{}", added.text);
    let linked = operator.run(&["apply", &chain]).await.ended(0);
    linked.told(&["+ terminal N950NCB87001", "till: shop", "operating mode: STANDALONE → PDV"]);
    operator.is_settled(&chain).await;
    let shown: Value = serde_json::to_value(world.mercado_pago.terminal(terminal).unwrap()).unwrap();
    assert_eq!(shown["operating_mode"], "PDV");
}
