//! The order that the seller's server hands to Mercado Pago, in both generations.
//!
//! Mercado Pago shows "something went wrong" for an order that breaks the contract; here every fault is listed, because
//! the reader is the one who has to mend it. Sources: the petroleras guide ("Objeto Order") and the "unattended QR, part
//! b" pages. Whether Mercado Pago ignores unknown fields is not documented: here they are faults.

use reqwest::Url;

use super::loyalty;
use crate::json::{Json, object};
use crate::model::pos::Pos;
use crate::site::Site;

/// An order that keeps the contract.
#[derive(Debug, Clone)]
pub struct OrderDocument {
    /// The sale's reference.
    pub external_reference: String,
    /// Where its news goes.
    pub notification_url: String,
    /// The integrator.
    pub sponsor_id: Option<u64>,
    /// Minor units.
    pub total: i64,
    /// What is bought, in a line.
    pub title: String,
    /// The items as a merchant order shows them.
    pub items: Vec<Json>,
}

/// Collects what is wrong with a document.
pub struct Faults(Vec<String>);

impl Faults {
    /// Notes a fault of a field.
    pub fn add(&mut self, field: &str, wrong: impl std::fmt::Display) {
        self.0.push(format!("{field}: {wrong}"));
    }

    /// Notes the fields that are not part of the contract.
    pub fn unknown(&mut self, place: &str, value: &Json, known: &[&str]) {
        if !value.is_object() {
            self.add(place, "must be an object");
        } else if let Some(name) = value.unknown(known) {
            self.add(&format!("{place}.{name}"), "is not a field of the contract");
        }
    }

    /// A string that has to be there.
    pub fn text<'a>(&mut self, place: &str, value: &'a Json, longest: usize) -> &'a str {
        match value.text() {
            None => self.add(place, "is required and must be a string"),
            Some("") => self.add(place, "must not be empty"),
            Some(text) if text.chars().count() > longest => {
                self.add(place, format_args!("must have at most {longest} characters"));
            }
            Some(text) => return text,
        }
        ""
    }

    /// A string that may be missing.
    pub fn optional_text(&mut self, place: &str, value: &Json, longest: usize) {
        if !value.is_null() {
            self.text(place, value, longest);
        }
    }

    /// An amount above zero.
    pub fn amount(&mut self, place: &str, value: &Json, site: Site) -> i64 {
        match site.amount(value) {
            Ok(minor) if minor > 0 => return minor,
            Ok(_) => self.add(place, "must be above zero"),
            Err(_) if value.number().is_none() => self.add(place, "is required and must be a number"),
            Err(error) => self.add(place, error),
        }
        0
    }
}

const LONGEST_TEXT: usize = 256;

/// Reads an order of the first generation.
pub fn first(body: &Json, pos: &Pos) -> Result<OrderDocument, Vec<String>> {
    let mut faults = Faults(Vec::new());
    faults.unknown(
        "order",
        body,
        &["collector_id", "sponsor_id", "items", "external_reference", "notification_url", "loyalty"],
    );
    match body.get("collector_id").integer() {
        Some(id) if id == pos.owner => {}
        Some(id) => faults.add("collector_id", format_args!("{id} is not the seller of this point of sale")),
        None => faults.add("collector_id", "is required and must be a whole number"),
    }
    let sponsor_id = sponsor(&mut faults, "sponsor_id", body.get("sponsor_id"), pos);
    let mut total = 0;
    let items = each_item(&mut faults, body, |faults, place, item| {
        let known = ["title", "currency_id", "description", "quantity", "unit_price"];
        faults.unknown(place, item, &known);
        let currency = item.get("currency_id").text();
        if currency != Some(pos.site.currency()) {
            let wanted = pos.site.currency();
            faults.add(&format!("{place}.currency_id"), format_args!("must be {wanted:?} for this seller"));
        }
        faults.optional_text(&format!("{place}.description"), item.get("description"), LONGEST_TEXT);
        total += line_total(faults, place, item, pos.site);
    });
    if !body.get("loyalty").is_null() {
        loyalty::check(&mut faults, body.get("loyalty"), pos.site, total);
    }
    finish(faults, body, pos, Parts { sponsor_id, total, items, title: None })
}

