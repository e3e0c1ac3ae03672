//! Money that the card takes back: the chargeback is known with its deadline, and followed to its end.

use serde_json::{Value, json};
use surtidor_tests::{Station, World, eventually};

/// A sale that is paid; its answer when it was told, and its payment.
async fn paid(station: Station<'_>, world: &World, sale: &str) -> (Value, u64) {
    let told = station.deliver(sale, "1", "500.00").await;
    let payment = world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when(sale, "paid").await;
    (told, payment.parse().unwrap())
}

/// The sale once its chargeback is known.
async fn with_chargeback(station: Station<'_>, sale: &str) -> Value {
    eventually("the chargeback is known", || async {
        let found = station.sale(sale).await;
        (!found["chargebacks"][0].is_null()).then_some(found)
    })
    .await
}

fn lines_of(world: &World, event: &str) -> Vec<String> {
    let of_event = format!("\"event\":\"{event}\"");
    let lines = world.stack.logs().into_iter().map(|line| line.line);
    lines.filter(|line| line.contains(&of_event)).collect()
}

/// The same once there are any: a function's lines are read a moment after its answer.
async fn lines_that_come(world: &World, event: &str) -> Vec<String> {
    eventually(event, || async { Some(lines_of(world, event)).filter(|lines| !lines.is_empty()) }).await
}

#[tokio::test]
async fn a_chargeback_is_shown_with_its_deadline_and_the_payment_is_withdrawn() {
    let world = World::start().await;
    let station = world.station();
    let (_, payment) = paid(station, &world, "a").await;
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let chargeback = world.mercado_pago.charge_back(payment, Some(20_000)).unwrap();
    let news = format!("topic=chargebacks&id={chargeback}");
    assert_eq!(world.notify(&news, &[], "").await.status, 200);
    let sale = with_chargeback(station, "a").await;
    assert_eq!(sale["status"], "charged_back", "both are known at once");
    let shown = &sale["chargebacks"][0];
    let expected = json!({
        "chargeback_id": chargeback, "payment_id": payment.to_string(), "amount": "200.00", "currency": "ARS",
        "reason": "general", "documentation_required": true, "documentation_status": "pending",
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&shown[key], value, "{shown}");
    }
    let deadline = shown["documentation_deadline"].as_str().unwrap();
    let timeline = sale["timeline"].to_string();
    let said = format!("Documents are taken until {}", &deadline[..10]);
    assert!(timeline.contains(&said), "{timeline}");
    let commands = station.commands_when(2).await;
    assert_eq!(commands[1]["kind"], "withdrawn");

    // Told once more, it is read and not written, and no second alarm rings.
    world.notify(&news, &[], "").await;
    world.stack.drained("HintQueue").await;
    assert_eq!(station.sale("a").await["version"], sale["version"]);
    let rung = lines_that_come(&world, "chargeback").await;
    assert_eq!(rung.len(), 1, "{rung:?}");
    assert!(
        rung[0].contains(&chargeback)
            && rung[0].contains(deadline)
            && rung[0].contains("\"level\":\"ERROR\"")
    );
}

#[tokio::test]
async fn the_details_are_found_when_only_the_payment_is_told() {
    let world = World::start().await;
    let station = world.station();
    let (_, payment) = paid(station, &world, "a").await;
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    let searches = || world.mercado_pago.calls("GET /v1/chargebacks/search");
    assert_eq!(searches(), 0, "an ordinary payment costs no search");
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let chargeback = world.mercado_pago.charge_back(payment, None).unwrap();
    for _ in 0..2 {
        world.notify(&format!("topic=payment&id={payment}"), &[], "").await;
        let sale = with_chargeback(station, "a").await;
        assert_eq!(
            (&sale["status"], &sale["chargebacks"][0]["chargeback_id"]),
            (&json!("charged_back"), &json!(chargeback))
        );
        world.stack.drained("HintQueue").await;
    }
    assert_eq!(searches(), 1);
}

