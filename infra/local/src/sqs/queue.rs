//! A queue and what is in it.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{Answer, Message, QueueDepth, fault};

/// For how long a FIFO queue knows a deduplication id, in milliseconds.
const DEDUPLICATION: u64 = 5 * 60 * 1_000;

/// A FIFO queue is one whose name ends so.
pub(crate) fn is_fifo(name: &str) -> bool {
    name.strip_suffix(".fifo").is_some()
}

/// A queue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) messages: VecDeque<Message>,
    /// Deduplication id to when it was taken, and the message's id and sequence number.
    pub(crate) taken: BTreeMap<String, (u64, String, String)>,
    /// `ReceiveRequestAttemptId` to when it was, and the messages that it got.
    pub(crate) attempts: BTreeMap<String, (u64, Vec<String>)>,
    pub(crate) sequence: u64,
    pub(crate) purged_at: Option<u64>,
    pub(crate) created_at: u64,
}

impl Queue {
    pub(crate) fn is_fifo(&self) -> bool {
        is_fifo(&self.name)
    }

    pub(crate) fn number(&self, attribute: &str, default: u64) -> u64 {
        self.attributes.get(attribute).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    pub(crate) fn depth(&self, now: u64) -> QueueDepth {
        let mut depth = QueueDepth::default();
        for message in &self.messages {
            if message.visible_at <= now {
                depth.visible += 1;
            } else if message.in_flight {
                depth.in_flight += 1;
            } else {
                depth.delayed += 1;
            }
        }
        depth
    }

    /// The message that was taken under a deduplication id a while ago.
    pub(crate) fn duplicate(&mut self, id: &str, now: u64) -> Option<(String, String)> {
        self.taken.retain(|_, (at, ..)| now.saturating_sub(*at) < DEDUPLICATION);
        self.taken.get(id).map(|(_, message, sequence)| (message.clone(), sequence.clone()))
    }

    pub(crate) fn next_sequence(&mut self) -> String {
        self.sequence += 1;
        format!("{:020}", 18_000_000_000_000_000_000_u128 + u128::from(self.sequence))
    }

    /// A handle for one receive of a message.
    pub(crate) fn receipt(&self, message: &Message) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}\n{}\n{}", self.name, message.id, message.received))
    }

    /// The message that a handle is for. A message that is gone gives `None`; what is no handle is an error.
    pub(crate) fn by_receipt(&self, receipt: &str) -> Answer<Option<usize>> {
        let invalid = || {
            fault(
                "ReceiptHandleIsInvalid",
                format!("The input receipt handle \"{receipt}\" is not a valid receipt handle."),
            )
        };
        let text =
            BASE64_URL_SAFE_NO_PAD.decode(receipt).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(invalid)?;
        let mut parts = text.split('\n');
        if parts.next() != Some(&self.name) {
            return Err(invalid());
        }
        let id = parts.next().ok_or_else(invalid)?;
        Ok(self.messages.iter().position(|message| message.id == id))
    }
}
