//! The lookup's answers as Mercado Pago wants them, in both generations of its protocol (petroleras guide, "Objeto
//! Order" and "Configurar URL"; QR unattended, part b, for the second generation).

use serde::Serialize;
use serde_json::value::RawValue;

use crate::lookup::{Answer, Generation, Position};
use crate::loyalty;
use crate::money::Money;
use crate::sale::Sale;

/// An HTTP answer: always JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// 200, 202 or 400.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// JSON text.
    pub body: String,
}

/// Writes an answer down.
#[must_use]
pub fn document(answer: &Answer<'_>) -> Document {
    match *answer {
        Answer::Order(position, sale) => order(position, sale),
        Answer::InProcess(generation) => not_ready(generation, "in_process", "in_process"),
        Answer::NothingOwed(generation) => not_ready(generation, "unavailable", "Waiting_for_order"),
        // Spelled so by Mercado Pago.
        Answer::NothingToPay(generation) => not_ready(generation, "unavailable", "notihing_to_pay"),
        Answer::Invalid => error("invalid", "The URL names no pump of this system."),
        Answer::Timeout => error("timeout", "The station cannot be reached."),
    }
}

fn not_ready(generation: Generation, v1: &'static str, v2: &'static str) -> Document {
    #[derive(Serialize)]
    struct Body {
        status: Status,
    }
    #[derive(Serialize)]
    struct Status {
        status_detail: &'static str,
    }
    match generation {
        Generation::V1 => {
            let message =
                if v1 == "in_process" { "Fuel is being dispensed." } else { "Nothing is owed here." };
            error(v1, message)
        }
        Generation::V2 => json(202, &Body { status: Status { status_detail: v2 } }),
    }
}

