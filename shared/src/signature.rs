//! `x-signature`: whether a notification in the Webhooks form comes from Mercado Pago.
//!
//! The signed text is `id:<data.id of the query>;request-id:<x-request-id>;ts:<ts>;`, a part without value left
//! out; HMAC-SHA256 under the application's secret, in hexadecimal (Mercado Pago, "Webhooks", "Validate origin").
//! The body is not signed, so a verified notification is still only a hint.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

/// How old a signed notification may be. Mercado Pago repeats for up to about four days, and does not say whether
/// it signs a repeat anew.
const OLDEST: Duration = Duration::days(10);
/// How far ahead of our clock Mercado Pago's may be.
const NEWEST: Duration = Duration::days(1);
/// A real header has about 90 characters; a longer one is not worth reading.
const LONGEST_HEADER: usize = 512;
/// Digits above this are milliseconds, below seconds: both are documented, and both are seen.
const FIRST_MILLISECONDS: u64 = 100_000_000_000;

/// Why a notification is not authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No `x-signature`.
    #[error("the x-signature header is missing")]
    Missing,
    /// Not a list of `key=value`, or too long, or not ASCII.
    #[error("the x-signature header cannot be read")]
    Malformed,
    /// No `ts`, or not a time.
    #[error("x-signature has no ts")]
    NoTimestamp,
    /// No `v1`, or not 32 bytes in hexadecimal.
    #[error("x-signature has no v1 of 64 hexadecimal digits")]
    NoHash,
    /// Signed too long ago, or in the future.
    #[error("x-signature is too old or from the future")]
    OutOfTolerance,
    /// None of the secrets gives this hash.
    #[error("x-signature does not match any secret of the account")]
    Mismatch,
}

/// The parts of a notification that its signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The `x-signature` header.
    pub signature: Option<&'a [u8]>,
    /// The `x-request-id` header.
    pub request_id: Option<&'a [u8]>,
    /// The query parameter `data.id`, never the body's.
    pub data_id: Option<&'a str>,
}

/// Checks a signature against every secret of the account. An account without a secret verifies nothing.
pub fn verify<'a>(
    signed: Signed<'_>,
    secrets: impl IntoIterator<Item = &'a str>,
    now: OffsetDateTime,
) -> Result<(), SignatureError> {
    let header = signed.signature.ok_or(SignatureError::Missing)?;
    if header.len() > LONGEST_HEADER {
        return Err(SignatureError::Malformed);
    }
    let header = std::str::from_utf8(header).map_err(|_| SignatureError::Malformed)?;
    let Parsed { ts, hash } = parse(header)?;
    let time = timestamp(ts).ok_or(SignatureError::NoTimestamp)?;
    if time < now.saturating_sub(OLDEST) || time > now.saturating_add(NEWEST) {
        return Err(SignatureError::OutOfTolerance);
    }
    // Documents and libraries disagree on whether `data.id` is signed in lower case or as it came.
    let as_it_came = signed.data_id.filter(|id| !id.is_empty());
    let lower = as_it_came.map(str::to_ascii_lowercase);
    let manifests = [as_it_came, lower.as_deref()].map(|id| manifest(id, signed.request_id, ts));
    let mut matches = false;
    for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
        for manifest in &manifests {
            let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { continue };
            // Every secret is tried, whatever the others gave, so that time tells nothing.
            matches |= mac.chain_update(manifest).verify_slice(&hash).is_ok();
        }
    }
    if matches { Ok(()) } else { Err(SignatureError::Mismatch) }
}

struct Parsed<'a> {
    ts: &'a str,
    hash: [u8; 32],
}

