//! Odd documents from Mercado Pago: read for what they say, or shown to a person; never guessed at.

use serde_json::{Value, json};
use surtidor_tests::{Documents, World, eventually};

/// Members of a payment in JSON, to the letter; the status that its sale comes to, and why a person must look.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static [&'static str]);

/// Payments of a sale of 500.00.
const PAYMENTS: &[Case] = &[
    (&[("transaction_amount", "500")], "paid", &[]),
    (&[("transaction_amount", "500.0")], "paid", &[]),
    (&[("transaction_amount", "500.000")], "paid", &[]),
    (&[("transaction_amount", r#""500.00""#)], "paid", &[]),
    (&[("transaction_amount", r#""500.000""#)], "paid", &[]),
    (&[("transaction_amount", "500.001")], "needs_review", &["amount"]),
    (&[("transaction_amount", "499.99")], "needs_review", &["amount"]),
    (&[("transaction_amount", "-500.00")], "needs_review", &["amount"]),
    (&[("transaction_amount", "0")], "needs_review", &["amount"]),
    (&[("transaction_amount", r#""500,00""#)], "needs_review", &["amount"]),
    (&[("transaction_amount", r#"" 500.00""#)], "needs_review", &["amount"]),
    (&[("transaction_amount", r#"{"value":500}"#)], "needs_review", &["amount"]),
    // Exact, but no form in which Mercado Pago writes an amount.
    (&[("transaction_amount", "5e2")], "needs_review", &["amount"]),
    (&[("transaction_amount", "1e400")], "needs_review", &["amount"]),
    (&[("transaction_amount", "null")], "needs_review", &["amount"]),
    (&[("transaction_amount", "")], "needs_review", &["amount"]),
    (&[("currency_id", "null")], "needs_review", &["amount"]),
    (&[("currency_id", r#""USD""#)], "needs_review", &["currency"]),
    (&[("id", r#""ID""#), ("collector_id", r#""COLLECTOR""#)], "paid", &[]),
    (&[("collector_id", "null")], "needs_review", &["collector"]),
    (&[("collector_id", "178106235.0")], "needs_review", &["collector"]),
    (&[("live_mode", "false")], "needs_review", &["live_mode"]),
    (&[("live_mode", "null")], "paid", &[]),
    (&[("external_reference", "EXTERNAL_REFERENCE")], "paid", &[]),
    (&[("date_approved", "null")], "paid", &[]),
    (&[("date_approved", r#""yesterday""#), ("date_last_updated", ""), ("date_created", "")], "paid", &[]),
    (&[("refunds", "null")], "paid", &[]),
    (&[("refunds", "{}")], "paid", &[]),
    (&[("status", r#""in_orbit""#)], "pending", &[]),
    (&[("status", r#""authorized""#)], "pending", &[]),
    (&[("status", r#""cancelled""#)], "pending", &[]),
    (&[("status", r#""APPROVED""#)], "pending", &[]),
];

/// A payment that is in order, with some members in other words. `raw` is JSON text, so that a number can be written in any
/// way.
fn payment(id: u64, sale: &Value, raw: &[(&str, &str)], collector: u64) -> String {
    let mut members = vec![
        ("id", id.to_string()),
        ("status", r#""approved""#.to_owned()),
        ("status_detail", r#""accredited""#.to_owned()),
        ("currency_id", r#""ARS""#.to_owned()),
        ("transaction_amount", "500.00".to_owned()),
        ("transaction_amount_refunded", "0".to_owned()),
        ("collector_id", collector.to_string()),
        ("external_reference", sale["external_reference"].to_string()),
        ("live_mode", "true".to_owned()),
        ("date_created", r#""2026-11-22T10:04:57.000-04:00""#.to_owned()),
        ("date_approved", r#""2026-11-22T10:04:58.000-04:00""#.to_owned()),
        ("date_last_updated", r#""2026-11-22T10:04:58.000-04:00""#.to_owned()),
        ("payment_method_id", r#""visa""#.to_owned()),
        ("refunds", "[]".to_owned()),
    ];
    for (name, text) in raw {
        members.retain(|(known, _)| known != name);
        members.push((name, (*text).to_owned()));
    }
    let members: Vec<_> = members
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("\"{name}\":{text}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[tokio::test]
async fn a_payment_is_read_for_what_it_says_however_it_is_written() {
    let documents = Documents::start().await;
    let world = World::start_asking(Some(documents.url())).await;
    let station = world.station();
    for (number, (raw, status, review)) in (0..).zip(PAYMENTS) {
        let (sale, position) = (format!("s{number}"), (number % 4 + 1).to_string());
        let told = station.deliver(&sale, &position, "500.00").await;
        let id = 130_000_000_500 + number;
        let document = payment(id, &told, raw, world.demo.collector_id)
            .replace(r#""ID""#, &format!("\"{id}\""))
            .replace("COLLECTOR\"", &format!("{}\"", world.demo.collector_id))
            .replace("EXTERNAL_REFERENCE", &told["external_reference"].to_string().to_ascii_uppercase());
        documents.put(&format!("/v1/payments/{id}"), document.clone());
        assert_eq!(world.notify(&format!("topic=payment&id={id}"), &[], "").await.status, 200);
        let found = eventually(&format!("{raw:?} is taken in"), || async {
            let found = station.sale(&sale).await;
            (found["attempts"][0]["payment_id"] == id.to_string().as_str()).then_some(found)
        })
        .await;
        let reasons = found["review"].as_array().cloned().unwrap_or_default();
        assert_eq!(
            (found["status"].as_str(), &reasons[..]),
            (Some(*status), &review.iter().map(|word| json!(word)).collect::<Vec<_>>()[..]),
            "{document}"
        );
    }
    let commands = station.get("/commands?limit=100").await.json;
    let told = commands["items"].as_array().unwrap();
    assert!(
        told.iter().all(|command| command["kind"] == "paid" && command["amount"] == "500.00"),
        "{commands}"
    );
}

#[tokio::test]
async fn a_merchant_order_with_no_list_of_payments_is_no_news_and_one_payment_alone_is_one() {
    let documents = Documents::start().await;
    let world = World::start_asking(Some(documents.url())).await;
    let station = world.station();
    let one = |id: &str, status: &str| {
        format!(r#"{{"id":{id},"transaction_amount":"500.00","currency_id":"ARS","status":"{status}"}}"#)
    };
    for (number, payments, status, attempts) in [
        (1, "null".to_owned(), "pending", 0),
        (2, "[]".to_owned(), "pending", 0),
        (3, one("130000000901", "approved"), "paid", 1),
        (
            4,
            format!("[{},{}]", one("\"130000000902\"", "rejected"), one("130000000903", "approved")),
            "paid",
            2,
        ),
    ] {
        let (sale, position) = (format!("o{number}"), number.to_string());
        let told = station.deliver(&sale, &position, "500.00").await;
        let (reference, collector) = (&told["external_reference"], world.demo.collector_id);
        let order = format!(
            r#"{{"id":{number},"external_reference":{reference},"collector":{{"id":{collector}}},"last_updated":"2026-11-22T10:04:58.000-04:00","payments":{payments}}}"#
        );
        documents.put(&format!("/merchant_orders/{number}"), order);
        assert_eq!(world.notify(&format!("topic=merchant_order&id={number}"), &[], "").await.status, 200);
        world.stack.drained("HintQueue").await;
        let found = station.sale(&sale).await;
        assert_eq!(
            (found["status"].as_str(), found["attempts"].as_array().map(Vec::len)),
            (Some(status), Some(attempts)),
            "{found}"
        );
    }
    assert_eq!(world.stack.queue("DeadLetterQueue").visible, 0);
}
