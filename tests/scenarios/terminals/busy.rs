//! One terminal has one slot. Who finds it taken is told by whom.

use serde_json::json;
use surtidor::sale::PointApi;

use super::{at_the_terminal, both, card, world};

#[tokio::test]
async fn the_holder_is_named() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let charge = at_the_terminal(&world, "a").await;
        station.deliver("b", "2", "100.00").await;
        let refused = station.charge(&terminal, json!({"sale_id": "b"})).await;
        refused.is_problem(409, Some("terminal"));
        let detail = refused.json["detail"].as_str().unwrap();
        for word in [charge["charge_id"].as_str().unwrap(), "500.00", "a (1)"] {
            assert!(detail.contains(word), "{detail}");
        }
        assert_eq!(station.sale("b").await["charges"], json!([]), "nothing is written down");
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        let made = station.charge(&terminal, json!({"sale_id": "b"})).await;
        assert_eq!(made.status, 201, "free at once, whether or not its news came: {}", made.text);
    }
}

#[tokio::test]
async fn a_sale_is_at_one_terminal_at_a_time() {
    let world = world(PointApi::Orders).await;
    let draft = simulated_mercado_pago::TerminalDraft {
        account: world.demo.collector_id,
        id: "PAX_A910__SMARTPOS77".to_owned(),
        pos: Some("EST6232S04".to_owned()),
        operating_mode: simulated_mercado_pago::OperatingMode::Pdv,
    };
    world.mercado_pago.add_terminal(draft).unwrap();
    let station = world.station();
    let charge = at_the_terminal(&world, "a").await;
    let refused = station.charge("SMARTPOS77", json!({"sale_id": "a"})).await;
    refused.is_problem(409, Some("terminal"));
    assert!(refused.json["detail"].as_str().unwrap().contains(&world.demo.terminal), "{}", refused.text);
    world.mercado_pago.cancel_at_terminal(&world.demo.terminal).unwrap();
    station.charge_when(&charge, "canceled").await;
    assert_eq!(station.charge("SMARTPOS77", json!({"sale_id": "a"})).await.status, 201);
}

#[tokio::test]
async fn two_tills_at_once_and_one_gets_the_terminal() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        for sale in ["a", "b", "c", "d"] {
            station.deliver(sale, "1", "500.00").await;
        }
        let ask = |sale: &'static str| station.charge(&terminal, json!({"sale_id": sale}));
        let answers = futures_util::future::join_all(["a", "b", "c", "d"].map(ask)).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.is_problem(409, Some("terminal"));
        }
        let open = world.mercado_pago.terminal(&terminal).unwrap();
        assert!(open.charge.is_some());
    }
}

#[tokio::test]
async fn what_another_system_left_at_the_terminal_is_said_and_nothing_is_charged() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        world.mercado_pago.print_stuck(&terminal).unwrap();
        station.deliver("a", "1", "500.00").await;
        let refused = station.charge(&terminal, json!({"sale_id": "a"})).await;
        refused.is_problem(409, Some("terminal"));
        assert!(refused.json["detail"].as_str().unwrap().contains("already_queued"), "{}", refused.text);
        let sale = station.sale("a").await;
        assert_eq!((&sale["status"], &sale["charges"][0]["status"]), (&json!("pending"), &json!("failed")));
        world.mercado_pago.free(&terminal).unwrap();
        assert_eq!(station.charge(&terminal, json!({"sale_id": "a"})).await.status, 201);
    }
}

#[tokio::test]
async fn a_terminal_that_is_stuck_keeps_its_charge_and_says_so() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        at_the_terminal(&world, "a").await;
        world.mercado_pago.get_stuck(&terminal).unwrap();
        station.deliver("b", "2", "100.00").await;
        station.charge(&terminal, json!({"sale_id": "b"})).await.is_problem(409, Some("terminal"));
        world.mercado_pago.free(&terminal).unwrap();
        world.mercado_pago.cancel_at_terminal(&terminal).unwrap();
        assert_eq!(station.charge(&terminal, json!({"sale_id": "b"})).await.status, 201);
    }
}
