//! Terminals of an account: listed, found by the number on their back, linked, set to be driven; and what is wrong with a
//! set-up.

use reqwest::Method;
use serde_json::{Value, json};
use simulated_mercado_pago::{OperatingMode, TerminalDraft};
use surtidor_tests::{Answer, World};

use super::{at_the_terminal, both, card};

fn add(world: &World, id: &str, pos: Option<&str>) {
    let draft = TerminalDraft {
        account: world.demo.collector_id,
        id: id.to_owned(),
        pos: pos.map(str::to_owned),
        operating_mode: OperatingMode::Standalone,
    };
    world.mercado_pago.add_terminal(draft).unwrap();
}

fn ids(list: &Answer) -> Vec<&str> {
    list.json["items"].as_array().unwrap().iter().map(|one| one["terminal"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_account_with_more_terminals_than_a_page_lists_them_all_once() {
    for world in both().await {
        let station = world.station();
        for count in [50_usize, 51, 101] {
            let have = world.mercado_pago.terminals().len();
            for number in have..count {
                add(&world, &format!("PAX_A910__SMARTPOS{number:04}"), None);
            }
            let list = station.get("/terminals").await;
            assert_eq!(list.status, 200, "{}", list.text);
            let mut found = ids(&list);
            found.sort_unstable();
            found.dedup();
            // The other station's own is not this one's.
            assert_eq!(found.len(), count - 1);
        }
        let last = station.charge("SMARTPOS0100", json!({"sale_id": "a", "amount": "10.00"})).await;
        last.is_problem(409, Some("terminal"));
        assert!(last.json["detail"].as_str().unwrap().contains("STANDALONE"), "found on the last page");
    }
}

#[tokio::test]
async fn a_terminal_is_found_by_its_whole_serial_number_only() {
    for world in both().await {
        let station = world.station();
        let serial = world.demo.stations[0].terminals[0].serial_number.clone();
        for name in [serial.as_str(), &serial.to_lowercase(), &world.demo.terminal] {
            assert_eq!(
                station.get(&format!("/terminals/{name}/check")).await.json["checks"][1]["code"],
                "ok"
            );
        }
        for name in [&serial[..8], &serial[4..], "N950", "%20", "NEWLAND_N950"] {
            let check = station.get(&format!("/terminals/{name}/check")).await;
            assert_eq!(check.json["checks"][1]["code"], "serial_unknown", "{name}: {}", check.text);
            let charge = station.charge(name, json!({"sale_id": "a", "amount": "10.00"})).await;
            charge.is_problem(404, Some("terminal"));
        }
    }
}

#[tokio::test]
async fn a_terminal_is_linked_with_a_till_or_a_pump() {
    let [world, _] = both().await;
    add(&world, "PAX_A910__SMARTPOS77", Some("EST6232S04"));
    let station = world.station();
    let put = |body: Value| async move { station.call(Method::PUT, "/terminals/SMARTPOS77", &body).await };
    let linked = put(json!({"till": "Kiosco1"})).await;
    assert_eq!((linked.status, &linked.json["till"]), (200, &json!("kiosco1")), "{}", linked.text);
    let pump = put(json!({"position": "3"})).await;
    assert_eq!((&pump.json["position"], &pump.json["till"]), (&json!("3"), &Value::Null));
    put(json!({"position": "9"})).await.is_problem(422, Some("position"));
    put(json!({"till": "1"})).await.is_problem(422, Some("till"));
    put(json!({"till": "a b"})).await.is_problem(422, Some("till"));
    put(json!({})).await.is_problem(422, Some("till"));
    put(json!({"till": "a", "position": "1"})).await.is_problem(422, Some("till"));
    let list = station.get("/terminals").await;
    let shown =
        list.json["items"].as_array().unwrap().iter().find(|one| one["serial_number"] == "SMARTPOS77");
    let shown = shown.unwrap();
    let expected = json!({"linked": true, "position": "3", "operating_mode": "STANDALONE", "external_pos_id": "EST6232S04"});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&shown[key], value, "{shown}");
    }
    // Another station of the chain neither sees it nor takes it.
    let other = world.station_v2();
    assert!(!ids(&other.get("/terminals").await).contains(&"PAX_A910__SMARTPOS77"));
    let body = json!({"till": "x"});
    other.call(Method::PUT, "/terminals/SMARTPOS77", &body).await.is_problem(403, Some("terminal"));
    let mode = json!({"operating_mode": "PDV"});
    other.call(Method::PUT, "/terminals/SMARTPOS77/mode", &mode).await.is_problem(403, Some("terminal"));
}

#[tokio::test]
async fn the_first_charge_at_a_terminal_makes_it_the_stations() {
    let [world, _] = both().await;
    add(&world, "PAX_A910__SMARTPOS7700", Some("EST6232S04"));
    world.mercado_pago.set_terminal_mode("PAX_A910__SMARTPOS7700", OperatingMode::Pdv).unwrap();
    let charge = world.station().charge("SMARTPOS7700", json!({"sale_id": "a", "amount": "10.00"})).await;
    assert_eq!((charge.status, &charge.json["position"]), (201, &json!("tpos7700")), "{}", charge.text);
    let other = world.station_v2().charge("SMARTPOS7700", json!({"sale_id": "b", "amount": "10.00"})).await;
    other.is_problem(403, Some("terminal"));
}

#[tokio::test]
async fn a_mode_is_shown_and_set() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let path = format!("/terminals/{terminal}/mode");
        for mode in ["STANDALONE", "PDV"] {
            let set = station.call(Method::PUT, &path, &json!({"operating_mode": mode})).await;
            assert_eq!((set.status, &set.json["operating_mode"]), (200, &json!(mode)), "{}", set.text);
        }
        station
            .call(Method::PUT, &path, &json!({"operating_mode": "OFF"}))
            .await
            .is_problem(422, Some("operating_mode"));
        // Two terminals of one point of sale.
        add(&world, "PAX_A910__SMARTPOS77", Some(&world.demo.stations[0].terminals[0].external_pos_id));
        let second =
            station.call(Method::PUT, "/terminals/SMARTPOS77/mode", &json!({"operating_mode": "PDV"})).await;
        second.is_problem(422, None);
        add(&world, "PAX_A910__SMARTPOS78", None);
        let lonely =
            station.call(Method::PUT, "/terminals/SMARTPOS78/mode", &json!({"operating_mode": "PDV"})).await;
        lonely.is_problem(422, None);
    }
}

