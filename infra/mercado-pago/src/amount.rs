//! Amounts of money: integers of minor units, written and read as decimal text.

use crate::json::Json;
use crate::site::Site;

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("is not a decimal number")]
    NotDecimal,
    /// A fraction finer than the currency's smallest unit.
    #[error("has more decimals than the currency")]
    TooFine,
    /// Beyond what fits.
    #[error("is too large")]
    TooLarge,
}

/// Minor units of a decimal text (`"10.5"` is 1050 with two decimals). Trailing zeros beyond the currency's decimals are
/// no fraction: `500.00` is a fine amount of pesos chilenos.
pub fn minor_units(text: &str, decimals: u32) -> Result<i64, AmountError> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || digits.ends_with('.') {
        return Err(AmountError::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = (decimals as usize).checked_sub(fraction.len()).ok_or(AmountError::TooFine)?;
    let units: i64 =
        format!("{whole}{fraction}{}", "0".repeat(missing)).parse().map_err(|_| AmountError::TooLarge)?;
    Ok(if negative { -units } else { units })
}

/// The decimal text of minor units, always with the currency's decimals.
pub fn decimal_text(minor: i64, decimals: u32) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals as usize);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

impl Site {
    /// Reads an amount of this site's currency from a JSON number.
    pub(crate) fn amount(self, value: &Json) -> Result<i64, AmountError> {
        minor_units(value.number().ok_or(AmountError::NotDecimal)?, self.decimals())
    }

    /// Writes an amount of this site's currency as a JSON number.
    pub(crate) fn number(self, minor: i64) -> Json {
        Json::Number(decimal_text(minor, self.decimals()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_to_minor_units_and_back() {
        assert_eq!(minor_units("500.00", 2), Ok(50_000));
        assert_eq!(minor_units("10.5", 2), Ok(1_050));
        assert_eq!(minor_units("-0.01", 2), Ok(-1));
        assert_eq!(minor_units("500.00", 0), Ok(500));
        assert_eq!(minor_units("500.50", 0), Err(AmountError::TooFine));
        assert_eq!(minor_units("1.005", 2), Err(AmountError::TooFine));
        for wrong in ["", ".", "1.", ".5", "1e3", "1,5", "+1", "--1", "NaN"] {
            assert_eq!(minor_units(wrong, 2), Err(AmountError::NotDecimal), "{wrong}");
        }
        assert_eq!(minor_units("99999999999999999999", 2), Err(AmountError::TooLarge));
        assert_eq!(decimal_text(50_000, 2), "500.00");
        assert_eq!(decimal_text(5, 2), "0.05");
        assert_eq!(decimal_text(-105, 2), "-1.05");
        assert_eq!(decimal_text(500, 0), "500");
    }
}
