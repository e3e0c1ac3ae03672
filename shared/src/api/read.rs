//! Bodies as the station's software sends them. What breaks a rule is refused with the field's name; nothing is
//! guessed, nothing unknown is passed over.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::id::{ExternalReference, PaymentId, PositionId, SaleId};
use crate::lookup::PositionState;
use crate::money::{Currency, Money, MoneyError};
use crate::problem::Problem;
use crate::sale::{Acknowledgement, Delivery, Document, LoyaltyClaim, Product};

/// No body of this API is longer.
pub const LONGEST_BODY: usize = 64 * 1024;

/// Reads a JSON body. 400 for what is no JSON object, 422 with the field's name for what breaks the shape.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.len() > LONGEST_BODY {
        return Err(Problem::too_large(LONGEST_BODY));
    }
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| *byte != b'{') {
        return Err(Problem::unreadable("the body must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let read: T = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
        if !error.is_data() && is_json {
            return Problem::invalid(&path, "must be a value of its kind");
        }
        if !error.is_data() {
            return Problem::unreadable(format!("the body is no JSON: {}", place(&error)));
        }
        let message = message(&error);
        // serde names the field of an unknown or missing one in its message, not in the path.
        let named = message.split('`').nth(1).filter(|_| message.contains("field `"));
        let field = match (path.as_str(), named) {
            (".", Some(named)) => named.to_owned(),
            (path, Some(named)) if !path.ends_with(named) => format!("{path}.{named}"),
            (path, _) => path.to_owned(),
        };
        Problem::invalid(&field, format!("is not right: {message}"))
    })?;
    json.end().map_err(|error| Problem::unreadable(format!("the body is no JSON: {}", place(&error))))?;
    Ok(read)
}

fn place(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

/// serde's words without the place, and without the value that it quotes: that may be personal.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    match text.split_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => format!("must be {expected}"),
        _ => text.to_owned(),
    }
}

/// A hash of what was asked, in a normal form: two bodies that say the same have the same.
#[must_use]
pub fn digest<T: serde::Serialize>(asked: &T) -> String {
    let text = serde_json::to_vec(asked).unwrap_or_default();
    hex::encode(Sha256::digest(text))
}

/// `POST …/sales`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaleBody {
    sale_id: String,
    position: String,
    amount: String,
    currency: Option<String>,
    description: Option<String>,
    delivered_at: Option<String>,
    invoice_number: Option<String>,
    shift: Option<String>,
    period: Option<String>,
    attendant: Option<Document>,
    #[serde(default)]
    products: Vec<Product>,
    loyalty: Option<LoyaltyClaim>,
}

impl SaleBody {
    /// The position, which must be known before the amount can be read: the account's currency hangs on it.
    pub fn position(&self) -> Result<PositionId, Problem> {
        PositionId::parse(&self.position).map_err(|error| Problem::invalid("position", error.to_string()))
    }

    /// The delivery, in the currency of the position.
    pub fn delivery(self, currency: Currency) -> Result<Delivery, Problem> {
        let position = self.position()?;
        let sale_id = sale_id(&self.sale_id)?;
        check_currency(self.currency.as_deref(), currency)?;
        let amount = amount(&self.amount, currency)?;
        if amount.is_zero() {
            return Err(Problem::invalid(
                "amount",
                "must be more than zero: a delivery of nothing is no sale",
            ));
        }
        let delivered_at =
            self.delivered_at.as_deref().map(|text| instant("delivered_at", text)).transpose()?;
        for (field, value, longest) in [
            ("description", &self.description, 150),
            ("invoice_number", &self.invoice_number, 32),
            ("shift", &self.shift, 16),
            ("period", &self.period, 16),
        ] {
            if let Some(value) = value {
                printable(field, value, longest)?;
            }
        }
        if let Some(document) = &self.attendant {
            printable("attendant.type", &document.kind, 16)?;
            printable("attendant.number", &document.number, 32)?;
        }
        if let Some(claim) = &self.loyalty {
            printable("loyalty.program", &claim.program, 32)?;
            if let Some(plan) = &claim.affinity_plan {
                printable("loyalty.affinity_plan", plan, 16)?;
            }
        }
        if self.products.len() > 50 {
            return Err(Problem::invalid("products", "may be at most 50"));
        }
        for (index, product) in self.products.iter().enumerate() {
            check_product(index, product)?;
        }
        Ok(Delivery {
            sale_id,
            position,
            amount,
            description: self.description,
            delivered_at,
            invoice_number: self.invoice_number,
            shift: self.shift,
            period: self.period,
            attendant: self.attendant,
            products: self.products,
            loyalty: self.loyalty,
        })
    }
}

