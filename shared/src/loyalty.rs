//! The loyalty block of an order: what a brand's programme needs to credit points (petroleras guide, "loyalty";
//! QR unattended, loyalty page). A claim that breaks a rule of the documents is left out, and the sale says so: no claim
//! may stop a payment.

mod fault;

use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use fault::Fault;

use crate::country::Country;
use crate::lookup::{Generation, Position};
use crate::money::{Currency, Money};
use crate::order::number;
use crate::sale::{Document, LoyaltyClaim, Product, Sale};

/// The block as Mercado Pago takes it.
#[derive(Debug, Serialize)]
pub struct Block<'a> {
    program: &'static str,
    transaction_id: &'a str,
    invoice_number: String,
    transaction_date: String,
    transaction_amount: Box<RawValue>,
    store_id: String,
    products: Vec<Line<'a>>,
    cashier_identification: Cashier<'a>,
    period: &'a str,
    shift: &'a str,
    affinity_plan: &'a str,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    code: &'a str,
    quantity: Box<RawValue>,
    unit: &'static str,
    unit_price: Box<RawValue>,
}

#[derive(Debug, Serialize)]
struct Cashier<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    number: &'a str,
}

/// A brand's programme, with the products that it knows. Other programmes' codes are documented nowhere, so a claim for
/// one is not passed on.
#[derive(Debug)]
struct Program {
    word: &'static str,
    codes: &'static [(&'static str, Goods)],
}

/// What a product is, as far as the order of lines depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goods {
    /// It comes first.
    Fuel,
    /// Lubricants and the like.
    Other,
    /// All of the shop is one line.
    Shop,
}

/// The programmes that are known, as Mercado Pago spells them.
pub fn programs() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|program| program.word)
}

const PROGRAMS: [Program; 2] = [
    // YPF.
    Program {
        word: "serviclub",
        codes: &[
            ("0", Goods::Shop),
            ("1", Goods::Fuel),
            ("3", Goods::Fuel),
            ("4", Goods::Fuel),
            ("6", Goods::Fuel),
            ("7", Goods::Fuel),
            ("8", Goods::Fuel),
            ("11", Goods::Other),
        ],
    },
    // Shell.
    Program {
        word: "CTC",
        codes: &[
            ("1", Goods::Fuel),
            ("2", Goods::Fuel),
            ("3", Goods::Fuel),
            ("4", Goods::Other),
            ("5", Goods::Other),
            ("6", Goods::Other),
            ("7", Goods::Shop),
        ],
    },
];

const UNITS: [&str; 2] = ["litre", "piece"];
/// The unit of what the shop sold, as one line.
const PIECE: &str = "piece";

/// What the documents say to send for an attendant who is not known.
const UNKNOWN_CASHIER: &str = "00000000";
/// And for a period that is not known.
const UNKNOWN_PERIOD: &str = "0000";
/// The only plan that the documents name.
const AFFINITY_PLAN: &str = "7";

/// What was found wrong so far.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    fn keep<T>(&mut self, found: Result<T, Fault>) -> Option<T> {
        found.map_err(|fault| self.0.push(fault)).ok()
    }
}

/// The block of a sale whose buyer claims points; `None` when none are claimed. An error says everything that is wrong with
/// the claim.
pub fn block<'a>(position: &'a Position, sale: &'a Sale) -> Result<Option<Block<'a>>, Vec<Fault>> {
    let delivery = &sale.delivery;
    let Some(claim) = &delivery.loyalty else { return Ok(None) };
    let currency = sale.amount().currency();
    if currency != Country::Ar.currency() {
        return Err(vec![Fault::Country]);
    }
    if position.generation != Generation::V1 {
        return Err(vec![Fault::Generation]);
    }
    // Without it no code can be checked.
    let program = program(position, claim).map_err(|fault| vec![fault])?;
    let mut faults = Faults::default();
    let period = delivery.period.as_deref().unwrap_or(UNKNOWN_PERIOD);
    let shift = delivery.shift.as_deref().unwrap_or("1");
    let affinity_plan = claim.affinity_plan.as_deref().unwrap_or(AFFINITY_PLAN);
    faults.keep(exactly(period, 4, Fault::Period));
    faults.keep(exactly(shift, 1, Fault::Shift));
    faults.keep(exactly(affinity_plan, 1, Fault::AffinityPlan));
    let site = position.site_id.as_deref().unwrap_or(sale.station.as_str());
    let store_id = faults.keep(padded(site, 5, Fault::StoreId));
    let invoice_number = delivery.invoice_number.as_deref().unwrap_or("0");
    let invoice_number = faults.keep(padded(invoice_number, 8, Fault::InvoiceNumber));
    let cashier = faults.keep(cashier(delivery.attendant.as_ref()));
    let products = lines(program, &delivery.products, currency, &mut faults);
    let amount = number(&sale.amount().to_string());
    let (Some(store_id), Some(invoice_number), Some(cashier), Some(amount), true) =
        (store_id, invoice_number, cashier, amount, faults.0.is_empty())
    else {
        return Err(faults.0);
    };
    Ok(Some(Block {
        program: program.word,
        // Unique over all integrators, as the programmes ask: the reference holds station, side and time.
        transaction_id: sale.reference.as_str(),
        invoice_number,
        transaction_date: iso_8601(delivery.delivered_at.unwrap_or(sale.received_at)),
        transaction_amount: amount,
        store_id,
        products,
        cashier_identification: cashier,
        period,
        shift,
        affinity_plan,
    }))
}

