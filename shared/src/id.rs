//! Names of things. An id cannot exist in an invalid form.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// Why a text is not an id: the rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(pub &'static str);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $rule:literal, $max:literal, $fold:expr, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads an id, or names the rule that the text breaks.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let allowed: fn(char) -> bool = $allowed;
                if text.is_empty() || text.len() > $max || !text.chars().all(allowed) {
                    return Err(InvalidId($rule));
                }
                let fold: fn(&str) -> String = $fold;
                Ok(Self(fold(text)))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// A Mercado Pago seller of this deployment, as the chain calls it: part of the notification URL.
    AccountId,
    "must be 1 to 32 letters, digits or hyphens",
    32,
    str::to_ascii_lowercase,
    |c| c.is_ascii_alphanumeric() || c == '-'
);
id!(
    /// A site; for YPF its APIES number. Case does not count: Mercado Pago's ids do not tell cases apart.
    StationId,
    "must be 1 to 12 letters or digits",
    12,
    str::to_ascii_lowercase,
    |c| c.is_ascii_alphanumeric()
);
id!(
    /// A pump side that a car stands at, within its station. Case does not count.
    PositionId,
    "must be 1 to 8 letters or digits",
    8,
    str::to_ascii_lowercase,
    |c| c.is_ascii_alphanumeric()
);
id!(
    /// The station's own name for a delivery, unique within the station for ever. Case counts.
    SaleId,
    "must be 1 to 64 letters, digits, dots, hyphens or underscores",
    64,
    str::to_owned,
    |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
);
id!(
    /// Mercado Pago's number of a payment: 64 bits, kept as its digits.
    PaymentId,
    "must be 1 to 20 digits",
    20,
    str::to_owned,
    |c| c.is_ascii_digit()
);
id!(
    /// Mercado Pago's number of a merchant order.
    MerchantOrderId,
    "must be 1 to 20 digits",
    20,
    str::to_owned,
    |c| c.is_ascii_digit()
);
id!(
    /// Mercado Pago's name of anything else that is fetched by id: an order (`ORD…`), a payment intent (a UUID),
    /// a chargeback.
    ResourceId,
    "must be 1 to 64 letters, digits or hyphens",
    64,
    str::to_owned,
    |c| c.is_ascii_alphanumeric() || c == '-'
);

id!(
    /// A Point terminal as Mercado Pago names it: its model, two underscores, and the serial number on its back
    /// (`NEWLAND_N950__N950NCB801293324`). Some models have a hyphen in it.
    TerminalId,
    "must be 1 to 64 letters, digits, underscores or hyphens",
    64,
    str::to_owned,
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
);

impl TerminalId {
    /// The serial number on the back of the terminal: what follows the model.
    #[must_use]
    pub fn serial(&self) -> &str {
        self.0.split_once("__").map_or(self.0.as_str(), |(_, serial)| serial)
    }

    /// Whether a text that a person typed names this terminal: its whole id or its whole serial number. A part of either
    /// names nothing, or a short one would name whichever terminal comes first. Case does not count.
    #[must_use]
    pub fn is_named(&self, text: &str) -> bool {
        let names = [self.as_str(), self.serial()];
        !text.is_empty() && names.iter().any(|name| name.eq_ignore_ascii_case(text))
    }
}

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const ORDER_DIGITS: usize = 9;
const TAIL_DIGITS: usize = 7;

/// What Mercado Pago calls a sale by: letters and digits in one case, at most 38 (its rule is at most 64, no case).
///
/// It spells out where the sale stands, so that the sale is read by its reference without an index:
/// length and text of the station, length and text of the position, the sale's place in the order of the
/// position's sales (milliseconds, base 36, nine digits), and seven digits of a hash of the station's sale id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExternalReference {
    text: String,
    station: StationId,
    position: PositionId,
}