fn check_product(index: usize, product: &Product) -> Result<(), Problem> {
    let field = |name: &str| format!("products[{index}].{name}");
    printable(&field("code"), &product.code, 32)?;
    printable(&field("unit"), &product.unit, 16)?;
    if let Some(description) = &product.description {
        printable(&field("description"), description, 150)?;
    }
    decimal(&field("quantity"), &product.quantity, 3)?;
    decimal(&field("unit_price"), &product.unit_price, 4)
}

fn sale_id(text: &str) -> Result<SaleId, Problem> {
    let sale_id = SaleId::parse(text).map_err(|error| Problem::invalid("sale_id", error.to_string()))?;
    if sale_id.as_str().bytes().all(|byte| byte == b'.') {
        return Err(Problem::invalid("sale_id", "must not be dots alone: it is part of a path"));
    }
    Ok(sale_id)
}

fn check_currency(stated: Option<&str>, currency: Currency) -> Result<(), Problem> {
    match stated {
        Some(stated) if stated != currency.code() => {
            Err(Problem::invalid("currency", format!("must be {currency}, the account's currency")))
        }
        _ => Ok(()),
    }
}

fn amount(text: &str, currency: Currency) -> Result<Money, Problem> {
    Money::parse(text, currency).map_err(|error| {
        match (error, Money::from_minor(Money::MAX_MINOR, currency)) {
            (MoneyError::TooLarge, Ok(most)) => Problem::invalid("amount", format!("must be at most {most}")),
            (error, _) => Problem::invalid("amount", error.to_string()),
        }
    })
}

fn instant(field: &str, text: &str) -> Result<OffsetDateTime, Problem> {
    let rule = "must be a time with its offset (RFC 3339), such as 2026-11-22T13:33:13-03:00";
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| Problem::invalid(field, rule))?;
    // Years that no clock means, and that would not survive arithmetic.
    if (2000..2200).contains(&at.year()) { Ok(at) } else { Err(Problem::invalid(field, rule)) }
}

fn printable(field: &str, text: &str, longest: usize) -> Result<(), Problem> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > longest || text.chars().any(char::is_control) {
        let rule = format!("must have 1 to {longest} printable characters");
        return Err(Problem::invalid(field, rule));
    }
    Ok(())
}

/// A decimal as JSON writes one, since it goes into Mercado Pago's documents to the letter.
fn decimal(field: &str, text: &str, decimals: usize) -> Result<(), Problem> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || !digits(fraction) || leading_zero || whole.len() > 9 || fraction.len() > decimals {
        let rule = format!(
            "must be a decimal number as a string with at most {decimals} decimals, such as \"11.200\""
        );
        return Err(Problem::invalid(field, rule));
    }
    Ok(())
}

/// `PUT …/positions/{position}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetState {
    /// What the station says of it.
    pub state: PositionState,
}

/// `POST …/sales/{sale}/settle`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    tender: String,
}

impl Settle {
    /// The word for the other means of payment.
    pub fn tender(&self) -> Result<&str, Problem> {
        let word = self.tender.len() <= 32
            && !self.tender.is_empty()
            && self.tender.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if word {
            Ok(&self.tender)
        } else {
            Err(Problem::invalid("tender", "must be a word such as cash or card"))
        }
    }
}

/// `POST …/terminals/{terminal}/charges`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeBody {
    sale_id: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
    description: Option<String>,
}

impl ChargeBody {
    /// The station's name of the sale. Where there is none, the caller's key is one: it names the same thing on a repeat.
    pub fn sale_id(&self, key: Option<&str>) -> Result<SaleId, Problem> {
        let text = match (&self.sale_id, key) {
            (Some(sale_id), _) => sale_id.clone(),
            (None, Some(key)) => {
                let name = hex::encode(Sha256::digest(key.as_bytes()));
                format!("charge-{}", name.get(..32).unwrap_or_default())
            }
            (None, None) => {
                let rule = "must be given, or a header Idempotency-Key: without a name a repeat of the request could not be told from a second charge";
                return Err(Problem::invalid("sale_id", rule));
            }
        };
        sale_id(&text)
    }

    /// The amount, if one is given, in the currency of the account.
    pub fn amount(&self, currency: Currency) -> Result<Option<Money>, Problem> {
        check_currency(self.currency.as_deref(), currency)?;
        self.amount.as_deref().map(|text| amount(text, currency)).transpose()
    }

