//! Money: whole minor units of one currency. No floating point comes near it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An ISO 4217 alphabetic code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Argentine peso.
    pub const ARS: Self = Self(*b"ARS");
    /// Brazilian real.
    pub const BRL: Self = Self(*b"BRL");
    /// Chilean peso.
    pub const CLP: Self = Self(*b"CLP");
    /// Colombian peso.
    pub const COP: Self = Self(*b"COP");
    /// Mexican peso.
    pub const MXN: Self = Self(*b"MXN");
    /// Peruvian sol.
    pub const PEN: Self = Self(*b"PEN");
    /// Uruguayan peso.
    pub const UYU: Self = Self(*b"UYU");

    /// Reads a code of three capital letters.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            [a, b, c] if code.bytes().all(|letter| letter.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::Currency),
        }
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // Only capital ASCII letters get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Digits after the point, as Mercado Pago takes amounts of this currency: none for Chile and Colombia
    /// (ISO 4217 gives the Colombian peso two, which are not used in payments), two for its other countries.
    #[must_use]
    pub fn decimals(self) -> u32 {
        if self == Self::CLP || self == Self::COP { 0 } else { 2 }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(code: String) -> Result<Self, MoneyError> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount of money, never negative. Amounts of one currency sort by size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    currency: Currency,
    minor: u64,
}

/// Why a text is not an amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("must be an ISO 4217 code of three capital letters, such as ARS")]
    Currency,
    /// Not digits, a point, and digits.
    #[error("must be a decimal number without sign, such as 500.00")]
    NotANumber,
    /// Too few or too many digits after the point.
    #[error("must have exactly the decimals of its currency, such as 500.00 in ARS or 500 in CLP")]
    Decimals,
    /// Above [`Money::MAX_MINOR`].
    #[error("is larger than any amount that can be paid")]
    TooLarge,
}

impl Money {
    /// The largest amount that is accepted: ten thousand million with two decimals. It leaves room to add up a
    /// year of sales in 64 bits, and is far above Mercado Pago's own limits.
    pub const MAX_MINOR: u64 = 1_000_000_000_000;

    /// An amount in minor units (centavos; pesos where the currency has no decimals).
    pub fn from_minor(minor: u64, currency: Currency) -> Result<Self, MoneyError> {
        if minor > Self::MAX_MINOR { Err(MoneyError::TooLarge) } else { Ok(Self { currency, minor }) }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { currency, minor: 0 }
    }

    /// Reads an amount as our own API writes it: exactly the currency's decimals.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let money = Self::from_wire(text, currency)?;
        if u32::try_from(fraction) != Ok(currency.decimals()) || text.ends_with('.') {
            return Err(MoneyError::Decimals);
        }
        Ok(money)
    }

    /// Reads an amount as Mercado Pago writes it, the text of a JSON number or string: `500`, `500.0`, `500.00`.
    /// A digit that the currency cannot hold is an error, never rounded.
    pub fn from_wire(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(MoneyError::NotANumber);
        }
        let decimals = currency.decimals() as usize;
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > decimals {
            return Err(MoneyError::Decimals);
        }
        let minor = format!("{whole}{fraction:0<decimals$}");
        let minor = minor.trim_start_matches('0');
        let minor = if minor.is_empty() { 0 } else { minor.parse().map_err(|_| MoneyError::TooLarge)? };
        Self::from_minor(minor, currency)
    }

    /// Minor units.
    #[must_use]
    pub fn minor(self) -> u64 {
        self.minor
    }

    /// Its currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// What is left after taking `other` away; nothing when `other` is more, or of another currency.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        let taken = if other.currency == self.currency { other.minor } else { self.minor };
        Self { currency: self.currency, minor: self.minor.saturating_sub(taken) }
    }

    /// The sum, in the currency of the first. Amounts of other currencies are not counted.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        let added = if other.currency == self.currency { other.minor } else { 0 };
        Self { currency: self.currency, minor: self.minor.saturating_add(added) }
    }

    /// The larger of two amounts of one currency.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.currency == self.currency && other.minor > self.minor { other } else { self }
    }
}

/// The amount in major units with the currency's decimals: `500.00`, or `500` in CLP.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals() as usize;
        if decimals == 0 {
            return write!(f, "{}", self.minor);
        }
        let width = decimals.saturating_add(1);
        let digits = format!("{:0>width$}", self.minor);
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
        write!(f, "{whole}.{fraction}")
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ars(text: &str) -> Result<Money, MoneyError> {
        Money::parse(text, Currency::ARS)
    }

    #[test]
    fn our_api_takes_exactly_the_decimals_of_the_currency() {
        assert_eq!(ars("500.00").map(Money::minor), Ok(50_000));
        assert_eq!(ars("0.01").map(Money::minor), Ok(1));
        for (text, error) in [
            ("500", MoneyError::Decimals),
            ("500.0", MoneyError::Decimals),
            ("500.000", MoneyError::Decimals),
            ("500.001", MoneyError::Decimals),
            ("500.", MoneyError::Decimals),
            ("-5.00", MoneyError::NotANumber),
            ("+5.00", MoneyError::NotANumber),
            ("5e2", MoneyError::NotANumber),
            ("", MoneyError::NotANumber),
            (".50", MoneyError::NotANumber),
            ("1.2.3", MoneyError::NotANumber),
            ("５.00", MoneyError::NotANumber),
            ("99999999999999999999999.00", MoneyError::TooLarge),
        ] {
            assert_eq!(ars(text), Err(error), "{text}");
        }
        let clp = Currency::parse("CLP").unwrap();
        assert_eq!(Money::parse("500", clp).unwrap().to_string(), "500");
        assert_eq!(Money::parse("500.00", clp), Err(MoneyError::Decimals));
    }

    #[test]
    fn mercado_pago_may_leave_out_decimals_but_may_not_add_any() {
        for text in ["500", "500.0", "500.00", "500.000"] {
            assert_eq!(Money::from_wire(text, Currency::ARS).map(Money::minor), Ok(50_000), "{text}");
        }
        assert_eq!(Money::from_wire("500.001", Currency::ARS), Err(MoneyError::Decimals));
        assert_eq!(Money::from_wire("1500.5", Currency::parse("CLP").unwrap()), Err(MoneyError::Decimals));
    }

    proptest! {
        /// The defect that this type exists to make impossible: `parseInt(amount * 100)` loses a cent of 5.87 %
        /// of all two-decimal amounts up to 100,000.00.
        #[test]
        fn every_amount_survives_the_trip_to_text_and_back(minor in 0..=Money::MAX_MINOR, code in "[A-Z]{3}") {
            let money = Money::from_minor(minor, Currency::parse(&code).unwrap()).unwrap();
            prop_assert_eq!(Money::parse(&money.to_string(), money.currency()), Ok(money));
            prop_assert_eq!(Money::from_wire(&money.to_string(), money.currency()), Ok(money));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = Money::parse(&text, Currency::ARS);
            let _ = Currency::parse(&text);
        }
    }
}
