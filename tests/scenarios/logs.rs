//! No log line holds a secret or personal data. Every scenario is searched at its end; here functions are brought to log as
//! much as they can, and the search has to show that it finds.

use serde_json::json;
use surtidor_local::LogLine;
use surtidor_tests::{ATTENDANT, Canary, World, leak};

#[tokio::test]
async fn secrets_and_personal_data_are_in_no_log_line() {
    let world = World::start().await;
    let station = world.station();
    let attendant = json!({"type": "DNI", "number": ATTENDANT});
    let sale = json!({"sale_id": "a", "position": "1", "amount": "500.00", "attendant": attendant,
        "loyalty": {"program": "serviclub"}, "products": [{"code": "1", "quantity": "1", "unit": "litre", "unit_price": "500.00"}]});
    station.post("/sales", sale).await;
    station.post("/sales", json!({"sale_id": "b", "position": "1", "amount": ATTENDANT, "attendant": {"type": "DNI", "number": ATTENDANT, "x": ATTENDANT}})).await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
    station.refund("a", "k", json!({"reason": "r"})).await;
    world.notify("topic=payment&id=x", &[("x-signature", "ts=1,v1=secret")], ATTENDANT).await;
    world.request(reqwest::Method::GET, &format!("{}x", station.lookup_url("1")), &[], "").await;
    world.stack.faults().fail("DynamoDB", "PutItem", "ThrottlingException", None);
    station
        .post("/sales", json!({"sale_id": "c", "position": "1", "amount": "1.00", "attendant": attendant}))
        .await;
    // The same search finds what functions do log.
    assert!(leak(&world.stack.logs(), &[Canary::new("an event", "notification_refused")]).is_some());
}

/// A secret in the log fails the test that brought it there. What is logged is made the secret, since no secret is logged.
#[tokio::test]
#[should_panic(expected = "the access token is in the log of PaymentReconciliationFunction")]
async fn a_world_whose_log_holds_a_secret_fails_its_test() {
    let mut world = World::start().await;
    let told = world.station().deliver("a", "1", "500.00").await;
    world.scan_and_pay(world.station().pos("1"), "visa").await;
    world.station().sale_when("a", "paid").await;
    let logged = Canary::new("a reference", told["external_reference"].as_str().unwrap());
    surtidor_tests::eventually("the settlement is logged", || async {
        leak(&world.stack.logs(), std::slice::from_ref(&logged))
    })
    .await;
    told["external_reference"].as_str().unwrap().clone_into(&mut world.demo.access_token);
}

#[test]
fn a_leak_is_told_with_its_function_and_a_panic_is_one() {
    let line =
        |line: &str| LogLine { function: "RefundsFunction".to_owned(), instance: 1, line: line.to_owned() };
    let lines = [line("{}"), line(&format!(r#"{{"fields":{{"body":"{ATTENDANT}"}}}}"#))];
    let canary = [Canary::new("the attendant's document", ATTENDANT)];
    let found = leak(&lines, &canary).unwrap();
    assert!(found.starts_with("the attendant's document is in the log of RefundsFunction"), "{found}");
    assert_eq!(leak(&lines[..1], &canary), None);
    assert!(
        leak(&[line("thread 'main' panicked at src/main.rs:1:1:")], &canary).unwrap().starts_with("a panic")
    );
}