/// The check of the demo's terminal: whether all is well, and what was found of token, terminal and secret.
async fn found(world: &World) -> (Value, [String; 3]) {
    let check = world.station().get(&format!("/terminals/{}/check", world.demo.terminal)).await;
    assert_eq!(check.status, 200, "{}", check.text);
    let code = |at: usize| check.json["checks"][at]["code"].as_str().unwrap().to_owned();
    (check.json["ready"].clone(), [code(0), code(1), code(2)])
}

#[tokio::test]
async fn a_good_set_up_is_ready_and_its_first_charge_proves_the_secret() {
    for world in both().await {
        let (ready, codes) = found(&world).await;
        assert_eq!((ready, codes.join(" ").as_str()), (json!(true), "ok ok no_charge_yet"));
        at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
        world.station().sale_when("a", "paid").await;
        world.mercado_pago.idle().await;
        world.stack.drained("HintQueue").await;
        let (ready, codes) = found(&world).await;
        assert_eq!((ready, codes.join(" ").as_str()), (json!(true), "ok ok ok"));
    }
}

#[tokio::test]
async fn a_wrong_secret_is_found_out_by_a_charge_that_ends_without_valid_news() {
    for world in both().await {
        world.faults(json!({"webhooks": {"wrong_secret": true}}));
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
        world.station().charge_when(&charge, "processed").await;
        let (ready, codes) = found(&world).await;
        assert_eq!((ready, codes.join(" ").as_str()), (json!(false), "ok ok no_signed_notification"));
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_terminal_is_said() {
    for world in both().await {
        let terminal = world.demo.terminal.clone();
        world.mercado_pago.set_terminal_mode(&terminal, OperatingMode::Standalone).unwrap();
        assert_eq!(found(&world).await.1.join(" "), "ok standalone no_charge_yet");
        world.mercado_pago.set_terminal_mode(&terminal, OperatingMode::Undefined).unwrap();
        assert_eq!(found(&world).await.1.join(" "), "ok mode_undefined no_charge_yet");
        add(&world, "PAX_A910__SMARTPOS77", None);
        let check = world.station().get("/terminals/SMARTPOS77/check").await;
        assert_eq!(check.json["checks"][1]["code"], "terminal_not_linked", "{}", check.text);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_said_in_the_readers_language() {
    let world = World::start_with(|_| {}).await;
    let mut seller = world.demo.seller();
    seller.access_token = "APP_USR-1-another-178106235".to_owned();
    world.mercado_pago.put_account(seller.clone()).unwrap();
    let path = format!("/terminals/{}/check", world.demo.terminal);
    let bearer = format!("Bearer {}", world.station().key);
    for (language, word) in [("es-AR", "rechaza"), ("pt-BR", "recusa"), ("en", "rejects")] {
        let headers = [("authorization", bearer.as_str()), ("accept-language", language)];
        let check = world.station().raw(Method::GET, &path, &headers, "").await;
        assert_eq!(
            (&check.json["ready"], &check.json["checks"][0]["code"]),
            (&json!(false), &json!("token_rejected"))
        );
        assert!(check.json["checks"][0]["detail"].as_str().unwrap().contains(word), "{}", check.text);
    }
    let list = world.station().get("/terminals").await;
    list.is_problem(422, None);
    assert!(list.json["detail"].as_str().unwrap().contains("access token"), "{}", list.text);
}

#[tokio::test]
async fn a_token_of_another_account_or_country_is_found_out() {
    let other = World::start_with(|_| {}).await;
    let seller = simulated_mercado_pago::Account { collector_id: 7, ..other.demo.seller() };
    let moved = simulated_mercado_pago::Account {
        access_token: "APP_USR-1-moved-178106235".to_owned(),
        ..other.demo.seller()
    };
    other.mercado_pago.put_account(moved).unwrap();
    other.mercado_pago.put_account(seller).unwrap();
    assert_eq!(found(&other).await.1[0], "token_of_another_account");
    let moved = World::start_with(|demo| {
        demo.country = surtidor::country::Country::Uy;
        demo.currency = "UYU".to_owned();
    })
    .await;
    assert_eq!(found(&moved).await.1[0], "country_without_point");
    let site =
        simulated_mercado_pago::Account { site: simulated_mercado_pago::Site::Mlb, ..moved.demo.seller() };
    moved.mercado_pago.put_account(site).unwrap();
    assert_eq!(found(&moved).await.1[0], "wrong_country");
}
