//! A message, and the digests that SDKs check.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A message in a queue. Times are milliseconds since 1970.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    /// As they were sent.
    pub(crate) attributes: serde_json::Map<String, Value>,
    /// System attributes that do not change: sender, group, trace header.
    pub(crate) system: BTreeMap<String, String>,
    pub(crate) sent_at: u64,
    pub(crate) first_received_at: Option<u64>,
    pub(crate) received: u32,
    /// Receivable from then on.
    pub(crate) visible_at: u64,
    /// Whether it was received and not let go of since.
    pub(crate) in_flight: bool,
}

/// MD5 in hexadecimal.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

/// `MD5OfMessageAttributes` ("Calculating the MD5 message digest for message attributes"): names, types and values, each
/// after its length, and one byte for the kind of value.
pub(crate) fn md5_of_attributes(attributes: &serde_json::Map<String, Value>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    let sorted: BTreeMap<_, _> = attributes.iter().collect();
    for (name, value) in sorted {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        put(&mut bytes, name.as_bytes());
        put(&mut bytes, text("DataType").unwrap_or_default().as_bytes());
        if let Some(binary) = text("BinaryValue") {
            bytes.push(2);
            put(&mut bytes, &BASE64_STANDARD.decode(binary).unwrap_or_default());
        } else {
            bytes.push(1);
            put(&mut bytes, text("StringValue").unwrap_or_default().as_bytes());
        }
    }
    Some(md5_hex(&bytes))
}

fn put(bytes: &mut Vec<u8>, piece: &[u8]) {
    bytes.extend_from_slice(&u32::try_from(piece.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(piece);
}

impl Message {
    /// The message as `ReceiveMessage` gives it.
    pub(crate) fn render(&self, receipt: &str, system_names: &[String], attribute_names: &[String]) -> Value {
        let all = system_names.iter().any(|name| name == "All");
        let mut system = self.system.clone();
        system.insert("SentTimestamp".to_owned(), self.sent_at.to_string());
        system.insert("ApproximateReceiveCount".to_owned(), self.received.to_string());
        let first = self.first_received_at.unwrap_or(self.sent_at);
        system.insert("ApproximateFirstReceiveTimestamp".to_owned(), first.to_string());
        system.retain(|name, _| all || system_names.contains(name));
        let wanted = |name: &String| {
            attribute_names.iter().any(|pattern| match pattern.strip_suffix(".*") {
                Some(prefix) => name.starts_with(prefix),
                None => pattern == "All" || pattern == name,
            })
        };
        let attributes: serde_json::Map<_, _> = self
            .attributes
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut message = json!({
            "MessageId": self.id, "ReceiptHandle": receipt, "Body": self.body, "MD5OfBody": md5_hex(self.body.as_bytes()),
        });
        if !system.is_empty() {
            message["Attributes"] = json!(system);
        }
        if let Some(digest) = md5_of_attributes(&attributes) {
            message["MD5OfMessageAttributes"] = json!(digest);
            message["MessageAttributes"] = Value::Object(attributes);
        }
        message
    }
}
