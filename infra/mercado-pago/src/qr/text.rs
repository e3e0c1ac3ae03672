//! The text of a QR: `EMVCo`'s merchant-presented mode, tag-length-value with a checksum.
//!
//! That `qr_code` is `EMVCo` text, and that Brazil's also names `BR.GOV.BCB.PIX`, is in the point-of-sale reference; what
//! stands inside Mercado Pago's own template is inferred from published codes.

use std::fmt::Write;

use crate::model::pos::Pos;
use crate::site::Site;

/// Mercado Pago's template among those that `EMVCo` leaves to the schemes.
const TEMPLATE: &str = "43";
const SCHEME: &str = "com.mercadolibre";
/// ISO 18245: automated fuel dispensers. Mercado Pago's own categories do not fit into `EMVCo`'s four digits.
const FUEL_DISPENSERS: &str = "5542";

/// The text for a point of sale.
pub fn write(pos: &Pos, merchant: &str) -> String {
    let mut text = String::new();
    put(&mut text, "00", "01");
    put(&mut text, "01", "11");
    if pos.site == Site::Mlb {
        let mut pix = String::new();
        put(&mut pix, "00", "BR.GOV.BCB.PIX");
        put(&mut pix, "01", &pos.uuid);
        put(&mut text, "26", &pix);
    }
    let mut own = String::new();
    put(&mut own, "00", SCHEME);
    put(&mut own, "01", &pos.id.to_string());
    put(&mut own, "06", &pos.uuid);
    put(&mut text, TEMPLATE, &own);
    put(&mut text, "52", FUEL_DISPENSERS);
    put(&mut text, "53", pos.site.currency_number());
    put(&mut text, "58", pos.site.country());
    put(&mut text, "59", &plain(merchant, 25));
    put(&mut text, "60", &plain(&pos.name, 15));
    text.push_str("6304");
    let sum = checksum(text.as_bytes());
    let _ = write!(text, "{sum:04X}");
    text
}

fn put(text: &mut String, tag: &str, value: &str) {
    // Writing to a string does not fail.
    let _ = write!(text, "{tag}{:02}{value}", value.len());
}

/// Lengths count characters, so only those of one byte are written.
fn plain(text: &str, longest: usize) -> String {
    let kept: String = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(longest).collect();
    if kept.trim().is_empty() { "NA".to_owned() } else { kept }
}

/// CRC-16/CCITT-FALSE, as `EMVCo` has it.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 }
        })
    })
}

/// The point of sale that a scanned text names, if it is one of Mercado Pago's and undamaged.
pub fn uuid_of(text: &str) -> Option<String> {
    let (covered, sum) = text.split_at_checked(text.len().checked_sub(4)?)?;
    if u16::from_str_radix(sum, 16).ok()? != checksum(covered.as_bytes()) {
        return None;
    }
    let own = find(text, TEMPLATE)?;
    (find(own, "00")? == SCHEME).then(|| find(own, "06").map(str::to_owned))?
}

fn find<'a>(mut text: &'a str, wanted: &str) -> Option<&'a str> {
    loop {
        let (tag, rest) = text.split_at_checked(2)?;
        let (length, rest) = rest.split_at_checked(2)?;
        let (value, rest) = rest.split_at_checked(length.parse().ok()?)?;
        if tag == wanted {
            return Some(value);
        }
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        // The check value of CRC-16/CCITT-FALSE.
        assert_eq!(checksum(b"123456789"), 0x29B1);
    }

    #[test]
    fn a_damaged_text_names_nothing() {
        assert_eq!(uuid_of(""), None);
        assert_eq!(uuid_of("0002016304FFFF"), None);
        assert_eq!(uuid_of("ñandú"), None);
    }
}
