//! The straight road: an amount to a terminal, a card, a sale that is paid.

use reqwest::Method;
use serde_json::json;
use simulated_mercado_pago::OperatingMode;

use super::{at_the_terminal, both, card};

#[tokio::test]
async fn a_pump_sale_is_paid_at_the_terminal() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let told = station.deliver("a", "1", "500.00").await;
        let made = station.charge(&terminal, json!({"sale_id": "a"})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let charge = made.json;
        let reference = told["external_reference"].as_str().unwrap();
        let expected = json!({"status": "created", "amount": "500.00", "currency": "ARS", "sale_id": "a", "position": "1",
            "terminal": terminal, "payment_id": null, "sale_status": "pending", "external_reference": format!("{reference}-c1")});
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&charge[key], value, "{charge}");
        }
        world.mercado_pago.receive(&terminal).unwrap();
        let shown = station.charge_when(&charge, "at_terminal").await;
        assert_eq!(shown["advice"], "At the terminal: ask for the card");
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        let paid = station.charge_when(&charge, "processed").await;
        let sale = station.sale_when("a", "paid").await;
        assert_eq!(sale["attempts"][0]["channel"], "point");
        let paid_again = station.charged(&charge).await;
        assert_eq!(paid_again["payment_id"], sale["attempts"][0]["payment_id"], "{paid}");
        assert_eq!(sale["charges"][0]["charge_id"], charge["charge_id"]);
        let commands = station.commands_when(1).await;
        assert_eq!((&commands[0]["kind"], &commands[0]["sale_id"]), (&json!("paid"), &json!("a")));
    }
}

#[tokio::test]
async fn an_amount_that_no_pump_told_is_a_sale_of_the_till() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let body = json!({"sale_id": "ticket-1", "amount": "12.50", "description": "Café"});
        let charge = station.charge(&terminal, body).await;
        assert_eq!((charge.status, &charge.json["position"]), (201, &json!("shop")), "{}", charge.text);
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        station.charge_when(&charge.json, "processed").await;
        let sale = station.sale_when("ticket-1", "paid").await;
        assert_eq!((&sale["amount"], &sale["description"]), (&json!("12.50"), &json!("Café")));
        let commands = station.commands_when(1).await;
        assert_eq!(commands[0]["position"], "shop");
        assert_eq!(station.look_up("1").await.json["error"]["type"], "unavailable", "no QR shows it");
        let url = format!("{}/pay-mp?apies=6232&pos=shop&key=", world.demo.api_url);
        assert_eq!(world.request(Method::GET, &url, &[], "").await.json["error"]["type"], "invalid");
    }
}

#[tokio::test]
async fn without_a_name_of_its_own_the_key_names_an_amount() {
    let [world, _] = both().await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    let body = json!({"amount": "12.50"});
    station.charge(&terminal, body.clone()).await.is_problem(422, Some("sale_id"));
    let first = station.charge_with_key(&terminal, "k-1", body.clone()).await;
    let again = station.charge_with_key(&terminal, "k-1", body.clone()).await;
    assert_eq!((first.status, again.status), (201, 200), "{}", again.text);
    assert_eq!(first.json["charge_id"], again.json["charge_id"]);
    station
        .charge_with_key(&terminal, "k-1", json!({"amount": "12.51"}))
        .await
        .is_problem(422, Some("amount"));
    assert_eq!(world.mercado_pago.orders().len(), 1);
}

#[tokio::test]
async fn the_same_request_is_the_same_charge_until_nothing_came_of_it() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let first = at_the_terminal(&world, "a").await;
        let again = station.charge(&terminal, json!({"sale_id": "a"})).await;
        assert_eq!((again.status, &again.json["charge_id"]), (200, &first["charge_id"]));
        world.mercado_pago.read_card(&terminal, &card("rejected_funds")).unwrap();
        station.charge_when(&first, "failed").await;
        let second = station.charge(&terminal, json!({"sale_id": "a"})).await;
        assert_eq!(second.status, 201, "{}", second.text);
        assert_ne!(second.json["charge_id"], first["charge_id"]);
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        station.sale_when("a", "paid").await;
        let late = station.charge(&terminal, json!({"sale_id": "a"})).await;
        assert_eq!((late.status, &late.json["charge_id"]), (200, &second.json["charge_id"]));
        assert_eq!(world.mercado_pago.payments().len(), 2, "one rejected, one approved");
    }
}

