//! The loyalty block of an order: the buyer's points in the brand's own programme.
//!
//! Source: the unattended QR's loyalty page and the petroleras guide. The page is for Argentina only; its programmes are
//! `serviclub` and `CTC`, the guide's sample has `payback`.

use super::document::Faults;
use crate::clock::Moment;
use crate::json::Json;
use crate::site::Site;

const FIELDS: [&str; 11] = [
    "program",
    "transaction_id",
    "invoice_number",
    "transaction_date",
    "transaction_amount",
    "store_id",
    "products",
    "cashier_identification",
    "period",
    "shift",
    "affinity_plan",
];

/// Notes what is wrong with the block of an order of that total.
pub fn check(faults: &mut Faults, block: &Json, site: Site, total: i64) {
    if site != Site::Mla {
        faults.add("loyalty", "is for Argentina only");
    }
    faults.unknown("loyalty", block, &FIELDS);
    let program = block.get("program").text().unwrap_or_default();
    if !["serviclub", "CTC", "payback"].contains(&program) {
        faults.add("loyalty.program", "must be serviclub, CTC or payback");
    }
    for (name, longest) in [
        ("transaction_id", 40),
        ("invoice_number", 8),
        ("store_id", 5),
        ("period", 4),
        ("shift", 1),
        ("affinity_plan", 1),
    ] {
        faults.text(&format!("loyalty.{name}"), block.get(name), longest);
    }
    if block.get("transaction_date").text().and_then(Moment::parse).is_none() {
        faults.add("loyalty.transaction_date", "must be an ISO 8601 date with time and offset");
    }
    let amount = faults.amount("loyalty.transaction_amount", block.get("transaction_amount"), site);
    if amount != 0 && total != 0 && amount != total {
        faults.add("loyalty.transaction_amount", "is not the order's total");
    }
    let cashier = block.get("cashier_identification");
    faults.unknown("loyalty.cashier_identification", cashier, &["type", "number"]);
    for name in ["type", "number"] {
        faults.text(&format!("loyalty.cashier_identification.{name}"), cashier.get(name), 40);
    }
    let products = block.get("products").list().unwrap_or_default();
    if products.is_empty() {
        faults.add("loyalty.products", "is required and must not be empty");
    }
    for (index, product) in products.iter().enumerate() {
        check_product(faults, &format!("loyalty.products[{index}]"), product);
    }
}

fn check_product(faults: &mut Faults, place: &str, product: &Json) {
    faults.unknown(place, product, &["code", "quantity", "unit", "unit_price"]);
    faults.text(&format!("{place}.code"), product.get("code"), 40);
    if !matches!(product.get("unit").text(), Some("litre" | "piece")) {
        faults.add(&format!("{place}.unit"), "must be litre or piece");
    }
    // Prices per litre are quoted with three decimals in places; the page limits the quantity only.
    for name in ["quantity", "unit_price"] {
        let number = product.get(name).number().map(|text| crate::amount::minor_units(text, 3));
        if !matches!(number, Some(Ok(value)) if value > 0) {
            faults.add(&format!("{place}.{name}"), "must be a number above zero with at most 3 decimals");
        }
    }
}