fn error(kind: &'static str, message: &'static str) -> Document {
    #[derive(Serialize)]
    struct Body {
        error: Error,
    }
    #[derive(Serialize)]
    struct Error {
        r#type: &'static str,
        message: &'static str,
    }
    json(400, &Body { error: Error { r#type: kind, message } })
}

fn json<T: Serialize>(status: u16, body: &T) -> Document {
    Document { status, headers: Vec::new(), body: serde_json::to_string(body).unwrap_or_default() }
}

/// A decimal as a JSON number, to the letter: `500.00`.
pub(crate) fn number(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}

#[derive(Serialize)]
struct OrderV1<'a> {
    collector_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sponsor_id: Option<u64>,
    items: [ItemV1<'a>; 1],
    external_reference: &'a str,
    notification_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    loyalty: Option<loyalty::Block<'a>>,
}

/// One item, quantity 1, the whole amount as its price: so litres × price is never multiplied out and rounded.
#[derive(Serialize)]
struct ItemV1<'a> {
    title: &'a str,
    currency_id: &'a str,
    description: &'a str,
    quantity: u8,
    unit_price: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct OrderV2<'a> {
    external_reference: &'a str,
    total_amount: Option<Box<RawValue>>,
    title: &'a str,
    description: &'a str,
    items: [ItemV2<'a>; 1],
    notification_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sponsor: Option<Sponsor>,
}

#[derive(Serialize)]
struct ItemV2<'a> {
    sku_number: &'a str,
    category: &'static str,
    title: &'a str,
    description: &'a str,
    quantity: u8,
    unit_measure: &'static str,
    unit_price: Option<Box<RawValue>>,
    total_amount: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Sponsor {
    id: u64,
}

fn order(position: &Position, sale: &Sale) -> Document {
    let price = |amount: Money| number(&amount.to_string());
    let amount = sale.amount();
    let title = title(sale);
    match position.generation {
        Generation::V1 => json(
            200,
            &OrderV1 {
                collector_id: position.collector_id,
                sponsor_id: position.sponsor_id,
                items: [ItemV1 {
                    title: &title,
                    currency_id: amount.currency().code(),
                    description: &title,
                    quantity: 1,
                    unit_price: price(amount),
                }],
                external_reference: sale.reference.as_str(),
                notification_url: &position.notification_url,
                // A faulty claim to points never stops a payment. The station was told when it told the sale, and that stands.
                loyalty: Some(sale)
                    .filter(|sale| sale.claim_faults().is_none())
                    .and_then(|sale| loyalty::block(position, sale).ok().flatten()),
            },
        ),
        Generation::V2 => {
            let first = sale.delivery.products.first();
            let mut document = json(
                200,
                &OrderV2 {
                    external_reference: sale.reference.as_str(),
                    total_amount: price(amount),
                    title: &title,
                    description: &title,
                    items: [ItemV2 {
                        sku_number: first.map_or(sale.delivery.sale_id.as_str(), |product| &product.code),
                        category: "fuel",
                        title: first.and_then(|product| product.description.as_deref()).unwrap_or(&title),
                        description: &title,
                        quantity: 1,
                        unit_measure: "unit",
                        unit_price: price(amount),
                        total_amount: price(amount),
                    }],
                    notification_url: &position.notification_url,
                    sponsor: position.sponsor_id.map(|id| Sponsor { id }),
                },
            );
            document.headers.push(("order-version", "2".to_owned()));
            document.headers.extend(position.client_id.clone().map(|id| ("client-id", id)));
            document
        }
    }
}

/// What the buyer reads: the station's own words, else amount and products.
fn title(sale: &Sale) -> String {
    if let Some(description) = &sale.delivery.description {
        return description.clone();
    }
    let names: Vec<_> =
        sale.delivery.products.iter().filter_map(|product| product.description.as_deref()).collect();
    let amount = sale.amount();
    if names.is_empty() { format!("${amount}") } else { format!("${amount} de {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::tests::position;
    use crate::sale::tests::sale;
    use serde_json::{Value, json};

    fn body(document: &Document) -> Value {
        serde_json::from_str(&document.body).unwrap()
    }

    #[test]
    fn an_order_of_the_first_generation() {
        let (position, sale) = (position(), sale(50_000));
        let document = document(&Answer::Order(&position, &sale));
        assert_eq!((document.status, document.headers.len()), (200, 0));
        assert!(document.body.contains(r#""unit_price":500.00"#), "{}", document.body);
        assert_eq!(
            body(&document),
            json!({
                "collector_id": 178_106_235, "sponsor_id": 334_249_281,
                "items": [{"title": "$500.00 de SUPER", "currency_id": "ARS", "description": "$500.00 de SUPER",
                           "quantity": 1, "unit_price": 500.0}],
                "external_reference": sale.reference.as_str(),
                "notification_url": "https://example.com/notifications/demo?key=k",
            })
        );
    }

    #[test]
    fn an_order_of_the_second_generation() {
        let position =
            Position { generation: Generation::V2, client_id: Some("7364".to_owned()), ..position() };
        let sale = sale(50_000);
        let document = document(&Answer::Order(&position, &sale));
        let headers = vec![("order-version", "2".to_owned()), ("client-id", "7364".to_owned())];
        assert_eq!((document.status, &document.headers), (200, &headers));
        assert_eq!(
            body(&document),
            json!({
                "external_reference": sale.reference.as_str(), "total_amount": 500.0,
                "title": "$500.00 de SUPER", "description": "$500.00 de SUPER",
                "items": [{"sku_number": "45ea80da", "category": "fuel", "title": "$500.00 de SUPER",
                           "description": "$500.00 de SUPER", "quantity": 1, "unit_measure": "unit",
                           "unit_price": 500.0, "total_amount": 500.0}],
                "notification_url": "https://example.com/notifications/demo?key=k",
                "sponsor": {"id": 334_249_281},
            })
        );
    }

    #[test]
    fn not_ready_in_both_generations() {
        for (answer, status, v1, v2) in [
            (
                Answer::NothingOwed as fn(Generation) -> Answer<'static>,
                202,
                "unavailable",
                "Waiting_for_order",
            ),
            (Answer::InProcess, 202, "in_process", "in_process"),
            (Answer::NothingToPay, 202, "unavailable", "notihing_to_pay"),
        ] {
            let first = document(&answer(Generation::V1));
            assert_eq!((first.status, &body(&first)["error"]["type"]), (400, &json!(v1)));
            let second = document(&answer(Generation::V2));
            assert_eq!((second.status, body(&second)), (status, json!({"status": {"status_detail": v2}})));
        }
        for (answer, word) in [(Answer::Invalid, "invalid"), (Answer::Timeout, "timeout")] {
            let document = document(&answer);
            assert_eq!((document.status, &body(&document)["error"]["type"]), (400, &json!(word)));
        }
    }
}
