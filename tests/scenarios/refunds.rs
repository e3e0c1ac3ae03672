//! Money back: whole, in parts, repeated, too much, refused, with a lost answer.

use serde_json::{Value, json};
use surtidor_tests::{Station, World};

async fn paid(world: &World, sale: &str, amount: &str) -> String {
    let station = world.station();
    station.deliver(sale, "1", amount).await;
    let payment = world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when(sale, "paid").await;
    payment
}

async fn kinds(station: Station<'_>, count: usize) -> Vec<String> {
    let commands = station.commands_when(count).await;
    commands
        .iter()
        .map(|command| {
            format!("{} {}", command["kind"].as_str().unwrap(), command["amount"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn a_full_refund() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    let answer = station.refund("a", "k1", json!({"reason": "wrong fuel"})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let expected = json!({"status": "approved", "amount": "500.00", "currency": "ARS", "reason": "wrong fuel", "payment_id": payment});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&answer.json[key], value, "{}", answer.text);
    }
    let sale = station.sale_when("a", "refunded").await;
    assert_eq!(sale["refunds"][0], answer.json);
    assert_eq!(station.get("/sales/a/refunds").await.json, json!({"items": [answer.json], "next": null}));
    let mut kinds = kinds(station, 2).await;
    kinds.sort();
    assert_eq!(kinds, ["paid 500.00", "refunded 500.00"]);
    let again = station.refund("a", "k2", json!({"reason": "again"})).await;
    again.is_problem(422, Some("amount"));
}

#[tokio::test]
async fn partial_refunds_until_nothing_is_left() {
    let world = World::start().await;
    let station = world.station();
    paid(&world, "a", "500.00").await;
    assert_eq!(station.refund("a", "1", json!({"amount": "10.50", "reason": "spilled"})).await.status, 201);
    station.sale_when("a", "partially_refunded").await;
    station
        .refund("a", "2", json!({"amount": "489.51", "reason": "one cent too much"}))
        .await
        .is_problem(422, Some("amount"));
    assert_eq!(station.refund("a", "3", json!({"amount": "0.01", "reason": "a cent"})).await.status, 201);
    let rest = station.refund("a", "4", json!({"reason": "the rest"})).await;
    assert_eq!((rest.status, &rest.json["amount"]), (201, &json!("489.49")));
    station.sale_when("a", "refunded").await;
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_another_body_is_a_conflict() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    let body = json!({"amount": "100.00", "reason": "spilled"});
    let first = station.refund("a", "k", body.clone()).await;
    let second = station.refund("a", "k", body).await;
    assert_eq!((first.status, second.status, &first.json), (201, 201, &second.json));
    station
        .refund("a", "k", json!({"amount": "100.01", "reason": "spilled"}))
        .await
        .is_problem(409, Some("Idempotency-Key"));
    station
        .refund("a", "k", json!({"amount": "100.00", "reason": "other"}))
        .await
        .is_problem(409, Some("Idempotency-Key"));
    assert_eq!(refunds_at_mercado_pago(&world, &payment).await, 1);
}

#[tokio::test]
async fn of_many_refunds_at_once_no_more_than_was_paid_goes_back() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    let keys: Vec<_> = (0..6).map(|number| number.to_string()).collect();
    let body = || json!({"amount": "200.00", "reason": "r"});
    let answers =
        futures_util::future::join_all(keys.iter().map(|key| station.refund("a", key, body()))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 422, 422, 422, 422]);
    assert_eq!(refunds_at_mercado_pago(&world, &payment).await, 2);
}

#[tokio::test]
async fn bad_requests_are_told_apart() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("open", "2", "500.00").await;
    station.refund("open", "k", json!({"reason": "r"})).await.is_problem(409, None);
    station.refund("nothing", "k", json!({"reason": "r"})).await.is_problem(404, None);
    paid(&world, "a", "500.00").await;
    for (body, field) in [
        (json!({}), "reason"),
        (json!({"reason": ""}), "reason"),
        (json!({"reason": "r", "amount": 5}), "amount"),
        (json!({"reason": "r", "amount": "5"}), "amount"),
        (json!({"reason": "r", "amount": "0.00"}), "amount"),
        (json!({"reason": "r", "amount": "-1.00"}), "amount"),
        (json!({"reason": "r", "amount": "500.01"}), "amount"),
        (json!({"reason": "r", "colour": "red"}), "colour"),
    ] {
        station.refund("a", "k", body).await.is_problem(422, Some(field));
    }
    station.refund("a", "", json!({"reason": "r"})).await.is_problem(422, Some("Idempotency-Key"));
    assert_eq!(station.sale("a").await["refunds"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn a_lost_answer_is_found_out_and_nothing_goes_back_twice() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /v1/payments/*/refunds", "do": "lose_answer", "times": 2}]}));
    let answer = station.refund("a", "k", json!({"amount": "100.00", "reason": "r"})).await;
    assert!(matches!(answer.status, 201 | 202), "{}", answer.text);
    let repeated = station.refund("a", "k", json!({"amount": "100.00", "reason": "r"})).await;
    assert_eq!((repeated.status, &repeated.json["status"]), (201, &json!("approved")), "{}", repeated.text);
    station.sale_when("a", "partially_refunded").await;
    assert_eq!(refunds_at_mercado_pago(&world, &payment).await, 1);
}

#[tokio::test]
async fn a_refund_whose_outcome_is_not_known_is_finished_without_the_caller() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    world.faults(
        json!({"api": [{"route": "POST /v1/payments/*/refunds", "do": "status", "status": 503, "times": 2}]}),
    );
    let answer = station.refund("a", "k", json!({"amount": "100.00", "reason": "r"})).await;
    assert_eq!((answer.status, &answer.json["status"]), (202, &json!("pending")), "{}", answer.text);
    world.stack.redeliver_now("HintQueue");
    station.sale_when("a", "partially_refunded").await;
    assert_eq!(refunds_at_mercado_pago(&world, &payment).await, 1);
}

#[tokio::test]
async fn a_refund_that_mercado_pago_refuses_becomes_advice() {
    let world = World::start().await;
    let station = world.station();
    paid(&world, "a", "500.00").await;
    world.faults(json!({"refunds": {"insufficient_balance": true}}));
    let bearer = format!("Bearer {}", station.key);
    let headers =
        [("authorization", bearer.as_str()), ("idempotency-key", "k"), ("accept-language", "es-AR")];
    let answer = station.raw(reqwest::Method::POST, "/sales/a/refunds", &headers, r#"{"reason":"r"}"#).await;
    answer.is_problem(422, None);
    assert!(answer.json["detail"].as_str().unwrap().contains("saldo"), "{}", answer.text);
    assert_eq!(station.sale("a").await["refunds"][0]["status"], "rejected");
    world.faults(json!({}));
    assert_eq!(
        station.refund("a", "k2", json!({"reason": "r"})).await.status,
        201,
        "a new key is a new refund"
    );
}

#[tokio::test]
async fn a_refund_that_takes_its_time_is_202_and_then_approved() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    world.faults(json!({"refunds": {"outcome": "in_process"}}));
    let answer = station.refund("a", "k", json!({"amount": "100.00", "reason": "r"})).await;
    assert_eq!((answer.status, &answer.json["status"]), (202, &json!("pending")), "{}", answer.text);
    let listed = list_at_mercado_pago(&world, &payment).await;
    let refund = listed[0]["id"].as_u64().unwrap();
    world.mercado_pago.complete_refund(refund, simulated_mercado_pago::RefundStatus::Approved).unwrap();
    station.sale_when("a", "partially_refunded").await;
    assert_eq!(station.sale("a").await["refunds"][0]["status"], "approved");
}

#[tokio::test]
async fn a_refund_made_by_hand_in_the_panel_is_seen() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    refund_by_hand(&world, &payment, "50.25").await;
    let sale = station.sale_when("a", "partially_refunded").await;
    surtidor_tests::eventually("the refund itself is known", || async {
        let sale = station.sale("a").await;
        (sale["refunds"][0]["amount"] == "50.25").then_some(())
    })
    .await;
    assert_eq!(sale["attempts"][0]["status_detail"], "partially_refunded");
}