    /// Words for the buyer.
    pub fn description(&self) -> Result<Option<String>, Problem> {
        if let Some(text) = &self.description {
            printable("description", text, 150)?;
        }
        Ok(self.description.clone())
    }
}

/// `PUT …/terminals/{terminal}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    position: Option<String>,
    till: Option<String>,
}

impl LinkBody {
    /// The pump side or the till that the terminal is for.
    pub fn place(&self) -> Result<(Option<PositionId>, Option<PositionId>), Problem> {
        let id = |field: &'static str, text: &Option<String>| {
            let parsed = text.as_deref().map(PositionId::parse).transpose();
            parsed.map_err(|error| Problem::invalid(field, error.to_string()))
        };
        if self.position.is_some() == self.till.is_some() {
            return Err(Problem::invalid("till", "or position must be given, and not both"));
        }
        Ok((id("position", &self.position)?, id("till", &self.till)?))
    }
}

/// `PUT …/terminals/{terminal}/mode`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeBody {
    /// Mercado Pago's word.
    #[serde(alias = "mode")]
    operating_mode: String,
}

impl ModeBody {
    /// The word, if it is one that can be set.
    pub fn operating_mode(&self) -> Result<&str, Problem> {
        match self.operating_mode.as_str() {
            word @ ("PDV" | "STANDALONE") => Ok(word),
            _ => Err(Problem::invalid("operating_mode", "must be PDV (driven by this API) or STANDALONE")),
        }
    }
}

/// The header `Idempotency-Key`, if it is there.
pub fn idempotency_key(header: Option<&[u8]>) -> Result<Option<String>, Problem> {
    let Some(header) = header else { return Ok(None) };
    let allowed = (1..=64).contains(&header.len()) && header.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(header) {
        Ok(key) if allowed => Ok(Some(key.to_owned())),
        _ => Err(Problem::invalid("Idempotency-Key", KEY_RULE)),
    }
}

/// What is wrong with a key that is not there, or is none.
pub const KEY_RULE: &str = "must be a header of 1 to 64 printable characters, one for each thing you want: a repeat with the same key gives the same answer and does nothing twice";

/// A body that says nothing: absent, or `{}`.
pub fn nothing(body: &[u8]) -> Result<(), Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    parse::<Nothing>(body).map(|Nothing {}| ())
}

/// `POST …/commands/{command}/ack`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// What the station did.
    pub result: Acknowledgement,
}

/// `POST …/heartbeat`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    clock: String,
}

impl Heartbeat {
    /// The station's clock.
    pub fn clock(&self) -> Result<OffsetDateTime, Problem> {
        instant("clock", &self.clock)
    }
}

/// `POST …/sales/{sale}/refunds`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundBody {
    amount: Option<String>,
    payment_id: Option<String>,
    reason: String,
}

impl RefundBody {
    /// The amount in the sale's currency and the payment, if they are given, and the reason.
    pub fn read(self, currency: Currency) -> Result<(Option<Money>, Option<PaymentId>, String), Problem> {
        let amount = self.amount.as_deref().map(|text| amount(text, currency)).transpose()?;
        let payment = self.payment_id.as_deref().map(PaymentId::parse).transpose();
        let payment = payment.map_err(|error| Problem::invalid("payment_id", error.to_string()))?;
        printable("reason", &self.reason, 150)?;
        Ok((amount, payment, self.reason))
    }
}

