//! The `x-signature` of Webhooks.
//!
//! Source: the Webhooks page, "validate the origin". The manifest is `id:<data.id>;request-id:<x-request-id>;ts:<ts>;`,
//! without the parts that have no value; the key is the secret's text; the hash is HMAC-SHA256 in lower-case hex.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of the header.
pub fn sign(secret: &str, data_id: Option<&str>, request_id: &str, ts: i64) -> String {
    let id = data_id.map(|id| format!("id:{id};")).unwrap_or_default();
    let manifest = format!("{id}request-id:{request_id};ts:{ts};");
    // A key of any length is fine for HMAC.
    let hash = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| hex::encode(mac.chain_update(manifest).finalize().into_bytes()))
        .unwrap_or_default();
    format!("ts={ts},v1={hash}")
}

/// A header that looks like one and verifies with no secret, as the feed's does.
pub fn meaningless(rng: &mut fastrand::Rng, ts: i64) -> String {
    let noise: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(32).collect();
    format!("ts={ts},v1={}", hex::encode(noise))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash was computed with:
    /// `printf 'id:999999999;request-id:b01f0262-589b-4feb-aff1-ac74c690b4d0;ts:1704908010;' | openssl dgst -sha256 -hmac
    /// 'a-secret-of-the-panel'`
    #[test]
    fn a_vector_of_another_implementation() {
        let request_id = "b01f0262-589b-4feb-aff1-ac74c690b4d0";
        assert_eq!(
            sign("a-secret-of-the-panel", Some("999999999"), request_id, 1_704_908_010),
            "ts=1704908010,v1=cbf70655019af14a2a863f9a6bd8377a71647621dff7744fff19a93d6e9ef07b"
        );
        assert_eq!(
            sign("a-secret-of-the-panel", None, request_id, 1_704_908_010),
            "ts=1704908010,v1=6d55e048c4295a29c96e0f5b190db398dea25aea7384ebee2df31b7bc1ae61e9"
        );
    }
}