/// All is asked for, and Mercado Pago knows of a part that went back already while we do not yet.
#[tokio::test]
async fn a_refund_of_all_after_an_untold_one_in_the_panel_is_booked_with_what_went_back() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    world.mercado_pago.idle().await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    world.mercado_pago.refund_in_panel(payment.parse().unwrap(), 5_025).unwrap();
    let body = || json!({"reason": "wrong fuel"});
    for _ in 0..2 {
        let answer = station.refund("a", "k", body()).await;
        assert_eq!((answer.status, &answer.json["amount"]), (201, &json!("449.75")), "{}", answer.text);
    }
    assert_eq!(world.notify(&format!("topic=payment&id={payment}"), &[], "").await.status, 200);
    let mut kinds = kinds(station, 3).await;
    kinds.sort();
    assert_eq!(kinds, ["paid 500.00", "refunded 449.75", "refunded 50.25"]);
    station.sale_when("a", "refunded").await;
}

/// Somebody gives money back in Mercado Pago's panel.
async fn refund_by_hand(world: &World, payment: &str, amount: &str) {
    let url = format!("{}/v1/payments/{payment}/refunds", world.demo.mercado_pago_url);
    let token = format!("Bearer {}", world.demo.access_token);
    let headers = [
        ("authorization", token.as_str()),
        ("x-idempotency-key", "by-hand"),
        ("content-type", "application/json"),
    ];
    let made = world.request(reqwest::Method::POST, &url, &headers, format!("{{\"amount\":{amount}}}")).await;
    assert_eq!(made.status, 201, "{}", made.text);
}

async fn list_at_mercado_pago(world: &World, payment: &str) -> Vec<Value> {
    let url = format!("{}/v1/payments/{payment}/refunds", world.demo.mercado_pago_url);
    let token = format!("Bearer {}", world.demo.access_token);
    let listed = world.request(reqwest::Method::GET, &url, &[("authorization", token.as_str())], "").await;
    listed.json.as_array().cloned().unwrap_or_default()
}

