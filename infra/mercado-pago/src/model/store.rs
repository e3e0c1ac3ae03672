//! Stores (sucursales).

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::json::{Json, object};

/// A store of a seller.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Store {
    /// Mercado Pago's id.
    pub id: u64,
    /// The seller.
    pub owner: u64,
    /// Its name.
    pub name: String,
    /// The seller's own id.
    pub external_id: Option<String>,
    /// Opening hours as they came.
    pub business_hours: Json,
    /// The place as it came.
    pub location: Json,
    /// When it was created.
    pub created: Moment,
}

impl Store {
    /// The store as the API shows it. Both names of the creation date occur in the documents, so both are given.
    pub fn render(&self) -> Json {
        let place = |name| self.location.get(name).clone();
        let text = |name| self.location.get(name).text().unwrap_or_default().to_owned();
        let address = format!(
            "{} {}, {}, {}",
            text("street_name"),
            text("street_number"),
            text("city_name"),
            text("state_name")
        );
        object! {
            "id": self.id.to_string(),
            "name": self.name.as_str(),
            "date_created": self.created,
            "date_creation": self.created,
            "business_hours": self.business_hours.clone(),
            "location": object! {
                "address_line": address,
                "latitude": place("latitude"),
                "longitude": place("longitude"),
                "reference": place("reference"),
                "city": place("city_name"),
                "state_id": place("state_name"),
            },
            "external_id": self.external_id.clone(),
        }
    }
}
