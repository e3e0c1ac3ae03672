//! Defects that were read out of Odoo's Point of Sale, each by its name: none of them is ours.

use serde_json::json;
use surtidor::sale::PointApi;

use super::{at_the_terminal, both, card, world};

/// `parseInt(amount * 100)` loses a cent of about every seventeenth amount: 19.99 becomes 1998.
#[tokio::test]
async fn the_cent_that_floating_point_loses() {
    let world = world(PointApi::PaymentIntents).await;
    let (station, terminal) = (world.station(), world.demo.terminal.clone());
    for (sale, amount, minor) in
        [("a", "19.99", "1999"), ("b", "64.10", "6410"), ("c", "32768.02", "3276802")]
    {
        let charge = station.charge(&terminal, json!({"sale_id": sale, "amount": amount})).await;
        let intent = charge.json["mercado_pago_id"].as_str().expect("an intent").to_owned();
        assert_eq!(world.mercado_pago.order(&intent).unwrap().get("amount").to_string(), minor);
        world.mercado_pago.read_card(&terminal, &card("visa")).unwrap();
        station.sale_when(sale, "paid").await;
    }
}

/// Every error of a legacy cancellation but 409 counts as "cancelled": a payment that has just finished answers "not found",
/// so the customer is charged and the sale stays open.
#[tokio::test]
async fn a_cancellation_that_finds_nothing_is_no_cancellation() {
    let world = world(PointApi::PaymentIntents).await;
    world.faults(json!({"notifications": {"fate": "lose"}}));
    let charge = at_the_terminal(&world, "a").await;
    world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
    let answer = world.station().cancel(&charge).await;
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("processed")), "{}", answer.text);
    world.station().sale_when("a", "paid").await;
}

/// A cancellation that reports success without asking Mercado Pago leaves the order alive at the terminal, and the next sale
/// finds the terminal taken.
#[tokio::test]
async fn a_cancellation_reaches_mercado_pago() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        let charge = station.charge(&terminal, json!({"sale_id": "a"})).await.json;
        station.cancel(&charge).await;
        world.mercado_pago.receive(&terminal).unwrap();
        assert!(
            world.mercado_pago.read_card(&terminal, &card("visa")).is_err(),
            "nothing is there to be paid"
        );
        let next = station.charge(&terminal, json!({"sale_id": "b", "amount": "10.00"})).await;
        assert_eq!(next.status, 201, "{}", next.text);
    }
}

/// State that lives in the browser's tab only: a reload while the card is read, and the payment is never recorded.
#[tokio::test]
async fn a_till_that_never_asks_again_has_its_sale_paid() {
    for world in both().await {
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
        world.station().sale_when("a", "paid").await;
        let reloaded = world.station().charge(&world.demo.terminal, json!({"sale_id": "a"})).await;
        assert_eq!((reloaded.status, &reloaded.json["charge_id"]), (200, &charge["charge_id"]));
        assert_eq!(world.station().commands_when(1).await[0]["kind"], "paid");
    }
}

/// A line that is marked done on failure too.
#[tokio::test]
async fn a_failure_is_not_done() {
    for world in both().await {
        let charge = at_the_terminal(&world, "a").await;
        world.mercado_pago.read_card(&world.demo.terminal, &card("rejected_funds")).unwrap();
        world.station().charge_when(&charge, "failed").await;
        assert_eq!(world.station().sale("a").await["status"], "pending");
        assert_eq!(world.station().get("/commands").await.json["items"], json!([]));
    }
}

/// Sessions that are looked up before the signature tell strangers which are open, and malformed references crash.
#[tokio::test]
async fn nothing_is_looked_at_before_the_signature() {
    for world in both().await {
        let before = world.stack.calls().of("DynamoDB", "GetItem");
        for body in [
            r#"{"id":"8f0c3a52-4f7a-4d0e-9a57-0e6d2a1b9c33","state":"FINISHED","additional_info":{"external_reference":"1_2"}}"#,
            r#"{"id":"8f0c3a52-4f7a-4d0e-9a57-0e6d2a1b9c33","state":"FINISHED","additional_info":{"external_reference":"1_2_3_4"}}"#,
            r#"{"state":"FINISHED"}"#,
            r#"{"type":"order","action":"order.processed","data":{"id":"ORD01","external_reference":"x"}}"#,
            r#"{"type":"order","data":{}}"#,
        ] {
            let answer =
                world.notify("", &[("x-signature", "ts=1,v1=00"), ("x-request-id", "r")], body).await;
            assert!(matches!(answer.status, 400 | 401), "{body}: {}", answer.text);
        }
        world.stack.drained("HintQueue").await;
        assert_eq!(world.stack.calls().of("DynamoDB", "GetItem"), before);
    }
}

/// A serial number that is matched as a part: an empty or short one names the first terminal of the account.
#[tokio::test]
async fn a_part_of_a_serial_number_names_nothing() {
    for world in both().await {
        for name in ["N", "N950", "NCB8", "6232"] {
            let refused = world.station().charge(name, json!({"sale_id": "a", "amount": "10.00"})).await;
            refused.is_problem(404, Some("terminal"));
        }
    }
}

/// An error that has no list of errors, such as a lost connection, becomes "System error".
#[tokio::test]
async fn an_answer_that_is_no_document_says_what_to_do() {
    for world in both().await {
        let (station, terminal) = (world.station(), world.demo.terminal.clone());
        station.deliver("a", "1", "500.00").await;
        world.faults(json!({"api": [
            {"route": "POST /v1/orders", "do": "garbage"}, {"route": "POST /point/**", "do": "garbage"}]}));
        let unknown = station.charge(&terminal, json!({"sale_id": "a"})).await;
        assert_eq!(unknown.status, 202, "{}", unknown.text);
        assert!(!unknown.json["advice"].as_str().unwrap().is_empty());
    }
}

/// `failed` and `refunded` of an order are "Unknown payment status".
#[tokio::test]
async fn every_end_of_an_order_has_its_words() {
    let world = world(PointApi::Orders).await;
    let station = world.station();
    let failed = at_the_terminal(&world, "a").await;
    world.mercado_pago.read_card(&world.demo.terminal, &card("rejected_funds")).unwrap();
    assert_eq!(station.charge_when(&failed, "failed").await["sale_status"], "pending");
    let paid = at_the_terminal(&world, "b").await;
    world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
    station.sale_when("b", "paid").await;
    station.refund("b", "k", json!({"reason": "wrong fuel"})).await;
    let refunded = station.charge_when(&paid, "refunded").await;
    assert_eq!((&refunded["advice"], &refunded["sale_status"]), (&json!("Given back"), &json!("refunded")));
}

/// The state stays at the terminal for some reads after the card was read: five reads and then "could not be confirmed".
#[tokio::test]
async fn a_state_that_lags_behind_the_card_is_waited_for() {
    let world = world(PointApi::PaymentIntents).await;
    world.faults(json!({"terminals": {"intent_lag_reads": 6}}));
    let charge = at_the_terminal(&world, "a").await;
    world.mercado_pago.read_card(&world.demo.terminal, &card("visa")).unwrap();
    world.station().sale_when("a", "paid").await;
    world.station().charge_when(&charge, "processed").await;
}