impl ExternalReference {
    /// The reference of a sale that takes the place `order` among the sales of its position.
    #[must_use]
    pub fn new(station: &StationId, position: &PositionId, sale: &SaleId, order: SaleOrder) -> Self {
        let tail = Sha256::digest(format!("{station}/{sale}"));
        let tail = tail.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let text = format!(
            "{}{station}{}{position}{}{}",
            base36(station.0.len() as u64, 1),
            base36(position.0.len() as u64, 1),
            base36(order.0, ORDER_DIGITS),
            base36(tail, TAIL_DIGITS),
        );
        Self { text, station: station.clone(), position: position.clone() }
    }

    /// Reads a reference that Mercado Pago gives back, in either case. What is not of our making is an error.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        const RULE: InvalidId = InvalidId("is not a reference of this system");
        let text = text.to_ascii_lowercase();
        let (station, rest) = sized(&text).ok_or(RULE)?;
        let (position, rest) = sized(rest).ok_or(RULE)?;
        let tail_is_ours =
            rest.len() == ORDER_DIGITS + TAIL_DIGITS && rest.bytes().all(|b| DIGITS.contains(&b));
        if !tail_is_ours {
            return Err(RULE);
        }
        let station = StationId::parse(station).map_err(|_| RULE)?;
        let position = PositionId::parse(position).map_err(|_| RULE)?;
        Ok(Self { text, station, position })
    }

    /// Reads what a payment says that it pays: a sale, or a charge of one, whose reference is the sale's with a number
    /// behind it, since Mercado Pago wants another one for each order.
    pub fn of_payment(text: &str) -> Result<Self, InvalidId> {
        let is_charge = |tail: &str| {
            let number = tail.strip_prefix(['c', 'C']).unwrap_or_default();
            !number.is_empty() && number.len() <= 3 && number.bytes().all(|digit| digit.is_ascii_digit())
        };
        match text.split_once('-') {
            Some((sale, tail)) if is_charge(tail) => Self::parse(sale),
            _ => Self::parse(text),
        }
    }

    /// The text that Mercado Pago gets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The station of the sale.
    #[must_use]
    pub fn station(&self) -> &StationId {
        &self.station
    }

    /// The position of the sale.
    #[must_use]
    pub fn position(&self) -> &PositionId {
        &self.position
    }

    /// The place of the sale among those of its position.
    #[must_use]
    pub fn order(&self) -> SaleOrder {
        let digits = self.within_position().bytes().take(ORDER_DIGITS);
        let value = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).unwrap_or(0) as u64;
        SaleOrder(digits.fold(0, |sum, byte| sum.saturating_mul(36).saturating_add(value(byte))))
    }

    /// Order and hash: what tells the sale from others of its position, and sorts by age as text.
    #[must_use]
    pub fn within_position(&self) -> &str {
        let start = self.text.len().saturating_sub(ORDER_DIGITS + TAIL_DIGITS);
        self.text.get(start..).unwrap_or_default()
    }
}

/// A length as one base-36 digit, and as much text.
fn sized(text: &str) -> Option<(&str, &str)> {
    let digit = text.bytes().next()?;
    let length = DIGITS.iter().position(|d| *d == digit)?;
    let rest = text.get(1..)?;
    Some((rest.get(..length)?, rest.get(length..)?))
}

/// The last `width` digits of a number in base 36.
fn base36(mut number: u64, width: usize) -> String {
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        let value = usize::try_from(number % 36).unwrap_or(0);
        *digit = DIGITS.get(value).copied().unwrap_or(b'0');
        number /= 36;
    }
    digits.into_iter().map(char::from).collect()
}

impl fmt::Display for ExternalReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ExternalReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for ExternalReference {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<ExternalReference> for String {
    fn from(reference: ExternalReference) -> Self {
        reference.text
    }
}

/// A sale's place in the order of its position's sales: milliseconds since 1970, moved by a few where two
/// sales would share a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SaleOrder(u64);

impl SaleOrder {
    /// The place of a sale that arrives now.
    #[must_use]
    pub fn at(now: OffsetDateTime) -> Self {
        Self(u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0))
    }

