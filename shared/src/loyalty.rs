//! The loyalty block of an order: what a brand's programme needs to credit points (petroleras guide, "loyalty";
//! QR unattended, loyalty page).

use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::order::number;
use crate::sale::{Document, Sale};

/// The block as Mercado Pago takes it.
#[derive(Debug, Serialize)]
pub struct Block<'a> {
    program: &'a str,
    transaction_id: &'a str,
    invoice_number: String,
    transaction_date: String,
    transaction_amount: Box<RawValue>,
    store_id: String,
    products: Vec<Product<'a>>,
    cashier_identification: Cashier<'a>,
    period: &'a str,
    shift: &'a str,
    affinity_plan: &'a str,
}

#[derive(Debug, Serialize)]
struct Product<'a> {
    code: &'a str,
    quantity: Box<RawValue>,
    unit: &'a str,
    unit_price: Box<RawValue>,
}

#[derive(Debug, Serialize)]
struct Cashier<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    number: &'a str,
}

/// What the documents say to send for an attendant who is not known.
const UNKNOWN_CASHIER: &str = "00000000";
/// And for a period that is not known.
const UNKNOWN_PERIOD: &str = "0000";
/// The only plan that the documents name.
const AFFINITY_PLAN: &str = "7";

/// The block of a sale whose buyer claims points; `None` when none are claimed. An error says what is wrong with
/// the claim: it is left out then, since no claim may stop a payment.
pub fn block(sale: &Sale) -> Result<Option<Block<'_>>, String> {
    let delivery = &sale.delivery;
    let Some(claim) = &delivery.loyalty else { return Ok(None) };
    // Unique over all integrators, as the programmes ask: the reference holds station, side and time.
    let transaction_id = sale.reference.as_str();
    let period = delivery.period.as_deref().unwrap_or(UNKNOWN_PERIOD);
    let shift = delivery.shift.as_deref().unwrap_or("1");
    let affinity_plan = claim.affinity_plan.as_deref().unwrap_or(AFFINITY_PLAN);
    exactly("period", period, 4)?;
    exactly("shift", shift, 1)?;
    exactly("affinity_plan", affinity_plan, 1)?;
    if delivery.products.is_empty() {
        return Err("products are missing".to_owned());
    }
    let products = delivery.products.iter().map(product).collect::<Result<_, _>>()?;
    let date = delivery.delivered_at.unwrap_or(sale.received_at);
    Ok(Some(Block {
        program: &claim.program,
        transaction_id,
        invoice_number: padded("invoice_number", delivery.invoice_number.as_deref().unwrap_or("0"), 8)?,
        transaction_date: iso_8601(date),
        transaction_amount: number(&sale.amount().to_string()).ok_or("the amount is no number")?,
        store_id: padded("the station", sale.station.as_str(), 5)?,
        products,
        cashier_identification: delivery.attendant.as_ref().map_or(
            Cashier { kind: "DNI", number: UNKNOWN_CASHIER },
            |Document { kind, number }| Cashier { kind, number },
        ),
        period,
        shift,
        affinity_plan,
    }))
}

fn product(product: &crate::sale::Product) -> Result<Product<'_>, String> {
    let decimal = |field: &str, text: &str| number(text).ok_or_else(|| format!("{field} is no number"));
    Ok(Product {
        code: &product.code,
        quantity: decimal("products.quantity", &product.quantity)?,
        unit: &product.unit,
        unit_price: decimal("products.unit_price", &product.unit_price)?,
    })
}

fn exactly(field: &str, text: &str, length: usize) -> Result<(), String> {
    if text.chars().count() == length {
        Ok(())
    } else {
        Err(format!("{field} must have {length} characters"))
    }
}

/// Padded with zeros on the left, as the programmes want numbers.
fn padded(field: &str, text: &str, length: usize) -> Result<String, String> {
    if text.len() > length {
        Err(format!("{field} has more than {length} characters"))
    } else {
        Ok(format!("{text:0>length$}"))
    }
}

/// `2019-12-12T10:40:49.000+00:00`: milliseconds and offset, as in the documents' examples.
fn iso_8601(at: OffsetDateTime) -> String {
    let text = at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default();
    match (text.get(..19), text.get(19..)) {
        (Some(date), Some("Z")) => format!("{date}.000+00:00"),
        (Some(date), Some(offset)) => format!("{date}.000{offset}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sale::tests::sale;
    use crate::sale::{LoyaltyClaim, Product as Sold};
    use serde_json::json;
    use time::macros::datetime;

    fn claimed() -> Sale {
        let mut sale = sale(50_000);
        let delivery = &mut sale.delivery;
        delivery.loyalty =
            Some(LoyaltyClaim { program: "serviclub".to_owned(), affinity_plan: Some("7".to_owned()) });
        delivery.invoice_number = Some("3592".to_owned());
        delivery.delivered_at = Some(datetime!(2026-11-22 13:33:13 -3));
        delivery.shift = Some("1".to_owned());
        delivery.period = Some("0000".to_owned());
        delivery.attendant = Some(Document { kind: "DNI".to_owned(), number: "12345678".to_owned() });
        delivery.products = vec![Sold {
            code: "2".to_owned(),
            description: Some("SUPER".to_owned()),
            quantity: "11.200".to_owned(),
            unit: "litre".to_owned(),
            unit_price: "62.24".to_owned(),
        }];
        sale
    }

    #[test]
    fn the_complete_block() {
        let sale = claimed();
        let text = serde_json::to_string(&block(&sale).unwrap().unwrap()).unwrap();
        assert!(
            text.contains(r#""quantity":11.200"#) && text.contains(r#""transaction_amount":500.00"#),
            "{text}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            json!({
                "program": "serviclub", "transaction_id": sale.reference.as_str(), "invoice_number": "00003592",
                "transaction_date": "2026-11-22T13:33:13.000-03:00", "transaction_amount": 500.0, "store_id": "06232",
                "products": [{"code": "2", "quantity": 11.2, "unit": "litre", "unit_price": 62.24}],
                "cashier_identification": {"type": "DNI", "number": "12345678"},
                "period": "0000", "shift": "1", "affinity_plan": "7",
            })
        );
    }

    #[test]
    fn what_is_not_known_has_the_documented_stand_in() {
        let mut sale = claimed();
        let delivery = &mut sale.delivery;
        (delivery.attendant, delivery.period, delivery.shift) = (None, None, None);
        (delivery.invoice_number, delivery.delivered_at) = (None, None);
        let block = serde_json::to_value(block(&sale).unwrap().unwrap()).unwrap();
        assert_eq!(block["cashier_identification"], json!({"type": "DNI", "number": "00000000"}));
        assert_eq!((&block["period"], &block["shift"]), (&json!("0000"), &json!("1")));
        assert_eq!(block["invoice_number"], "00000000");
        assert_eq!(block["transaction_date"], "2026-11-22T12:00:00.000+00:00");
    }

    #[test]
    fn a_faulty_claim_says_what_is_wrong() {
        assert!(block(&sale(1)).unwrap().is_none(), "no claim, no block");
        let mut long = claimed();
        long.delivery.invoice_number = Some("123456789".to_owned());
        assert_eq!(block(&long).unwrap_err(), "invoice_number has more than 8 characters");
        let mut bare = claimed();
        bare.delivery.products.clear();
        assert_eq!(block(&bare).unwrap_err(), "products are missing");
        let mut night = claimed();
        night.delivery.shift = Some("noche".to_owned());
        assert_eq!(block(&night).unwrap_err(), "shift must have 1 characters");
    }
}
