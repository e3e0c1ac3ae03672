//! `x-signature` as Mercado Pago makes it, by another implementation of HMAC than the one under test.

use ring::hmac;

/// The header for a notification whose query has `data.id`.
#[must_use]
pub fn sign(secret: &str, data_id: &str, request_id: &str, ts: i64) -> String {
    sign_manifest(secret, &format!("id:{data_id};request-id:{request_id};"), ts)
}

/// The header for whatever comes before the time.
#[must_use]
pub fn sign_manifest(secret: &str, before: &str, ts: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let manifest = format!("{before}ts:{ts};");
    format!("ts={ts},v1={}", hex::encode(hmac::sign(&key, manifest.as_bytes())))
}
