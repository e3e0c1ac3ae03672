//! Stores and points of sale: what makes a pump's QR.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::wire::Text;

/// A store to be made (API reference, "Stores").
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewStore {
    /// Name for people.
    pub name: String,
    /// Our id of it: letters and digits, unique in the account.
    pub external_id: String,
    /// Where it is.
    pub location: Location,
    /// Opening hours by English day name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub business_hours: BTreeMap<String, Vec<Hours>>,
}

/// An interval of a day, `"08:00"` to `"13:00"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// From.
    pub open: String,
    /// To.
    pub close: String,
}

/// A store's address. City and state must be spelled as Mercado Pago's catalogue of the country spells them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Location {
    /// A string even when it is a number.
    pub street_number: String,
    /// Street.
    pub street_name: String,
    /// City.
    pub city_name: String,
    /// State or province.
    pub state_name: String,
    /// Degrees.
    pub latitude: serde_json::Number,
    /// Degrees.
    pub longitude: serde_json::Number,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip_code: Option<String>,
    /// How to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A store as Mercado Pago has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Store {
    id: Text,
    external_id: Text,
}

impl Store {
    /// Mercado Pago's id of it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Our id of it.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }
}

/// A point of sale to be made, one a position (API reference, "POS").
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPos {
    /// Name for people, at most 45 characters.
    pub name: String,
    /// The buyer cannot type the amount: must be true where `url` is set.
    pub fixed_amount: bool,
    /// The country's code for fuel stations.
    pub category: u32,
    /// Our id of the store.
    pub external_store_id: String,
    /// Our id of it: letters and digits.
    pub external_id: String,
    /// What Mercado Pago asks on a scan; none for the point of sale of a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A point of sale as Mercado Pago has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pos {
    id: Text,
    external_id: Text,
    url: Text,
}

impl Pos {
    /// Mercado Pago's id of it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Our id of it.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// What it asks on a scan.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}