    /// The next place up.
    #[must_use]
    pub fn after(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The next place down.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_demo_sale_has_a_readable_reference() {
        let reference = ExternalReference::new(
            &StationId::parse("6232").unwrap(),
            &PositionId::parse("1").unwrap(),
            &SaleId::parse("45ea80da").unwrap(),
            SaleOrder(1_763_829_193_000),
        );
        assert!(reference.as_str().starts_with("4623211"), "{reference}");
        assert_eq!(reference.as_str().len(), 4 + 1 + 1 + 1 + 9 + 7);
    }

    #[test]
    fn a_reference_that_is_not_ours_is_told_apart() {
        for text in ["", "45ea80da", "order-17", "z", "46232", "4623211", "ñandú", "0000000000000000"] {
            assert!(ExternalReference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_terminal_is_named_by_its_whole_serial_number_only() {
        let terminal = TerminalId::parse("NEWLAND_N950__N950NCB801293324").unwrap();
        assert_eq!(terminal.serial(), "N950NCB801293324");
        for name in ["NEWLAND_N950__N950NCB801293324", "N950NCB801293324", "n950ncb801293324"] {
            assert!(terminal.is_named(name), "{name}");
        }
        for name in ["", "N950", "801293324", "N950NCB80129332", "NEWLAND_N950", "N950NCB801293324 "] {
            assert!(!terminal.is_named(name), "{name}");
        }
        assert!(TerminalId::parse("INGENICO_MOVE2500__ING-ARG-123").unwrap().is_named("ING-ARG-123"));
        assert!(TerminalId::parse("SERIALALONE").unwrap().is_named("SERIALALONE"));
    }

    #[test]
    fn a_charge_leads_to_its_sale() {
        let sale = "462321100mnq8xj1k2abcdefg";
        let sale = ExternalReference::new(
            &StationId::parse("6232").unwrap(),
            &PositionId::parse("1").unwrap(),
            &SaleId::parse(sale).unwrap(),
            SaleOrder(1_763_829_193_000),
        );
        for tail in ["-c1", "-C12", "-c999", ""] {
            assert_eq!(ExternalReference::of_payment(&format!("{sale}{tail}")).unwrap(), sale, "{tail}");
        }
        for tail in ["-", "-c", "-c1x", "-c1000", "-1", "-r1", "-c1-c1"] {
            assert!(ExternalReference::of_payment(&format!("{sale}{tail}")).is_err(), "{tail}");
        }
    }

    prop_compose! {
        fn any_reference()(station in "[a-z0-9]{1,12}", position in "[a-z0-9]{1,8}", sale in "[A-Za-z0-9._-]{1,64}", order in 0_u64..100_000_000_000_000) -> ExternalReference {
            ExternalReference::new(&StationId::parse(&station).unwrap(), &PositionId::parse(&position).unwrap(), &SaleId::parse(&sale).unwrap(), SaleOrder(order))
        }
    }

    proptest! {
        #[test]
        fn a_reference_is_read_back_in_either_case(reference in any_reference()) {
            prop_assert_eq!(&ExternalReference::parse(reference.as_str()).unwrap(), &reference);
            prop_assert_eq!(&ExternalReference::parse(&reference.as_str().to_ascii_uppercase()).unwrap(), &reference);
        }

        #[test]
        fn a_reference_knows_its_place(order in 0_u64..100_000_000_000_000) {
            let (station, position, sale) = (StationId::parse("1").unwrap(), PositionId::parse("1").unwrap(), SaleId::parse("x").unwrap());
            prop_assert_eq!(ExternalReference::new(&station, &position, &sale, SaleOrder(order)).order(), SaleOrder(order));
        }

        #[test]
        fn a_reference_keeps_mercado_pagos_rule(reference in any_reference()) {
            prop_assert!(reference.as_str().len() <= 38);
            prop_assert!(reference.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        }

        #[test]
        fn references_of_a_position_sort_by_age(a in 0_u64..100_000_000_000_000, b in 0_u64..100_000_000_000_000) {
            let (station, position, sale) = (StationId::parse("1").unwrap(), PositionId::parse("1").unwrap(), SaleId::parse("x").unwrap());
            let of = |order| ExternalReference::new(&station, &position, &sale, SaleOrder(order));
            prop_assert_eq!(of(a).within_position().cmp(of(b).within_position()), a.cmp(&b));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = ExternalReference::parse(&text);
        }
    }
}
