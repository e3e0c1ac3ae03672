//! No log line, error or answer holds a secret or personal data.

use serde_json::json;
use surtidor_tests::World;

#[tokio::test]
async fn secrets_and_personal_data_are_in_no_log_line() {
    let world = World::start().await;
    let station = world.station();
    let canary = "30777123456";
    let sale = json!({"sale_id": "a", "position": "1", "amount": "500.00", "attendant": {"type": "DNI", "number": canary},
        "loyalty": {"program": "serviclub"}, "products": [{"code": "1", "quantity": "1", "unit": "litre", "unit_price": "500.00"}]});
    station.post("/sales", sale).await;
    station.post("/sales", json!({"sale_id": "b", "position": "1", "amount": canary, "attendant": {"type": "DNI", "number": canary, "x": canary}})).await;
    world.scan_and_pay(station.pos("1"), "visa").await;
    station.sale_when("a", "paid").await;
    station.refund("a", "k", json!({"reason": "r"})).await;
    world.notify("topic=payment&id=x", &[("x-signature", "ts=1,v1=secret")], canary).await;
    world.request(reqwest::Method::GET, &format!("{}x", station.lookup_url("1")), &[], "").await;
    world.stack.faults().fail("DynamoDB", "PutItem", "ThrottlingException", None);
    station.post("/sales", json!({"sale_id": "c", "position": "1", "amount": "1.00", "attendant": {"type": "DNI", "number": canary}})).await;
    let lines: Vec<_> = world.stack.logs().into_iter().map(|line| line.line).collect();
    assert!(lines.iter().any(|line| line.contains("settled")), "the functions do log");
    let demo = &world.demo;
    let lookup_key = &demo.stations[0].positions[0].lookup_key;
    for secret in [
        &demo.access_token,
        &demo.webhook_secret,
        &demo.intake_key,
        &demo.station_key,
        lookup_key,
        &canary.to_owned(),
    ] {
        let found = lines.iter().find(|line| line.contains(secret.as_str()));
        assert!(found.is_none(), "{found:?}");
    }
}
