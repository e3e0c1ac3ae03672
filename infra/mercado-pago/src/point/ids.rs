//! Ids of the Orders API: a prefix and 26 characters that begin with the time.

use uuid::Uuid;

use crate::clock::Moment;
use crate::model::refund::Refund;

/// Crockford's base 32.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The id of a time and of 80 bits.
fn written(prefix: &str, at: Moment, bits: u128) -> String {
    let time = u128::try_from(at.unix_milliseconds()).unwrap_or_default() & ((1 << 48) - 1);
    let value = (time << 80) | (bits & ((1 << 80) - 1));
    let digit =
        |place: u32| char::from(DIGITS[usize::try_from((value >> (5 * place)) & 31).unwrap_or_default()]);
    prefix.chars().chain((0..26).rev().map(digit)).collect()
}

/// The id of an order (`ORD`) or of its transaction (`PAY`).
pub fn of(prefix: &str, at: Moment, chance: Uuid) -> String {
    written(prefix, at, chance.as_u128())
}

/// The id that an order gives a refund. It follows from the refund, so that one that was made of the payment has one too.
pub fn of_refund(refund: &Refund) -> String {
    // An odd factor: other refunds have other bits, and they do not look counted.
    written(
        "REF",
        refund.created,
        u128::from(refund.id).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time is that of `01ARZ3NDEKTSV4RRFFQ69G5FAV`, the sample of the ULID specification.
    #[test]
    fn an_id_begins_with_its_time() {
        let at = Moment::parse("2016-07-30T23:54:10.259Z").unwrap();
        let id = of("ORD", at, Uuid::from_u128(0));
        assert_eq!(id, "ORD01ARZ3NDEK0000000000000000");
        assert_eq!(id.len(), 29);
        assert_eq!(of("PAY", at, Uuid::max()), "PAY01ARZ3NDEKZZZZZZZZZZZZZZZZ");
    }
}
