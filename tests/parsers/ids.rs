//! Names of things, and the hints that are made of them.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;
use surtidor::api::{cursor, cursor_text};
use surtidor::id::{
    AccountId, ExternalReference, InvalidId, MerchantOrderId, PaymentId, PositionId, ResourceId, SaleId,
    SaleOrder, StationId, TerminalId,
};
use surtidor::queue::Hint;

use crate::sample::NOON;
use crate::utf8;

/// An id is written as it is read, in every way in which it is kept.
pub fn ids(input: &[u8]) {
    let text = utf8(input);
    again(&text, AccountId::parse);
    again(&text, StationId::parse);
    again(&text, PositionId::parse);
    again(&text, SaleId::parse);
    again(&text, PaymentId::parse);
    again(&text, MerchantOrderId::parse);
    again(&text, ResourceId::parse);
    again(&text, ExternalReference::parse);
    again(&text, TerminalId::parse);
    if let Ok(terminal) = TerminalId::parse(&text) {
        assert!(terminal.is_named(terminal.as_str()), "{terminal}");
        assert!(terminal.as_str().ends_with(terminal.serial()), "{terminal}");
    }
    if let Ok(reference) = ExternalReference::of_payment(&text) {
        let lower = text.to_ascii_lowercase();
        assert!(lower == reference.as_str() || lower.starts_with(&format!("{reference}-c")), "{lower}");
    }
    if let Ok(resource) = ResourceId::parse(&text) {
        // It becomes part of a URL, and must not lead out of its place.
        assert!(resource.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    }
    if let Ok(reference) = ExternalReference::parse(&text) {
        assert!(reference.as_str().len() <= 64, "longer than Mercado Pago takes: {reference}");
        assert!(reference.as_str().ends_with(reference.within_position()));
        let _ = (reference.order().before(), reference.order().after());
    }
    if let Ok(place) = cursor(&text) {
        assert_eq!(cursor(&cursor_text(&place)).ok(), Some(place));
    }
    made(&text);
}

fn again<T>(text: &str, parse: fn(&str) -> Result<T, InvalidId>)
where
    T: PartialEq + std::fmt::Debug + Display + Serialize + DeserializeOwned,
{
    let json = serde_json::to_string(text).expect("a text");
    let kept = serde_json::from_str::<T>(&json).ok();
    let Ok(id) = parse(text) else {
        assert_eq!(kept, None, "what is no id is none in a document either");
        return;
    };
    assert_eq!(kept.as_ref(), Some(&id));
    assert!(id.to_string().eq_ignore_ascii_case(text));
    assert_eq!(parse(&id.to_string()).ok().as_ref(), Some(&id));
    let json = serde_json::to_string(&id).expect("an id has a text");
    assert_eq!(serde_json::from_str::<T>(&json).ok(), Some(id));
}

/// A reference that is made of parts tells them again.
fn made(text: &str) {
    let mut parts = text.splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default();
    let (station, position, sale) = (part(), part(), part());
    let Ok(station) = StationId::parse(station) else { return };
    let Ok(position) = PositionId::parse(position) else { return };
    let Ok(sale) = SaleId::parse(sale) else { return };
    let order = SaleOrder::at(NOON);
    let reference = ExternalReference::new(&station, &position, &sale, order);
    let read = ExternalReference::parse(&reference.to_string().to_ascii_uppercase()).expect("one of ours");
    assert_eq!(read, reference);
    assert_eq!((read.station(), read.position(), read.order()), (&station, &position, order));
}

/// A message of the queue.
pub fn hint(input: &[u8]) {
    let Ok(hint) = serde_json::from_slice::<Hint>(input) else { return };
    let text = serde_json::to_string(&hint).expect("a hint has a text");
    assert_eq!(serde_json::from_str::<Hint>(&text).ok().as_ref(), Some(&hint), "{text}");
    // How long it has waited is worked out of it.
    assert_eq!(hint.since + (NOON - hint.since), NOON);
}
