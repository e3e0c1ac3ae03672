//! What must hold of every parser of outside input, whatever comes in. Each function takes any bytes and panics when
//! its promise is broken: `tests/fuzz` makes up the bytes, and a test runs the committed corpus.

#![allow(clippy::missing_panics_doc, reason = "to panic is how a promise says that it was broken")]

mod api;
mod chargebacks;
mod documents;
mod event;
mod ids;
mod money;
mod news;
mod payments;
mod sample;

pub use api::station_api;
pub use chargebacks::chargebacks;
pub use documents::{documents, error_body};
pub use event::gateway_event;
pub use ids::{hint, ids};
pub use money::money;
pub use news::{notification, signature};
pub use payments::payments;

/// Takes any bytes, and panics when what is promised of a parser does not hold.
pub type Promise = fn(&[u8]);

/// Every promise under the name of its fuzz target and corpus.
pub const ALL: [(&str, Promise); 11] = [
    ("chargebacks", chargebacks),
    ("documents", documents),
    ("error_body", error_body),
    ("gateway_event", gateway_event),
    ("hint", hint),
    ("ids", ids),
    ("money", money),
    ("notification", notification),
    ("payments", payments),
    ("signature", signature),
    ("station_api", station_api),
];

/// A text without its first line, and that line: an input of several parts is written as lines, for people to read.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n');
    end.and_then(|end| Some((text.get(..end)?, text.get(end + 1..)?))).unwrap_or((text, &[]))
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