/// The place in a list that `?after=` names.
pub fn cursor(text: &str) -> Result<(String, ExternalReference), Problem> {
    let invalid = || Problem::invalid("after", "must be the `next` of a page of this list");
    let (since, reference) = text.split_once('_').ok_or_else(invalid)?;
    let is_time = since.len() == 27 && since.is_ascii();
    let reference = ExternalReference::parse(reference).map_err(|_| invalid())?;
    if is_time { Ok((since.to_owned(), reference)) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sale(change: impl Fn(&mut Value)) -> Result<Delivery, Problem> {
        let mut body = json!({
            "sale_id": "45ea80da", "position": "1", "amount": "500.00", "currency": "ARS",
            "description": "$500.00 de SUPER", "delivered_at": "2026-11-22T13:33:13-03:00", "invoice_number": "3592",
            "shift": "1", "period": "0000", "attendant": {"type": "DNI", "number": "00000000"},
            "products": [{"code": "2", "description": "SUPER", "quantity": "11.200", "unit": "litre", "unit_price": "62.24"}],
            "loyalty": {"program": "serviclub", "affinity_plan": "7"},
        });
        change(&mut body);
        parse::<SaleBody>(body.to_string().as_bytes())?.delivery(Currency::ARS)
    }

    #[test]
    fn the_full_sale_and_the_least_sale_are_read() {
        assert_eq!(sale(|_| {}).unwrap().amount.minor(), 50_000);
        let least = parse::<SaleBody>(br#"{"sale_id":"a","position":"1","amount":"0.01"}"#).unwrap();
        assert_eq!(least.delivery(Currency::ARS).unwrap().amount.minor(), 1);
    }

    #[test]
    fn each_broken_rule_names_its_field() {
        let set = |key: &'static str, value: Value| move |body: &mut Value| body[key] = value.clone();
        for (field, value) in [
            ("sale_id", json!("")),
            ("sale_id", json!("a b")),
            ("sale_id", json!("..")),
            ("sale_id", json!("x".repeat(65))),
            ("sale_id", json!(7)),
            ("sale_id", json!(null)),
            ("position", json!("pump one")),
            ("amount", json!(500.0)),
            ("amount", json!("500")),
            ("amount", json!("0.00")),
            ("amount", json!("-1.00")),
            ("amount", json!("1e3")),
            ("currency", json!("BRL")),
            ("currency", json!("ars")),
            ("delivered_at", json!("yesterday")),
            ("delivered_at", json!("2026-11-22T13:33:13")),
            ("delivered_at", json!("9999-12-31T23:59:59Z")),
            ("description", json!("")),
            ("description", json!("a\u{0}b")),
            ("description", json!("x".repeat(151))),
            ("products", json!({})),
            ("colour", json!("red")),
        ] {
            let problem = sale(set(field, value.clone())).unwrap_err();
            assert_eq!((problem.status, problem.field.as_deref()), (422, Some(field)), "{value} {problem:?}");
        }
        let nested = |field: &str, change: &dyn Fn(&mut Value)| {
            let problem = sale(change).unwrap_err();
            assert_eq!((problem.status, problem.field.as_deref()), (422, Some(field)), "{problem:?}");
        };
        nested("products[0].quantity", &|body| body["products"][0]["quantity"] = json!("11.2001"));
        nested("products[0].quantity", &|body| body["products"][0]["quantity"] = json!(11.2));
        nested("products[0].unit_price", &|body| body["products"][0]["unit_price"] = json!("01"));
        nested("products[0].colour", &|body| body["products"][0]["colour"] = json!("red"));
        nested("attendant.name", &|body| body["attendant"]["name"] = json!("Juan"));
        for missing in ["sale_id", "position", "amount"] {
            nested(missing, &|body| {
                body.as_object_mut().unwrap().remove(missing);
            });
        }
    }

    #[test]
    fn what_cannot_be_read_is_400_and_never_quoted() {
        for body in ["", " ", "{", "[]", "null", "\"x\"", "{\"a\":1}x", "\u{0}", "{'a':1}"] {
            let problem = parse::<SaleBody>(body.as_bytes()).unwrap_err();
            assert!(problem.status == 400 || problem.status == 422, "{body}");
        }
        assert_eq!(parse::<SaleBody>(b"{").unwrap_err().status, 400);
        assert_eq!(parse::<SaleBody>(b"[]").unwrap_err().status, 400);
        assert_eq!(parse::<SaleBody>(&vec![b' '; LONGEST_BODY + 1]).unwrap_err().status, 413);
        let secret = parse::<SaleBody>(br#"{"sale_id":{"pan":"4509953566233704"}}"#).unwrap_err();
        let number = parse::<SaleBody>(br#"{"sale_id":4509953566233704}"#).unwrap_err();
        assert!(!format!("{secret:?}{number:?}").contains("4509"), "{number:?}");
    }

    #[test]
    fn words_of_other_lists_are_refused() {
        assert_eq!(parse::<SetState>(br#"{"state":"idle"}"#).unwrap().state, PositionState::Idle);
        assert_eq!(parse::<SetState>(br#"{"state":"flying"}"#).unwrap_err().field.as_deref(), Some("state"));
        assert_eq!(
            parse::<Acknowledge>(br#"{"result":"maybe"}"#).unwrap_err().field.as_deref(),
            Some("result")
        );
        let null = parse::<SetState>(br#"{"state":null}"#).unwrap_err();
        assert_eq!((null.status, null.field.as_deref()), (422, Some("state")));
        assert!(parse::<Settle>(br#"{"tender":"a b"}"#).unwrap().tender().is_err());
        assert!(cursor("nonsense").is_err());
    }
}