#[tokio::test]
async fn a_search_that_fails_stands_in_nobodys_way_and_the_sweep_asks_again() {
    let world = World::start().await;
    let station = world.station();
    let (told, payment) = paid(station, &world, "a").await;
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    let search = json!({"route": "GET /v1/chargebacks/search", "do": "status", "status": 400});
    world.faults(json!({"notifications": {"fate": "lose"}, "api": [search]}));
    let chargeback = world.mercado_pago.charge_back(payment, None).unwrap();
    world.notify(&format!("topic=payment&id={payment}"), &[], "").await;
    let sale = station.sale_when("a", "charged_back").await;
    world.stack.drained("HintQueue").await;
    assert_eq!(
        (&sale["chargebacks"], lines_that_come(&world, "chargeback_not_found").await.len()),
        (&json!([]), 1)
    );
    assert_eq!(lines_that_come(&world, "chargeback").await.len(), 1, "a person is told without the details");
    station.commands_when(2).await;

    world.faults(json!({"notifications": {"fate": "lose"}}));
    world.make_due(&told).await;
    world.stack.fire("SweepFunction").await.unwrap();
    assert_eq!(with_chargeback(station, "a").await["chargebacks"][0]["chargeback_id"], chargeback.as_str());
}

#[tokio::test]
async fn documents_that_are_accepted_are_seen_by_the_sweep() {
    let world = World::start().await;
    let station = world.station();
    let (told, payment) = paid(station, &world, "a").await;
    let chargeback = world.mercado_pago.charge_back(payment, None).unwrap();
    with_chargeback(station, "a").await;
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    world.stack.drained("HintQueue").await;
    for status in ["review_pending", "valid"] {
        let change = serde_json::from_value(json!({"documentation_status": status, "silent": true})).unwrap();
        world.mercado_pago.change_chargeback(&chargeback, &change).unwrap();
        world.make_due(&told).await;
        world.stack.fire("SweepFunction").await.unwrap();
        eventually("the documents' status is shown", || async {
            (station.sale("a").await["chargebacks"][0]["documentation_status"] == status).then_some(())
        })
        .await;
    }
    let sale = station.sale("a").await;
    assert_eq!(sale["status"], "charged_back", "the payment alone says how it ends");
    assert!(sale["timeline"].to_string().contains(&format!("Documents of chargeback {chargeback}: valid")));
}

#[tokio::test]
async fn a_dispute_that_is_won_makes_the_sale_paid_again() {
    let world = World::start().await;
    let station = world.station();
    let (told, payment) = paid(station, &world, "a").await;
    world.mercado_pago.charge_back(payment, None).unwrap();
    with_chargeback(station, "a").await;
    station.commands_when(2).await;
    world.mercado_pago.idle().await;
    world.stack.drained("HintQueue").await;
    world.stack.drained("HintQueue").await;
    let change = serde_json::from_value(json!({"status": "approved", "silent": true})).unwrap();
    world.mercado_pago.change_payment(payment, &change).unwrap();
    world.make_due(&told).await;
    world.stack.fire("SweepFunction").await.unwrap();
    let sale = station.sale_when("a", "paid").await;
    assert_eq!(sale["chargebacks"].as_array().map(Vec::len), Some(1), "it is not forgotten");
    let commands = station.commands_when(3).await;
    let kinds: Vec<_> = commands.iter().map(|command| command["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["paid", "withdrawn", "paid"]);
    let swept = world.stack.invoke("SweepFunction", &json!({})).await.unwrap();
    assert_eq!(swept["found"], 0);
}

#[tokio::test]
async fn a_chargeback_that_is_forged_or_of_another_system_does_no_harm() {
    let world = World::start().await;
    let station = world.station();
    let (_, payment) = paid(station, &world, "a").await;
    let before = station.sale("a").await;
    let foreign = json!({"account": world.demo.collector_id, "amount": 5.00, "external_reference": "x", "silent": true});
    let foreign = world.mercado_pago.create_payment(&serde_json::from_value(foreign).unwrap()).unwrap();
    let foreign = world.mercado_pago.charge_back(foreign, None).unwrap();
    for id in ["999", "not-a-chargeback", &payment.to_string(), &foreign] {
        let answer = world.notify(&format!("topic=chargebacks&id={id}"), &[], "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    world.notify("topic=chargebacks&id=../payments/1", &[], "").await.is_problem(400, None);
    eventually("each was looked at", || async {
        (lines_of(&world, "hint_failed").len() >= 3 && !lines_of(&world, "not_ours").is_empty()).then_some(())
    })
    .await;
    assert_eq!(station.sale("a").await, before);
    assert!(lines_of(&world, "chargeback").is_empty());
}