/// The programme that is claimed, in whatever case it is written, if it is the station's.
fn program(position: &Position, claim: &LoyaltyClaim) -> Result<&'static Program, Fault> {
    let known = PROGRAMS.iter().find(|known| known.word.eq_ignore_ascii_case(&claim.program));
    let program = known.ok_or_else(|| Fault::Program { program: claim.program.clone() })?;
    match &position.loyalty {
        Some(of_station) if !of_station.eq_ignore_ascii_case(program.word) => {
            Err(Fault::OtherProgram { program: program.word.to_owned(), of_station: of_station.clone() })
        }
        _ => Ok(program),
    }
}

/// The lines of a block: fuel first, and all goods of the shop as one line.
fn lines<'a>(
    program: &'static Program,
    products: &'a [Product],
    currency: Currency,
    faults: &mut Faults,
) -> Vec<Line<'a>> {
    if products.is_empty() {
        faults.0.push(Fault::NoProducts);
    }
    let (mut fuel, mut others, mut shop) = (Vec::new(), Vec::new(), None);
    for (index, product) in products.iter().enumerate() {
        let Some((code, goods, line)) = faults.keep(line(program, index, product)) else { continue };
        match goods {
            Goods::Fuel => fuel.push(line),
            Goods::Other => others.push(line),
            Goods::Shop => {
                let price = thousandths(&product.quantity).zip(thousandths(&product.unit_price));
                let price = price.map_or(0, |(quantity, price)| quantity.saturating_mul(price));
                let (_, sum) = shop.unwrap_or((code, 0));
                shop = Some((code, price.saturating_add(sum)));
            }
        }
    }
    let shop = shop.and_then(|(code, sum)| faults.keep(of_the_shop(code, sum, currency)));
    fuel.into_iter().chain(others).chain(shop).collect()
}

/// What a product is in the programme, and its line.
fn line<'a>(
    program: &'static Program,
    index: usize,
    product: &'a Product,
) -> Result<(&'static str, Goods, Line<'a>), Fault> {
    let line = index;
    let known = program.codes.iter().find(|(code, _)| *code == product.code);
    let (code, goods) = *known.ok_or_else(|| Fault::Code {
        line,
        code: product.code.clone(),
        program: program.word.to_owned(),
    })?;
    let unit = UNITS.into_iter().find(|unit| *unit == product.unit).ok_or(Fault::Unit { line })?;
    let decimal = |text: &str| thousandths(text).filter(|value| *value > 0).and_then(|_| number(text));
    let quantity = decimal(&product.quantity).ok_or(Fault::Quantity { line })?;
    let unit_price = decimal(&product.unit_price).ok_or(Fault::UnitPrice { line })?;
    Ok((code, goods, Line { code, quantity, unit, unit_price }))
}

/// The line of the shop: one piece, for the sum of millionths of the currency, rounded to what it has.
fn of_the_shop(code: &'static str, millionths: u128, currency: Currency) -> Result<Line<'static>, Fault> {
    const MILLIONTHS_OF_MINOR: u128 = 10_000;
    let minor = millionths.saturating_add(MILLIONTHS_OF_MINOR / 2) / MILLIONTHS_OF_MINOR;
    let sum = u64::try_from(minor).ok().and_then(|minor| Money::from_minor(minor, currency).ok());
    let sum = sum.filter(|sum| !sum.is_zero()).ok_or(Fault::ShopTotal)?;
    let price = number(&sum.to_string()).zip(number("1"));
    price
        .map(|(unit_price, quantity)| Line { code, quantity, unit: PIECE, unit_price })
        .ok_or(Fault::ShopTotal)
}

/// A decimal with at most nine digits and three decimals, as JSON writes one, in thousandths.
fn thousandths(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most| {
        (1..=most).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit())
    };
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole, 9) || !digits(fraction, 3) || leading_zero {
        return None;
    }
    format!("{whole}{fraction:0<3}").parse().ok()
}

fn cashier(attendant: Option<&Document>) -> Result<Cashier<'_>, Fault> {
    let Some(Document { kind, number }) = attendant else {
        return Ok(Cashier { kind: "DNI", number: UNKNOWN_CASHIER });
    };
    let digits = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    if digits && !kind.trim().is_empty() { Ok(Cashier { kind, number }) } else { Err(Fault::Attendant) }
}

fn exactly(text: &str, length: usize, fault: Fault) -> Result<(), Fault> {
    if text.chars().count() == length { Ok(()) } else { Err(fault) }
}

/// A number of at most so many digits, padded with zeros on the left, as the programmes want it.
fn padded(text: &str, length: usize, fault: Fault) -> Result<String, Fault> {
    let digits = (1..=length).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    if digits { Ok(format!("{text:0>length$}")) } else { Err(fault) }
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
mod tests;