#[tokio::test]
async fn a_key_is_one_charge_whatever_came_of_it() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        let first = station.charge_with_key(&terminal, "k-1", json!({"sale_id": "a"})).await;
        assert_eq!(first.status, 201, "{}", first.text);
        world.mercado_pago.read_card(&terminal, &card("rejected_funds")).unwrap();
        station.charge_when(&first.json, "failed").await;
        let again = station.charge_with_key(&terminal, "k-1", json!({"sale_id": "a"})).await;
        assert_eq!((again.status, &again.json["charge_id"]), (200, &first.json["charge_id"]));
        let second = station.charge_with_key(&terminal, "k-2", json!({"sale_id": "a"})).await;
        assert_eq!(second.status, 201, "{}", second.text);
    }
}

#[tokio::test]
async fn ten_tills_that_ask_at_once_make_one_charge() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        let asked = (0..10).map(|_| station.charge(&terminal, json!({"sale_id": "a"})));
        let answers = futures_util::future::join_all(asked).await;
        assert!(answers.iter().all(|answer| matches!(answer.status, 200..=202)), "{answers:?}");
        let first = &answers[0].json["charge_id"];
        assert!(answers.iter().all(|answer| &answer.json["charge_id"] == first));
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        station.sale_when("a", "paid").await;
        assert_eq!(world.mercado_pago.payments().len(), 1);
    }
}

#[tokio::test]
async fn what_cannot_be_charged_says_why() {
    let [world, _] = both().await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    station.charge(&terminal, json!({"sale_id": "unknown"})).await.is_problem(404, Some("sale_id"));
    station
        .charge("N950", json!({"sale_id": "a", "amount": "10.00"}))
        .await
        .is_problem(404, Some("terminal"));
    station.deliver("a", "1", "500.00").await;
    station
        .charge(&terminal, json!({"sale_id": "a", "amount": "499.99"}))
        .await
        .is_problem(422, Some("amount"));
    station
        .charge(&terminal, json!({"sale_id": "a", "currency": "BRL"}))
        .await
        .is_problem(422, Some("currency"));
    station.charge(&terminal, json!({"sale_id": "a", "tip": "1.00"})).await.is_problem(422, Some("tip"));
    station
        .charge_with_key(&terminal, "a b", json!({"sale_id": "a"}))
        .await
        .is_problem(422, Some("Idempotency-Key"));
    station.post("/sales/a/settle", json!({"tender": "cash"})).await;
    station.charge(&terminal, json!({"sale_id": "a"})).await.is_problem(409, None);
    station.get("/charges/nonsense").await.is_problem(404, Some("charge"));
    station.get(&format!("/charges/{}-c9", "46232110mws22xvuev3pzxu")).await.is_problem(404, None);
    assert_eq!(world.mercado_pago.orders().len(), 0);
}

#[tokio::test]
async fn a_charge_is_its_stations_only() {
    let [world, _] = both().await;
    let charge = at_the_terminal(&world, "a").await;
    let other = world.station_v2();
    let id = charge["charge_id"].as_str().unwrap();
    other.get(&format!("/charges/{id}")).await.is_problem(404, None);
    other.post(&format!("/charges/{id}/cancel"), json!({})).await.is_problem(404, None);
    other
        .charge(&world.demo.terminal, json!({"sale_id": "b", "amount": "10.00"}))
        .await
        .is_problem(403, Some("terminal"));
}

