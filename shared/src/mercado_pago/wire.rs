//! Values as Mercado Pago writes them: ids and amounts come as numbers and as strings, dates in several forms.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::money::{Currency, Money};

/// The text of a JSON number or string, to the letter: a number never becomes a float on the way. Null, and any
/// other type, is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(Option<String>);

impl Text {
    pub(super) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(super) fn into_inner(self) -> Option<String> {
        self.0
    }

    /// As an amount of a currency. `None` when there is none, or when it is no amount.
    pub(super) fn money(&self, currency: &Self) -> Option<Money> {
        let currency = Currency::parse(currency.as_deref()?).ok()?;
        Money::from_wire(self.as_deref()?, currency).ok()
    }

    /// As a time.
    pub(super) fn time(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.as_deref()?, &Rfc3339).ok()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Ok(Self(match text.bytes().next() {
            Some(b'"') => serde_json::from_str(text).ok(),
            Some(b'-' | b'0'..=b'9') => Some(text.to_owned()),
            _ => None,
        }))
    }
}

/// A list that may be null, absent, or one object alone.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    use serde::de::Error;
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    match raw.get().bytes().next() {
        Some(b'[') => serde_json::from_str(raw.get()).map_err(D::Error::custom),
        Some(b'{') => serde_json::from_str(raw.get()).map(|one| vec![one]).map_err(D::Error::custom),
        _ => Ok(Vec::new()),
    }
}

/// The elements of a list that can be read, whatever the others are; nothing of what is no list.
pub(super) fn each<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let elements: Vec<Box<RawValue>> = match raw.get().bytes().next() {
        Some(b'{') => vec![raw],
        _ => serde_json::from_str(raw.get()).unwrap_or_default(),
    };
    Ok(elements.iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect())
}

/// A value of which anything of another type is absent.
pub(super) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}
