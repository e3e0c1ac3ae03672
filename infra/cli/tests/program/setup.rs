//! From a file to pumps that take money.

use serde_json::json;
use simulated_mercado_pago::Screen;
use surtidor_tests::{World, eventually};

use crate::operator::{DEMO, Operator, station};

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_is_as_its_file_describes_it_is_left_alone() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain("");
    let before = operator.writes();
    operator.run(&["plan", &chain]).await.ended(0).told(&["Nothing to change"]);
    operator.is_settled(&chain).await;
    operator.run(&["apply", &chain]).await.ended(0).told(&["Nothing to change"]);
    let plan = operator.run(&["plan", &chain, "--json"]).await.ended(0).json();
    assert_eq!(plan["count"], json!({"add": 0, "change": 0, "remove": 0}));
    assert_eq!(operator.writes(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_station_is_planned_then_made_and_takes_money() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain(&station("7001", 2));
    let before = operator.writes();
    let planned = operator.run(&["plan", &chain, "--detailed-exitcode"]).await.ended(3);
    planned.told(&["station 7001 Ruta 7001", "+ store EST7001", "POS EST7001S02 of pump side 2", "7 to add"]);
    operator.run(&["plan", &chain]).await.ended(0);
    assert_eq!(operator.writes(), before, "a plan writes nothing");

    operator.run(&["apply", &chain]).await.ended(0).told(&["7 steps done."]);
    assert_eq!(operator.writes() - before, 7, "each step is one write");
    operator.is_settled(&chain).await;

    let key = operator.key("7001").await;
    let mut new = world.station().with_key(&key);
    new.id = "7001";
    new.deliver("a", "2", "500.00").await;
    world.scan_and_pay("EST7001S02", "visa").await;
    new.sale_when("a", "paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_station_that_is_named_is_worked_on() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let chain = operator.chain(&[station("7001", 1), station("7002", 1)].concat());
    operator.run(&["apply", &chain, "--station", "7002"]).await.ended(0);
    assert!(operator.points().await.contains_key("EST7002S01"));
    assert!(!operator.stores().await.contains_key("EST7001"));
    operator.run(&["apply", &chain, "--station", "7003"]).await.ended(2).told(&["has no such station"]);
    operator.run(&["apply", &chain]).await.ended(0);
    operator.is_settled(&chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_in_the_file_changes_and_the_qrs_stay() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let before = operator.points().await;
    let changed = DEMO
        .replace("\"Estación Demo\"", "\"Estación Sur\"")
        .replace("sponsor_id = 334249281", "sponsor_id = 334249282")
        .replace("\"1500\"", "\"1502\"")
        .replace("lookup = \"v2\"", "lookup = \"v1\"");
    let chain = operator.file("chain.toml", &changed);
    operator.run(&["plan", &chain]).await.ended(0).told(&[
        "name: Estación Demo → Estación Sur",
        "sponsor_id: 334249281 → 334249282",
        "generation: ",
        "0 to add",
        "0 to remove",
    ]);
    operator.run(&["apply", &chain]).await.ended(0);
    operator.is_settled(&chain).await;
    let after = operator.points().await;
    assert_eq!(before.len(), after.len());
    for (id, pos) in &after {
        assert_eq!(pos["qr_code"], before[id]["qr_code"], "{id}");
        assert_eq!(pos["url"], before[id]["url"], "{id}");
    }
    assert_eq!(operator.stores().await["EST6232"]["name"], "Estación Sur");
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    world.scan_and_pay("EST6232S01", "visa").await;
    station.sale_when("a", "paid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_was_killed_goes_on_where_it_stopped() {
    const STATIONS: usize = 12;
    const SIDES: usize = 4;
    let world = World::start().await;
    let operator = Operator::of(&world);
    let ids: Vec<_> = (0..STATIONS).map(|number| format!("{}", 7001 + number)).collect();
    let chain = operator.chain(&ids.iter().map(|id| station(id, SIDES)).collect::<String>());
    let before = operator.points().await.len();
    world.faults(json!({"api": [{"route": "POST /pos", "do": "slow", "ms": 60}]}));
    let mut program = operator.start(&["apply", &chain, "--parallel", "4"]);
    eventually("some points of sale are there", || async {
        (usize::try_from(world.mercado_pago.calls("POST /pos")).unwrap() >= before + STATIONS).then_some(())
    })
    .await;
    program.kill().unwrap();
    program.wait().unwrap();
    world.faults(json!({}));
    let some = operator.points().await.len() - before;
    assert!((1..STATIONS * SIDES).contains(&some), "it was killed in the middle: {some}");

    operator.run(&["apply", &chain]).await.ended(0);
    operator.is_settled(&chain).await;
    let points = operator.points().await;
    assert_eq!(points.len(), before + STATIONS * SIDES);
    assert_eq!(operator.stores().await.len(), 2 + STATIONS);
    for id in &ids {
        for side in 1..=SIDES {
            // Nobody has delivered there: the key of the URL is the table's if the pump is known at all.
            let scan = world.mercado_pago.scan(&format!("EST{id}S0{side}")).unwrap();
            let scan = world.mercado_pago.poll(scan.id).await.unwrap();
            assert_eq!(scan.screen, Screen::Waiting, "{:?}", scan.details);
        }
    }
}