/// Reads an order of the second generation. `client_id`: the answer acted for a seller through OAuth.
pub fn second(body: &Json, pos: &Pos, client_id: bool) -> Result<OrderDocument, Vec<String>> {
    let mut faults = Faults(Vec::new());
    let known = [
        "external_reference",
        "total_amount",
        "items",
        "title",
        "description",
        "notification_url",
        "sponsor",
        "taxes",
        "marketplace_fee",
    ];
    faults.unknown("order", body, &known);
    let title = faults.text("title", body.get("title"), LONGEST_TEXT).to_owned();
    faults.text("description", body.get("description"), LONGEST_TEXT);
    let sponsor_id = match body.get("sponsor") {
        Json::Null => None,
        sponsor_object => {
            faults.unknown("sponsor", sponsor_object, &["id"]);
            sponsor(&mut faults, "sponsor.id", sponsor_object.get("id"), pos)
        }
    };
    if !body.get("taxes").is_null() && pos.site != Site::Mco {
        faults.add("taxes", "is for Colombia only");
    }
    if !body.get("marketplace_fee").is_null() && !client_id {
        faults.add("marketplace_fee", "is only allowed through OAuth (header client-id)");
    }
    let total = faults.amount("total_amount", body.get("total_amount"), pos.site);
    let mut sum = 0;
    let items = each_item(&mut faults, body, |faults, place, item| {
        let known = [
            "sku_number",
            "category",
            "title",
            "description",
            "quantity",
            "unit_measure",
            "unit_price",
            "total_amount",
        ];
        faults.unknown(place, item, &known);
        for name in ["sku_number", "category", "description", "unit_measure"] {
            faults.text(&format!("{place}.{name}"), item.get(name), LONGEST_TEXT);
        }
        let whole = faults.amount(&format!("{place}.total_amount"), item.get("total_amount"), pos.site);
        let line = line_total(faults, place, item, pos.site);
        if line != 0 && whole != 0 && line != whole {
            faults.add(&format!("{place}.total_amount"), "is not quantity times unit_price");
        }
        sum += whole;
    });
    if total != 0 && sum != 0 && total != sum {
        faults.add("total_amount", "is not the sum of the items' total_amount");
    }
    finish(faults, body, pos, Parts { sponsor_id, total, items, title: Some(title) })
}

struct Parts {
    sponsor_id: Option<u64>,
    total: i64,
    items: Vec<Json>,
    title: Option<String>,
}

/// What both generations share.
fn finish(mut faults: Faults, body: &Json, pos: &Pos, parts: Parts) -> Result<OrderDocument, Vec<String>> {
    let reference = faults.text("external_reference", body.get("external_reference"), 256).to_owned();
    // "Alphanumeric, no spaces or special characters": the petroleras guide.
    if !reference.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        faults.add("external_reference", "must have letters and digits only");
    }
    let url = faults.text("notification_url", body.get("notification_url"), 500).to_owned();
    let usable = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if !url.is_empty() && !Url::parse(&url).is_ok_and(usable) {
        faults.add("notification_url", "must be a valid URL");
    }
    if !faults.0.is_empty() {
        return Err(faults.0);
    }
    let first_title =
        || parts.items.first().and_then(|item| item.get("title").text()).unwrap_or_default().to_owned();
    Ok(OrderDocument {
        external_reference: reference,
        notification_url: url,
        sponsor_id: parts.sponsor_id,
        total: parts.total,
        title: parts.title.unwrap_or_else(first_title),
        items: parts.items.into_iter().map(|item| shown(&item, pos.site)).collect(),
    })
}

fn each_item(faults: &mut Faults, body: &Json, mut check: impl FnMut(&mut Faults, &str, &Json)) -> Vec<Json> {
    let items = body.get("items").list().unwrap_or_default();
    if items.is_empty() {
        faults.add("items", "is required and must not be empty");
    }
    for (index, item) in items.iter().enumerate() {
        let place = format!("items[{index}]");
        check(faults, &place, item);
        faults.text(&format!("{place}.title"), item.get("title"), LONGEST_TEXT);
    }
    items.to_vec()
}

/// Quantity times unit price. The quantity is an integer by the tables, written `1.0` in the examples.
fn line_total(faults: &mut Faults, place: &str, item: &Json, site: Site) -> i64 {
    let price = faults.amount(&format!("{place}.unit_price"), item.get("unit_price"), site);
    let quantity = item.get("quantity").number().and_then(|text| crate::amount::minor_units(text, 0).ok());
    let Some(quantity) = quantity.filter(|quantity| *quantity > 0) else {
        faults.add(&format!("{place}.quantity"), "is required and must be a whole number above zero");
        return 0;
    };
    price.checked_mul(quantity).unwrap_or_else(|| {
        faults.add(place, "is too large");
        0
    })
}

/// The integrator may be left out; the seller itself it must not be (inferred: the guide calls it another account).
fn sponsor(faults: &mut Faults, place: &str, value: &Json, pos: &Pos) -> Option<u64> {
    if value.is_null() {
        return None;
    }
    let id = value.integer();
    match id {
        None => faults.add(place, "must be a whole number"),
        Some(id) if id == pos.owner => faults.add(place, "must not be the seller"),
        Some(_) => {}
    }
    id
}

fn shown(item: &Json, site: Site) -> Json {
    object! {
        "id": item.get("sku_number").text().unwrap_or_default(),
        "category_id": item.get("category").text().unwrap_or_default(),
        "currency_id": site.currency(),
        "description": item.get("description").clone(),
        "picture_url": Json::Null,
        "title": item.get("title").clone(),
        "quantity": item.get("quantity").number().and_then(|text| crate::amount::minor_units(text, 0).ok()),
        "unit_price": item.get("unit_price").clone(),
    }
}