fn parse(header: &str) -> Result<Parsed<'_>, SignatureError> {
    let (mut ts, mut v1) = (None, None);
    let mut pairs = 0_u8;
    for (key, value) in header.split(',').filter_map(|part| part.split_once('=')) {
        pairs = pairs.saturating_add(1);
        match key.trim() {
            key if key.eq_ignore_ascii_case("ts") => ts = ts.or(Some(value.trim())),
            key if key.eq_ignore_ascii_case("v1") => v1 = v1.or(Some(value.trim())),
            _ => {}
        }
    }
    if pairs == 0 {
        return Err(SignatureError::Malformed);
    }
    let ts = ts.filter(|ts| !ts.is_empty()).ok_or(SignatureError::NoTimestamp)?;
    let mut hash = [0; 32];
    hex::decode_to_slice(v1.ok_or(SignatureError::NoHash)?, &mut hash).map_err(|_| SignatureError::NoHash)?;
    Ok(Parsed { ts, hash })
}

fn timestamp(digits: &str) -> Option<OffsetDateTime> {
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    let seconds = if number >= FIRST_MILLISECONDS { number / 1000 } else { number };
    OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
}

fn manifest(data_id: Option<&str>, request_id: Option<&[u8]>, ts: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(128);
    let mut part = |name: &str, value: &[u8]| {
        for piece in [name.as_bytes(), b":", value, b";"] {
            text.extend_from_slice(piece);
        }
    };
    if let Some(id) = data_id {
        part("id", id.as_bytes());
    }
    if let Some(request_id) = request_id.filter(|id| !id.is_empty()) {
        part("request-id", request_id);
    }
    part("ts", ts.as_bytes());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
    const SECRET: &str = "3f1c9a7e5b2d8f60417c3e9ab5d0f2846e1b7c93da5f80264b9e7d13c6a5f0e2";

    // Computed with: printf '%s' "$manifest" | openssl dgst -sha256 -hmac "$SECRET"
    const SECONDS: &str = include_str!("../tests/vectors/seconds.txt");
    const MILLISECONDS: &str = include_str!("../tests/vectors/milliseconds.txt");
    const ORDER_AS_IT_CAME: &str = include_str!("../tests/vectors/order-as-it-came.txt");
    const ORDER_LOWER: &str = include_str!("../tests/vectors/order-lower.txt");
    const WITHOUT_ID: &str = include_str!("../tests/vectors/without-id.txt");
    const WITHOUT_REQUEST_ID: &str = include_str!("../tests/vectors/without-request-id.txt");

    const REQUEST_ID: &[u8] = b"b01f0262-589b-4feb-aff1-ac74c690b4d0";

    fn check(
        signature: &str,
        data_id: Option<&str>,
        request_id: Option<&[u8]>,
    ) -> Result<(), SignatureError> {
        let signed = Signed { signature: Some(signature.trim().as_bytes()), request_id, data_id };
        verify(signed, ["an older secret", SECRET], NOW)
    }

    #[test]
    fn signatures_made_by_openssl_verify() {
        assert_eq!(check(SECONDS, Some("150211668619"), Some(REQUEST_ID)), Ok(()));
        assert_eq!(check(MILLISECONDS, Some("150211668619"), Some(REQUEST_ID)), Ok(()));
        assert_eq!(check(WITHOUT_ID, None, Some(REQUEST_ID)), Ok(()));
        assert_eq!(check(WITHOUT_REQUEST_ID, Some("150211668619"), None), Ok(()));
    }

    #[test]
    fn an_id_with_letters_may_be_signed_in_either_case() {
        let id = Some("ORD01JV3BQDPK6XYZ0123456789AB");
        assert_eq!(check(ORDER_AS_IT_CAME, id, Some(REQUEST_ID)), Ok(()));
        assert_eq!(check(ORDER_LOWER, id, Some(REQUEST_ID)), Ok(()));
    }

    #[test]
    fn another_id_request_or_secret_does_not_verify() {
        assert_eq!(check(SECONDS, Some("150211668618"), Some(REQUEST_ID)), Err(SignatureError::Mismatch));
        assert_eq!(check(SECONDS, Some("150211668619"), Some(b"other")), Err(SignatureError::Mismatch));
        assert_eq!(check(SECONDS, Some("150211668619"), None), Err(SignatureError::Mismatch));
        let signed = Signed {
            signature: Some(SECONDS.trim().as_bytes()),
            request_id: Some(REQUEST_ID),
            data_id: Some("150211668619"),
        };
        assert_eq!(verify(signed, ["another secret"], NOW), Err(SignatureError::Mismatch));
        assert_eq!(verify(signed, [""], NOW), Err(SignatureError::Mismatch), "an empty secret refuses");
        assert_eq!(verify(signed, [], NOW), Err(SignatureError::Mismatch), "no secret refuses");
    }

    #[test]
    fn each_defect_of_the_header_has_its_name() {
        let hash = SECONDS.trim().rsplit_once('=').unwrap().1;
        for (header, error) in [
            ("", SignatureError::Malformed),
            ("nonsense", SignatureError::Malformed),
            (&format!("v1={hash}")[..], SignatureError::NoTimestamp),
            (&format!("ts=,v1={hash}"), SignatureError::NoTimestamp),
            (&format!("ts=soon,v1={hash}"), SignatureError::NoTimestamp),
            (&format!("ts=-5,v1={hash}"), SignatureError::NoTimestamp),
            (&format!("ts=99999999999999999999,v1={hash}"), SignatureError::NoTimestamp),
            ("ts=1795348800", SignatureError::NoHash),
            (&format!("ts=1795348800,v2={hash}"), SignatureError::NoHash),
            ("ts=1795348800,v1=abc", SignatureError::NoHash),
            (
                "ts=1795348800,v1=ñ0000000000000000000000000000000000000000000000000000000000000ñ",
                SignatureError::NoHash,
            ),
            (&"x=y,".repeat(500), SignatureError::Malformed),
            (&format!("ts=1704908010,v1={hash}"), SignatureError::OutOfTolerance),
            (&format!("ts=1826884800,v1={hash}"), SignatureError::OutOfTolerance),
        ] {
            assert_eq!(check(header, Some("1"), None), Err(error), "{header}");
        }
        let missing = Signed { signature: None, request_id: None, data_id: None };
        assert_eq!(verify(missing, [SECRET], NOW), Err(SignatureError::Missing));
        let binary = Signed { signature: Some(b"ts=1,v1=\xff\xfe"), ..missing };
        assert_eq!(verify(binary, [SECRET], NOW), Err(SignatureError::Malformed));
    }

    #[test]
    fn unknown_parts_and_spaces_and_case_of_keys_are_passed_over() {
        let (ts, v1) = SECONDS.trim().split_once(',').unwrap();
        let header = format!(" {} , V9=zz,{} ", ts.replace("ts", "TS"), v1.replace("v1", "V1"));
        assert_eq!(check(&header, Some("150211668619"), Some(REQUEST_ID)), Ok(()));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic_or_pass(header in proptest::collection::vec(any::<u8>(), 0..600), id in proptest::option::of("\\PC*")) {
            let signed = Signed { signature: Some(&header), request_id: Some(&header), data_id: id.as_deref() };
            prop_assert!(verify(signed, [SECRET], NOW).is_err());
        }

        #[test]
        fn a_changed_byte_breaks_the_signature(place in 0_usize..64, flip in 1_u8..=255) {
            let good = SECONDS.trim();
            let start = good.len() - 64;
            let mut bytes = good.as_bytes().to_vec();
            bytes[start + place] ^= flip;
            // The other case of a hexadecimal digit is the same hash.
            prop_assume!(!bytes[start + place].eq_ignore_ascii_case(&good.as_bytes()[start + place]));
            let signed = Signed { signature: Some(&bytes), request_id: Some(REQUEST_ID), data_id: Some("150211668619") };
            prop_assert!(verify(signed, [SECRET], NOW).is_err());
        }
    }
}
