//! Notifications and their signatures.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use surtidor::id::AccountId;
use surtidor::notification::{LONGEST_BODY, NotUnderstood, understand};
use surtidor::queue::{Hint, Resource};
use surtidor::signature::{SignatureError, Signed, verify};

use crate::sample::NOON;
use crate::{line, utf8};

/// The first line is the query, the rest the body.
pub fn notification(input: &[u8]) {
    let (query, body) = line(input);
    let read = understand(&utf8(query), body);
    if body.len() > LONGEST_BODY {
        assert_eq!(read, Err(NotUnderstood::TooLong));
    }
    let Ok(news) = read else { return };
    // The topic is logged: it must be a word of ours, never one of the caller's.
    let word = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-');
    assert!(news.topic.len() <= 32 && news.topic.bytes().all(word), "{news:?}");
    // The seller decides whose token is used: digits, or none.
    let digits = |id: &String| (1..=20).contains(&id.len()) && id.bytes().all(|digit| digit.is_ascii_digit());
    assert!(news.seller.as_ref().is_none_or(digits), "{news:?}");
    // What cannot be verified has no signature to cover anything, except that of a merchant order.
    assert!(!news.verifiable || !news.signed_ids.is_empty(), "{news:?}");
    let Some(resource) = news.resource else { return };
    assert!(!matches!(resource, Resource::Sale(_)), "only our own road may name a sale: {resource:?}");
    let account = AccountId::parse("demo").expect("an id");
    let hint = Hint::new(account, resource, NOON);
    let text = serde_json::to_string(&hint).expect("a hint has a text");
    assert_eq!(serde_json::from_str::<Hint>(&text).ok(), Some(hint), "{text}");
}

/// The lines are `x-signature`, `x-request-id` and `data.id`.
pub fn signature(input: &[u8]) {
    // The input is public, so whoever wrote it cannot have known these.
    const SECRETS: [&str; 2] = ["7c1e0b9ad54f4e6f8a2c6d1b3f5e9072", "e4b8f1d27a6c4f0392d5ab8c7e610f3d"];
    let (signature, rest) = line(input);
    let (request_id, rest) = line(rest);
    let data_id = utf8(line(rest).0);
    for (request_id, data_id) in
        [(Some(request_id), Some(&*data_id)), (None, Some(&*data_id)), (Some(request_id), None), (None, None)]
    {
        let signed = Signed { signature: Some(signature), request_id, data_id };
        assert!(verify(signed, SECRETS, NOON).is_err(), "verified under a secret that nobody knows");
        assert!(verify(signed, [], NOON).is_err(), "verified under no secret");
        assert!(verify(signed, [""], NOON).is_err(), "verified under an empty secret");
        // What Mercado Pago signs is authentic, whatever it is about.
        let header = sign(SECRETS[1], data_id, request_id);
        let genuine = Signed { signature: Some(header.as_bytes()), ..signed };
        assert_eq!(verify(genuine, SECRETS, NOON), Ok(()));
        assert_eq!(verify(genuine, [SECRETS[0]], NOON), Err(SignatureError::Mismatch));
    }
}

fn sign(secret: &str, data_id: Option<&str>, request_id: Option<&[u8]>) -> String {
    let ts = NOON.unix_timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    for (name, value) in [("id", data_id.map(str::as_bytes)), ("request-id", request_id)] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            mac.update(format!("{name}:").as_bytes());
            mac.update(value);
            mac.update(b";");
        }
    }
    mac.update(format!("ts:{ts};").as_bytes());
    format!("ts={ts},v1={}", hex::encode(mac.finalize().into_bytes()))
}