#[tokio::test]
async fn a_terminal_that_is_driven_by_hand_is_refused_with_words_that_help() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        world.mercado_pago.set_terminal_mode(&terminal, OperatingMode::Standalone).unwrap();
        station.deliver("a", "1", "500.00").await;
        let refused = station.charge(&terminal, json!({"sale_id": "a"})).await;
        refused.is_problem(409, Some("terminal"));
        assert!(refused.json["detail"].as_str().unwrap().contains("PDV"), "{}", refused.text);
        assert_eq!(station.sale("a").await["charges"], json!([]), "nothing is written down");
        let set = station
            .call(Method::PUT, &format!("/terminals/{terminal}/mode"), &json!({"operating_mode": "PDV"}))
            .await;
        assert_eq!((set.status, &set.json["operating_mode"]), (200, &json!("PDV")), "{}", set.text);
        assert_eq!(station.charge(&terminal, json!({"sale_id": "a"})).await.status, 201);
    }
}

#[tokio::test]
async fn a_charge_is_refunded_in_part_and_whole_like_any_other_payment() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        station.sale_when("a", "paid").await;
        let part = station.refund("a", "1", json!({"amount": "100.00", "reason": "spilled"})).await;
        assert_eq!((part.status, &part.json["amount"]), (201, &json!("100.00")), "{}", part.text);
        station.sale_when("a", "partially_refunded").await;
        let second = station.refund("a", "2", json!({"amount": "100.00", "reason": "again"})).await;
        assert_eq!(second.status, 201, "{}", second.text);
        assert_ne!(second.json["refund_id"], part.json["refund_id"]);
        let rest = station.refund("a", "3", json!({"reason": "the rest"})).await;
        assert_eq!((rest.status, &rest.json["amount"]), (201, &json!("300.00")), "{}", rest.text);
        let sale = station.sale_when("a", "refunded").await;
        assert_eq!(sale["refunds"].as_array().unwrap().len(), 3, "{sale}");
        assert_eq!(station.charged(&charge).await["status"], "refunded");
        world.mercado_pago.idle().await;
        world.stack.drained("HintQueue").await;
        assert_eq!(station.sale("a").await["refunds"].as_array().unwrap().len(), 3, "no news makes a fourth");
        assert_eq!(station.commands_when(4).await.len(), 4);
    }
}

#[tokio::test]
async fn a_whole_refund_of_a_charge() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&terminal, &card("debit")).unwrap();
        station.sale_when("a", "paid").await;
        let whole = station.refund("a", "1", json!({"reason": "wrong fuel"})).await;
        assert_eq!((whole.status, &whole.json["amount"]), (201, &json!("500.00")), "{}", whole.text);
        let sale = station.sale_when("a", "refunded").await;
        assert_eq!(sale["refunds"].as_array().unwrap().len(), 1, "{sale}");
    }
}

#[tokio::test]
async fn a_tip_is_paid_on_top_and_the_sale_is_paid() {
    let [world, _] = both().await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    let charge = at_the_terminal(&world, "a").await;
    let with_tip = simulated_mercado_pago::CardRead { tip: Some("50.00".to_owned()), ..card("visa") };
    world.mercado_pago.read_card(&terminal, &with_tip).unwrap();
    let paid = station.charge_when(&charge, "processed").await;
    assert_eq!((&paid["amount"], &paid["tip_amount"]), (&json!("500.00"), &json!("50.00")));
    station.sale_when("a", "paid").await;
}

#[tokio::test]
async fn a_payment_with_a_tip_that_is_heard_of_before_its_order_needs_no_review() {
    let [world, _] = both().await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    at_the_terminal(&world, "a").await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let with_tip = simulated_mercado_pago::CardRead { tip: Some("50.00".to_owned()), ..card("visa") };
    world.mercado_pago.read_card(&terminal, &with_tip).unwrap();
    let payment = world.mercado_pago.payments()[0].get("id").to_string();
    assert_eq!(world.notify(&format!("topic=payment&id={payment}"), &[], "").await.status, 200);
    let sale = station.sale_when("a", "paid").await;
    let timeline = sale["timeline"].to_string();
    assert!(!timeline.contains("review"), "{timeline}");
}