async fn refunds_at_mercado_pago(world: &World, payment: &str) -> usize {
    list_at_mercado_pago(world, payment).await.len()
}

/// A refund of which only the sum is known, as merchant orders tell it, is found one by one.
#[tokio::test]
async fn a_refund_that_news_tell_as_a_sum_is_listed_and_told_to_the_station() {
    let world = World::start().await;
    let station = world.station();
    station.deliver("a", "1", "500.00").await;
    let scan = world.scan_to_checkout(station.pos("1")).await;
    let paid = world.mercado_pago.pay(scan, "visa").unwrap();
    station.sale_when("a", "paid").await;
    world.mercado_pago.idle().await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let (payment, order) = (paid.payment.unwrap().to_string(), paid.merchant_order.unwrap());
    refund_by_hand(&world, &payment, "50.25").await;
    assert_eq!(world.notify(&format!("topic=merchant_order&id={order}"), &[], "").await.status, 200);
    let sale = station.sale_when("a", "partially_refunded").await;
    let kinds = kinds(station, 2).await;
    assert!(kinds.contains(&"refunded 50.25".to_owned()), "{kinds:?}");
    assert_eq!(sale["status"], "partially_refunded");
}

/// Two equal refunds at once, one of which Mercado Pago did not make: its repeat must not be answered with the other's.
#[tokio::test]
async fn a_repeated_refund_does_not_take_another_ones_answer_for_its_own() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    let body = || json!({"amount": "100.00", "reason": "r"});
    // Neither answer is known: the first was made and its answer lost, the second was never made.
    world.faults(json!({"api": [{"route": "POST /v1/payments/*/refunds", "do": "lose_answer", "times": 2}]}));
    assert_eq!(station.refund("a", "k1", body()).await.status, 202);
    world.faults(
        json!({"api": [{"route": "POST /v1/payments/*/refunds", "do": "status", "status": 500, "times": 2}]}),
    );
    assert_eq!(station.refund("a", "k2", body()).await.status, 202);
    world.faults(json!({}));
    for key in ["k2", "k1"] {
        assert_eq!(station.refund("a", key, body()).await.status, 201);
    }
    assert_eq!(refunds_at_mercado_pago(&world, &payment).await, 2);
    let sale = station.sale("a").await;
    assert_eq!(sale["refunds"].as_array().unwrap().len(), 2, "{sale}");
}

/// Many equal refunds while news of the payment pour in: as many in the books as at Mercado Pago.
#[tokio::test]
async fn equal_refunds_in_a_storm_of_news_are_booked_once_each() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /v1/payments/*/refunds", "do": "slow", "ms": 150}], "notifications": {"extra_copies": 4}}));
    let keys: Vec<_> = (0..5).map(|number| number.to_string()).collect();
    let body = || json!({"amount": "50.00", "reason": "r"});
    let answers =
        futures_util::future::join_all(keys.iter().map(|key| station.refund("a", key, body()))).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    world.mercado_pago.idle().await;
    surtidor_tests::eventually("the news are worked off", || async {
        (world.stack.queue("HintQueue").visible == 0).then_some(())
    })
    .await;
    world.notify(&format!("topic=payment&id={payment}"), &[], "").await;
    let commands = station.commands_when(6).await;
    assert_eq!(commands.iter().filter(|command| command["kind"] == "refunded").count(), 5);
    assert_eq!(station.sale("a").await["refunds"].as_array().unwrap().len(), 5);
    assert_eq!(refunds_at_mercado_pago(&world, &payment).await, 5);
}

/// The function dies between the intent and Mercado Pago's answer; nobody repeats.
#[tokio::test]
async fn a_refund_whose_function_was_killed_is_finished() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    world.faults(json!({"api": [{"route": "POST /v1/payments/*/refunds", "do": "hang", "times": 1}]}));
    let asked = station.refund("a", "k", json!({"amount": "100.00", "reason": "r"}));
    let killed = async {
        surtidor_tests::eventually("the intent is stored", || async {
            (station.sale("a").await["refunds"][0]["status"] == "pending").then_some(())
        })
        .await;
        surtidor_tests::eventually("the way back is on the queue", || async {
            (world.stack.queue("HintQueue").delayed == 1).then_some(())
        })
        .await;
        world.stack.kill("refunds");
    };
    let (answer, ()) = tokio::join!(asked, killed);
    assert_eq!(answer.status, 500);
    world.stack.redeliver_now("HintQueue");
    station.sale_when("a", "partially_refunded").await;
    assert_eq!(refunds_at_mercado_pago(&world, &payment).await, 1);
}

/// The office wants the second payment back, not the one that paid the sale.
#[tokio::test]
async fn a_refund_may_name_its_payment() {
    let world = World::start().await;
    let station = world.station();
    let payment = paid(&world, "a", "500.00").await;
    let body = |payment: &str| json!({"amount": "10.00", "reason": "r", "payment_id": payment});
    assert_eq!(station.refund("a", "k", body(&payment)).await.status, 201);
    station.refund("a", "k2", body("123")).await.is_problem(409, None);
    station.refund("a", "k3", body("not a payment")).await.is_problem(422, Some("payment_id"));
}
